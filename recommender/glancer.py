"""Glancing at the messages of a batch before any of them is read, where there is a compiler."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.outcomes import Outcome, Reason
from core.text import NormalText
from recommender.lexicon import Lexicon
from recommender.masking import MaskedText
from recommender.needs import LONGEST_NEED
from recommender.readings import Reading
from recommender.screening import Glance, Sign, packaged_screen
from recommender.segmentation import Segmenter

if TYPE_CHECKING:
    from recommender.compiled.cutting import Cutter
    from recommender.compiled.screening import Screener

_APART = Sign.APART.value
_SIGNS = tuple(map(Sign, range(2 * max(Sign))))
"""Every combination; to look one up is quicker than to make it."""


class Glancer:
    """Says of messages what they could be. A glance costs a hundredth of a reading, in a batch."""

    def __init__(self, cutter: Cutter, screener: Screener) -> None:
        self._cutter = cutter
        self._screener = screener

    @classmethod
    def of(cls, lexicon: Lexicon, segmenter: Segmenter) -> Glancer | None:
        """Make one for these words; None where there is no compiler or no screen, and all is to be read."""
        screen = packaged_screen()
        if segmenter.cutter is None or screen is None:
            return None
        from recommender.compiled.screening import Screener  # noqa: PLC0415 - numba, which may be missing

        return cls(segmenter.cutter, Screener.of(screen, lexicon, segmenter.cutter))

    def __call__(self, texts: Sequence[NormalText]) -> list[Glance]:
        """Return a glance at each message."""
        from recommender.compiled.batch import Batch  # noqa: PLC0415

        batch = Batch.of([text.text for text in texts])
        seen = self._screener.glances(batch, self._cutter.cut(batch)).tolist()
        return [
            Glance(certainty, _SIGNS[signs | _APART if text.quote or len(text.text) > LONGEST_NEED else signs])
            for (certainty, signs), text in zip(seen, texts, strict=True)
        ]


def unread(text: NormalText) -> Reading:
    """Return what a message says that is nothing but talk."""
    return Reading(Outcome.IGNORED, Reason.TALK, MaskedText(text, (), "", ()))
