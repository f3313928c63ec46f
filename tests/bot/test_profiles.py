"""What the bot keeps of its members' own words, seen from the chat: made, listed, deleted, used, and never made."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import select

from bot.channels.local.repository import ChatLog
from bot.jobs import program_jobs
from groups.models import MemberTag
from groups.people import tagging
from groups.people.profiles import TagKind
from groups.people.tagging import KeptTag
from groups.state import MemberKey
from scheduler.jobs import RETENTION, InTransaction
from tests.bot.conftest import MakeTalk
from tests.bot.conversation import CATS, FRUIT, MOTHERS, NOTHING, Conversation, later, sees, told

QUIET: dict[str, object] = {"limits": False}


async def tags(talk: Conversation, who: str) -> dict[str, KeptTag]:
    """Return somebody's tags by value."""
    member = MemberKey(talk.channel.name, talk.channel.account, talk.member_id(who))
    async with talk.database.reading() as session:
        kept = await tagging.tags_of(session, member, talk.settings.groups.profiles, talk.clock.now())
    return {one.tag.value: one for one in kept}


async def counts(talk: Conversation, who: str) -> dict[str, tuple[int, int]]:
    return {value: (one.said, one.ordered) for value, one in (await tags(talk, who)).items()}


async def shown_to(talk: Conversation, who: str, text: str) -> list[str]:
    """Say something and return the titles that the group sees, in their order."""
    talk.channel.sent.clear()
    await talk.say(who, text)
    (sent,) = talk.channel.sent
    rows = {row["title"]: sent.text.find(row["title"]) for row in talk.shop.rows}
    return sorted((title for title, place in rows.items() if place >= 0), key=rows.__getitem__)


# what makes a tag


async def test_needs_and_orders_become_tags_that_their_owner_can_read(talk: Conversation) -> None:
    await talk.verify(
        ("小美", "有草莓吗", sees("草莓", without=("标签",))),
        ("小美", "A1 2盒", sees("小美")),
        later(minutes=30),
        ("小美", "求推荐大果车厘子", sees("车厘子")),
        (
            "小美",
            "我的标签",
            told(
                "小美",
                "水果 · 分量中 · 问过 2 次、订过 1 次 · 最近 11月22日",
                "大果 · 分量轻 · 问过 1 次",
                "删标签 水果",
            ),
        ),
        ("老周", "我的标签", told("老周", "没有记您的任何标签")),
    )
    assert await counts(talk, "小美") == {
        "水果": (2, 1),
        "水果/浆果": (1, 1),
        "草莓": (1, 1),
        "小果": (0, 1),
        "青果鲜": (0, 1),
        "大果": (1, 0),
        "水果/核果": (1, 0),
        "车厘子": (1, 0),
    }


async def test_tags_of_several_groups_are_one_persons(talk: Conversation) -> None:
    await talk.verify(("甜甜", "有草莓吗", sees("草莓")), room=FRUIT)
    await talk.verify(("甜甜", "想买猫粮", sees("猫粮")), room=CATS)
    await talk.verify(("甜甜", "我的标签", told("甜甜", "草莓", "养猫")), room="")


async def test_a_joined_or_hinted_or_reported_wish_is_nobodys_tag(talk: Conversation) -> None:
    await talk.verify(
        ("小美", "想买个帐篷", NOTHING, "need/unmet"),
        ("老周", "我也想要", NOTHING, "need/unmet"),
        ("阿强", "家里来客人了", NOTHING, "need/recorded"),
        ("陈姨", "她说想买草莓", NOTHING),
        ("甜甜", "草莓真甜", NOTHING),
    )
    assert [await counts(talk, who) for who in ("老周", "阿强", "陈姨", "甜甜")] == [{}, {}, {}, {}]


@pytest.mark.parametrize(
    "text", ["给我妈买点软糯的大米", "想给爷爷买点香蕉", "帮朋友问下有草莓吗", "给老公买双拖鞋", "想给同事买点咖啡"]
)
async def test_what_is_wanted_for_somebody_else_is_no_tag(talk: Conversation, text: str) -> None:
    talk.room = FRUIT
    await talk.say("小美", text)
    assert (await talk.outcome()).startswith("need/")
    assert await counts(talk, "小美") == {}


