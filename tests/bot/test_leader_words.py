"""Words of leaders and members as they are said: with mentions, slips, in the group and in private."""

from __future__ import annotations

from bot.channels.local.settings import load_rooms
from bot.demo import FOLDER
from bot.stages.words import _CARRIED_OUT
from groups.talk.words import WordKind
from tests.bot.conftest import MakeTalk
from tests.bot.conversation import BOT, FRUIT, MOTHERS, NOTHING, Conversation, sees, told


async def mention(talk: Conversation, who: str, text: str, *names: str) -> None:
    """Let somebody say something with mentions in front of it, as a chat writes them."""
    ids = [talk.channel.account if name == BOT else talk.member_id(name) for name in names]
    talk.channel.sent.clear()
    await talk.say(who, **talk.channel.mentioning(ids, names, text))


async def test_an_assistant_is_appointed_by_a_mention(talk: Conversation) -> None:
    talk.room = FRUIT
    await mention(talk, "林姐", "设助手", "老周")
    assert "老周 现在是助手了" in talk.channel.sent[0].text
    talk.start()
    await talk.verify(
        ("老周", "推荐 草莓", sees("林姐推荐草莓"), "command/done"),
        ("老周", "暂停", sees("已暂停")),
        ("老周", "级别 4", NOTHING, "command/refused_role"),
        ("老周", "设助手 阿强", NOTHING, "command/refused_role"),
    )
    await mention(talk, "林姐", "撤助手", BOT, "老周")
    assert "老周 不再是助手了" in talk.channel.sent[0].text
    await talk.verify(("老周", "恢复", NOTHING, "ignored/talk"))


async def test_a_mention_that_the_channel_only_writes_out_is_a_name(talk: Conversation) -> None:
    talk.room = FRUIT
    await talk.verify(("林姐", "设助手 @老周", sees("老周 现在是助手了")))


async def test_two_mentions_appoint_nobody(talk: Conversation) -> None:
    talk.room = FRUIT
    await mention(talk, "林姐", "设助手", "老周", "阿强")
    assert "要写上名字" in talk.channel.sent[0].text
    await mention(talk, "小美", "设助手", "老周")
    assert talk.channel.sent == []
    assert await talk.outcome() == "command/refused_role"


async def test_where_somebody_lives_is_not_said_when_two_may_be_meant(talk: Conversation) -> None:
    await talk.verify(
        ("林姐", "设助手 栋", told("林姐", "对得上", "小美（3栋502-小美）"), "command/unknown_word"),
        ("林姐", "设助手 小美", sees("小美 现在是助手了", without=("502", "3栋"))),
    )


async def test_the_leader_of_two_groups_names_one_behind_the_word(talk_with: MakeTalk) -> None:
    demo = [{"topic": room.topic, "leader": "lin"} for room in load_rooms(FOLDER / "rooms.toml")[:2]]
    talk = await talk_with(groups={"rooms": demo})
    await talk.verify(
        ("林姐", "推荐 草莓", told("林姐", "请带上群名", f"推荐 草莓 {FRUIT}", MOTHERS), "command/unknown_word"),
        ("林姐", "推荐 草莓 宝妈", (told("林姐", "马上发", MOTHERS), sees("推荐草莓", room=MOTHERS))),
        ("林姐", "不推 草莓 水果群", told("林姐", f"“{FRUIT}”不再推“草莓”", "在卖的有")),
        ("林姐", f"推荐 草莓 {FRUIT}", told("林姐", "没有找到", FRUIT)),
        ("林姐", "关闭欢迎 宝妈群", told("林姐", f"“{MOTHERS}”的欢迎已关闭")),
        ("林姐", "设助手 小美 水果群", told("林姐", "小美 现在是助手了")),
        ("林姐", "赞停 水果群", told("林姐", f"“{FRUIT}”已暂停")),
        room="",
    )


async def test_a_refusal_with_a_slip_is_heard_unaddressed(talk: Conversation) -> None:
    await talk.verify(
        ("小美", "退丁", sees("已退订"), "command/done"),
        ("小美", "有草莓吗", NOTHING, "ignored/member_unsubscribed"),
        ("老周", "关必个性化", sees("已关闭个性化"), "command/done"),
    )


async def test_a_leaders_slip_is_heard_when_the_bot_is_addressed_and_is_talk_else(talk: Conversation) -> None:
    await talk.verify(
        ("林姐", "赞停", NOTHING, "ignored/talk"),
        ("林姐", "@千群 赞停", sees("已暂停"), "command/done"),
        ("小美", "@千群 恢复", NOTHING),
        ("林姐", "千群，把推荐停了", sees("没听懂“把推荐停了”", "帮助"), "command/unknown_word"),
        ("小美", "@千群 把推荐停了", NOTHING, "command/unknown_word"),
    )


async def test_help_says_everything_to_a_leader_and_what_is_theirs_to_a_member(talk: Conversation) -> None:
    await talk.verify(
        ("林姐", "帮助", sees("推荐 草莓", "设助手", "更新标签", "拆群", "我的数据", "开团")),
        (
            "小美",
            "帮助",
            sees("全部商品", "退订", "我的数据", "删除我的数据", "取消", without=("设助手", "暂停", "开团")),
        ),
    )


async def test_another_members_data_is_shown_to_nobody(talk: Conversation) -> None:
    for text in ("@千群 小美的数据", "@千群 删除小美的数据", "小美的标签"):
        await talk.verify(("老周", text, NOTHING))
    refusal = told("老周", "只有本人")
    await talk.verify(("老周", "小美的数据", refusal), ("老周", "我的数据 小美", NOTHING), room="")


def test_every_word_that_is_passed_on_has_somebody_who_carries_it_out() -> None:
    """A word that ``groups`` allows and nobody carries out would raise in the middle of a batch."""
    here = {
        *(WordKind.PAUSE, WordKind.RESUME, WordKind.LEVEL, WordKind.LABELS, WordKind.LABEL_ADD, WordKind.LABEL_REMOVE),
        *(WordKind.WELCOME_ON, WordKind.WELCOME_OFF, WordKind.APPOINT, WordKind.DISMISS, WordKind.HELP),
        *(WordKind.UNSUBSCRIBE, WordKind.PERSONALISATION_OFF, WordKind.PERSONALISATION_ON),
    }
    assert set(_CARRIED_OUT) | here == set(WordKind)
    assert not set(_CARRIED_OUT) & here
