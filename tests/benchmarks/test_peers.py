"""Peers are given the same terms and filters, and what we do to make them quick does not change what they find."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from benchmarks import ours
from benchmarks.corpus import Corpus, Filter, questions
from benchmarks.ours import Compiled, Plain
from benchmarks.peers import Bm25s, Cosine, Masks, Search, Tantivy
from benchmarks.products import made
from benchmarks.words import MissingPeer, jieba_cut, jieba_next_cut, peer, rjieba_cut
from catalog.aliases import AliasTable
from recommender.index import K1, B
from recommender.lexicon import Lexicon
from recommender.segmentation import Segmenter
from recommender.terms import document_terms


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return Corpus.of(made(3_000))


@pytest.fixture(scope="module")
def masks(corpus: Corpus) -> Masks:
    return Masks(corpus)


def _make(way: Callable[[Corpus, Masks], Search], corpus: Corpus, masks: Masks) -> Search:
    for name, module in ((Bm25s, "bm25s"), (Tantivy, "tantivy")):
        if way is name:
            pytest.importorskip(module)
    return way(corpus, masks)


def test_the_terms_are_those_that_the_index_reads(corpus: Corpus) -> None:
    for text, terms in zip(corpus.texts[:200], corpus.documents(), strict=False):
        assert terms == [term for piece in text.split() for term in document_terms(jieba_cut(piece))]


def test_postings_are_the_terms_turned_round(corpus: Corpus) -> None:
    bounds, documents, counts = corpus.postings()
    assert counts.sum() == len(corpus.terms)
    for term in range(0, len(corpus.vocabulary), 97):
        low, high = bounds[term], bounds[term + 1]
        having = documents[low:high].tolist()
        assert having == sorted(set(having))
        assert having
        for document, times in zip(having[:5], counts[low:high].tolist(), strict=False):
            own = corpus.terms[corpus.bounds[document] : corpus.bounds[document + 1]]
            assert int((own == term).sum()) == times


@pytest.mark.parametrize("way", [Compiled, Plain, Bm25s, Tantivy, Cosine])
def test_every_way_finds_only_what_the_filter_lets_through(
    way: Callable[[Corpus, Masks], Search], corpus: Corpus, masks: Masks
) -> None:
    search = _make(way, corpus, masks)
    kinds = set()
    for question in questions(120):
        assert question.filter is not None
        found = search.top(search.asked(question), 3)
        assert len(set(found)) == len(found) <= 3
        assert corpus.allowed(question.filter)[found].all()
        sharing = np.isin(corpus.terms, corpus.asked(question))
        owners = np.repeat(np.arange(len(corpus)), np.diff(corpus.bounds))[sharing]
        assert len(found) == min(3, int(corpus.allowed(question.filter)[np.unique(owners)].sum()))
        kinds.add((bool(question.filter.category), question.filter.most is not None))
    assert len(kinds) == 4


def test_asking_tantivy_without_the_filter_first_finds_what_scores_as_much(corpus: Corpus, masks: Masks) -> None:
    pytest.importorskip("tantivy")
    search = Tantivy(corpus, masks)
    for question in questions(150):
        asked = search.asked(question)
        hits = search.searcher.search(asked[0], len(corpus)).hits
        scores = {address.doc: score for score, address in hits}
        quick, always = search.top(asked, 3), search.filtered(asked, 3)
        assert [scores[place] for place in quick] == pytest.approx([scores[place] for place in always], rel=1e-5)


def test_a_change_in_tantivy_is_seen_by_the_next_search(corpus: Corpus, masks: Masks) -> None:
    tantivy = pytest.importorskip("tantivy")
    search = Tantivy(corpus, masks)
    number = int(np.flatnonzero(corpus.allowed(Filter(area=0)))[0])
    one = tantivy.Query.term_query(search.schema, "number", number)
    here = tantivy.Query.term_query(search.schema, "fits", "a0", "basic")
    both = tantivy.Query.boolean_query([(tantivy.Occur.Must, one), (tantivy.Occur.Must, here)])
    assert len(search.searcher.search(both, 3).hits) == 1
    search.change(number, search.document(number, ["w草莓"], sold_out=True))
    assert len(search.searcher.search(both, 3).hits) == 0
    assert len(search.searcher.search(one, 3).hits) == 1


def test_bm25s_is_filled_as_it_fills_itself(corpus: Corpus, masks: Masks) -> None:
    bm25s = pytest.importorskip("bm25s")
    index = bm25s.BM25(k1=K1, b=B)
    bounds = corpus.bounds.tolist()
    read = [corpus.terms[low:high].tolist() for low, high in pairwise(bounds)]
    index.index((read, dict(corpus.vocabulary)), show_progress=False)
    data, indptr, documents = Bm25s(corpus, masks).arrays
    assert (indptr == index.scores["indptr"]).all()
    assert (documents == index.scores["indices"]).all()
    np.testing.assert_allclose(data, index.scores["data"], rtol=1e-4)


def test_a_filter_is_area_stock_category_and_price(corpus: Corpus) -> None:
    wanted = Filter(area=2, category="水果", most=50)
    allowed = corpus.allowed(wanted)
    assert allowed.any()
    for place in np.flatnonzero(allowed)[:20]:
        assert corpus.in_stock[place]
        assert corpus.areas[place] >> 2 & 1
        assert corpus.categories[place] == "水果"
        assert corpus.prices[place] <= 5_000
    assert allowed.sum() < corpus.allowed(Filter(area=2, category="水果")).sum() < corpus.allowed(Filter(area=2)).sum()


def test_every_segmenter_has_the_words_of_the_program() -> None:
    program = Segmenter(Lexicon(tuple(AliasTable.load())))
    text = "求推荐云山新鲜车厘子和抽纸，20块以内，儿童防晒也行"
    assert jieba_cut(text) == program.cut(text) == ours.cut_one(text)
    for module, make in (("jieba_next", jieba_next_cut), ("rjieba", rjieba_cut)):
        pytest.importorskip(module)
        assert make()(text) == jieba_cut(text)


def test_a_missing_peer_is_named_with_what_installs_it() -> None:
    with pytest.raises(MissingPeer, match=r"no_such_search left out: it is not installed; .*\[bench\]"):
        peer("no_such_search")