async def test_what_is_wanted_for_a_cat_is(talk: Conversation) -> None:
    talk.room = FRUIT
    await talk.say("小美", "给猫咪买点零食，有吗")
    assert "猫" in await tags(talk, "小美")


async def test_narrowing_a_need_down_says_the_attribute_and_not_the_goods_again(talk: Conversation) -> None:
    talk.room = FRUIT
    await talk.say("小美", "想买点大米")
    await talk.say("小美", "要软糯的")
    kept = await counts(talk, "小美")
    assert (kept["粮油/大米"], kept["软糯"]) == ((1, 0), (1, 0))


# orders


async def test_a_changed_order_counts_once_and_a_cancelled_one_not_at_all(talk: Conversation) -> None:
    await talk.verify(
        ("老周", "有草莓吗", sees("草莓")),
        ("小美", "A1 2盒", sees("小美")),
        ("小美", "A1 改成3盒", sees("3")),
    )
    assert (await counts(talk, "小美"))["草莓"] == (0, 1)
    await talk.verify(("小美", "取消A1", sees("取消")))
    assert await counts(talk, "小美") == {}


async def test_an_order_for_somebody_else_or_by_somebody_else_is_no_tag(talk: Conversation) -> None:
    await talk.verify(
        ("老周", "有草莓吗", sees("草莓")),
        ("小美", "A1 帮我妈订2盒", sees("2")),
        ("林姐", "代 阿强 A1 1盒", sees("阿强")),
    )
    assert [await counts(talk, who) for who in ("小美", "林姐", "阿强")] == [{}, {}, {}]


async def test_what_a_leader_offers_by_their_own_title_is_read_for_goods(talk: Conversation) -> None:
    await talk.verify(
        ("林姐", "开团 周末水果\n1. 赣南脐橙 5斤装 35元\n2. 宝宝南瓜米粉 20元", sees("脐橙")),
        ("小美", "要1号两份", sees("脐橙")),
        ("老周", "要2号一份", sees("米粉")),
    )
    kept = await counts(talk, "小美")
    assert kept["水果"] == (0, 1)
    assert kept["橙子"] == (0, 1)
    assert await counts(talk, "老周") == {}


async def test_everybodys_own_entry_in_a_chain_is_theirs_alone(talk: Conversation) -> None:
    start = "#接龙\n草莓 30元一盒\n"
    await talk.verify(
        ("林姐", start + "1. 小美 2盒", sees("小美")),
        ("老周", start + "1. 小美 2盒\n2. 老周 1盒", sees("老周")),
    )
    assert "草莓" in await counts(talk, "老周")
    assert await counts(talk, "小美") == {}
    assert await counts(talk, "林姐") == {}


# who does not want to be known


async def test_who_opted_out_leaves_no_tag_even_by_ordering(talk: Conversation) -> None:
    await talk.verify(
        ("老周", "有草莓吗", sees("草莓")),
        ("小美", "退订", sees("退订")),
        ("小美", "想买车厘子", NOTHING),
        ("小美", "A1 1盒", sees("草莓")),
    )
    assert await counts(talk, "小美") == {}


async def test_who_switched_personalisation_off_leaves_no_more_tags_in_any_group(talk: Conversation) -> None:
    await talk.verify(("豆豆妈", "有草莓吗", sees("草莓")), room=FRUIT)
    await talk.verify(
        ("豆豆妈", "关闭个性化", told("豆豆妈", "已有的标签不用了但还在", "我的标签")),
        ("豆豆妈", "我的标签", told("豆豆妈", "草莓", "个性化已关闭", "不再增加")),
        room="",
    )
    await talk.verify(("豆豆妈", "有大米吗", sees("大米")), room=MOTHERS)
    assert set(await counts(talk, "豆豆妈")) == {"水果", "水果/浆果", "草莓"}
    await talk.verify(("豆豆妈", "打开个性化", told("豆豆妈", "打开")), room="")
    await talk.verify(later(minutes=30), ("豆豆妈", "有洗衣液吗", sees("洗衣液")), room=MOTHERS)
    assert "洗衣液" in await counts(talk, "豆豆妈")


