"""Every word by every role, at every level, paused or not, in the group and in private."""

from __future__ import annotations

from itertools import product

import pytest

from core.outcomes import Reason
from groups import changes as happened
from groups.service import WordResult
from groups.state import GroupState, MemberKey, Role
from groups.talk.hearing import parse
from groups.talk.words import UnknownWord, Word, WordKind
from tests.groups.conversation import KEY, Room, settings

K = WordKind
EVERYBODY, HELPERS, LEADERS = "everybody", "helpers", "leaders"
WORDS: dict[str, tuple[WordKind, str]] = {
    "暂停": (K.PAUSE, HELPERS),
    "恢复": (K.RESUME, EVERYBODY),
    "级别 3": (K.LEVEL, LEADERS),
    "级别": (K.LEVEL, LEADERS),
    "标签": (K.LABELS, HELPERS),
    "标签 加 零食": (K.LABEL_ADD, LEADERS),
    "标签 删 水果": (K.LABEL_REMOVE, LEADERS),
    "同意": (K.AGREE, HELPERS),
    "不用": (K.DECLINE, HELPERS),
    "需求": (K.NEEDS, HELPERS),
    "推荐 草莓": (K.RECOMMEND, HELPERS),
    "不推 草莓": (K.EXCLUDE, HELPERS),
    "取消不推 草莓": (K.INCLUDE, HELPERS),
    "置顶 草莓": (K.PIN, HELPERS),
    "取消置顶 草莓": (K.UNPIN, HELPERS),
    "打开欢迎": (K.WELCOME_ON, HELPERS),
    "关闭欢迎": (K.WELCOME_OFF, HELPERS),
    "设助手 老周": (K.APPOINT, LEADERS),
    "撤助手 老周": (K.DISMISS, LEADERS),
    "更新标签": (K.RELABEL, LEADERS),
    "拆群 养猫": (K.SPLIT, LEADERS),
    "并入 别的群": (K.MERGE, LEADERS),
    "搬到 别的群": (K.MOVE, LEADERS),
    "停用本群": (K.RETIRE, LEADERS),
    "启用本群": (K.REVIVE, LEADERS),
    "帮助": (K.HELP, EVERYBODY),
    "退订": (K.UNSUBSCRIBE, EVERYBODY),
    "关闭个性化": (K.PERSONALISATION_OFF, EVERYBODY),
    "打开个性化": (K.PERSONALISATION_ON, EVERYBODY),
    "为什么推荐": (K.WHY, EVERYBODY),
    "全部商品": (K.ALL_PRODUCTS, EVERYBODY),
    "我的标签": (K.MY_TAGS, EVERYBODY),
    "删标签 水果": (K.DELETE_TAG, EVERYBODY),
    "我的数据": (K.MY_DATA, EVERYBODY),
    "删除我的数据": (K.DELETE_DATA, EVERYBODY),
    "确认删除": (K.CONFIRM_DELETE, EVERYBODY),
}
RIGHTS = {
    *(K.RESUME, K.UNSUBSCRIBE, K.PERSONALISATION_OFF, K.PERSONALISATION_ON, K.WHY, K.ALL_PRODUCTS),
    *(K.MY_TAGS, K.DELETE_TAG, K.MY_DATA, K.DELETE_DATA, K.CONFIRM_DELETE),
}
TALK = {K.AGREE, K.DECLINE, K.RECOMMEND, K.EXCLUDE, K.INCLUDE, K.SPLIT, K.MERGE, K.MOVE}
"""What members say to each other as well."""
WHO = {
    "root": Role.ADMIN,
    "lin": Role.LEADER,
    "laozhou": Role.ASSISTANT,
    "xiaomei": Role.MEMBER,
    "stranger": Role.MEMBER,
}


def may(role: Role, who: str) -> bool:
    return who == EVERYBODY or role in {Role.ADMIN, Role.LEADER} or (who == HELPERS and role == Role.ASSISTANT)


def room(level: int, *, paused: bool) -> Room:
    here = Room(settings(platform_admins=["root"], default_level=level))
    here.apply([happened.RoleSet(KEY, "laozhou", Role.ASSISTANT), happened.PausedSet(KEY, paused)])
    return here


def word_of(text: str) -> Word:
    word = parse(text, True)
    assert isinstance(word, Word), text
    return word


def silent(result: WordResult | None) -> bool:
    """Nothing is shown, changed or handed to anybody."""
    return result is None or (result.answer is None and result.changes == () and result.passed_on is None)


