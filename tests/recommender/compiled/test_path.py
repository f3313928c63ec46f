"""The whole compiled path against the same steps taken one by one in Python."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.text import Normaliser
from recommender.bits import of_flags
from recommender.compiled.path import Path
from recommender.compiled.postings import Paper
from recommender.compiled.text_index import CompiledIndex
from recommender.compiled.wanted import MOST_ROWS, Rows
from recommender.compiled.workspace import Workspace
from recommender.lexicon import Lexicon, WordKind
from recommender.masking import mask_text
from recommender.screening import Screen, Sign, packaged_screen
from recommender.segmentation import Segmenter
from tests.recommender.conftest import lines

LIMIT = 4
WANTED = {WordKind.GOODS, WordKind.ATTRIBUTE, WordKind.BRAND}
PIECES = [
    *"想买要囤?？，. 。\n@aＡ９🍓😂[]〔\u2005\0\1",
    *(
        "哪里有卖",
        "草莓",
        "囤米",
        "无糖",
        "車厘子",
        "[捂脸]",
        "[ok]",
        "@千群",
        "@千群 ",
        "www.",
        "宝宝",
        "还有吗",
        "有人拼",
        "「林姐：草莓」\n- - - - -\n",
    ),
]


def rows_of(word: str) -> Rows:
    """Return a row for each character, as an index returns one for each term, and one for a term of no document."""
    return np.array([(-1, 0), *((ord(character), len(word)) for character in dict.fromkeys(word))], np.int64)


@pytest.fixture(scope="module")
def screen() -> Screen:
    found = packaged_screen()
    assert found is not None
    return found


@pytest.fixture(scope="module")
def path(normaliser: Normaliser, lexicon: Lexicon, segmenter: Segmenter, screen: Screen) -> Path:
    if segmenter.cutter is None:
        pytest.skip("no compiler here")
    return Path.of(normaliser, segmenter.cutter, lexicon, screen, rows_of)


class Steps:
    """The path in Python."""

    def __init__(self, normaliser: Normaliser, segmenter: Segmenter, lexicon: Lexicon, screen: Screen) -> None:
        self._normaliser, self._segmenter, self._lexicon, self._screen = normaliser, segmenter, lexicon, screen

    def take(self, raw: str) -> tuple[float, Sign, dict[int, int]]:
        """Return certainty, signs, and the query as weights by term."""
        masked = mask_text(self._normaliser(raw), self._segmenter, self._lexicon)
        glance = self._screen.glance(masked.mask)
        query: dict[int, int] = {}
        if glance.certainty >= self._screen.need and Sign.GOODS in glance.signs:
            for token in masked.tokens:
                if token.word is not None and token.word.kind in WANTED:
                    for term, weight in rows_of(token.word.canonical)[1:].tolist():
                        query[term] = max(weight, query.get(term, 0))
        return glance.certainty, glance.signs, query


@pytest.fixture(scope="module")
def steps(normaliser: Normaliser, segmenter: Segmenter, lexicon: Lexicon, screen: Screen) -> Steps:
    return Steps(normaliser, segmenter, lexicon, screen)


def _same(path: Path, steps: Steps, raws: list[str]) -> int:
    """Check a batch; return how many queries there were."""
    walk = path.walk(raws, Workspace())
    queries = dict(walk.queries())
    room = Workspace()
    for place, raw in enumerate(raws):
        certainty, signs, query = steps.take(raw)
        assert walk.seen[place]["signs"] == int(signs), raw
        assert walk.seen[place]["certainty"] == pytest.approx(certainty, abs=1e-5), raw
        if len(query) <= MOST_ROWS:
            assert {int(term): int(weight) for term, weight in queries.get(place, ())} == query, raw
        alone = path.walk([raw], room)
        assert alone.seen[0].tolist() == walk.seen[place].tolist()
        assert alone.rows[: alone.bounds[1]].tolist() == [list(map(int, row)) for row in queries.get(place, ())]
    return len(queries)


def test_labelled_lines(path: Path, steps: Steps) -> None:
    raws = [line["text"] for name in ("needs_test.jsonl", "talk.jsonl", "needs_fresh.jsonl") for line in lines(name)]
    assert _same(path, steps, raws) > 400


@settings(max_examples=300)
@given(raws=st.lists(st.lists(st.sampled_from(PIECES), max_size=10).map("".join), max_size=6))
def test_any_batch(path: Path, steps: Steps, raws: list[str]) -> None:
    _same(path, steps, raws)


@pytest.mark.parametrize("raws", [[], [""], ["", "哪里有卖草莓", "😂"], ["草莓" * 32_768], ["😂" * 4_000]])
def test_odd_batches(path: Path, steps: Steps, raws: list[str]) -> None:
    _same(path, steps, raws)


def test_a_query_of_many_goods_is_cut_off(path: Path, lexicon: Lexicon) -> None:
    goods = [text for text in lexicon if (word := lexicon.get(text)) and word.kind is WordKind.GOODS and len(text) == 2]
    rows = dict(path.walk(["哪里有卖" + "、".join(goods[:100])], Workspace()).queries())
    assert [len(query) for query in rows.values()] in ([], [MOST_ROWS])
    assert path.walk(["哪里有卖草莓"], Workspace()).bounds[1] > 0


@pytest.fixture(scope="module")
def index(segmenter: Segmenter) -> CompiledIndex:
    if segmenter.cutter is None:
        pytest.skip("no compiler here")
    qualities, things = ["儿童", "无糖", "新鲜", ""], ["草莓", "大米", "牛奶", "车厘子", "牙膏"]
    return CompiledIndex.build(
        [f"{quality}{thing} {weight}斤" for weight in range(1, 9) for quality in qualities for thing in things],
        segmenter.cutter,
    )


@pytest.fixture(scope="module")
def shop(normaliser: Normaliser, lexicon: Lexicon, segmenter: Segmenter, screen: Screen, index: CompiledIndex) -> Path:
    assert segmenter.cutter is not None
    return Path.of(normaliser, segmenter.cutter, lexicon, screen, lambda word: index.postings.query({f"w{word}": 1.0}))


def _answered(shop: Path, index: CompiledIndex, raws: list[str]) -> int:
    """Check the answers against a search for each query; return how many needs found something."""
    allowed = of_flags(np.arange(index.postings.size) % 3 > 0)
    expected: list[list[int] | None] = [None] * len(raws)
    for place, rows in shop.walk(raws, Workspace()).queries():
        expected[place] = index.order[index.postings.best(rows, allowed, LIMIT, Paper())[:, 0]].tolist()
    room = Workspace(limit=LIMIT)
    assert shop.answer(raws, index.postings, allowed, room) == expected
    assert [shop.answer_one(raw, index.postings, allowed, room) for raw in raws] == expected
    return sum(map(bool, expected))


def test_answers_are_those_of_a_search_for_each_query(shop: Path, index: CompiledIndex) -> None:
    raws = [line["text"] for name in ("needs_test.jsonl", "talk.jsonl") for line in lines(name)]
    assert _answered(shop, index, [*raws, "@千群 哪里有卖草莓[捂脸]", "求推荐無糖牛奶", "想买  大米"]) > 20


@settings(max_examples=200)
@given(raws=st.lists(st.lists(st.sampled_from(PIECES), max_size=10).map("".join), max_size=6))
def test_answers_to_any_batch(shop: Path, index: CompiledIndex, raws: list[str]) -> None:
    _answered(shop, index, raws)
