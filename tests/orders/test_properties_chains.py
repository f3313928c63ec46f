"""What holds for every chain and every order of its snapshots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.text import Normaliser
from orders.chains.snapshots import Kept, advance, same_chain
from orders.chains.text import read_chain
from orders.chains.xml import read_message
from orders.state import Item
from tests.orders.chain_messages import chain_xml

NORMALISER = Normaliser()
TITLES = ("丹东草莓", "蓝莓", "沃柑", "冬枣", "山竹")
ITEMS = [Item(number, 1, number, str(number), title, "盒") for number, title in enumerate(TITLES, start=1)]
NAMES = {"mei": "小美", "zhou": "老周", "lin": "团长琳琳"}
MEMBERS = {member: [name] for member, name in NAMES.items()}
HEAD = "#接龙\n周末水果"


@dataclass
class Group:
    """A group with one chain: what each editor has on the screen, what each ordered, and what the book says.

    ``authors`` tells whether messages name the author of each entry, as XML does.
    """

    authors: bool
    own: dict[str, dict[int, int]] = field(default_factory=lambda: {member: {} for member in NAMES})
    copies: dict[str, list[tuple[str, int, int]]] = field(default_factory=lambda: {member: [] for member in NAMES})
    newest: list[tuple[str, int, int]] = field(default_factory=list)
    kept: Kept | None = None
    book: dict[tuple[str, int], Decimal] = field(default_factory=dict)

    def edit(self, sender: str, item: int, quantity: int) -> None:
        """Change, add or (with 0) take out one line of the sender's on the copy the sender has."""
        if quantity:
            self.own[sender][item] = quantity
        else:
            self.own[sender].pop(item, None)
        others = [line for line in self.copies[sender] if line[0] != sender]
        self.copies[sender] = others + [(sender, *line) for line in self.own[sender].items()]

    def refresh(self, sender: str) -> None:
        """Bring the newest list to the sender's screen; the sender's own lines are there as the sender left them."""
        others = [line for line in self.newest if line[0] != sender]
        self.copies[sender] = others + [(sender, *line) for line in self.own[sender].items()]

    def send(self, sender: str, shown: Sequence[tuple[str, int, int]]) -> int:
        """Send a list; return how many changes came of it."""
        if not shown:
            return 0  # a chain without an entry is not sent
        self.newest = list(shown)
        lines = [(member, f"{NAMES[member]} {TITLES[item - 1]}{quantity}盒") for member, item, quantity in shown]
        visible = HEAD + "\n\n" + "\n".join(f"{number}. {text}" for number, (_, text) in enumerate(lines, start=1))
        chain = read_message(chain_xml(HEAD, lines) if self.authors else visible)
        assert chain is not None
        assert self.kept is None or same_chain(self.kept, chain)
        self.kept, changes, _ = advance(
            self.kept, chain, sender, MEMBERS[sender], MEMBERS, items=ITEMS, uniform=NORMALISER
        )
        for change in changes:
            assert change.doubt is None
            assert change.item is not None
            assert change.quantity is not None
            self.book[change.member, change.item] = change.quantity
        return len(changes)

    def standing(self) -> dict[tuple[str, int], int]:
        """Return what the book says."""
        return {key: int(quantity) for key, quantity in self.book.items() if quantity}

    def ordered(self) -> dict[tuple[str, int], int]:
        """Return what people ordered and did not take away themselves."""
        return {(member, item): quantity for member, lines in self.own.items() for item, quantity in lines.items()}


def _started(authors: bool) -> Group:
    group = Group(authors)
    group.edit("lin", 1, 1)
    group.send("lin", group.copies["lin"])
    group.refresh("mei")
    group.refresh("zhou")
    return group


EDITORS = st.sampled_from(["mei", "zhou"])
STEPS = st.lists(
    st.tuples(EDITORS, st.sampled_from(["edit", "edit", "edit", "refresh"]), st.integers(1, 5), st.integers(0, 6)),
    max_size=16,
)


@given(STEPS, st.booleans())
@settings(max_examples=100)
def test_no_interleaving_of_two_editors_loses_an_order(steps: list[tuple[str, str, int, int]], authors: bool) -> None:
    """Two members edit copies that may be old; only who wrote a line can take it away."""
    group = _started(authors)
    for sender, act, item, quantity in steps:
        if act == "refresh":
            group.refresh(sender)
            continue
        before = dict(group.own[sender])
        group.edit(sender, item, quantity)
        if group.copies[sender]:
            group.send(sender, group.copies[sender])
        else:
            group.own[sender] = before
        assert group.standing() == group.ordered()


