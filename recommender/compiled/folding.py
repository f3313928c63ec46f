"""Making texts uniform on the quick way, character by character; what needs more is for the ``Normaliser``."""

from __future__ import annotations

import numpy as np

from recommender.compiled.jit import compiled

LONG_WAY = -1
"""Instead of signs or of an end: the text has to be made uniform by the ``Normaliser`` first."""
_SPACE, _POINT, _LINE_FEED, _W = ord(" "), ord("."), ord("\n"), ord("w")
_GAPS, _APART = (_SPACE, _LINE_FEED), (_SPACE, _POINT)


@compiled
def folded(raw, start, stop, folds, codes, end):
    """Write a text made uniform behind ``end``; return the end now, ``LONG_WAY`` where that was not enough.

    As the gate of ``core.text`` has it: gaps at the ends are cut off, another space stands alone between two
    characters, a point before a digit and not behind a w.
    """
    while start < stop and _gap(_fold(raw[start], folds)):
        start += 1
    while start < stop and _gap(_fold(raw[stop - 1], folds)):
        stop -= 1
    before = np.uint32(_SPACE)
    for place in range(start, stop):
        code = _fold(raw[place], folds)
        if code in (0, _LINE_FEED) or (code in _APART and before in _APART):
            return LONG_WAY
        if code == _POINT and before == _W:  # an address may begin here
            return LONG_WAY
        if before == _POINT and not 48 <= code <= 57:
            return LONG_WAY
        codes[end] = code
        end += 1
        before = code
    return end if before != _POINT else LONG_WAY


@compiled
def _fold(code, folds):
    return folds[code] if code < len(folds) else np.uint32(0)


@compiled
def _gap(code):
    return code in _GAPS
