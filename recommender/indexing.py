"""Builds a text index in the way that is to be had here: compiled, or plain where there is no compiler."""

from __future__ import annotations

from collections.abc import Iterable

from recommender.index import Index, TextIndex
from recommender.live import LiveIndex
from recommender.newest import PlainNewest
from recommender.segmentation import Segmenter


def index_of(texts: Iterable[str], segmenter: Segmenter, *, keep_words: bool = False) -> Index:
    """Index texts; ``keep_words`` is for who asks for ``Index.words``."""
    if segmenter.cutter is None:
        return TextIndex.build(texts, segmenter.cut)
    from recommender.compiled.text_index import CompiledIndex  # noqa: PLC0415 - numba, which may be missing

    return CompiledIndex.build(texts, segmenter.cutter, keep_words=keep_words)


def live_index(large: Index, segmenter: Segmenter) -> LiveIndex:
    """Return an index of ``index_of`` with the same segmenter so that it takes further documents."""
    if segmenter.cutter is not None:
        from recommender.compiled.newest import CompiledNewest  # noqa: PLC0415
        from recommender.compiled.text_index import CompiledIndex  # noqa: PLC0415

        if isinstance(large, CompiledIndex):
            return LiveIndex(large, CompiledNewest(large, segmenter.cutter))
    return LiveIndex(large, PlainNewest(large, segmenter.cut))
