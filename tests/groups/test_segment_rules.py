"""The language of segments: what it can say, and that whatever is wrong with a rule is said where it stands."""

from __future__ import annotations

import string
import unicodedata
from itertools import product

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from groups.segments.contradictions import can_hold, normal_form
from groups.segments.rules import MAX_DEPTH, MAX_LENGTH, RuleError, read_rule, write_rule
from groups.segments.terms import ATTRIBUTES, Comparison, Not, Operator, Rule, Values, every, holds, some

GROUP: dict[str, Values] = {
    "neighbourhood": ("阳光小区", "南门里"),
    "category": ("水果/浆果",),
    "person": ("宝妈",),
    "leader": ("lin",),
    "topic": ("阳光小区水果 2 群",),
    "room": ("room-Fruit",),
    "channel": ("local",),
    "account": ("bot",),
    "room_name": ("3栋502-小美", "3栋101-老周", "3栋乐乐爸", "陈姨"),
    "level": 3,
    "members": 50,
    "宠物": ("猫",),
}


def of_group(attribute: str) -> Values:
    return GROUP.get(attribute, ())


@pytest.mark.parametrize(
    "rule",
    [
        "小区 = 阳光小区",
        "neighbourhood = 南门里",
        "小区 = 阳光小区 and not 品类 = 蔬菜",
        "小区=阳光小区 and 品类!=蔬菜",
        "品类 = 水果",  # 水果/浆果 lies below it
        "品类 in (蔬菜, 水果)",
        "品类 not in (蔬菜, 母婴)",
        "人群 = 宝妈 or 人群 = 养猫",
        "宠物 = 猫",
        "宠物 in (猫, 狗) and 人数 >= 50",
        "菜系 != 川菜",  # a key that no label has
        "members >= 50 and members<=50 and members < 51 and members > 49 and members = 50 and members != 51",
        "level in (3, 4)",
        'topic = "阳光小区水果 2 群"',
        '群名 ~ "水果.*群$"',
        "room = ROOM-fruit and channel = local and account = bot and 团长 = lin",
        '群名 ~ "鲜.?果|水.?果|蔬.?菜|买.?菜|果.?园|海.?鲜|(母婴)?水果"',
        '群昵称 ~ "^3栋"',  # three members, and three in ten
        "（小区＝阳光小区　and　级别＞＝３）",
        "小区 = “阳光小区”",
        "not (level = 1 or level = 2) and (小区 = 无 or 小区 = 南门里)",
        "小区 = 无 and 小区 = 无 or 小区 = 南门里",  # "and" binds more tightly
        "NOT 小区 = 无 AND 小区 IN ('阳光小区')",
    ],
)
def test_what_holds(rule: str) -> None:
    assert holds(read_rule(rule), of_group)
    assert not holds(read_rule(f"not ({rule})"), of_group)


@pytest.mark.parametrize(
    "rule",
    [
        "小区 = 阳光",  # no part of a name
        "品类 = 水果/浆果/草莓",  # broader than that
        "宠物 = 狗",
        "菜系 = 川菜",
        '群昵称 ~ "小美"',  # one member says nothing about the room
        "人数 < 50",
        "小区 = 阳光小区 and (小区 = 无 or 级别 = 4)",
    ],
)
def test_what_does_not_hold(rule: str) -> None:
    assert not holds(read_rule(rule), of_group)


