"""Faces and mentions taken out of a text in one step, where it is sure that nothing else hangs on them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.signs import FACES

_NAME = "0-9A-Za-z\u4e00-\u9fff"
_ENDS = ",，?？!！:：;；、。"
"""Signs that end the name of a mention without a mark behind it."""


class QuickSigns:
    """Puts a space for each run of faces and for each plain mention.

    ``folds`` are those of ``Normaliser.folds``. Where the quick way makes the result uniform, it is what the
    ``Normaliser`` makes of the raw text; where the quick way fails, the raw text has to go the long way. So only what
    the quick way would not notice is left alone here: a text with a point may hold an address that swallows a face.
    """

    def __init__(self, folds: Sequence[int]) -> None:
        faces = "|".join(sorted(map(re.escape, FACES), key=len, reverse=True))
        points = "".join(re.escape(chr(code)) for code, folded in enumerate(folds) if folded == ord("."))
        self._point = re.compile(f"[.{points}]").search
        face = rf"\[(?:{faces})\]"  # each search for a sign of its own: Python leaps to the first character
        self._faces = re.compile(rf"{face}(?:{face})*").sub
        self._mentions = re.compile(
            rf"@(?:(?<=\A@)|(?<=[\u4e00-\u9fff ]@))[{_NAME}]{{1,24}}(?:[\u2005 ]|(?=[{_ENDS}])|\Z)"
        ).sub

    def __call__(self, raw: str) -> str:
        """Return a text without them; the same text when it has none."""
        mentions, faces = "@" in raw, "[" in raw
        if not (mentions or faces) or self._point(raw):
            return raw
        if mentions:
            raw = self._mentions(" ", raw)  # before the faces, which leave spaces that a name would end with
        return self._faces(" ", raw) if faces else raw

    def each(self, texts: str, end: str) -> str:
        """Do so with each of several texts that are joined by ``end``, looking at those only that may have some."""
        pieces, done = list[str](), 0
        face, mention = texts.find("["), texts.find("@")
        while face >= 0 or mention >= 0:
            first = face if 0 <= face < mention or mention < 0 else mention
            start, stop = texts.rfind(end, done, first) + 1 or done, texts.find(end, first)
            stop = len(texts) if stop < 0 else stop
            pieces += (texts[done:start], self(texts[start:stop]))
            done = stop
            face = texts.find("[", stop) if 0 <= face < stop else face
            mention = texts.find("@", stop) if 0 <= mention < stop else mention
        return "".join((*pieces, texts[done:])) if pieces else texts