async def test_a_refusal_in_the_same_batch_counts_from_there(talk: Conversation) -> None:
    talk.room = FRUIT
    said = [talk.message("小美", text) for text in ("有草莓吗", "关闭个性化", "有大米吗")]
    await talk.take(*said)
    assert await counts(talk, "小美") == {}  # written at the end of the batch, when the refusal is known
    await talk.send()
    await talk.verify(("小美", "我的标签", told("小美", "没有记您的任何标签", "以后也不会记")))


async def test_somebody_who_refused_elsewhere_is_known_as_such_in_a_new_group(talk: Conversation) -> None:
    await talk.verify(("小美", "关闭个性化", told("小美", "关闭")), room="")
    await talk.verify(("小美", "有大米吗", sees("大米")), room=MOTHERS)  # not a member there before
    assert await counts(talk, "小美") == {}


async def test_nothing_is_kept_and_nothing_is_used_when_profiles_are_switched_off(talk_with: MakeTalk) -> None:
    talk = await talk_with(groups={"profiles": {"enabled": False}})
    await talk.verify(
        ("小美", "有草莓吗", sees("草莓")),
        ("小美", "我的标签", told("小美", "没有记您的任何标签")),
    )


# reading and deleting


async def test_a_deleted_tag_is_gone_at_once_and_does_not_come_back(talk: Conversation) -> None:
    await talk.verify(
        ("小美", "有草莓吗", sees("草莓")),
        ("小美", "删标签 水果", told("小美", "已删掉标签“水果”“水果/浆果”", "不再记")),
        ("小美", "我的标签", told("小美", "1. 草莓")),
        ("小美", "A1 1盒", sees("小美")),
        later(minutes=30),
        ("小美", "有橙子吗", sees("橙")),
        ("老周", "有橙子吗", NOTHING),
    )
    assert {"草莓", "橙子"} <= set(await tags(talk, "小美"))
    assert [one for one in (await tags(talk, "小美")).values() if one.tag.kind is TagKind.CATEGORY] == []
    assert "水果" in await tags(talk, "老周")
    talk.start()
    await talk.verify(later(hours=24), ("小美", "想买水果", sees("水果", "小美")))
    assert "水果" not in await tags(talk, "小美")


@pytest.mark.parametrize(
    "word", ["删标签草莓", "删标签：草莓", "删除标签 草莓", "删掉标签“草莓”！", "@千群 删标签 草莓"]
)
async def test_slips_of_the_word_are_understood(talk: Conversation, word: str) -> None:
    await talk.verify(("小美", "有草莓吗", sees("草莓")), ("小美", word, told("小美", "已删掉标签“草莓”")))


@pytest.mark.parametrize("text", ["删标签的时候小心点好吗", "标签怎么删", "把衣服标签剪了"])
async def test_talk_about_labels_is_no_word(talk: Conversation, text: str) -> None:
    await talk.verify(("小美", text, NOTHING))


async def test_an_unknown_tag_is_answered_with_those_there_are(talk: Conversation) -> None:
    await talk.verify(
        ("小美", "删标签 汽车", told("小美", "没有“汽车”这个标签", "没有记您的任何标签")),
        ("小美", "有草莓吗", sees("草莓")),
        ("小美", "删标签 汽车", told("小美", "没有“汽车”这个标签", "水果、水果/浆果、草莓", "删标签 水果")),
        ("小美", "删标签", told("小美", "要删哪一个", "草莓")),
        ("小美", "删标签 " + "果" * 100, told("小美", "没有“" + "果" * 20 + "”")),
        ("小美", "删标签 {{ 7*7 }}", told("小美", "没有“{{ 7*7")),
    )
    assert len(await tags(talk, "小美")) == 3


