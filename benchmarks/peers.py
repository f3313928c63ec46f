"""Other libraries that search the same terms under the same filters, each in the fastest form we found for it.

bm25s         its compiled scoring called directly with arrays of term numbers, scores times a mask, three times
              ``argmax``; its ``retrieve`` takes twice as long, ``argpartition`` over mostly-zero scores 40 times.
tantivy       one segment, terms without positions, searcher and queries kept; the titles that score best are asked
              for without the filter, which lets it skip most postings, and only where too few of them pass is the
              filter made part of the query. With the filter always in the query it is slower; shown as well.
scikit-learn  TF-IDF of the same terms as a sparse matrix, ``cosine_similarity``, mask, three times ``argmax``.

All have the mask of each filter worked out before the clock starts.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from benchmarks.corpus import PRICE_BOUNDS, Corpus, Filter, Question
from benchmarks.products import AREAS
from benchmarks.words import peer
from recommender.index import K1, B

_ASKED_FIRST = 12
"""Titles that tantivy is asked for without a filter; two thirds of them pass a usual one."""
_HEAP = 2_000_000_000
"""Bytes that tantivy may fill before it writes a segment: enough for a million titles in one."""
_SINGLE = np.dtype(np.float32)


class Search(Protocol):
    """A way to search a corpus. What ``asked`` returns is made before the clock starts, ``top`` is what is timed."""

    def asked(self, question: Question) -> Any:
        """Return a question in the form that is quickest for this way."""

    def top(self, asked: Any, limit: int) -> list[int]:
        """Return the places of the best titles that pass the filter, best first."""


class Masks:
    """What each filter lets through, worked out once: one where it passes, zero elsewhere."""

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus
        self._known: dict[Filter, npt.NDArray[np.float32]] = {}

    def of(self, wanted: Filter | None) -> npt.NDArray[np.float32] | None:
        """Return the mask of a filter, None for none."""
        if wanted is None:
            return None
        if wanted not in self._known:
            self._known[wanted] = self._corpus.allowed(wanted).astype(np.float32)
        return self._known[wanted]


class Bm25s:
    """bm25s with its numba backend; raises ``MissingPeer``.

    Its index is filled from the same postings with its own formula (Lucene's), since building it its own way takes a
    minute at a million titles; ``build`` measures that. A test holds the two against each other.
    """

    def __init__(self, corpus: Corpus, masks: Masks) -> None:
        peer("bm25s")
        self._corpus, self._masks, self._size = corpus, masks, len(corpus)
        self._kernel = peer("bm25s.numba.retrieve_utils", "bm25s")._compute_relevance_from_scores_jit_ready
        bounds, documents, counts = corpus.postings()
        lengths = np.diff(corpus.bounds).astype(np.float32)
        norm = K1 * (1 - B + B * lengths / lengths.mean())
        frequency = np.diff(bounds)
        rarity = np.log1p((self._size - frequency + 0.5) / (frequency + 0.5)).astype(np.float32)
        scores = np.repeat(rarity, frequency) * counts / (norm[documents] + counts)
        self.arrays = (scores.astype(np.float32), bounds, documents)

    def asked(self, question: Question) -> Any:
        return self._corpus.asked(question), self._masks.of(question.filter)

    def top(self, asked: Any, limit: int) -> list[int]:
        terms, mask = asked
        scores = self._kernel(*self.arrays, self._size, terms, _SINGLE)
        return best_of(scores, mask, limit)


class Tantivy:
    """tantivy with one segment, in memory or in a folder; raises ``MissingPeer``."""

    def __init__(self, corpus: Corpus, masks: Masks, folder: str | None = None) -> None:
        self._tantivy = peer("tantivy")
        self._corpus, self._masks = corpus, masks
        schema = self._tantivy.SchemaBuilder()
        schema.add_integer_field("number", indexed=True)
        schema.add_text_field("terms", tokenizer_name="whitespace", index_option="freq")
        schema.add_text_field("fits", tokenizer_name="whitespace", index_option="basic")
        self.schema = schema.build()
        self.index = self._tantivy.Index(self.schema, path=folder)
        self.writer = self.index.writer(heap_size=_HEAP, num_threads=1)
        for number, terms in enumerate(corpus.documents()):
            self.writer.add_document(self.document(number, terms))
        self.writer.commit()
        self.index.reload()
        self.searcher = self.index.searcher()
        if self.searcher.num_segments > 1:
            raise RuntimeError(
                f"{self.searcher.num_segments} segments, so documents are not numbered as added; raise _HEAP"
            )

    def document(self, number: int, terms: list[str], *, sold_out: bool = False) -> Any:
        """Return the document of a title; one that is sold out fits nowhere."""
        made = self._tantivy.Document()
        made.add_integer("number", number)
        made.add_text("terms", " ".join(terms))
        if self._corpus.in_stock[number] and not sold_out:
            made.add_text("fits", " ".join(_fits(self._corpus, number)))
        return made

    def change(self, number: int, document: Any) -> None:
        """Put another document in the place of one, so that the next search sees it."""
        self.writer.delete_documents_by_term("number", number)
        self.writer.add_document(document)
        self.writer.commit()
        self.index.reload()
        self.searcher = self.index.searcher()

    def asked(self, question: Question) -> Any:
        name, freely = self._tantivy, self._any_of(question)
        if question.filter is None:
            return freely, freely, None
        must = [(name.Occur.Must, freely)]
        for term in _asked_fits(question.filter):
            fits = name.Query.term_query(self.schema, "fits", term, "basic")
            must.append((name.Occur.Must, name.Query.const_score_query(fits, 0.0)))
        mask = self._masks.of(question.filter)
        return freely, name.Query.boolean_query(must), mask

    def top(self, asked: Any, limit: int) -> list[int]:
        freely, _, passes = asked
        if passes is None:
            return self._found(freely, limit)
        found = [number for number in self._found(freely, _ASKED_FIRST) if passes[number]]
        return found[:limit] if len(found) >= limit else self.filtered(asked, limit)

    def filtered(self, asked: Any, limit: int) -> list[int]:
        """Return the same with the filter in the query."""
        return self._found(asked[1], limit)

    def _found(self, query: Any, limit: int) -> list[int]:
        """Return the documents; with one segment they are numbered as they were added."""
        return [address.doc for _, address in self.searcher.search(query, limit, count=False).hits]

    def _any_of(self, question: Question) -> Any:
        name = self._tantivy
        terms = [name.Query.term_query(self.schema, "terms", term, "freq") for term in question.terms]
        return name.Query.boolean_query([(name.Occur.Should, term) for term in terms])


class Cosine:
    """scikit-learn's TF-IDF and cosine similarity; slow at any size, for perspective."""

    def __init__(self, corpus: Corpus, masks: Masks) -> None:
        from scipy.sparse import csc_matrix  # noqa: PLC0415 - heavy, only for this peer
        from sklearn.feature_extraction.text import TfidfTransformer  # noqa: PLC0415
        from sklearn.metrics.pairwise import cosine_similarity  # noqa: PLC0415

        self._corpus, self._masks, self._cosine, self._make = corpus, masks, cosine_similarity, csc_matrix
        bounds, documents, counts = corpus.postings()
        self._weigh = TfidfTransformer()
        shape = (len(corpus), len(corpus.vocabulary))
        self._matrix = self._weigh.fit_transform(csc_matrix((counts, documents, bounds), shape=shape).tocsr())

    def asked(self, question: Question) -> Any:
        terms = self._corpus.asked(question)
        where = (np.zeros(len(terms), np.int32), terms)
        counts = self._make((np.ones(len(terms)), where), shape=(1, len(self._corpus.vocabulary)))
        return self._weigh.transform(counts), self._masks.of(question.filter)

    def top(self, asked: Any, limit: int) -> list[int]:
        vector, mask = asked
        return best_of(self._cosine(vector, self._matrix).ravel(), mask, limit)


def best_of(scores: npt.NDArray[Any], mask: npt.NDArray[np.float32] | None, limit: int) -> list[int]:
    """Return the places of the highest scores above zero; the scores are used up."""
    if mask is not None:
        scores *= mask
    found: list[int] = []
    for _ in range(limit):
        place = int(scores.argmax())
        if scores[place] <= 0:
            break
        found.append(place)
        scores[place] = 0
    return found


def _fits(corpus: Corpus, number: int) -> list[str]:
    """Return the filters that a title passes, as terms."""
    areas, price = int(corpus.areas[number]), int(corpus.prices[number])
    found = [f"a{area}" for area in range(len(AREAS)) if areas >> area & 1]
    found += [f"u{bound}" for bound in PRICE_BOUNDS if price <= bound * 100]
    return [*found, f"c{corpus.categories[number]}"]


def _asked_fits(wanted: Filter) -> list[str]:
    found = [f"a{wanted.area}"]
    if wanted.category:
        found.append(f"c{wanted.category}")
    if wanted.most is not None:
        found.append(f"u{wanted.most}")
    return found
