"""Goods that are misspelt: heard where a rule wants its object, and nowhere else."""

from __future__ import annotations

import pytest

from core.text import Normaliser
from recommender.lexicon import Lexicon, packaged_goods
from recommender.masking import mask_text
from recommender.need_rules import packaged_rules
from recommender.segmentation import Segmenter
from recommender.slips import COST, Slips, may_begin
from tests.recommender.conftest import Read


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("想买拖邪", "拖鞋"),
        ("哪里有卖油话邦的", "油画棒"),
        ("想买点xiangjiao", "香蕉"),
        ("求推荐吹凤机", "吹风机"),
        ("牙糕用完了", "牙膏"),
        ("有人拼榴链吗", "榴莲"),
    ],
)
def test_a_slip_is_heard_where_something_is_asked_for(text: str, meant: str, read: Read) -> None:
    need = read(text).need
    assert need is not None
    assert meant in need.terms
    assert need.known


def test_what_was_only_heard_is_less_sure(read: Read) -> None:
    spelt, misspelt = read("想买拖鞋").need, read("想买拖邪").need
    assert spelt is not None
    assert misspelt is not None
    assert misspelt.strength == pytest.approx(spelt.strength * COST, rel=0.01)


def test_evidence_stands_where_the_slip_does(read: Read) -> None:
    text = "各位早，想买拖邪"
    need = read(text).need
    assert need is not None
    assert text[slice(*need.evidence)].endswith("拖邪")


@pytest.mark.parametrize(
    "text",
    [
        "我从来没干过",  # 干果
        "藤上的花飞了",  # 花肥
        "考虑搞点什么活动",  # 糕点
        "他跟晓米说没了",  # 小米
        "想买店面做生意",
    ],
)
def test_talk_that_sounds_like_goods_stays_talk(text: str, read: Read) -> None:
    assert read(text).need is None


def test_no_slip_begins_where_none_may(normaliser: Normaliser, segmenter: Segmenter, lexicon: Lexicon) -> None:
    slips, found, passed = Slips(lexicon, packaged_rules().never_slips), 0, 0
    alike = [(one, other) for one in "拖油榴香吹牙" for other in "邪画链焦凤糕a5"]
    misspelt = [goods[:-1] + sign for goods in list(packaged_goods())[::40] for sign in "了梅雪"]
    for raw in [*misspelt, *(f"想买{one}{other}" for one, other in alike), "xiangjiao没了", "a草霉"]:
        masked = mask_text(normaliser(raw), segmenter, lexicon)
        for place, token in enumerate(masked.tokens):
            slip = slips._at(masked, place)
            found += slip is not None
            passed += not may_begin(masked.text.text, token.start)
            assert slip is None or may_begin(masked.text.text, token.start), raw
    assert found > 10
    assert passed > 200
