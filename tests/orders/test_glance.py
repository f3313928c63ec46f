"""The glance may let too much through, never too little: whatever the reader makes something of, it sees."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import cycle, islice

from hypothesis import given, settings
from hypothesis import strategies as st

from core.text import NormalText
from orders.glance import Glance, Listed
from orders.table import Table
from tests.orders.evaluation import FILES, lines, scenes, table_of
from tests.orders.sparing import LEAST_SPARED, OTHER_SCENES, chance_texts, packaged_reader, share_spared, spares
from tests.orders.tables import normaliser

_REST = ("草莓", "大果", "2", "两", "盒", "一", "半斤", "#1", "a1", "少辣", "(青)", ",", " ", "今天", "孩子", "楼下")


@cache
def _glance() -> Glance:
    return Glance(packaged_reader().words, packaged_reader().uniform)


@cache
def _tables() -> tuple[Table, ...]:
    """Return the scenes as lines meet them, where no question is open: that is never left to a glance."""
    rows = [row for split in FILES for row in lines(split)]
    by_scene = {(row["scene"], bool(row.get("mine"))): row for row in rows if "doubt" not in row}
    return tuple(table_of(row, normaliser()) for row in by_scene.values())


def _sees(text: NormalText, table: Table) -> bool:
    return _glance().may_order(text.text, table.member, Listed.by(table.offers))


def test_every_labelled_reply_that_means_something_is_seen() -> None:
    assert len(scenes()) > 1
    others = cycle(_tables())
    for row in (row for split in FILES for row in lines(split)):
        here = replace(table_of(row, normaliser()), doubt=None)
        for table in (here, replace(here, member="somebody else"), *islice(others, OTHER_SCENES)):
            spares(_sees, row["said"], table)


def test_a_note_is_looked_for_only_where_the_speaker_may_have_a_line() -> None:
    ordered = next(table for table in _tables() if table.lines())
    assert not spares(_sees, "放门口驿站就行谢谢啦", ordered)
    assert spares(_sees, "放门口驿站就行谢谢啦", replace(ordered, member="somebody else"))


def test_most_everyday_talk_is_left_at_a_glance() -> None:
    assert share_spared(_sees, _tables()) >= LEAST_SPARED


@settings(max_examples=400)
@given(chance_texts(_REST), st.integers(0, 10_000))
def test_no_word_of_orders_is_overlooked(text: str, place: int) -> None:
    tables = _tables()
    spares(_sees, text, tables[place % len(tables)])