async def test_the_answer_is_private_whoever_asks_and_wherever(talk: Conversation) -> None:
    await talk.verify(
        ("小美", "退订", sees("退订")),
        ("小美", "我的标签", told("小美", "没有记"), "command/done"),
        ("林姐", "级别 0", sees("0 级")),
        ("老周", "我的标签", told("老周", "没有记"), "command/done"),
        ("老周", "删标签 水果", told("老周", "没有“水果”"), "command/done"),
    )
    await talk.verify(("林姐", "我的标签", told("林姐", "没有记")), room="")  # leads groups, and asks about herself
    await talk.verify(("路人", "我的标签", told("路人", "没有记")), room="")


async def test_the_outbox_keeps_no_copy_of_a_profile(talk: Conversation) -> None:
    await talk.verify(
        ("小美", "有草莓吗", sees("草莓")),
        ("小美", "我的标签", told("小美", "草莓")),
        ("小美", "删标签 草莓", told("小美", "草莓")),
    )
    assert [row.text for row in await talk.outbox("answer")] == ["", ""]


async def test_nobody_reads_or_deletes_what_is_somebody_elses(talk: Conversation) -> None:
    await talk.verify(
        ("小美", "有草莓吗", sees("草莓")),
        ("老周", "删标签 草莓", told("老周", "没有“草莓”")),
        ("林姐", "我的标签", told("林姐", "没有记")),
        ("林姐", "删标签 小美", told("林姐", "没有“小美”")),
    )
    assert "草莓" in await tags(talk, "小美")


async def test_the_retention_job_drops_what_has_faded(talk: Conversation) -> None:
    await talk.verify(("小美", "有草莓吗", sees("草莓")), ("老周", "A1 1盒", sees("老周")))
    profiles = talk.settings.groups.profiles.model_copy(update={"least_weight": 0.2})
    configured = talk.settings.model_copy(
        update={"groups": talk.settings.groups.model_copy(update={"profiles": profiles})}
    )
    job = program_jobs(configured, talk.parts.storefront, ChatLog(talk.database))[RETENTION]
    assert isinstance(job, InTransaction)
    async with talk.database.transaction() as session:
        await job.body(session, talk.clock.now() + timedelta(days=170))
    assert await tags(talk, "小美") == {}
    assert "草莓" in await tags(talk, "老周")


# ranking


async def test_tags_order_what_fits_equally_well_and_the_owner_is_told_why(talk_with: MakeTalk) -> None:
    """Both orders in one conversation: neutral, personal, and neutral again at once after the word."""
    talk = await talk_with(recommender=QUIET)
    talk.room = FRUIT
    neutral = await shown_to(talk, "老周", "想买点大米")
    await talk.say("小美", "有软糯的玉米吗")
    personal = await shown_to(talk, "小美", "想买点大米")
    assert neutral[0].startswith("东北五常")
    assert personal[0].startswith("盘锦蟹田大米 软糯")
    assert sorted(personal) == sorted(neutral)
    (push,) = talk.channel.sent
    assert "软糯" not in push.text.replace("盘锦蟹田大米 软糯 20斤", "")
    assert "标签" not in push.text
    await talk.verify(
        ("小美", "为什么推荐", told("小美", "大米", "参考了您的标签“软糯”", "关闭个性化")),
        ("老周", "为什么推荐", told("老周", "没有看别的")),
        ("小美", "关闭个性化", sees("不再按您个人的情况排序")),
    )
    assert await shown_to(talk, "小美", "想买点大米") == neutral
    await talk.verify(
        ("小美", "为什么推荐", told("小美", "没有看别的")),
        ("小美", "打开个性化", sees("打开")),
    )
    assert await shown_to(talk, "小美", "想买点大米") == personal


async def test_a_deleted_tag_orders_nothing_and_is_named_no_more(talk_with: MakeTalk) -> None:
    talk = await talk_with(recommender=QUIET)
    talk.room = FRUIT
    neutral = await shown_to(talk, "老周", "想买点大米")
    await talk.say("小美", "有软糯的玉米吗")
    assert await shown_to(talk, "小美", "想买点大米") != neutral
    await talk.verify(
        ("小美", "删标签 软糯", told("小美", "已删掉")),
        ("小美", "为什么推荐", told("小美", "没有看别的")),
    )
    assert await shown_to(talk, "小美", "想买点大米") == neutral


