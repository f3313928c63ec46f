"""Holding a quick look at messages against the reader of orders, which it spares work: what both looks are tried on."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache
from itertools import cycle
from pathlib import Path

from hypothesis import strategies as st

from catalog.aliases import AliasTable
from core.outcomes import Outcome
from core.text import NormalText
from orders.replies import ReplyReader
from orders.scanning import grammar
from orders.table import Table
from recommender.lexicon import packaged_goods
from tests.orders.tables import normaliser

OTHER_SCENES = 2
"""How many further scenes a labelled reply is held against."""
LEAST_SPARED = 0.5
"""The share of everyday talk that a look must leave alone."""
_TALK = Path(__file__).parents[1] / "data" / "talk.jsonl"
_WORDS = sorted({word for words in grammar()["words"].values() for word in words.split()})

Sees = Callable[[NormalText, Table], bool]


@cache
def packaged_reader() -> ReplyReader:
    """Return the reader with the goods and aliases of the program."""
    return ReplyReader(packaged_goods(), tuple(AliasTable.load()), lambda text: normaliser()(text).text)


def spares(sees: Sees, said: str, table: Table) -> bool:
    """Hold a look against the reader; tell whether it spared the reader the work."""
    text = normaliser()(said)
    seen = sees(text, table)
    if not seen:
        reading = packaged_reader().read(text, table)
        assert reading.outcome is Outcome.IGNORED, f"{said!r} was not seen"
        assert not reading.answers, f"{said!r} was not seen"
    return not seen


def share_spared(sees: Sees, tables: Sequence[Table]) -> float:
    """Return the share of everyday talk that a look leaves alone, each line held against one of the tables."""
    talk = [json.loads(line)["text"] for line in _TALK.read_text(encoding="utf-8").splitlines() if line.strip()]
    turns = cycle(tables)
    return sum(spares(sees, said, next(turns)) for said in talk) / len(talk)


def chance_texts(rest: Sequence[str]) -> st.SearchStrategy[str]:
    """Return texts of up to five of the grammar's words and of ``rest``."""
    return st.lists(st.sampled_from((*_WORDS, *rest)), min_size=1, max_size=5).map("".join)