@given(STEPS, st.booleans(), st.randoms(use_true_random=False))
@settings(max_examples=100)
def test_dropping_and_shuffling_the_lines_of_others_changes_no_order(
    steps: list[tuple[str, str, int, int]], authors: bool, chance: Random
) -> None:
    """Whatever a member does to the lines of others, what they ordered stands.

    The first line stays: a list that has nothing in common with the last one is another chain.
    """
    group = _started(authors)
    for sender, act, item, quantity in steps:
        if act == "refresh":
            group.refresh(sender)
            continue
        group.edit(sender, item, max(1, quantity))
        shown = [line for line in group.copies[sender] if line[0] in {sender, "lin"} or chance.random() < 0.6]
        chance.shuffle(shown)
        group.send(sender, shown)
        assert group.standing() == group.ordered()


@given(STEPS, st.booleans())
@settings(max_examples=50)
def test_the_same_snapshot_again_changes_nothing(steps: list[tuple[str, str, int, int]], authors: bool) -> None:
    group = _started(authors)
    for sender, act, item, quantity in steps:
        if act == "refresh":
            group.refresh(sender)
            continue
        group.edit(sender, item, max(1, quantity))
        group.send(sender, group.copies[sender])
        assert group.send(sender, group.copies[sender]) == 0


_WORDS = """#接龙|#接龍|#Group Note|【团】接龙|  |1. |2、|（3）|④|- |・|A: |小美|老周|草莓2盒|各一斤|例 |格式：
30元／2份55元|限量25组|3栋502|600ml*24瓶|，|+|几份|取消|🌸|「小美：|<msg>|<![CDATA["""
PIECES = st.sampled_from([*_WORDS.replace("\n", "|").split("|"), "\n", "\n\n", "\u2005", "」\n------\n", "wxid_x:\n"])
TEXTS = st.one_of(st.text(max_size=300), st.lists(PIECES, max_size=60).map("".join))


@given(TEXTS)
@settings(max_examples=200)
def test_any_text_is_read_and_its_entries_stand_where_they_say(text: str) -> None:
    chain = read_message(text)
    if chain is None:
        return
    for entry in chain.entries:
        assert chain.text[slice(*entry.span)] == entry.body
    advance(None, chain, "mei", ["小美"], MEMBERS, items=ITEMS, uniform=NORMALISER)
    advance(None, chain, "mei", ["小美"], MEMBERS, uniform=NORMALISER)


@given(st.lists(PIECES, max_size=60).map("".join))
@example("1. 例 」\n------\n2、")  # an example of two lines
@settings(max_examples=200)
def test_every_line_of_a_chain_is_accounted_for(text: str) -> None:
    """Each line is the header, the title, part of an entry, or left out with a reason."""
    chain = read_chain("#接龙\n" + text)
    if chain is None:
        return
    whole = [chain.header, chain.title, chain.header + chain.title, *(line.text for line in chain.left_out)]
    lines = {_bare(part) for one in whole for part in one.splitlines()}
    start = 0
    for line in chain.text.splitlines(keepends=True):
        end, said = start + len(line), _bare(line)
        inside = any(entry.span.start < end and start < entry.span.end for entry in chain.entries)
        # a mark may stand on a line of its own above its entry
        marks = any(_bare(chain.text[start : entry.span.start]) == said for entry in chain.entries)
        assert not said or said in lines or inside or marks, line
        start = end


def _bare(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("authors", [False, True])
def test_the_author_alone_takes_a_line_away(authors: bool) -> None:
    group = _started(authors)
    group.edit("mei", 2, 3)
    group.send("mei", group.copies["mei"])
    group.send("zhou", [("lin", 1, 1), ("zhou", 3, 1)])
    assert group.standing() == {("lin", 1): 1, ("mei", 2): 3, ("zhou", 3): 1}
    group.send("mei", [("lin", 1, 1), ("zhou", 3, 1)])
    assert group.standing() == {("lin", 1): 1, ("zhou", 3): 1}
