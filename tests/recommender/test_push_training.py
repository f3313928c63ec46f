"""What orders teach: the ordered product above the others, without its own orders as a reason."""

from __future__ import annotations

import numpy as np
import pytest

from core.text import Normaliser
from recommender.match_training import train
from recommender.push_training import OrderedFrom, need_query, push_pairs
from recommender.retrieval import Retrieval
from recommender.second_look import FEATURES, PRIOR

TITLES = ["五常大米 10斤", "五常大米 家庭装 20斤", "糯米粉 500g", "大米锅巴 零食"]
PLACES = {10: 0, 20: 1, 30: 2, 40: 3}


@pytest.fixture(scope="module")
def shop(aliases: list[tuple[str, str, str]], normaliser: Normaliser) -> Retrieval:
    return Retrieval(TITLES, aliases, normaliser, prices=[40, 70, 9, 12], orders=[50, 0, 0, 0])


def test_a_need_as_a_query() -> None:
    detail = {"attributes": ["无糖"], "brand": "三元", "price_max": 50.0, "cheap": True, "modifiers": ["无糖"]}
    assert need_query(["酸奶"], detail) == "便宜的无糖三元酸奶50元以内"
    assert need_query(["大米"], {}) == "大米"


def test_what_stood_below_counts_half(shop: Retrieval) -> None:
    ((differences, share),) = push_pairs(shop, PLACES, [OrderedFrom("大米", ((10, False), (20, True), (40, False)))])
    assert differences.shape == (2, len(FEATURES))
    assert share.tolist() == pytest.approx([2 / 3, 1 / 3])
    assert not differences[:, FEATURES.index("popularity")].any()


def test_a_product_that_the_first_step_does_not_find_can_still_be_compared(shop: Retrieval) -> None:
    ((differences, _),) = push_pairs(shop, PLACES, [OrderedFrom("大米", ((30, False), (10, True)))])
    assert np.isfinite(differences).all()


def test_a_push_of_which_nothing_is_left_teaches_nothing(shop: Retrieval) -> None:
    pushes = [OrderedFrom("大米", ((10, False), (99, True))), OrderedFrom("大米", ((10, True), (99, True)))]
    assert list(push_pairs(shop, PLACES, pushes)) == []
    assert not pushes[1].teaches


def test_many_orders_of_the_dearer_pack_move_weights_and_few_hardly(shop: Retrieval) -> None:
    dear, cheap = (OrderedFrom("大米20斤", shown) for shown in (((10, False), (20, True)), ((20, False), (10, True))))
    much, little = (
        train([], further=push_pairs(shop, PLACES, [dear] * often + [cheap] * seldom)).weights
        for often, seldom in ((30, 0), (16, 14))
    )
    assert much["amount"] > PRIOR["amount"]
    assert much["amount"] - PRIOR["amount"] > little["amount"] - PRIOR["amount"]
    assert train([]).weights == dict(PRIOR)