async def test_a_suggestion_says_nothing_of_the_members_tags(talk_with: MakeTalk) -> None:
    talk = await talk_with(recommender=QUIET)
    await talk.verify(
        ("小美", "有软糯的玉米吗", NOTHING),
        ("林姐", "级别 3", sees("3 级")),
    )
    await talk.say("小美", "想买点大米")
    suggestion = talk.channel.sent[-1]
    assert suggestion.contact_id == talk.member_id("林姐")
    assert suggestion.text.index("盘锦") < suggestion.text.index("东北五常")
    assert "标签" not in suggestion.text


async def test_who_asks_for_cheap_goods_gets_the_cheapest_first_whatever_the_tags(talk_with: MakeTalk) -> None:
    talk = await talk_with(recommender=QUIET)
    talk.room = FRUIT
    await talk.say("小美", "有软糯的玉米吗")
    assert await shown_to(talk, "小美", "想买便宜点的大米") == await shown_to(talk, "老周", "想买便宜点的大米")


async def test_the_price_is_the_same_whoever_asks_with_whatever_tags(talk_with: MakeTalk) -> None:
    """No price discrimination: members, tags, orders and the switch vary, and every product keeps its one price."""
    talk = await talk_with(recommender=QUIET)
    talk.room = FRUIT
    await talk.say("小美", "有软糯的玉米吗")
    await talk.say("老周", "有大果有机的苹果吗")
    await talk.say("阿强", "关闭个性化")
    prices = {row["title"]: f"{row['price'].normalize():f} 元" for row in talk.shop.rows}
    seen: dict[str, set[str]] = {}
    for round_ in range(3):
        for who in ("小美", "老周", "阿强", "陈姨", "新来的"):
            for goods in ("大米", "苹果", "牛奶", "洗衣液"):
                titles = await shown_to(talk, who, f"想买点{goods}")
                assert titles, (who, goods)
                text = talk.channel.sent[-1].text
                for title in titles:
                    line = text[text.index(title) + len(title) :].split("\n")[1]
                    seen.setdefault(title, set()).add(line.strip().partition("/")[0])
            if round_ == 0 and who in {"老周", "新来的"}:
                code = next(word for word in talk.channel.sent[-1].text.split() if word.startswith("A"))
                await talk.say(who, f"{code} 3份")
    assert {title: {prices[title]} for title in seen} == seen


# what never becomes a tag

