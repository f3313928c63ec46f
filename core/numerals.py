"""Numbers as people write them in chat: 12, 十五, 一百二, 两, 半."""

from __future__ import annotations

_DIGITS = {
    "零": 0,
    "〇": 0,
    "一": 1,
    "二": 2,
    "两": 2,
    "俩": 2,
    "三": 3,
    "仨": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
}
_POWERS = {"十": 10, "百": 100, "千": 1000, "万": 10_000}
_CHINESE = "零〇一二两俩三仨四五六七八九十百千万半"
NUMERAL = rf"(?:\d+(?:\.\d+)?|[{_CHINESE}]+)"
"""A regular expression for one numeral; what it matches may still be no number (一二三)."""
NUMERAL_SIGNS = rf"\d{_CHINESE}"
"""The inside of a character class: what every numeral consists of."""


def read_numeral(text: str) -> float | None:
    """Return the value of a numeral, or None when it is none.

    ``一百二`` is 120 and ``两千五`` 2500: a digit after a power stands for the next lower power. ``半`` is 0.5.
    """
    if not text:
        return None
    if text.isascii():
        try:
            value = float(text)
        except ValueError:
            return None
        return value if value < 10**9 else None
    if text == "半":
        return 0.5
    return _read_chinese(text)


def _read_chinese(text: str) -> float | None:
    total, digit, last_power = 0, None, 0
    for character in text:
        if character in _DIGITS:
            if digit not in (None, 0):
                return None
            digit = _DIGITS[character]
        elif character in _POWERS:
            power = _POWERS[character]
            if power == 10_000:
                total = (total + (digit or 0)) * power or power
            else:
                total += (1 if digit is None else digit) * power
            digit, last_power = None, power
        else:
            return None
    if digit is not None:
        shortened = last_power >= 100 and text[-2:-1] not in {"零", "〇"} and text[-2:-1] in _POWERS
        total += digit * (last_power // 10 if shortened else 1)
    return float(total)
