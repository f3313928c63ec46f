"""Which word means what."""

from __future__ import annotations

import pytest

from recommender.lexicon import CatalogueWords, Lexicon, WordKind, packaged_goods, packaged_list


@pytest.mark.parametrize(
    ("written", "kept"),
    [("西红柿", "番茄"), ("草霉", "草莓"), ("洋芋", "土豆"), ("地瓜", "红薯"), ("caomei", "草莓"), ("樱桃", "车厘子")],
)
def test_every_way_of_writing_has_one_kept_form(lexicon: Lexicon, written: str, kept: str) -> None:
    assert lexicon.canonical(written) == lexicon.canonical(kept)


def test_a_brand_said_for_the_kind_is_kept_beside_it() -> None:
    word = Lexicon([("海飞丝", "洗发水", "brand")]).get("海飞丝")
    assert word is not None
    assert (word.kind, word.canonical, word.brand) == (WordKind.GOODS, "洗发水", "海飞丝")


def test_the_catalogue_adds_words_but_changes_none() -> None:
    lexicon = Lexicon((), CatalogueWords({"电影": "票务", "折耳根酱": "调料"}, frozenset({"某某牌"})))
    known = [lexicon.get(word) for word in ("电影", "折耳根酱", "某某牌")]
    assert [word and word.kind for word in known] == [WordKind.NOT_SOLD, WordKind.GOODS, WordKind.BRAND]


def test_an_unknown_word_is_its_own_form(lexicon: Lexicon) -> None:
    assert lexicon.canonical("没有这个词") == "没有这个词"


def test_no_word_is_sold_and_not_sold() -> None:
    assert not set(packaged_goods()) & set(packaged_list("not_sold.txt"))
