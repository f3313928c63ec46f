"""我的数据, 删除我的数据, 确认删除: each right as a conversation, and what is left afterwards."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import func, select
from sqlmodel import SQLModel

from core.database import Database, execute
from core.messages import MemberLeft, Quote, RoomSeen
from core.outcomes import SendState
from groups.models import AuditEntry, ConsentEntry, ForgottenPerson
from orders.models import BuyerRecord, OrderLine
from tests.bot.conftest import MakeTalk
from tests.bot.conversation import FRUIT, NOTHING, Conversation, later, sees, told
from tests.bot.test_group_buys import HEAD, RUNNING
from tests.orders.chain_messages import chain_xml

ASKED = ("小美", "删除我的数据", told("小美", "确认删除", "10 分钟", "订单", "3 年"), "command/done")
DONE = ("小美", "确认删除", told("小美", "回执号", "备份", "编码"), "command/done")


async def everything(database: Database) -> str:
    """Every row of every table, as one text."""
    async with database.reading() as session:
        rows = [row for table in SQLModel.metadata.sorted_tables for row in await execute(session, table.select())]
    return repr(rows)


async def count(database: Database, model: Any) -> int:
    async with database.reading() as session:
        return int((await execute(session, select(func.count()).select_from(model.__table__))).scalar_one())


async def workbook(talk: Conversation) -> dict[str, list[tuple[Any, ...]]]:
    """Return the one file that was sent, by sheet."""
    (file,) = [message.file for message in talk.channel.sent if message.file]
    book = load_workbook(io.BytesIO(file.content))
    return {page.title: [tuple(cell.value for cell in row) for row in page.iter_rows()] for page in book}


async def test_my_data_comes_as_a_file_to_its_owner_alone(talk: Conversation) -> None:
    await talk.verify(RUNNING, ("小美", "有纯牛奶吗", sees("牛奶")), ("小美", "草莓2份，少放冰", sees("✓ 小美")))
    talk.channel.sent.clear()
    await talk.say("小美", "我的数据")
    assert await talk.outcome() == "command/done"
    assert [(message.room_id, message.contact_id) for message in talk.channel.sent] == [("", "xiaomei")]
    sheets = await workbook(talk)
    assert {"消息", "需求", "推荐", "订单", "群", "称呼", "同意记录", "谁看过"} <= set(sheets)
    said = [row[2] for row in sheets["消息"][1:]]
    assert "有纯牛奶吗" in said
    assert "草莓2份，少放冰" in said
    assert any("丹东草莓" in str(row[2]) and row[3] == 2 for row in sheets["订单"][1:])
    assert any("3栋502-小美" in str(row) for row in sheets["群"][1:])
    assert "老周" not in repr(sheets)
    assert "laozhou" not in repr(sheets)
    (file,) = await talk.outbox("my_data")
    assert (file.state, file.text, file.contact_id) == (SendState.SENT, "", "")


async def test_my_data_is_also_for_who_opted_out_and_where_the_bot_is_off(talk: Conversation) -> None:
    await talk.verify(("小美", "退订", sees("退订")), ("林姐", "级别 0", sees("0 级")))
    talk.channel.sent.clear()
    await talk.say("小美", "我的数据")
    sheets = await workbook(talk)
    assert [row[1] for row in sheets["同意记录"][1:]] == ["退订"]
    await talk.verify(ASKED, later(minutes=9), DONE)


async def test_no_cell_of_my_data_is_a_formula(talk: Conversation) -> None:
    await talk.say("小美", '=HYPERLINK("http://x","点我") 有草莓吗')
    talk.channel.sent.clear()
    await talk.say("小美", "我的数据")
    (file,) = [message.file for message in talk.channel.sent if message.file]
    book = load_workbook(io.BytesIO(file.content))
    cells = [cell for page in book for row in page.iter_rows() for cell in row if str(cell.value).startswith("=")]
    assert cells
    assert {cell.data_type for cell in cells} == {"s"}


async def test_where_files_cannot_be_sent_my_data_is_said_in_words(talk: Conversation) -> None:
    talk.channel.sends_files = False
    await talk.verify(("小美", "有纯牛奶吗", sees("牛奶")))
    talk.channel.sent.clear()
    await talk.say("小美", "我的数据")
    (message,) = talk.channel.sent
    assert message.contact_id == "xiaomei"
    assert message.file is None
    assert "【消息】" in message.text
    assert "有纯牛奶吗" in message.text


async def test_a_stranger_is_told_that_there_is_nothing(talk: Conversation) -> None:
    talk.room = ""
    talk.channel.sent.clear()
    await talk.say("路人甲", "我的数据")
    sheets = await workbook(talk)
    assert [row[2] for row in sheets["消息"][1:]] == ["我的数据"]


@pytest.mark.parametrize(
    "text", ["小美的数据", "查小美的数据", "导出 小美 的数据", "删除小美的数据", "@千群 看看小美的资料"]
)
async def test_somebody_elses_data_is_refused(talk: Conversation, text: str) -> None:
    await talk.say("小美", "有纯牛奶吗")
    talk.channel.sent.clear()
    await talk.say("老周", text)
    assert talk.channel.sent == []
    assert await talk.outcome() in {"command/refused_role", "ignored/talk"}
    await talk.verify(
        ("林姐", text if text != "小美的数据" else "@千群 小美的数据", told("林姐", "只有本人"), "command/refused_role")
    )


async def test_a_deletion_is_asked_for_and_confirmed(talk: Conversation) -> None:
    await talk.verify(
        ("小美", "确认删除", told("小美", "删除我的数据"), "command/done"),
        ASKED,
        later(minutes=11),
        ("小美", "确认删除", told("小美", "删除我的数据"), "command/done"),
        ASKED,
        ("老周", "确认删除", told("老周", "删除我的数据"), "command/done"),
        later(minutes=9),
        DONE,
        ("小美", "确认删除", told("小美", "已经删除过"), "command/done"),
        ("小美", "删除我的数据", told("小美", "已经删除过"), "command/done"),
    )
    assert "小美" not in await everything(talk.database)
    assert "xiaomei" not in await everything(talk.database)


async def test_what_is_asked_in_the_group_can_be_confirmed_in_private(talk: Conversation) -> None:
    await talk.verify(ASKED)
    await talk.verify(DONE, room="")
    assert await count(talk.database, ForgottenPerson) == 1


async def test_a_deletion_reaches_messages_needs_pushes_names_and_what_others_wrote(talk: Conversation) -> None:
    await talk.verify(("小美", "我想买点纯牛奶给我家糯米团", sees("牛奶")), later(minutes=11))
    said = [
        talk.message("老周", "@小美 3栋502-小美 楼下见", mentions=("xiaomei",)),
        talk.message("陈姨", "同意", quote=Quote("3栋502-小美", "我想买点纯牛奶给我家糯米团")),
        talk.message("陈姨", "「小美：我家糯米团」\n- - - - - - - - -\n真可爱"),
        talk.message("老周", "谢谢小美"),
    ]
    await talk.take(*said)
    await talk.verify(ASKED, DONE)
    left = await everything(talk.database)
    for word in ("小美", "xiaomei", "糯米团", "纯牛奶给我家"):
        assert word not in left, word
    texts = [row.text for row in await talk.inbox()]
    assert "@（已删除） （已删除） 楼下见" in texts
    assert "谢谢（已删除）" in texts
    assert "laozhou" in left


async def test_a_deleted_person_is_not_heard_named_or_taken_up_again(talk: Conversation) -> None:
    await talk.verify(ASKED, DONE, ("小美", "有草莓吗", NOTHING, "ignored/member_unsubscribed"))
    await talk.intake.observe(talk.channel.seen(talk.room_id(FRUIT)))
    talk.start()
    await talk.intake.observe(talk.channel.seen(talk.room_id(FRUIT)))
    await talk.verify(("小美", "@千群 有草莓吗", NOTHING, "ignored/member_unsubscribed"), ("小美", "哈哈", NOTHING))
    left = await everything(talk.database)
    assert "xiaomei" not in left
    assert "小美" not in left
    assert "哈哈" not in left


async def test_an_order_brings_a_deleted_person_back(talk: Conversation) -> None:
    await talk.verify(RUNNING, ("小美", "关闭个性化", sees("已关闭")), ASKED, DONE)
    await talk.verify(
        ("小美", "草莓2份", sees("✓ 小美", "2 份"), "order/applied"),
        later(minutes=11),
        ("小美", "有纯牛奶吗", sees("牛奶")),
    )
    assert await count(talk.database, ForgottenPerson) == 0
    talk.start()
    async with talk.database.reading() as session:
        changes = [
            row.change
            for row in await execute(session, select(ConsentEntry.__table__).order_by(ConsentEntry.__table__.c.id))
        ]
    assert changes == ["personalisation_off", "erased", "returned", "personalisation_off"]


async def test_a_word_brings_a_deleted_person_back_but_not_one_that_asks_for_less(talk: Conversation) -> None:
    await talk.verify(ASKED, DONE, ("小美", "退订", sees("退订")), ("小美", "有草莓吗", NOTHING))
    assert await count(talk.database, ForgottenPerson) == 1
    await talk.verify(("小美", "恢复", NOTHING), ("小美", "有草莓吗", sees("草莓", "小美"), "need/pushed"))
    assert await count(talk.database, ForgottenPerson) == 0


async def test_orders_stay_without_the_person_and_can_still_be_fetched(talk: Conversation) -> None:
    await talk.verify(
        RUNNING,
        ("小美", "帮我妈带一份草莓，要熟透的", sees("✓ 小美")),
        ("小美", "草莓2份", sees("✓ 小美")),
        ("老周", "蓝莓2份", sees("✓ 老周")),
    )
    async with talk.database.reading() as session:
        (code,) = [row.code for row in await execute(session, select(BuyerRecord.__table__)) if row.member == "xiaomei"]
    await talk.verify(ASKED, ("小美", "确认删除", told("小美", "2 条订单", "取货码", "3 年"), "command/done"))
    left = await everything(talk.database)
    for word in ("xiaomei", "小美", "我妈", "熟透"):
        assert word not in left, word
    async with talk.database.reading() as session:
        lines = [row for row in await execute(session, select(OrderLine.__table__)) if row.member.startswith("erased:")]
    assert sorted(int(line.quantity) for line in lines) == [1, 2]
    await talk.verify(
        ("林姐", "统计", sees("丹东草莓", "老周：蓝莓 ×2", without=("小美",))),
        ("林姐", "截单", sees("确认")),
        ("林姐", "确认", sees("截单了")),
        ("林姐", f"核销 {code}", sees("丹东草莓")),
    )


@pytest.mark.parametrize("xml", [False, True])
async def test_a_line_of_a_chain_is_not_taken_for_an_order_again(talk: Conversation, xml: bool) -> None:
    """WeChat sends the whole list with every edit, the deleted person's line with it."""
    lines = [("laozhou", "老周 蓝莓2份"), ("xiaomei", "小美 草莓1份 要硬的")]
    more = [*lines, ("chenyi", "陈姨 沃柑1份")]

    def chain(said: list[tuple[str, str]]) -> str:
        shown = "\n".join(f"{n}. {text}" for n, (_, text) in enumerate(said, start=1))
        return chain_xml(HEAD, said) if xml else f"{HEAD}\n\n{shown}"

    await talk.verify(
        RUNNING,
        ("老周", chain(lines[:1]), sees("老周", "蓝莓 2 份")),
        ("小美", chain(lines), sees("小美", "草莓 1 份")),
        ("阿强", chain([*lines, ("aqiang", "阿强 蓝莓1份")]), sees("阿强")),
        ASKED,
        DONE,
    )
    left = await everything(talk.database)
    for word in ("小美", "xiaomei", "要硬的"):
        assert word not in left, word
    await talk.verify(
        ("陈姨", chain([*lines, ("aqiang", "阿强 蓝莓1份"), more[2]]), sees("陈姨", "沃柑 1 份", without=("小美",)))
    )
    async with talk.database.reading() as session:
        book = [(row.member, int(row.quantity)) for row in await execute(session, select(OrderLine.__table__))]
    assert sorted(member for member, _ in book if not member.startswith("erased:")) == ["aqiang", "chenyi", "laozhou"]
    assert [quantity for member, quantity in book if member.startswith("erased:")] == [1]


