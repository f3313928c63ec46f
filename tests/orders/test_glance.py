"""The glance may let too much through, never too little: whatever the reader makes something of, it sees."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from itertools import cycle, islice
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.aliases import AliasTable
from core.outcomes import Outcome
from orders.glance import Glance, Listed
from orders.replies import ReplyReader
from orders.scanning import grammar
from orders.table import Table
from recommender.lexicon import packaged_goods
from tests.orders.evaluation import FILES, lines, scenes, table_of
from tests.orders.tables import normaliser

_TALK = Path(__file__).parents[1] / "data" / "talk.jsonl"
_OTHER_SCENES = 2
_LEAST_SPARED = 0.5
_WORDS = sorted({word for words in grammar()["words"].values() for word in words.split()})
_REST = ("草莓", "大果", "2", "两", "盒", "一", "半斤", "#1", "a1", "少辣", "(青)", ",", " ", "今天", "孩子", "楼下")


@cache
def _reader() -> ReplyReader:
    return ReplyReader(packaged_goods(), tuple(AliasTable.load()), lambda text: normaliser()(text).text)


@cache
def _glance() -> Glance:
    return Glance(_reader().words, _reader().uniform)


@cache
def _tables() -> tuple[Table, ...]:
    """Return the scenes as lines meet them, where no question is open: that is never left to a glance."""
    rows = [row for split in FILES for row in lines(split)]
    by_scene = {(row["scene"], bool(row.get("mine"))): row for row in rows if "doubt" not in row}
    return tuple(table_of(row, normaliser()) for row in by_scene.values())


def _check(said: str, table: Table) -> bool:
    """Hold the glance against the reader; tell whether it spared the reader the work."""
    text = normaliser()(said)
    seen = _glance().may_order(text.text, table.member, Listed.by(table.offers))
    if not seen:
        reading = _reader().read(text, table)
        assert reading.outcome is Outcome.IGNORED, f"{said!r} was not seen"
        assert not reading.answers, f"{said!r} was not seen"
    return not seen


def test_every_labelled_reply_that_means_something_is_seen() -> None:
    assert len(scenes()) > 1
    others = cycle(_tables())
    for row in (row for split in FILES for row in lines(split)):
        here = replace(table_of(row, normaliser()), doubt=None)
        for table in (here, replace(here, member="somebody else"), *islice(others, _OTHER_SCENES)):
            _check(row["said"], table)


def test_a_note_is_looked_for_only_where_the_speaker_may_have_a_line() -> None:
    ordered = next(table for table in _tables() if table.lines())
    assert not _check("放门口驿站就行谢谢啦", ordered)
    assert _check("放门口驿站就行谢谢啦", replace(ordered, member="somebody else"))


def test_most_everyday_talk_is_left_at_a_glance() -> None:
    talk = [json.loads(line)["text"] for line in _TALK.read_text(encoding="utf-8").splitlines() if line.strip()]
    tables = cycle(_tables())
    spared = sum(_check(said, next(tables)) for said in talk)
    assert spared >= _LEAST_SPARED * len(talk)


@settings(max_examples=400)
@given(st.lists(st.sampled_from((*_WORDS, *_REST)), min_size=1, max_size=5), st.integers(0, 10_000))
def test_no_word_of_orders_is_overlooked(words: list[str], place: int) -> None:
    tables = _tables()
    _check("".join(words), tables[place % len(tables)])
