"""A chain from snapshot to snapshot: what counts as new, changed, removed, and what is hearsay."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.outcomes import Reason
from core.text import Normaliser
from orders.chains.snapshots import Kept, LineChange, advance, same_chain
from orders.chains.text import read_chain
from orders.chains.xml import read_message
from orders.state import Item
from tests.orders.chain_messages import chain_xml

NORMALISER = Normaliser()
MEMBERS = {"mei": ["小美"], "qiang": ["阿强"], "lead": ["团长"], "li": ["Ann Li"], "mei2": []}


@dataclass
class Room:
    """A chain in a group; ``says`` sends a snapshot."""

    members: dict[str, list[str]] = field(default_factory=lambda: dict(MEMBERS))
    items: Sequence[Item] = ()
    kept: Kept | None = None
    book: dict[tuple[str, str], Decimal] = field(default_factory=dict)

    def says(self, sender: str, *lines: str, text: str = "") -> list[tuple[str, str, int | None, Reason | None]]:
        body = text or "#接龙\n晚餐\n\n" + "\n".join(f"{n}. {line}" for n, line in enumerate(lines, start=1))
        chain = read_message(body)
        assert chain is not None
        if self.kept is not None:
            assert same_chain(self.kept, chain)
        kept, changes, _ = advance(
            self.kept, chain, sender, self.members[sender], self.members,
            trusted=sender == "lead", items=self.items, uniform=NORMALISER,
        )  # fmt: skip
        self.kept = Kept.from_json(json.loads(json.dumps(kept.to_json())))
        assert self.kept == kept
        for change in changes:
            if change.doubt is None:
                assert change.quantity is not None
                self.book[change.member, change.text] = change.quantity
        return [
            (one.member, one.text, None if one.quantity is None else int(one.quantity), one.doubt) for one in changes
        ]

    @property
    def standing(self) -> dict[tuple[str, str], int]:
        return {key: int(quantity) for key, quantity in self.book.items() if quantity}


def test_new_changed_and_removed_are_told_apart() -> None:
    room = Room()
    assert room.says("mei", "小美 2份") == [("mei", "", 2, None)]
    assert room.says("qiang", "小美 2份", "阿强 晚餐1份") == [("qiang", "晚餐", 1, None)]
    assert room.says("mei", "小美 3份", "阿强 晚餐1份") == [("mei", "", 3, None)]
    assert room.says("qiang", "小美 3份") == [("qiang", "晚餐", 0, None)]
    assert room.says("mei", "小美 3份") == []


def test_two_editors_at_once_lose_nothing() -> None:
    room = Room()
    room.says("lead", "团长 1份")
    room.says("mei", "团长 1份", "小美 2份")
    assert room.says("qiang", "团长 1份", "阿强 1份") == [("qiang", "", 1, None)]
    assert room.standing == {("lead", ""): 1, ("mei", ""): 2, ("qiang", ""): 1}


def test_a_stale_value_does_not_come_back() -> None:
    room = Room()
    room.says("mei", "小美 2份")
    room.says("mei", "小美 3份")
    assert room.says("qiang", "小美 2份", "阿强 1份") == [("qiang", "", 1, None)]
    assert room.standing["mei", ""] == 3


def test_a_removed_line_does_not_come_back_from_a_stale_snapshot() -> None:
    room = Room()
    room.says("lead", "团长 1份")
    room.says("mei", "团长 1份", "小美 2份")
    room.says("mei", "团长 1份")
    assert room.says("qiang", "团长 1份", "小美 2份", "阿强 1份") == [("qiang", "", 1, None)]
    assert room.says("mei", "团长 1份", "阿强 1份", "小美 2份") == [("mei", "", 2, None)]


def test_what_a_stranger_changes_is_asked_once() -> None:
    room = Room()
    room.says("mei", "小美 2份")
    assert room.says("qiang", "小美 5份", "阿强 1份") == [
        ("mei", "", 5, Reason.CONFIRM_ALL),
        ("qiang", "", 1, None),
    ]
    assert room.says("li", "小美 5份", "阿强 1份", "Ann Li 1份") == [("li", "", 1, None)]
    assert room.says("mei", "小美 5份", "阿强 1份", "Ann Li 1份") == [("mei", "", 5, None)]


def test_the_leader_may_change_and_take_away_what_they_have_seen() -> None:
    room = Room()
    room.says("lead", "团长 1份")
    room.says("mei", "团长 1份", "小美 2份")
    room.says("qiang", "团长 1份", "小美 2份", "阿强 1份")
    assert room.says("lead", "团长 1份", "小美 4份", "阿强 1份") == [("mei", "", 4, None)]
    assert room.says("lead", "团长 1份", "小美 4份") == [("qiang", "", 0, None)]


def test_the_leader_who_has_not_seen_a_line_does_not_take_it_away() -> None:
    room = Room()
    room.says("lead", "团长 1份")
    room.says("mei", "团长 1份", "小美 2份")
    assert room.says("lead", "团长 2份") == [("lead", "", 2, None)]
    assert room.says("lead", "团长 3份") == [("lead", "", 3, None)]
    assert room.standing["mei", ""] == 2


def test_the_leader_builds_on_the_newest_snapshot() -> None:
    room = Room()
    room.says("lead", "团长 1份")
    room.says("mei", "团长 1份", "小美 2份")
    room.says("qiang", "团长 1份", "小美 2份", "阿强 1份")
    assert room.says("lead", "团长 1份", "阿强 1份") == [("mei", "", 0, None)]


def test_several_lines_of_one_person_add_up_and_fall_apart_again() -> None:
    room = Room()
    assert room.says("mei", "小美 苹果2斤", "小美 苹果1斤 青的", "小美 香蕉1斤") == [
        ("mei", "苹果", 3, None),
        ("mei", "香蕉", 1, None),
    ]
    assert room.says("mei", "小美 苹果2斤", "小美 香蕉1斤") == [("mei", "苹果", 2, None)]


def test_two_people_with_one_nickname() -> None:
    room = Room(members={**MEMBERS, "mei2": ["小美"]})
    assert room.says("mei", "小美 1份") == [("mei", "", 1, None)]
    assert room.says("mei2", "小美 1份", "小美 2份") == [("mei2", "", 2, None)]
    assert room.says("mei", "小美 3份", "小美 2份")[0] == ("mei", "", 3, None)
    assert room.standing == {("mei", ""): 3, ("mei2", ""): 2}


def test_namesakes_at_once_stay_apart() -> None:
    room = Room(members={**MEMBERS, "mei2": ["小美"]})
    room.says("lead", "团长 1份")
    room.says("mei", "团长 1份", "小美 1份")
    assert room.says("mei2", "团长 1份", "小美 2份") == [("mei2", "", 2, None)]
    assert room.standing == {("lead", ""): 1, ("mei", ""): 1, ("mei2", ""): 2}


def test_a_name_nobody_has_is_kept_as_it_is_written() -> None:
    room = Room()
    assert room.says("mei", "小美 1份", "王姐 2份") == [("mei", "", 1, None), ("~王姐", "", 2, None)]
    assert room.kept is not None
    assert room.kept.entries[1].said_by == "mei"
    assert room.says("qiang", "小美 1份", "阿强 1份") == [("qiang", "", 1, None)]
    assert room.says("mei", "小美 1份", "阿强 1份") == [("~王姐", "", 0, None)]


def test_taking_back_in_words() -> None:
    room = Room()
    room.says("mei", "小美 2份")
    assert room.says("mei", "小美 2份（取消）") == [("mei", "", 0, None)]
    assert room.says("qiang", "小美 取消", "阿强 取消") == []


def test_no_number_is_asked() -> None:
    assert Room().says("mei", "小美 几份") == [("mei", "", None, Reason.IMPRECISE_QUANTITY)]


def test_goods_without_a_name_belong_to_who_adds_them_and_else_are_asked() -> None:
    room = Room()
    assert room.says("mei", "苹果2斤，香蕉1斤") == [("mei", "苹果", 2, None), ("mei", "香蕉", 1, None)]
    assert {doubt for *_, doubt in Room().says("mei", "苹果2斤，香蕉1斤", "梨2斤，桃1斤")} == {Reason.CONFIRM_ALL}


def test_items_of_the_offer() -> None:
    room = Room(items=[Item(7, 1, 1, "1", "丹东草莓", "盒"), Item(8, 1, 2, "2", "蓝莓", "盒")])
    assert room.kept is None
    room.says("mei", "小美 草莓2盒", "阿强 蓝莓")
    assert room.kept is not None
    assert [[one.item for one in entry.items] for entry in room.kept.entries] == [[7], [8]]
    assert room.says("mei", "小美 草莓2盒", "阿强 蓝莓", "小美 西瓜1个")[-1][3] is Reason.UNCLEAR_ITEM


def test_xml_credits_the_author_and_not_the_sender() -> None:
    room = Room()
    lines = [("u1", "小美 2份"), ("u2", "小美 2份")]
    room.members |= {"u1": ["小美"], "u2": ["小美"]}
    assert room.says("qiang", text=chain_xml("#接龙\n晚餐", lines)) == [("u1", "", 2, None), ("u2", "", 2, None)]
    assert room.says("u2", text=chain_xml("#接龙\n晚餐", [("u1", "小美 2份")])) == [("u2", "", 0, None)]
    assert room.says("u1", text=chain_xml("#接龙\n晚餐", [("u1", "小美 1份"), ("u2", "小美 2份")])) == [
        ("u1", "", 1, None)
    ]


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("#接龙\n晚餐\n1. a 1份\n2. b 1份\n3. c 1份\n4. d 1份\n5. e 1份", True),
        ("#接龍\n晚餐\n1. a 1份\n2. b 1份\n3. c 1份", True),
        ("#接龙\n午餐\n1. a 1份\n2. b 1份\n3. c 1份\n4. d 1份", False),
        ("#Group Note\n晚餐\n1. a 1份\n2. b 1份\n3. c 1份\n4. d 1份", False),
        ("#接龙\n晚餐\n1. a 5份", True),
        ("#接龙\n晚餐\n1. v 1份\n2. w 1份\n3. x 1份\n4. y 1份", False),
    ],
)
def test_the_same_chain(text: str, same: bool) -> None:
    first = read_chain("#接龙\n晚餐\n1. a 1份\n2. b 1份\n3. c 1份\n4. d 1份")
    other = read_chain(text)
    assert first is not None
    assert other is not None
    kept, _, _ = advance(None, first, "lead", ["团长"], {}, uniform=NORMALISER)
    assert same_chain(kept, other) is same


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["mei", "lead"]), st.sampled_from(["add", "change", "sync", "remove"]), st.integers(1, 9)
    ),
    max_size=14,
)


@given(ACTS)
@settings(max_examples=300)
def test_any_interleaving_of_two_editors_loses_and_invents_nothing(acts: list[tuple[str, str, int]]) -> None:
    """Each has a copy of the list, edits only their own lines, and sends all of it, whether it is up to date or not."""
    room = Room()
    newest = ["团长 苹果1斤"]  # what the leader starts with
    room.says("lead", *newest)
    copies: dict[str, list[str]] = {"mei": newest, "lead": newest}
    own: dict[str, dict[str, int]] = {"mei": {}, "lead": {"苹果": 1}}

    def line(sender: str, goods: str) -> str:
        return f"{MEMBERS[sender][0]} {goods}{own[sender][goods]}斤"

    def is_of(sender: str, text: str) -> bool:
        return text.startswith(MEMBERS[sender][0])

    for sender, act, number in acts:
        goods = f"{'苹香梨桃枣柑橙杏柚'[number - 1]}果"
        if act == "sync":
            others = [text for text in newest if not is_of(sender, text)]
            copies[sender] = others + [line(sender, name) for name in own[sender]]
            continue
        if act == "remove":
            if len(own[sender]) > 1:  # a list without any line is not sent
                own[sender].pop(goods, None)
        elif act == "add":
            own[sender].setdefault(goods, number)
        elif goods in own[sender]:
            own[sender][goods] += number
        others = [text for text in copies[sender] if not is_of(sender, text)]
        copies[sender] = others + [line(sender, name) for name in own[sender]]
        if copies[sender]:
            newest = copies[sender]
            room.says(sender, *newest)
        for name, lines in own.items():
            assert {key[1]: count for key, count in room.standing.items() if key[0] == name} == lines


def test_line_changes_say_where_they_stand() -> None:
    text = "#接龙\n晚餐\n1. 小美 2份 少饭"
    chain = read_chain(text)
    assert chain is not None
    _, (change,), _ = advance(None, chain, "mei", ["小美"], MEMBERS, uniform=NORMALISER)
    assert isinstance(change, LineChange)
    assert change.span is not None
    assert text[slice(*change.span)] == "小美 2份 少饭"
    assert (change.name, change.note, change.unit, change.index, change.said_by) == ("小美", "少饭", "份", 1, "mei")
