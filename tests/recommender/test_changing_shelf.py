"""Whatever is changed in whatever order, and whenever somebody looks: the shelf shows what a new one would."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Event
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.bits import every
from recommender.describing import NOT_READ
from recommender.filters import Where
from recommender.lexicon import Lexicon
from recommender.segmentation import Segmenter
from recommender.shelf import Item, Shelf
from recommender.terms import TermFactors, query_terms
from tests.recommender.wares import Ware

WORDS = (
    "草莓",
    "牛奶锅",
    "大米",
    "酸奶",
    "无糖",
    "儿童",
    "溜溜梆",
    "typec",
    "苹果泥",
    "香草味",
    "a+b",
    "5斤",
    "猫粮",
    "Σ",
)
NAMES = ("草莓", "锅", "牛奶", "大米", "米", "酸奶", "苹果泥", "水果", "浆果", "猫粮", "溜溜梆", "草霉")
WHERES = (Where((), ()), Where(("阳光小区",), ()), Where(("星河湾", "阳光小区"), ("水果", "乳品/酸奶")))
FIRST = [
    Ware(f"丹东{word}", number, category="水果/浆果", supplier_product_id=f"p{number}")
    for number, word in enumerate(WORDS, 1)
]

titles = st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map(" ".join) | st.text(max_size=8)
rows = st.fixed_dictionaries(
    {
        "title": titles,
        "category": st.sampled_from(["", "水果/浆果", "乳品/酸奶", "粮油", "自编/一类"]),
        "brand": st.sampled_from(["", "云山"]),
        "price": st.decimals(0, 6000, places=2),
        "stock": st.sampled_from([None, 0, 5]),
        "neighbourhoods": st.lists(st.sampled_from(["阳光小区", "星河湾"]), unique=True),
        "keywords": st.lists(st.sampled_from(WORDS), max_size=2),
    }
)
again = st.fixed_dictionaries(
    {},
    optional={
        "title": titles,
        "price": st.decimals(0, 6000, places=2),
        "stock": st.sampled_from([None, 0, 5]),
        "neighbourhoods": st.lists(st.sampled_from(["阳光小区", "星河湾"]), unique=True),
    },
)
LOOKS: dict[str, Callable[[Shelf], object]] = {
    "named": lambda shelf: [shelf.named(name, shelf.shown(WHERES[0])) for name in NAMES],
    "names": lambda shelf: shelf.names("草莓"),
    "sounds": lambda shelf: shelf.sounding_like("草霉"),
    "items": lambda shelf: shelf.items,
    "newest": lambda shelf: list(shelf.newest),
    "get": lambda shelf: shelf.get(1),
}
"""Each may be the first to ask for what is new."""
numbers = st.integers(1, 20)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), numbers, rows),
        st.tuples(st.just("change"), numbers, again),
        st.tuples(st.just("gone"), numbers, st.none()),
        st.tuples(st.sampled_from(sorted(LOOKS)), st.none(), st.none()),
    ),
    max_size=25,
)


@pytest.fixture(scope="module")
def ways(lexicon: Lexicon, segmenter: Segmenter) -> list[Segmenter]:
    """Cut with and without a compiler."""
    return [segmenter, Segmenter(lexicon, compiled=False)]


@given(steps, st.sampled_from([0, 1]))
def test_the_shelf_shows_what_a_new_one_would(
    lexicon: Lexicon, ways: list[Segmenter], done: list[tuple[str, Any, Any]], way: int
) -> None:
    shelf = Shelf.build(FIRST, ways[way], lexicon)
    wares = {ware.id: ware for ware in FIRST}
    for step, number, values in done:
        if step in LOOKS:
            LOOKS[step](shelf)
        elif step == "gone":
            shelf.take((), [number])
            if number in wares:
                wares[number] = Ware(**vars(wares[number]) | {"stock": 0})
        elif step == "put" or number in wares:
            before = vars(wares[number]) if number in wares else {"id": number, "supplier_product_id": f"p{number}"}
            wares[number] = Ware(**before | {"title": "草莓"} | values if step == "put" else before | values)
            shelf.take([wares[number]], ())
    _same(shelf, Shelf.build(wares.values(), ways[way], lexicon), ways[way])


def _same(shelf: Shelf, anew: Shelf, segmenter: Segmenter) -> None:
    assert sorted(_all_of(shelf)) == sorted(_all_of(anew))
    assert {name for name in NAMES if anew.names(name)} <= {name for name in NAMES if shelf.names(name)}
    assert set(anew.sounding_like("草霉")) <= set(shelf.sounding_like("草霉"))
    for where in WHERES:
        for price_max in (None, Decimal("0.5"), Decimal(20), Decimal(5999)):
            for name in NAMES:
                assert _named(shelf, name, where, price_max) == _named(anew, name, where, price_max)
            for text in WORDS:
                terms = query_terms(segmenter.cut(text.lower()), TermFactors())
                assert _found(shelf, terms, where, price_max) == _found(anew, terms, where, price_max)


def _all_of(shelf: Shelf) -> list[tuple[Any, ...]]:
    """Return everything that the shelf shows of each product."""
    return [
        (
            *(item.id, item.title, item.category, item.brand, str(item.price), str(item.stock)),
            *(sorted(item.neighbourhoods), sorted(item.kinds.items()), sorted(item.attributes), sorted(item.whom)),
        )
        for item in shelf.items
    ]


def _named(shelf: Shelf, name: str, where: Where, price_max: Decimal | None) -> set[tuple[int, float]]:
    items = map(shelf.at, shelf.named(name, shelf.shown(where, price_max)))
    return {(item.id, item.kinds[name]) for item in items}


def _found(shelf: Shelf, terms: dict[str, float], where: Where, price_max: Decimal | None) -> set[int]:
    """Return the products that a search finds, however well: the rarities are those of the last whole build."""
    return {shelf.at(number).id for number, _ in shelf.index.top(terms, 100, shelf.shown(where, price_max))}


def test_nobody_sees_a_product_that_is_not_read(lexicon: Lexicon, segmenter: Segmenter) -> None:
    shelf = Shelf.build(FIRST, segmenter, lexicon)
    over = Event()

    def look() -> list[Item]:
        seen = []
        while not over.is_set():
            seen += [item for number in range(1, 60) if (item := shelf.get(number)) is not None]
        return seen

    with ThreadPoolExecutor(4) as threads:
        looking = [threads.submit(look) for _ in range(4)]
        for turn in range(600):
            number = 1 + turn % 50
            shelf.take([Ware(f"丹东草莓 第{turn}批", number, price=Decimal(turn))], [number - 1] if turn % 3 else ())
        over.set()
    seen = [item for one in looking for item in one.result()]
    assert seen
    assert all(item.kinds for item in seen), "every one of these is named by something"
    assert len(shelf.named("草莓", shelf.shown(WHERES[0]))) == sum(
        item.stock != 0 for item in shelf.items if item.kinds.get("草莓")
    )


def test_what_is_retired_before_anybody_looked_is_not_read(lexicon: Lexicon, segmenter: Segmenter) -> None:
    shelf = Shelf.build(FIRST, segmenter, lexicon)
    for turn in range(5):
        shelf.take([Ware(f"丹东草莓 第{turn}批", 1)], ())
    assert len(shelf._unread) == 1
    assert shelf.named("草莓", every(len(FIRST) + 5)) != []
    assert not shelf._unread
    assert [shelf.at(len(FIRST) + turn).kinds == NOT_READ.kinds for turn in range(5)] == [True] * 4 + [False]