@pytest.mark.parametrize(
    ("rule", "position", "said"),
    [
        ("", 1, "neighbourhood/小区"),
        ("小区", 3, "= or != or in after neighbourhood, found the end of the rule"),
        ("小区 = ", 6, "expected a value for neighbourhood, found the end"),
        ("小区 == 阳光", 5, "expected a value for neighbourhood, found '='"),
        ("小区 = and", 6, "put it into quotes"),
        ("小区 = 阳光 小区", 9, '"and", "or" or the end of the rule, found \'小区\''),
        ("(小区 = 阳光", 9, '"and", "or" or ")"'),
        ("小区 = 阳光)", 8, "end of the rule, found ')'"),
        ("小区 in 阳光", 7, '"(" and a list of values'),
        ("小区 in (阳光 南门)", 11, '"," or ")"'),
        ("小区 in ()", 8, "expected a value"),
        ("小区 not = 阳光", 8, "expected in after neighbourhood"),
        ("小区 = '阳光", 6, "never closed"),
        ("小区 ! 阳光", 4, "means nothing here"),
        ('小区 = " "', 6, "value is empty"),
        ('小区 ~ "阳光"', 4, "= or != or in after neighbourhood"),
        ("小区 > 3", 4, "= or != or in after neighbourhood"),
        ("人数 ~ 3", 4, "after members"),
        ("群昵称 = 小美", 5, "expected ~ after room_name"),
        ("人数 >= 五十", 7, "a whole number for members"),
        ("人数 >= 50.5", 7, "a whole number for members"),
        ("人数 >= -1", 7, "a whole number for members"),
        ("人数 >= 1234567890", 7, "a whole number for members"),
        ("12 = 3", 1, "a key of your own"),
        ('"小区" = 阳光', 1, "a key of your own"),
        ("小区 = a and", 11, "a key of your own"),
        ('群名 ~ "("', 6, "is not a regular expression"),
        ('群名 ~ "[[a]"', 6, "is not a regular expression"),
        ('群名 ~ "(水+)+群"', 6, "repeats a group"),
        ('群名 ~ "水.*果.*鲜.*.*.*.*.*群"', 6, "more than 6 of"),
        (f'群名 ~ "{"水" * 201}"', 6, "1 to 200 characters"),
        (f"{'k' * 33} = a", 1, "a key of your own"),
        ("(" * 30 + "小区 = a" + ")" * 30, MAX_DEPTH + 2, "inside each other"),
        ("not " * 30 + "小区 = a", 4 * (MAX_DEPTH + 1) + 1, "inside each other"),
        ("小区 = " + "阳" * 65_536, MAX_LENGTH + 1, "65541 characters long, at most 2000"),
    ],
)
def test_a_rule_that_cannot_be_read_says_where_and_what_was_expected(rule: str, position: int, said: str) -> None:
    with pytest.raises(RuleError) as caught:
        read_rule(rule)
    assert caught.value.position == position
    assert said in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("neighborhood", "neighbourhood"),
        ("neighbourhoods", "neighbourhood"),
        ("catagory", "category"),
        ("member", "members"),
        ("leval", "level"),
        ("小區", "小区"),
        ("品類", "品类"),
        ("社区", "小区"),
        ("区小", "小区"),
    ],
)
def test_a_slip_of_the_pen_is_no_key_of_your_own(written: str, meant: str) -> None:
    with pytest.raises(RuleError, match=f"did you mean {meant}?"):
        read_rule(f"{written} = a")


@pytest.mark.parametrize("key", ["宠物", "pet", "城区", "cooking", "sports", "quarter", "品牌", "_x1"])
def test_any_other_word_is_a_key_of_your_own(key: str) -> None:
    assert read_rule(f"{key} = a") == Comparison(key, Operator.IS, ("a",))


_KEYS = st.sampled_from([*ATTRIBUTES, "宠物", "pet"])
_TEXTS = st.one_of(
    st.sampled_from(["阳光小区", "and", "or", "a b", "水果/浆果", '说"好"', "it's", "(", "“", "=", "～", "３", "ﬁ"]),
    st.text(max_size=12),
)


@st.composite
def _comparisons(draw: st.DrawFn) -> Rule:
    """A comparison as the reader makes them: read from a text, so that values have the form they are compared in."""
    name = draw(_KEYS)
    kind = ATTRIBUTES[name].kind.value if name in ATTRIBUTES else "values"
    if kind == "number":
        number = draw(st.integers(0, 999_999_999))
        return read_rule(f"{name} {draw(st.sampled_from(['=', '!=', '<', '<=', '>', '>=']))} {number}")
    if kind == "names" or (kind == "text" and draw(st.booleans())):
        return read_rule(f'{name} ~ "{draw(st.sampled_from(["水果", "^3栋", "[a-z]+", "猫|狗", "有 空格"]))}"')
    written = draw(st.lists(_TEXTS.filter(str.strip), min_size=1, max_size=3))
    values = ['"' + text.replace('"', '""') + '"' for text in written if unicodedata.normalize("NFKC", text).strip()]
    if not values:
        return Comparison(name, Operator.IS, ("a",))
    return read_rule(f"{name} in ({','.join(values)})" if draw(st.booleans()) else f"{name} != {values[0]}")


def _rules() -> st.SearchStrategy[Rule]:
    return st.recursive(
        _comparisons(),
        lambda inner: st.one_of(
            inner.map(Not),
            st.lists(inner, min_size=1, max_size=3).map(every),
            st.lists(inner, min_size=1, max_size=3).map(some),
        ),
        max_leaves=8,
    )


@given(_rules())
def test_a_written_rule_reads_as_the_same_rule(rule: Rule) -> None:
    assert read_rule(write_rule(rule)) == rule


_SCRAPS = st.lists(
    st.sampled_from(
        [*ATTRIBUTES, "小区", "宠物", "=", "!=", "~", "(", ")", ",", "and", "or", "not", "in", '"', "'", "3"]
    ),
    max_size=40,
).map(" ".join)


def _read_or_fault(text: str) -> Rule | RuleError:
    try:
        return read_rule(text)
    except RuleError as error:
        return error


