"""Where no push was shown just now and nobody has ordered, only what names something can be an order."""

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
from orders.mentions import Mentions
from orders.replies import ReplyReader
from orders.scanning import grammar
from orders.table import Table
from recommender.lexicon import packaged_goods
from tests.orders.evaluation import FILES, lines, table_of
from tests.orders.tables import normaliser

_TALK = Path(__file__).parents[1] / "data" / "talk.jsonl"
_OTHER_SCENES = 2
_LEAST_SPARED = 0.5
_LETTERS = "ABCDEFGH"
_WORDS = sorted({word for words in grammar()["words"].values() for word in words.split()})
_REST = (
    "草莓",
    "大果",
    "2",
    "两",
    "盒",
    "一",
    "半斤",
    "a1",
    "b1",
    "少辣",
    "(青)",
    ",",
    " ",
    "今天",
    "孩子",
    "帮王姐",
    "小明",
)


@cache
def _reader() -> ReplyReader:
    return ReplyReader(packaged_goods(), tuple(AliasTable.load()), lambda text: normaliser()(text).text)


@cache
def _mentions() -> Mentions:
    return Mentions(_reader().words, _reader().uniform)


@cache
def _tables() -> tuple[Table, ...]:
    """Return the labelled scenes as pushes of yesterday: with codes of letters, nothing ordered, quoted or asked."""
    rows = {row["scene"]: row for split in FILES for row in lines(split)}
    return tuple(_of_yesterday(table_of(row, normaliser())) for row in rows.values())


def _of_yesterday(table: Table) -> Table:
    offers = [
        replace(
            offer,
            lines={},
            items={
                key: replace(item, code=f"{_LETTERS[place % len(_LETTERS)]}{number}")
                for place, (key, item) in enumerate(offer.items.items(), start=1)
            },
        )
        for number, offer in enumerate(table.offers, start=1)
    ]
    return replace(table, offers=tuple(offers), bare=(), quoted=None, previous=(), doubt=None)


def _check(said: str, table: Table) -> bool:
    """Hold the look for names against the reader; tell whether it spared the reader the work."""
    text = normaliser()(said)
    named = _mentions().may_be_in(text.text, table.offers)
    if not named:
        reading = _reader().read(text, table)
        assert reading.outcome is Outcome.IGNORED, f"{said!r} was not seen"
        assert not reading.answers, f"{said!r} was not seen"
    return not named


def test_no_labelled_reply_means_anything_where_it_names_nothing() -> None:
    others = cycle(_tables())
    for row in (row for split in FILES for row in lines(split)):
        here = _of_yesterday(table_of(row, normaliser()))
        for table in (here, *islice(others, _OTHER_SCENES)):
            _check(row["said"], table)


def test_what_is_ordered_by_its_name_or_code_is_seen() -> None:
    table = next(one for one in _tables() if any("草莓" in item.title for item in one.items()))
    strawberry = next(item for item in table.items() if "草莓" in item.title)
    for said in ("草莓2盒", f"{strawberry.code} 两份", f"要{strawberry.code.lower()}", "我也要草莓"):
        assert not _check(said, table)


def test_most_everyday_talk_names_nothing() -> None:
    talk = [json.loads(line)["text"] for line in _TALK.read_text(encoding="utf-8").splitlines() if line.strip()]
    tables = cycle(_tables())
    spared = sum(_check(said, next(tables)) for said in talk)
    assert spared >= _LEAST_SPARED * len(talk)


@settings(max_examples=400)
@given(st.lists(st.sampled_from((*_WORDS, *_REST)), min_size=1, max_size=5), st.integers(0, 10_000))
def test_no_name_is_overlooked(words: list[str], place: int) -> None:
    tables = _tables()
    _check("".join(words), tables[place % len(tables)])