async def test_what_waits_in_the_outbox_for_or_about_somebody_never_goes_out(talk: Conversation) -> None:
    await talk.take(
        talk.message("小美", "有草莓吗"), talk.message("老周", "帮助"), talk.message("小美", "删除我的数据")
    )
    await talk.take(talk.message("小美", "确认删除"))
    sent = await talk.send()
    assert [message.text for message in sent if "问了草莓" in message.text] == []
    assert [message.contact_id for message in sent if message.contact_id] == ["xiaomei"]
    (push,) = await talk.outbox("push")
    assert (push.state, push.text, push.about_members) == (SendState.HELD, "", [])
    assert "xiaomei" not in await everything(talk.database)


async def test_what_is_said_after_the_word_in_the_same_batch_is_new(talk: Conversation) -> None:
    await talk.verify(RUNNING, ASKED)
    await talk.take(
        talk.message("小美", "我家糯米团真乖"), talk.message("小美", "确认删除"), talk.message("小美", "草莓2份")
    )
    left = await everything(talk.database)
    assert "糯米团" not in left
    assert "草莓2份" in left
    assert await count(talk.database, ForgottenPerson) == 0


async def test_a_leader_is_told_which_groups_lose_them(talk: Conversation) -> None:
    await talk.verify(
        ("林姐", "删除我的数据", told("林姐", "您是团长", FRUIT), "command/done"),
        ("林姐", "确认删除", told("林姐", "回执号"), "command/done"),
    )
    left = await everything(talk.database)
    assert "林姐" not in left
    await talk.intake.observe(talk.channel.seen(talk.room_id(FRUIT)))
    assert "'lin'" not in await everything(talk.database)
    await talk.verify(("老周", "级别 1", NOTHING), ("林姐", "级别 3", sees("3 级")))