@given(st.one_of(st.text(max_size=200), st.text(string.printable, max_size=200), _SCRAPS))
@example("\x00")
@example("小区 = \ud800")
@example('群名 ~ "a{99999999999999}"')
@example("not" * 600)
def test_reading_anything_ends_in_a_rule_or_in_its_own_error(text: str) -> None:
    rule = _read_or_fault(text)
    if isinstance(rule, RuleError):
        assert 1 <= rule.position <= len(text) + 1
        return
    assert read_rule(write_rule(rule)) == rule
    assert holds(rule, of_group) is not holds(Not(rule), of_group)


@pytest.mark.parametrize(
    "rule",
    [
        "小区 = 甲 and not 小区 = 甲",
        "小区 = 甲 and 小区 != 甲",
        "小区 = 甲 and 小区 not in (乙, 甲)",
        "品类 = 水果/浆果 and not 品类 = 水果",
        "not (小区 = 甲 or 小区 != 甲)",
        "(小区 = 甲 or 小区 = 乙) and 小区 not in (甲, 乙)",
        "level > 3 and level < 2",
        "level > 4",
        "not level <= 4",
        "members < 0",
        "members = 3 and members = 4",
        "members in (3, 4) and members >= 5",
        "members >= 3 and members <= 5 and members not in (3, 4, 5)",
        "topic = 甲 and topic = 乙",
        "topic = 甲 and topic != 甲",
        '群名 = 甲 and 群名 ~ "乙"',
        '群名 = 甲 and not 群名 ~ "甲"',
        '群名 ~ "甲" and not 群名 ~ "甲"',
        "channel = local and channel = wechaty",
        "PET = cat and not pet = Cat",
    ],
)
def test_a_rule_that_no_group_can_meet(rule: str) -> None:
    assert not can_hold(read_rule(rule))
    assert can_hold(read_rule(f"not ({rule})"))


@pytest.mark.parametrize(
    "rule",
    [
        "小区 = 甲 and 小区 = 乙",  # a group may have several
        "品类 = 水果 and not 品类 = 水果/浆果",
        "level > 2 and level < 4",
        "level >= 0",
        "(小区 = 甲 or level > 4) and (小区 != 甲 or topic = 乙)",
        '群名 ~ "甲" and 群名 ~ "乙"',
        'topic = Cats and topic ~ "C"',
        'topic = ABC and not topic ~ "abc"',
    ],
)
def test_a_rule_that_a_group_can_meet(rule: str) -> None:
    assert can_hold(read_rule(rule))


def test_what_can_hold_agrees_with_trying_every_group() -> None:
    """A small world, tried out in full: whatever holds somewhere can hold, whatever holds nowhere cannot."""
    tests = ["小区 = 甲", "小区 = 乙", "level >= 3", "level = 2", "not 小区 = 甲", "level != 4", "level < 3"]
    worlds = [
        {"neighbourhood": here, "level": level} for here in ((), ("甲",), ("乙",), ("甲", "乙")) for level in range(5)
    ]
    for one, two, three in product(tests, repeat=3):
        for text in (
            f"{one} and {two} and {three}",
            f"({one} or {two}) and {three}",
            f"not ({one} or {two} and {three})",
        ):
            rule = read_rule(text)
            assert can_hold(rule) is any(holds(rule, world.__getitem__) for world in worlds), text


def test_a_rule_of_too_many_choices_is_let_stand_instead_of_tried_for_ever() -> None:
    choices = " and ".join(f"({key}{n}=1 or {key}{n}=2)" for key in "az" for n in range(40))
    assert can_hold(read_rule(f"(m=1 or m=2) and {choices} and m != 1 and m != 2"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("小区 = 甲 and 品类 = 水果", "category = 水果 and (neighbourhood = 甲)"),
        ("小区 in (甲, 乙)", "小区 = 乙 or 小区 = 甲 or 小区 = 乙"),
        ("not (小区 = 甲 or level < 3)", "level >= 3 and 小区 != 甲"),
        ("level > 2", "level >= 3"),
        ("小区 not in (甲)", "not not 小区 != 甲"),
        ("pet = Cat", "PET = cat"),
    ],
)
def test_the_same_rule_in_other_words(one: str, other: str) -> None:
    assert normal_form(read_rule(one)) == normal_form(read_rule(other))


def test_different_rules_differ() -> None:
    texts = [
        "小区 = 甲",
        "小区 != 甲",
        "小区 = 乙",
        '群名 ~ "甲"',
        "群名 = 甲",
        "level >= 3",
        "level <= 3",
        "甲 = 小区",
    ]
    texts += ["小区 = 甲 and level = 3", "小区 = 甲 or level = 3", "a in (x, y)", "a = x and a = y"]
    assert len({normal_form(read_rule(text)) for text in texts}) == len(texts)
