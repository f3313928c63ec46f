"""The made-up catalogue: the same for the same seed, and like what it stands for."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import numpy as np

from benchmarks.products import AREAS, EVERYWHERE, goods_by_popularity, made, popularity, products, write_csv
from recommender.lexicon import packaged_goods


def test_a_seed_gives_the_same_products_and_another_one_others() -> None:
    once, again, other = made(2_000), made(2_000), made(2_000, seed=8)
    assert once.titles == again.titles
    assert (once.areas == again.areas).all()
    assert (once.prices == again.prices).all()
    assert (once.stocks == again.stocks).all()
    assert once.titles != other.titles


def test_titles_have_twenty_characters_and_name_what_is_sold() -> None:
    drawn = made(20_000)
    lengths = np.array([len(title) for title in drawn.titles])
    assert 19.5 < lengths.mean() < 20.5
    assert lengths.min() < 16
    assert lengths.max() > 26
    known = packaged_goods()
    for title, word, category in zip(drawn.titles[:500], drawn.goods, drawn.categories, strict=False):
        assert word in title
        assert known[word] == category


def test_three_in_ten_are_for_some_neighbourhoods_and_one_in_five_is_sold_out() -> None:
    drawn = made(20_000)
    somewhere = drawn.areas != EVERYWHERE
    assert 0.28 < somewhere.mean() < 0.32
    assert {int(areas).bit_count() for areas in drawn.areas[somewhere]} == {3}
    assert 0.78 < drawn.in_stock.mean() < 0.82


def test_popular_goods_are_drawn_more() -> None:
    drawn = made(50_000).goods
    first, last = goods_by_popularity()[:100], goods_by_popularity()[-100:]
    assert sum(word in set(first) for word in drawn) > 5 * sum(word in set(last) for word in drawn)
    assert abs(popularity(10).sum() - 1) < 1e-9


def test_rows_are_the_columns() -> None:
    drawn, rows = made(1_000), list(products(1_000))
    assert [row.title for row in rows] == drawn.titles
    assert [row.id for row in rows] == list(range(1, 1_001))
    assert [int(row.price * 100) for row in rows] == drawn.prices.tolist()
    assert [row.stock != 0 for row in rows] == drawn.in_stock.tolist()
    for row, areas in zip(rows, drawn.areas.tolist(), strict=True):
        delivered = [name for at, name in enumerate(AREAS) if areas >> at & 1]
        assert row.neighbourhoods == ([] if areas == EVERYWHERE else delivered)
        assert row.keywords[0] in row.title


def test_one_price_in_ten_is_dearer_in_a_feed_that_says_so(tmp_path: Path) -> None:
    write_csv(tmp_path / "before.csv", 100)
    write_csv(tmp_path / "after.csv", 100, dearer=10)
    before, after = _prices(tmp_path / "before.csv"), _prices(tmp_path / "after.csv")
    assert sum(late == early + 1 for early, late in zip(before, after, strict=True)) == 10
    assert sum(late != early for early, late in zip(before, after, strict=True)) == 10


def _prices(path: Path) -> list[Decimal]:
    with path.open(encoding="utf-8") as stream:
        return [Decimal(row["price"]) for row in csv.DictReader(stream)]