HEALTH = """
想买点无糖的酸奶|有低糖的饼干吗|求推荐低嘌呤的零食|我爸糖尿病，有合适的燕麦吗|血压高，想买点低盐的酱油|痛风能吃的水果有吗|过敏体质，求推荐洗衣液|想买点鱼油|有维生素吗
感冒了想买点梨|减肥想买点鸡胸肉|求推荐代餐|有益生菌酸奶吗|想买点红糖，痛经|术后想买点鸡蛋|哪里能买到体重秤|想买护腰|便秘，求推荐点火龙果|脱发严重，求推荐洗发水|想买祛痘膏|尿酸高，有不含糖的饮料吗
咳嗽想买点枇杷膏|失眠，想买个枕头|化疗期间想吃点橙子，有吗|胃不好，想买点小米|想买老花镜|有高蛋白的牛奶吗|想买低脂牛奶|求推荐敏感肌面霜|想买点燕窝|想买艾草
"""
CHILDREN = """
想买尿不湿|奶粉有吗|求推荐儿童防晒|宝宝吃的面条有吗|给孩子买点草莓|给娃买个书包|想买点积木|求推荐儿童牛奶|孕妇能吃的水果有吗|怀孕了想买点酸的水果|月子里想买点小米|哪里有卖婴儿湿巾的|想买辅食
有童装吗|小学生用的本子有吗|孩子上学，想买水杯|闺女想吃蓝莓，有吗|我家二宝要拉拉裤|想买3段奶粉|求推荐待产用品|想买吸奶器|想买红领巾|有绘本吗|想买个安全座椅
"""
BELIEF = """
有清真的牛肉吗|想买清真羊肉|我不吃猪肉，有牛肉丸吗|吃斋，想买点豆腐|求推荐素食|想买点素肉|想买香炉|初一上香，想买点水果|拜神用的苹果有吗|开斋想买点椰枣|想买圣诞树|供佛的鲜花有吗
"""
PLACES = """
想买草莓，送到3栋502|我住在12号楼，想买点大米|有鸡蛋吗，放7单元门口|想买牛奶，送去5-1203|门牌号306室，想买箱水
"""
MONEY = """
没钱了，想买点便宜的大米|工资还没发，有便宜的鸡蛋吗|失业了想买点面条|花呗能付吗，想买洗衣液|手头紧，求推荐便宜的纸巾|欠着行不，想买点米|低保户想买点油
"""
INTIMATE = """
想买卫生巾|有安睡裤吗|求推荐内衣|想买避孕套|大姨妈来了，想买红糖|想买内裤|有护垫吗|求推荐文胸|想买验孕棒|想买丁字裤
"""
OTHERS = """
刚离婚想买个锅|我们回族能吃的糕点有吗|退伍军人想买点苹果
"""
MATTERS = {
    "health": HEALTH,
    "children": CHILDREN,
    "belief": BELIEF,
    "places": PLACES,
    "money": MONEY,
    "intimate": INTIMATE,
    "others": OTHERS,
}


def phrases(block: str) -> list[str]:
    return [phrase for line in block.split() for phrase in line.split("|") if phrase]


def test_the_table_is_as_large_as_it_must_be() -> None:
    assert sum(len(phrases(block)) for block in MATTERS.values()) >= 80


@pytest.mark.parametrize("matter", MATTERS)
async def test_sensitive_things_never_become_tags(talk_with: MakeTalk, matter: str) -> None:
    """Each phrase is said by a person of its own; nearly all are read as needs, and none leaves a tag."""
    talk = await talk_with(recommender=QUIET)
    talk.room = FRUIT
    said = phrases(MATTERS[matter])
    for number, phrase in enumerate(said):
        await talk.take(talk.message(f"路人{number}", phrase))
    async with talk.database.reading() as session:
        assert (await session.exec(select(MemberTag))).all() == []
    read = [row.text for row in await talk.inbox() if row.outcome == "need"]
    assert len(read) >= 0.6 * len(said), sorted(set(said) - set(read))


async def test_the_same_needs_without_what_is_sensitive_do(talk_with: MakeTalk) -> None:
    """Else the test above would prove nothing."""
    talk = await talk_with(recommender=QUIET)
    talk.room = FRUIT
    plain = (
        "想买点酸奶|求推荐洗衣液|想买点鸡蛋|有牛肉吗|想买点大米|有面条吗|想买个锅|求推荐点火龙果|想买山药|想买娃娃菜"
    )
    for number, phrase in enumerate(plain.split("|")):
        await talk.take(talk.message(f"路人{number}", phrase))
        assert await tags(talk, f"路人{number}"), phrase


async def test_sensitive_goods_leave_no_tag_when_ordered(talk_with: MakeTalk) -> None:
    talk = await talk_with(recommender=QUIET)
    talk.room = MOTHERS
    ordered = 0
    for number, goods in enumerate(("尿不湿", "卫生巾", "儿童防晒", "无糖酸奶", "奶瓶", "内裤", "低脂牛奶", "积木")):
        talk.channel.sent.clear()
        await talk.say("苏珊", f"想买{goods}")
        codes = [word for one in talk.channel.sent for word in one.text.split() if word.startswith("A")]
        if codes:
            await talk.say(f"路人{number}", f"{codes[0]} 1份")
            ordered += (await talk.outcome()).startswith("order/")
    assert ordered >= 3
    async with talk.database.reading() as session:
        kept = (await session.exec(select(MemberTag))).all()
    assert [(one.kind, one.value) for one in kept] == []
