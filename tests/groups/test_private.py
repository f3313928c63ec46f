from __future__ import annotations

from core.outcomes import Reason
from groups import changes as happened
from groups.service import GroupService, WordResult
from groups.state import GroupKey, GroupState, MemberKey, MemberState
from tests.groups.conversation import Room

FRUIT = GroupState(GroupKey("local", "bot", "r1"), topic="阳光小区水果群", owner_id="lin")
MUMS = GroupState(GroupKey("local", "bot", "r2"), topic="星河湾宝妈群", owner_id="lin")
LIN = MemberKey("local", "bot", "lin")
XIAOMEI = MemberKey("local", "bot", "xiaomei")


def _service() -> GroupService:
    return Room().service


def _say(
    text: str, who: MemberKey, owned: tuple[GroupState, ...] = (), joined: tuple[GroupState, ...] = ()
) -> WordResult | None:
    service = _service()
    word = service.parse(text, addressed=True)
    assert word is not None, text
    return service.speak_private(owned, joined, who, word, "m1")


def test_a_leader_of_one_group_need_not_name_it() -> None:
    result = _say("暂停", LIN, owned=(FRUIT,))
    assert result is not None
    assert result.changes == (happened.PausedSet(FRUIT.key, True),)
    assert "阳光小区水果群" in (result.answer or "")
    assert result.private


def test_a_leader_of_several_groups_names_one() -> None:
    for text in ("暂停 阳光小区水果群", "暂停 水果", "阳光小区水果群 暂停"):
        result = _say(text, LIN, owned=(FRUIT, MUMS))
        assert result is not None
        assert result.changes == (happened.PausedSet(FRUIT.key, True),)
    result = _say("级别 4 星河湾宝妈群", LIN, owned=(FRUIT, MUMS))
    assert result is not None
    assert result.changes == (happened.LevelSet(MUMS.key, 4),)
    result = _say("标签 加 零食 星河湾宝妈群", LIN, owned=(FRUIT, MUMS))
    assert result is not None
    assert [change.group for change in result.changes] == [MUMS.key]


def test_a_leader_of_several_groups_agrees_for_one_by_name() -> None:
    result = _say("同意 水果群", LIN, owned=(FRUIT, MUMS))
    assert result is not None
    assert result.group == FRUIT.key
    assert result.passed_on is not None


def test_a_leader_who_names_none_or_a_wrong_one_is_asked_with_the_list() -> None:
    for text in ("暂停", "暂停 月亮群", "级别 3", "标签 加 水果"):
        result = _say(text, LIN, owned=(FRUIT, MUMS))
        assert result is not None
        assert result.changes == ()
        assert "阳光小区水果群、星河湾宝妈群" in (result.answer or "")


def test_a_members_refusal_in_private_counts_for_all_their_groups_or_the_named_one() -> None:
    both = _say("退订", XIAOMEI, joined=(FRUIT, MUMS))
    assert both is not None
    assert [type(change) for change in both.changes] == [happened.Unsubscribed] * 2
    one = _say("退订 宝妈", XIAOMEI, joined=(FRUIT, MUMS))
    assert one is not None
    assert [getattr(change, "group", None) for change in one.changes] == [MUMS.key]
    out = MUMS.copy()
    out.members["xiaomei"] = MemberState(unsubscribed=True)
    back = _say("恢复", XIAOMEI, joined=(FRUIT, out))
    assert back is not None
    assert back.changes == (happened.Resubscribed(MUMS.key, "xiaomei", "m1"),)


def test_a_refusal_with_stray_words_is_heard_everywhere() -> None:
    result = _say("退订 不要再发了", XIAOMEI, joined=(FRUIT, MUMS))
    assert result is not None
    assert len(result.changes) == 2


def test_personal_answers_are_switched_for_the_person() -> None:
    result = _say("关闭个性化", XIAOMEI)
    assert result is not None
    assert result.changes == (happened.PersonalisationSet(XIAOMEI, True, None, "m1"),)


def test_a_members_leader_word_in_private_is_refused_without_a_text() -> None:
    result = _say("暂停", XIAOMEI, joined=(FRUIT,))
    assert result is not None
    assert (result.reason, result.answer) == (Reason.REFUSED_ROLE, None)


def test_who_has_no_group_is_told_so() -> None:
    result = _say("退订", XIAOMEI)
    assert result is not None
    assert "没有找到您的群" in (result.answer or "")


def test_who_leads_no_group_is_told_the_id_that_the_settings_name_leaders_by() -> None:
    result = _say("帮助", XIAOMEI)
    assert result is not None
    assert "xiaomei" in (result.answer or "")
    assert result.private
    leader = _say("帮助", LIN, owned=(FRUIT,))
    assert leader is not None
    assert "编号告诉管理员" not in (leader.answer or "")