def test_the_table_holds_every_word() -> None:
    assert {kind for kind, _ in WORDS.values()} == set(WordKind)
    assert all(word_of(text).kind is kind for text, (kind, _) in WORDS.items())


@pytest.mark.parametrize("text", WORDS)
def test_who_may_give_a_word_in_the_group(text: str) -> None:
    kind, who = WORDS[text]
    for (contact, role), level, paused in product(WHO.items(), range(5), (False, True)):
        here = room(level, paused=paused)
        assert here.service.role(here.state, contact) == role
        result = here.service.speak(here.state, contact, word_of(text), "m1")
        place = (text, contact, level, paused, result)
        if not may(role, who):
            assert silent(result), place
            talk = kind in TALK and level and role == Role.MEMBER
            expected = {None} if talk else {Reason.REFUSED_ROLE, Reason.GROUP_OFF}
            assert (result.reason if result else None) in expected, place
        elif role == Role.MEMBER and level == 0 and kind not in RIGHTS:
            assert silent(result), place
            assert result is not None
            assert result.reason == Reason.GROUP_OFF, place
        elif kind is K.RESUME and role == Role.MEMBER:
            assert result is None, place  # who did not opt out says it to the room
        else:
            assert result is not None, place
            assert not silent(result), place


@pytest.mark.parametrize("text", WORDS)
def test_who_opted_out_is_served_their_rights_and_nothing_else(text: str) -> None:
    kind, who = WORDS[text]
    for level, paused in product(range(5), (False, True)):
        here = room(level, paused=paused)
        here.apply([happened.Unsubscribed(KEY, "xiaomei")])
        result = here.service.speak(here.state, "xiaomei", word_of(text), "m1")
        place = (text, level, paused, result)
        assert silent(result) == (kind not in RIGHTS or not may(Role.MEMBER, who)), place
        if kind not in RIGHTS:
            assert result is not None
            assert result.reason == Reason.MEMBER_UNSUBSCRIBED, place


@pytest.mark.parametrize("text", WORDS)
def test_who_may_give_a_word_in_private(text: str) -> None:
    kind, _ = WORDS[text]
    for (contact, role), level, paused in product(WHO.items(), range(5), (False, True)):
        if role == Role.ADMIN:
            continue  # leads no group: named in the configuration, heard in every room
        here = room(level, paused=paused)
        owned = [here.state] if contact in here.state.leader_ids else []
        joined = [here.state] if contact in here.state.members else []
        result = here.service.speak_private(owned, joined, MemberKey(*KEY[:2], contact), word_of(text), "m1")
        place = (text, contact, level, paused, result)
        if kind in RIGHTS or kind is K.HELP:
            continue  # each has its own test in test_private.py
        assert silent(result) == (role != Role.LEADER), place
        if result is not None and not silent(result):
            assert result.private or result.passed_on is not None, place


@pytest.mark.parametrize("text", sorted(text for text, (kind, _) in WORDS.items() if kind in RIGHTS))
def test_everybody_has_their_rights_in_private(text: str) -> None:
    for contact in ("lin", "laozhou", "xiaomei"):
        here = room(0, paused=True)
        here.apply([happened.Unsubscribed(KEY, contact)])
        owned: list[GroupState] = [here.state] if contact == "lin" else []
        result = here.service.speak_private(owned, [here.state], MemberKey(*KEY[:2], contact), word_of(text), "m1")
        assert result is not None, (text, contact)
        assert not silent(result), (text, contact)
        assert result.private, (text, contact)


@pytest.mark.parametrize(
    "text",
    [
        "小美的数据",
        "导出 小美 的数据",
        "我的数据 小美",
        "删除小美的数据",
        "小美的标签",
        "查小美的数据",
        "她的数据",
        "删除我的数据 小美",
    ],
)
@pytest.mark.parametrize("who", ["lin", "laozhou", "xiaomei"])
def test_a_request_about_another_members_data_is_refused(text: str, who: str) -> None:
    here = room(4, paused=False)
    for addressed in (True, False):
        word = here.service.parse(text, addressed=addressed)
        assert word is None or isinstance(word, UnknownWord), word
        result = here.service.speak(here.state, who, word, "m1") if word is not None else None
        assert result is None or (result.changes == () and result.passed_on is None)
        if who == "xiaomei":
            assert silent(result)
