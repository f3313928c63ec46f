"""A person's tags decide between equals and nothing else: no price, no filter, no pin, no step of the ranking."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text import Normaliser
from groups.people.profiles import Tag, TagKind
from groups.state import GroupKey, GroupState
from recommender.decisions import Asked, Decision
from recommender.memory import GroupMemory
from recommender.ranking import Candidate, Place, allowed, choose, find, foremost
from recommender.service import Recommender
from recommender.taste import Liking, Taste, bought, personal_order
from tests.recommender.conftest import Read, Stock
from tests.recommender.wares import Ware

NOW = datetime(2026, 5, 1, 4, tzinfo=UTC)
BRANDS = ("岭上果园", "青果鲜", "疆小果")
TITLES = ("苹果 10斤", "有机苹果 5斤", "苹果 大果 12枚", "冰糖心苹果", "有机苹果 大果", "青苹果 脆甜")

ware = st.builds(
    Ware,
    title=st.sampled_from(TITLES),
    category=st.sampled_from(("水果/苹果梨", "水果", "")),
    brand=st.sampled_from(("", *BRANDS)),
    price=st.integers(100, 20_000).map(lambda cents: Decimal(cents) / 100),
    stock=st.sampled_from((None, 0, 5)),
    neighbourhoods=st.sampled_from(([], ["阳光小区"], ["星河湾"])),
)
liking = st.builds(
    Liking,
    tag=st.sampled_from(
        (
            Tag(TagKind.ATTRIBUTE, "有机"),
            Tag(TagKind.ATTRIBUTE, "大果"),
            Tag(TagKind.CATEGORY, "水果/苹果梨"),
            Tag(TagKind.GOODS, "苹果"),
            Tag(TagKind.FREE, "猫", "pet"),
            *(Tag(TagKind.BRAND, brand) for brand in BRANDS),
        )
    ),
    id=st.integers(1, 99),
    strength=st.floats(0, 1),
)
place = st.builds(
    Place,
    neighbourhoods=st.just(("阳光小区",)),
    categories=st.sampled_from(((), ("水果",))),
    excluded_ids=st.frozensets(st.integers(1, 12), max_size=2),
    pinned_ids=st.frozensets(st.integers(1, 12), max_size=2),
)


def _level(candidate: Candidate, *, cheap: bool) -> int:
    return round(candidate.score / (0.1 if cheap else 0.03))


@given(
    wares=st.lists(ware, min_size=1, max_size=12),
    tastes=st.lists(st.lists(liking, max_size=6, unique_by=lambda one: one.id), min_size=2, max_size=4),
    where=place,
    said=st.sampled_from(("想买苹果", "想买便宜点的苹果", "求推荐大果的苹果", "想买50以内的苹果")),
)
def test_tastes_change_neither_prices_nor_what_is_allowed_and_cross_no_step(
    read: Read, stock: Stock, wares: list[Ware], tastes: list[Taste], where: Place, said: str
) -> None:
    for number, one in enumerate(wares, start=1):
        one.id, one.supplier_product_id = number, f"p{number}"
    shelf = stock(wares)
    need = read(said).need
    assert need is not None
    neutral = find(need, shelf, where, NOW, lambda text: [text])
    prices = {one.id: one.price for one in wares}
    cheap = need.constraints.cheap
    for taste in tastes:
        ordered = personal_order(neutral, need, where, taste)
        assert {one.item.id: one.item.price for one in ordered} == {one.item.id: prices[one.item.id] for one in neutral}
        assert all(allowed(one.item, where, need, NOW) for one in ordered)
        assert sorted(_bare(ordered), key=repr) == sorted(_bare(neutral), key=repr)
        levels = [_level(one, cheap=cheap) for one in ordered]
        assert levels == [_level(one, cheap=cheap) for one in neutral]
        for before, after in pairwise(ordered):
            if _level(before, cheap=cheap) == _level(after, cheap=cheap):
                assert (before.item.id in where.pinned_ids) >= (after.item.id in where.pinned_ids)
                assert not cheap or before.item.id in where.pinned_ids or before.item.price <= after.item.price
        for limit, hidden in ((1, ()), (3, ()), (3, {one.item.id for one in neutral[::2]})):
            near = foremost(neutral, need, limit, set(hidden))
            shown = choose(personal_order(near, need, where, taste), limit, set(hidden))
            assert shown == choose(ordered, limit, set(hidden))
        moved = [one.item.id for one in ordered] != [one.item.id for one in neutral]
        assert any(one.because for one in ordered) == moved


def _bare(candidates: list[Candidate]) -> list[tuple[object, ...]]:
    """Everything of a candidate but the tags that put it where it is."""
    names = [name for name in Candidate._fields if name not in {"because", "item"}]
    return [(one.item.id, *(getattr(one, name) for name in names)) for one in candidates]


def _decide(recommender: Recommender, normaliser: Normaliser, taste: Taste, **group: object) -> Decision:
    state = GroupState(GroupKey("local", "bot", "room"), id=1, level=4, neighbourhoods=("阳光小区",))
    for name, value in group.items():
        setattr(state, name, value)
    asked = Asked("m1", "小美", normaliser("想买点大米"), NOW)
    return recommender.decide(asked, state, GroupMemory(), 0, taste=taste)


SOFT = Liking(Tag(TagKind.ATTRIBUTE, "软糯"), 7, 0.25)


def _titles(decision: Decision) -> list[str]:
    return [one.item.title.split()[0] for one in decision.picks]


def test_one_tag_puts_its_product_before_equals_and_says_so(recommender: Recommender, normaliser: Normaliser) -> None:
    neutral, personal = (_decide(recommender, normaliser, taste) for taste in ((), [SOFT]))
    assert _titles(neutral) == ["东北五常稻花香大米", "盘锦蟹田大米", "五常长粒香大米"]
    assert _titles(personal) == ["盘锦蟹田大米", "东北五常稻花香大米", "五常长粒香大米"]
    assert [one.because for one in personal.picks] == [(7,), (), ()]
    assert [one.because for one in neutral.picks] == [(), (), ()]
    assert personal.reasons != neutral.reasons or personal.picks != neutral.picks


@pytest.mark.parametrize(
    "tag",
    [
        Tag(TagKind.ATTRIBUTE, "辣"),
        Tag(TagKind.FREE, "猫", "pet"),
        Tag(TagKind.GOODS, "大米"),
        Tag(TagKind.CATEGORY, "粮油"),
    ],
)
def test_a_tag_that_fits_none_or_all_changes_nothing(
    recommender: Recommender, normaliser: Normaliser, tag: Tag
) -> None:
    neutral = _decide(recommender, normaliser, ())
    assert _decide(recommender, normaliser, [Liking(tag, 1, 1.0)]) == neutral


def test_a_pinned_product_stays_before_what_somebody_likes(recommender: Recommender, normaliser: Normaliser) -> None:
    pinned = frozenset({"五常长粒香"})
    assert _titles(_decide(recommender, normaliser, [SOFT], pinned_texts=pinned))[:2] == [
        "五常长粒香大米",
        "盘锦蟹田大米",
    ]


def test_what_is_excluded_is_not_shown_however_it_is_liked(recommender: Recommender, normaliser: Normaliser) -> None:
    liked = _decide(recommender, normaliser, [SOFT], excluded_texts=frozenset({"盘锦"}))
    assert "盘锦蟹田大米" not in _titles(liked)


def test_a_taste_decides_nothing_about_speaking(recommender: Recommender, normaliser: Normaliser) -> None:
    for threshold in (0.0, 0.9, 0.95, 1.0):
        neutral, personal = (_decide(recommender, normaliser, taste, threshold=threshold) for taste in ((), [SOFT]))
        assert (neutral.reason, neutral.hold) == (personal.reason, personal.hold)


def test_goods_made_for_somebody_say_nothing_of_the_buyer_but_those_for_animals_do(stock: Stock) -> None:
    shelf = stock(
        [
            Ware("老人 防滑鞋", 1, category="服饰鞋帽/鞋"),
            Ware("幼猫 零食", 2, category="宠物/猫零食", supplier_product_id="p2"),
        ]
    )
    assert bought(shelf.items[0], "") is None
    statement = bought(shelf.items[1], "")
    assert statement is not None
    assert statement.pets == ("幼猫",)
