"""After a deletion nothing of the person is left but a keyed hash and frozen orders: every column, worlds, races."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import JSON, LargeBinary, String, select, update
from sqlmodel import SQLModel, col

import bot.program  # noqa: F401 - every table must be known
from bot import personal
from bot.channels.local.models import ChatRoom
from bot.channels.local.repository import ChatLog
from bot.channels.local.repository import Conversation as ChatPlace
from bot.dispatcher import Dispatcher
from core import inbox
from core.clock import ManualClock
from core.database import Database, execute, is_unavailable
from core.messages import OutgoingFile, RoomMember, RoomSeen
from core.outcomes import SendState
from core.personal import ERASED, Treatment, keyed_mark
from groups import repository as group_store
from groups.models import Member, MemberTag, Proposal
from groups.people import ledger
from groups.people.audit import Look
from groups.service import GroupService
from groups.settings import GroupsSettings
from groups.state import MemberKey
from orders.masking import mask_name
from orders.models import BuyerRecord, OfferItem, OrderEdit, OrderLine
from scheduler import repository as due_work
from scheduler.models import DueWork
from tests.bot.conftest import shop, talk, talk_with  # noqa: F401 - fixtures
from tests.bot.conversation import Conversation
from tests.worlds_of_people import World, in_database, texts_in

WORLDS = 32
INTERLEAVINGS = 24


def _columns() -> set[str]:
    """Every column that can hold a text, by table and name."""
    return {
        f"{table.name}.{column.name}"
        for table in SQLModel.metadata.tables.values()
        for column in table.columns
        if isinstance(getattr(column.type, "impl_instance", column.type), String | JSON | LargeBinary)
    }


def test_every_column_is_answered_for_by_one_package() -> None:
    named = Counter(column for part in personal.PARTS for column in part.columns)
    assert sorted(_columns() - set(named)) == []
    assert sorted(set(named) - _columns()) == []
    assert [column for column, times in named.items() if times > 1] == []


def test_what_is_not_deleted_has_its_reason() -> None:
    treated = {name: column for part in personal.PARTS for name, column in part.columns.items()}
    bare = [name for name, one in treated.items() if one.how is Treatment.NOT_PERSONAL and not one.reason]
    assert bare == []
    likely = ("member", "contact_id", "sender_id", "said_by", "name", "room_name", "for_whom", "evidence", "note")
    wrong = [
        name
        for name, one in treated.items()
        if name.partition(".")[2] in likely and one.how is Treatment.NOT_PERSONAL and name != "switch.name"
    ]
    assert wrong == []


@pytest.mark.parametrize("seed", range(WORLDS))
async def test_nothing_of_a_person_is_left(talk: Conversation, seed: int) -> None:  # noqa: F811
    world = await World.made(talk, seed)
    await world.live(12)
    assert await in_database(talk.database, world.needles), "the search finds what is there"
    assert world.contact in set(texts_in(talk.parts.pipeline.office)), "in memory as well"
    sums = await _sums(talk)
    await world.delete()
    assert "lane.batch" in world.log.getvalue()
    assert await world.left() == []
    assert set(sums) <= set(await _sums(talk)), "stock and pick-up codes stay as they were"
    await _book_is_whole(talk, world)
    talk.start()
    await talk.intake.observe(talk.channel.seen("room-fruit"))
    assert await world.left() == []


async def _sums(talk: Conversation) -> list[tuple[Any, ...]]:  # noqa: F811
    async with talk.database.reading() as session:
        items = await execute(session, select(OfferItem.__table__.c.id, OfferItem.__table__.c.taken))
        codes = await execute(session, select(BuyerRecord.__table__.c.offer_id, BuyerRecord.__table__.c.code))
        return sorted([tuple(row) for row in items]) + sorted(tuple(row) for row in codes)


async def _book_is_whole(talk: Conversation, world: World) -> None:  # noqa: F811
    """Each line is still the sum of its ledger, and whoever was frozen stands under the keyed hash."""
    async with talk.database.reading() as session:
        edits = list(await execute(session, select(OrderEdit.__table__)))
        lines = list(await execute(session, select(OrderLine.__table__)))
        secret = await ledger.key(session)
    totals: Counter[tuple[Any, ...]] = Counter()
    for edit in edits:
        totals[edit.item_id, edit.member, edit.for_whom] += int(edit.delta * 100)
    assert {(one.item_id, one.member, one.for_whom): int(one.quantity * 100) for one in lines} == dict(totals)
    frozen = [line for line in lines if line.member.startswith(ERASED)]
    assert {line.name for line in frozen} <= {"（已删除）"}
    assert {line.note for line in frozen} <= {""}
    called = [f"~{name}" for name in (*world.needles, mask_name(world.room_name))]
    marks = [keyed_mark(secret, *world.account, one)[:16] for one in (world.contact, *called)]
    assert {line.member for line in frozen} <= {f"{ERASED}{mark}" for mark in marks}


@pytest.mark.parametrize("seed", range(INTERLEAVINGS))
async def test_a_refusal_committed_before_a_claim_always_stops_it(talk: Conversation, seed: int) -> None:  # noqa: F811
    """Needs, refusals and two dispatchers in any order: what goes out was claimed before the refusal was committed."""
    dice = random.Random(seed)  # noqa: S311 - no secret, a world that can be made again
    second = Dispatcher(
        talk.database, talk.clock, talk.channel, pacing=talk.settings.pacing,
        recommender=talk.settings.recommender, zone=talk.settings.zone,
    )  # fmt: skip
    people = ["小美", "老周", "阿强"]
    wanted = dict(zip(people, dice.sample(["有草莓吗", "有纯牛奶吗", "有蓝莓吗", "家里大米见底了"], 3), strict=True))
    word = dice.choice(["退订", "@千群 退订", "删除我的数据"])
    acts = [(act, one) for act in ("need", "refuse") for one in people]
    acts += [("send", ""), ("send", ""), ("send", ""), ("restart", "")]
    dice.shuffle(acts)
    refused: dict[str, int] = {}
    for act, who in acts:
        if act == "need":
            await talk.take(talk.message(who, wanted[who]))
        elif act == "refuse":
            await talk.take(talk.message(who, word))
            if word == "删除我的数据":
                await talk.take(talk.message(who, "确认删除"))
            refused[who] = len(talk.channel.sent)
        elif act == "restart":
            talk.start()
        else:
            await dice.choice([talk.dispatcher, second]).send_waiting()
    await second.send_waiting()
    for who, before in refused.items():
        late = [message.text for message in talk.channel.sent[before:] if message.room_id and who in message.text]
        assert late == [], (seed, who)
    for push in await talk.outbox("push"):
        assert push.state in {SendState.SENT, SendState.HELD}


async def test_every_table_gives_a_person_back(talk: Conversation) -> None:  # noqa: F811
    """Tables that the worlds do not fill: what stands in them is erased, what is about others stays."""
    needles = {"xiaomei", "小美", "3栋502-小美", "暗语"}
    now = talk.clock.now()
    async with talk.database.transaction() as session:
        members = {row.contact_id: row.id for row in await execute(session, select(Member.__table__))}
        for who in ("xiaomei", "laozhou"):
            tag = {"member_id": members[who], "kind": "category", "key": "", "value": f"水果{who}", "weight": 1.0}
            times = {"said": 1, "ordered": 0, "first_at": now, "at": now}
            await execute(session, MemberTag.__table__.insert().values({**tag, **times}))
        for leader, kind in (("xiaomei", "split"), ("lin", "open")):
            proposal = {"dedupe_key": f"{kind}:{leader}", "channel": "fake", "account": "qianqun-bot", "leader": leader}
            about = {"kind": kind, "state": "proposed", "topic": "小美的群", "about": {"by": "小美", "n": 2}}
            lists = {"group_ids": [1], "members": ["xiaomei", "laozhou"], "room_id": "", "error": "no xiaomei"}
            await execute(session, Proposal.__table__.insert().values({**proposal, **about, **lists, "at": now}))
        for subject, error in (("xiaomei", ""), ("7", "no contact xiaomei")):
            await due_work.add(session, "test", subject, now)
            changed = update(DueWork).where(col(DueWork.subject) == subject).values(last_error=error)
            await execute(session, changed)
        await session.flush()
    await _erase(talk, "fake", "qianqun-bot", "xiaomei")
    left = await in_database(talk.database, needles)
    assert left == []
    async with talk.database.reading() as session:
        (tag,) = list(await execute(session, select(MemberTag.__table__)))
        (proposal,) = list(await execute(session, select(Proposal.__table__)))
        (work,) = list(await execute(session, select(DueWork.__table__)))
    assert tag.value == "水果laozhou"
    assert (proposal.leader, proposal.members, proposal.about) == ("lin", ["", "laozhou"], {"by": "（已删除）", "n": 2})
    assert work.subject == "7"


async def test_the_chat_page_gives_a_person_back(database: Database, clock: ManualClock) -> None:
    log, now = ChatLog(database), clock.now()
    async with database.transaction() as session:
        seen = RoomSeen("local", "bot", "r1", "水果群", "lin", (RoomMember("mei", "小美", "3栋小美"),))
        changes = GroupService(GroupsSettings(), clock).observe(None, seen).changes
        await group_store.save(session, changes, now)
        room = {"id": "made", "topic": "新群", "owner": "mei", "at": now}
        people = [{"id": "mei", "name": "小美"}, {"id": "zhou", "name": "老周"}]
        await execute(session, ChatRoom.__table__.insert().values({**room, "members": people}))
    sheet = OutgoingFile("小美.csv", "text/csv", b"secret words")
    for where, who, name, said, more in (
        (ChatPlace("r1"), "mei", "3栋小美", "暗语一", {}),
        (ChatPlace("r1"), "zhou", "老周", "谢谢小美", {"quote": {"id": 1, "member": "3栋小美", "text": "暗语一"}}),
        (ChatPlace("r1"), "zhou", "老周", "@小美 好的", {"mentions": [{"id": "mei", "name": "小美"}]}),
        (ChatPlace("r1"), "bot", "千群", "✓ 小美：草莓 1 盒\n✓ 老周：蓝莓 1 盒", {}),
        (ChatPlace(contact_id="mei"), "bot", "千群", "您的取货码 1234", {"file": sheet}),
    ):
        await log.append(where, sender_id=who, sender_name=name, text=said, at=now, handed=True, **more)
    async with database.transaction() as session:
        key = MemberKey("local", "bot", "mei")
        person = await personal.person_of(session, key)
        sheets = {one.title: one.rows for one in await personal.export(session, person)}
        assert [row[2] for row in sheets["聊天页"]] == ["暗语一", "您的取货码 1234"]
        await personal.erase(session, person, Look("operator", "erased", about=key), now)
    assert await in_database(database, {"小美", "暗语一", "1234", "secret words", '"mei"'}) == []
    lines, _ = await log.latest(ChatPlace("r1"))
    assert [line.text for line in lines] == ["谢谢（已删除）", "@（已删除） 好的", "（已删除）\n✓ 老周：蓝莓 1 盒"]
    async with database.reading() as session:
        (made,) = list(await execute(session, select(ChatRoom.__table__)))
    assert (made.owner, made.members) == ("", people[1:])


@pytest.mark.parametrize("seed", range(10))
async def test_a_deletion_beside_a_working_lane_leaves_nothing(talk: Conversation, seed: int) -> None:  # noqa: F811
    """The operator deletes while the lane has the person's messages in its hands, or is about to."""
    async with talk.database.transaction() as session:
        await ledger.key(session)  # the migrations make it; the databases of tests are emptied
    dice = random.Random(seed)  # noqa: S311 - no secret, a world that can be made again
    await talk.say("林姐", "开团 周末水果\n1. 丹东草莓 59.9元\n2. 蓝莓 45元")
    lines = ["小美 草莓1份 要硬的", "老周 蓝莓2份"]
    said = [
        talk.message("小美", "有纯牛奶吗，暗语一"),
        talk.message("小美", "草莓2份 暗语二"),
        talk.message("小美", "#接龙\n周末水果\n\n1. " + lines[0]),
        *[talk.message("阿强", f"谢谢{one}") for one in "一二三四"],
    ]
    dice.shuffle(said)
    for message in said:
        await talk.intake.receive(message)

    async def work() -> None:
        busy = True
        while busy:
            busy = await talk.lane.drain()

    async def erase() -> None:
        for _ in range(dice.randint(0, 40)):
            await asyncio.sleep(0)
        await _erase(talk, "fake", "qianqun-bot", "xiaomei")

    await asyncio.gather(work(), erase())
    await work()
    await talk.send()
    needles = {"xiaomei", "小美", "暗语", "要硬的"}
    assert await in_database(talk.database, needles) == []
    assert [text for text in texts_in(talk.parts.pipeline.office) if any(one in text for one in needles)] == []


async def _erase(talk: Conversation, channel: str, account: str, contact: str) -> None:  # noqa: F811
    key = MemberKey(channel, account, contact)
    for attempt in range(3):
        try:
            async with talk.database.transaction() as session:
                person = await personal.person_of(session, key)
                await personal.erase(session, person, Look("operator", "erased", about=key), talk.clock.now())
                await inbox.tell_lanes(session, talk.clock.now())
        except Exception as error:
            if attempt == 2 or not is_unavailable(error):
                raise
        else:
            return