async def test_a_redelivery_of_a_deleted_message_has_no_effect(talk: Conversation) -> None:
    message = await talk.say("小美", "有草莓吗")
    await talk.verify(ASKED, DONE)
    rows = len(await talk.inbox())
    assert await talk.intake.receive(message) is False
    assert len(await talk.inbox()) == rows
    assert "有草莓吗" not in await everything(talk.database)


async def test_leaving_after_a_deletion_brings_nothing_back(talk: Conversation) -> None:
    await talk.verify(ASKED, DONE)
    channel = talk.channel
    await talk.intake.observe(MemberLeft(channel.name, channel.account, talk.room_id(FRUIT), "xiaomei"))
    seen = channel.seen(talk.room_id(FRUIT))
    assert isinstance(seen, RoomSeen)
    await talk.intake.observe(replace(seen, room_id="room-new", topic="新群", owner_id="xiaomei"))
    assert "xiaomei" not in await everything(talk.database)


async def test_looks_and_deletions_stand_in_the_audit_log_under_hashes(talk: Conversation) -> None:
    await talk.verify(RUNNING)
    for who, text in (("小美", "我的数据"), ("林姐", "导出"), ("小美", "删除我的数据"), ("小美", "确认删除")):
        await talk.say(who, text)
    async with talk.database.reading() as session:
        rows = list(await execute(session, select(AuditEntry.__table__).order_by(AuditEntry.__table__.c.id)))
    assert [(row.role, row.what) for row in rows] == [
        ("member", "exported_own"),
        ("leader", "exported_orders"),
        ("member", "erased_own"),
    ]
    assert rows[0].actor == rows[0].subject == rows[2].subject != rows[1].actor
    assert rows[2].detail["rows"] > 0
    assert len(rows[2].detail["receipt"]) == 17


