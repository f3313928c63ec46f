"""Where no push was shown just now and nobody has ordered, only what names something can be an order."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import cycle, islice

from hypothesis import given, settings
from hypothesis import strategies as st

from core.text import NormalText
from orders.glance import Glance, Listed
from orders.mentions import Mentions
from orders.naming import names_of
from orders.scanning import roles
from orders.table import Table
from tests.orders.evaluation import FILES, lines, table_of
from tests.orders.sparing import LEAST_SPARED, OTHER_SCENES, chance_texts, packaged_reader, share_spared, spares
from tests.orders.tables import normaliser

_LETTERS = "ABCDEFGH"
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

_TITLE_PARTS = (*"k草莓红颜 /0", "大果", "可乐", "3斤", "c罩杯", "苹果")


@cache
def _mentions() -> Mentions:
    words, uniform = packaged_reader().words, packaged_reader().uniform
    return Mentions(words, uniform, Glance(words, uniform))


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


def _sees(text: NormalText, table: Table) -> bool:
    return _mentions().may_be_in(text.text, Listed.by(table.offers))


def test_no_labelled_reply_means_anything_where_it_names_nothing() -> None:
    others = cycle(_tables())
    for row in (row for split in FILES for row in lines(split)):
        here = _of_yesterday(table_of(row, normaliser()))
        for table in (here, *islice(others, OTHER_SCENES)):
            spares(_sees, row["said"], table)


def test_what_is_ordered_by_its_name_or_code_is_seen() -> None:
    table = next(one for one in _tables() if any("草莓" in item.title for item in one.items()))
    strawberry = next(item for item in table.items() if "草莓" in item.title)
    for said in ("草莓2盒", f"{strawberry.code} 两份", f"要{strawberry.code.lower()}", "我也要草莓"):
        assert not spares(_sees, said, table)


@settings(max_examples=200)
@given(st.lists(st.sampled_from(_TITLE_PARTS), min_size=1, max_size=6).map("".join))
def test_a_thing_is_found_by_the_first_word_of_whatever_it_is_called(title: str) -> None:
    reader = packaged_reader()
    for name in names_of(reader.uniform(title), reader.words) - roles().keys():
        word = name.partition(" ")[0]
        assert not word or _mentions().may_be_in(word, Listed((("a1", title),))), name


def test_most_everyday_talk_names_nothing() -> None:
    assert share_spared(_sees, _tables()) >= LEAST_SPARED


@settings(max_examples=400)
@given(chance_texts(_REST), st.integers(0, 10_000))
def test_no_name_is_overlooked(text: str, place: int) -> None:
    tables = _tables()
    spares(_sees, text, tables[place % len(tables)])