async def test_two_deletions_of_one_person_keep_two_frozen_orders(talk: Conversation) -> None:
    await talk.verify(RUNNING, ("小美", "草莓2份", sees("✓ 小美")), ASKED, DONE)
    await talk.verify(("小美", "草莓1份", sees("✓ 小美")), ASKED, DONE)
    async with talk.database.reading() as session:
        members = [row.member for row in await execute(session, select(OrderLine.__table__))]
    assert len(set(members)) == 2
    assert all(member.startswith("erased:") for member in members)


async def test_a_namesake_keeps_what_is_theirs(talk_with: MakeTalk) -> None:
    talk = await talk_with()
    fruit = talk.channel.rooms[talk.room_id(FRUIT)]
    talk.channel.rooms[fruit.id] = replace(fruit, members={**fruit.members, "other": ("小美", "7栋小美")})
    await talk.intake.observe(talk.channel.seen(fruit.id))
    await talk.verify(
        RUNNING,
        ("other", "蓝莓1份", sees("✓")),
        ("老周", "谢谢小美", NOTHING),
        ("xiaomei", "删除我的数据", told("xiaomei", "确认删除")),
        ("xiaomei", "确认删除", told("xiaomei", "回执号")),
    )
    left = await everything(talk.database)
    assert "xiaomei" not in left
    assert "7栋小美" in left
    assert "谢谢小美" in left
