"""The terms of a cut text as 64-bit hashes, compiled: what ``recommender.terms`` says in strings.

A term is its hash, so that no string is made for the forty terms of a title::

    10斤大米   codes   1 0 斤 大 米          hash("w大米") WORD, hash("斤") CHARACTER, hash("斤大") CROSSING, …
               ends        2  3     5

Two of a million terms share a hash in one of 40 million catalogues. The plain counterpart is ``recommender.terms``;
``tests/recommender/compiled/test_terms.py`` holds both against each other on made-up texts. Only amounts of more than
10¹² base units are left out here: nobody sells them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import numpy as np
import numpy.typing as npt

from recommender.compiled.batch import Batch
from recommender.compiled.jit import compiled
from recommender.terms import TermFactors

KINDS = tuple(field.name for field in fields(TermFactors))
"""The kinds of terms by their number; ``single`` marks a character that is a word by itself and is no further term."""
WORD, INNER, CROSSING, CHARACTER, SINGLE, NAME, PART, GRAM, COUNTED, AMOUNT = range(len(KINDS))
TERMS_A_CHARACTER = 6
"""The most terms that one character can begin: what the arrays for hashes and kinds must have room for."""
Hashes = npt.NDArray[np.uint64]

_SEED, _PRIME = np.uint64(0xCBF2_9CE4_8422_2325), np.uint64(0x0000_0100_0000_01B3)
_MIX = np.uint64(0x9E37_79B9_7F4A_7C15)
_HAN_FIRST, _HAN_LAST = 0x3400, 0x9FFF
_GRAM, _SHORTEST_NAME = 3, 4
_MOST_NUMERALS = 4
_MOST_DIGITS = 15
_W, _GRAM_MARK, _AMOUNT_MARK, _POINT, _E, _PLUS = map(ord, "w~=.e+")
_TEN, _HUNDRED, _HALF, _TWO = map(ord, "十百半两")
_ONE_TO_NINE = np.array([ord(numeral) for numeral in "一二三四五六七八九"], np.uint32)
_GRAMS, _MILLILITRES, _CENTIMETRES = range(3)
_ENDED, _WRITTEN = 1, 2
"""What a unit asks for: that no letter or digit follows, that it may stand behind Chinese numerals too."""
_UNITS = np.array(
    [
        (ord(unit[0]), ord(unit[1]) if len(unit) > 1 else 0, thousandths, base, asks)
        for unit, thousandths, base, asks in (
            ("kg", 1_000_000, _GRAMS, 0),
            ("ml", 1_000, _MILLILITRES, 0),
            ("mm", 100, _CENTIMETRES, 0),
            ("cm", 1_000, _CENTIMETRES, 0),
            ("g", 1_000, _GRAMS, _ENDED),
            ("m", 100_000, _CENTIMETRES, _ENDED),
            ("l", 1_000_000, _MILLILITRES, _ENDED),
            ("公斤", 1_000_000, _GRAMS, _WRITTEN),
            ("千克", 1_000_000, _GRAMS, _WRITTEN),
            ("毫升", 1_000, _MILLILITRES, 0),
            ("厘米", 1_000, _CENTIMETRES, 0),
            ("克", 1_000, _GRAMS, 0),
            ("斤", 500_000, _GRAMS, _WRITTEN),
            ("升", 1_000_000, _MILLILITRES, _WRITTEN),
            ("米", 100_000, _CENTIMETRES, 0),
        )
    ],
    np.int64,
)
"""Units: their characters (0 for none), how many thousandths of the base unit, the base unit, what they ask."""
_UNIT_LETTERS = np.array([[ord("g"), 0], [ord("m"), ord("l")], [ord("c"), ord("m")]], np.uint32)


def hashes_of(terms: Sequence[str]) -> Hashes:
    """Return the hash of each term as ``recommender.terms`` writes it."""
    batch = Batch.of(terms)
    hashes = np.empty(len(batch), np.uint64)
    _hash_all(batch.codes, batch.bounds, hashes)
    return hashes


@compiled
def _hash_all(codes, bounds, hashes):
    for text in range(len(hashes)):
        hashes[text] = _hashed(_SEED, codes, bounds[text], bounds[text + 1])


@compiled
def _step(value, code):
    return (value ^ np.uint64(code)) * _PRIME


@compiled
def _finish(value):
    value = (value ^ (value >> np.uint64(32))) * _MIX
    value ^= value >> np.uint64(29)
    return max(value, np.uint64(1))  # 0 is an empty place of the vocabulary


@compiled
def _hashed(value, codes, low, high):
    for place in range(low, high):
        value = _step(value, codes[place])
    return _finish(value)


@compiled
def _put(hashes, kinds, count, value, kind):
    hashes[count], kinds[count] = value, kind
    return count + 1


@compiled
def terms_into(codes, low, high, ends, first, last, hashes, kinds):
    """Write the terms of one text, repeated as they stand there; return how many.

    The text is ``codes[low:high]``, its tokens end at ``ends[first:last]``; ``hashes`` and ``kinds`` have room for
    ``TERMS_A_CHARACTER`` for each character.
    """
    count, start, end = 0, low, np.int64(low)
    before_han = False
    for token in range(first, last):
        end = np.int64(ends[token])
        if end - start > 1 and codes[start] >= 128:
            value = _hashed(_step(_SEED, _W), codes, start, end)
            count = _put(hashes, kinds, count, value, WORD)
        elif end - start == 1 and (_han(codes[start]) or _latin(codes[start])):
            count = _put(hashes, kinds, count, _hashed(_SEED, codes, start, end), SINGLE)
        for place in range(start, end):
            if not _han(codes[place]):
                before_han = False
                continue
            count = _put(hashes, kinds, count, _hashed(_SEED, codes, place, place + 1), CHARACTER)
            if before_han:
                kind = CROSSING if place == start else INNER
                count = _put(hashes, kinds, count, _hashed(_SEED, codes, place - 1, place + 1), kind)
            before_han = True
        start = end
    count = _names(codes, low, high, hashes, kinds, count)
    return _amounts(codes, low, high, hashes, kinds, count)


@compiled
def _han(code):
    return _HAN_FIRST <= code <= _HAN_LAST


@compiled
def _letter(code):
    return 97 <= code <= 122


@compiled
def _digit(code):
    return 48 <= code <= 57


@compiled
def _latin(code):
    return _letter(code) or _digit(code)


@compiled
def _digits_end(codes, place, high):
    while place < high and _digit(codes[place]):
        place += 1
    return place


@compiled
def _number_end(codes, place, high):
    """Return where a number that begins here ends: digits, and a point with digits behind it."""
    place = _digits_end(codes, place, high)
    if place + 1 < high and codes[place] == _POINT and _digit(codes[place + 1]):
        place = _digits_end(codes, place + 1, high)
    return place


@compiled
def _names(codes, low, high, hashes, kinds, count):
    """Write the terms of the runs of Latin letters and digits."""
    place = low
    while place < high:
        if not _latin(codes[place]):
            place += 1
            continue
        start = place
        while place < high and _latin(codes[place]):
            place += 1
        if place + 1 < high and codes[place] == _POINT and _digit(codes[place + 1]):
            place = _digits_end(codes, place + 1, high)
            while place < high and _letter(codes[place]):
                place += 1
        count = _name(codes, start, place, high, hashes, kinds, count)
    return count


@compiled
def _name(codes, start, stop, high, hashes, kinds, count):
    """Write the terms of one run: itself, its parts, pieces of its long names, and what its number counts."""
    count = _put(hashes, kinds, count, _hashed(_SEED, codes, start, stop), NAME)
    place, part = start, start
    while place < stop:
        if codes[place] == _POINT:  # between a letter and a digit; inside a number it is skipped with it
            place += 1
            continue
        part = place
        if not _letter(codes[place]):
            place = _number_end(codes, place, stop)
        else:
            while place < stop and _letter(codes[place]):
                place += 1
            if place - part >= _SHORTEST_NAME:
                for at in range(part, place - _GRAM + 1):
                    value = _hashed(_step(_SEED, _GRAM_MARK), codes, at, at + _GRAM)
                    count = _put(hashes, kinds, count, value, GRAM)
        if part > start or place < stop:
            count = _put(hashes, kinds, count, _hashed(_SEED, codes, part, place), PART)
    if _digit(codes[stop - 1]) and stop < high and codes[stop] > _HAN_FIRST:
        count = _put(hashes, kinds, count, _hashed(_SEED, codes, part, stop + 1), COUNTED)
    return count


@compiled
def _amounts(codes, low, high, hashes, kinds, count):
    """Write the amounts: a number with a unit behind it, in digits or in Chinese numerals."""
    place = low
    while place < high:
        if _digit(codes[place]):
            stop = _number_end(codes, place, high)
            length, scale, base = _unit(codes, stop, high, False)
            if length:
                count = _amount(_value(codes, place, stop) * scale, base, hashes, kinds, count)
                place = stop + length
            else:
                place = _digits_end(codes, place, high)
        elif codes[place] == _HALF or _numeral(codes[place]) > 0:
            stop = place + 1
            while codes[place] != _HALF and stop < high and _numeral(codes[stop]) > 0:
                stop += 1
            length, scale, base = _unit(codes, stop, high, True)
            if length:
                value = _written(codes, max(place, stop - _MOST_NUMERALS), stop)
                count = _amount(value * scale, base, hashes, kinds, count)
            place = stop + length
        else:
            place += 1
    return count


@compiled
def _unit(codes, place, high, written):
    """Return the length of the unit that stands here, the thousandths of its base unit and that; 0 for none.

    Behind Chinese numerals, ``written``, only the units that are said so.
    """
    if place < high:
        following = np.int64(codes[place + 1]) if place + 1 < high else 0
        for unit in range(len(_UNITS)):
            first, second, thousandths, base, asks = _UNITS[unit]
            if codes[place] != first or (second and following != second):
                continue
            if (written and asks != _WRITTEN) or (asks == _ENDED and _latin(following)):
                continue
            return 2 if second else 1, thousandths, base
    return 0, np.int64(0), np.int64(_GRAMS)


@compiled
def _value(codes, low, high):
    """Return a number written in digits, 0 when it is too long to be an amount."""
    if high - low > _MOST_DIGITS:
        return 0.0
    value, divisor, behind = 0.0, 1.0, False
    for place in range(low, high):
        if codes[place] == _POINT:
            behind = True
            continue
        value = value * 10 + (codes[place] - 48)
        if behind:
            divisor *= 10
    return value / divisor


@compiled
def _numeral(code):
    """Return the value of a Chinese numeral, 0 for another character."""
    if code == _TEN:
        return 10
    if code == _HUNDRED:
        return 100
    if code == _TWO:
        return 2
    for place in range(9):
        if _ONE_TO_NINE[place] == code:
            return place + 1
    return 0


@compiled
def _written(codes, low, high):
    """Return the value of a number in Chinese numerals below a thousand; 半 is a half."""
    if codes[low] == _HALF:
        return 0.5
    total, last = 0, 0
    for place in range(low, high):
        value = _numeral(codes[place])
        if value >= 10:
            total += max(last, 1) * value
            last = 0
        else:
            last = value
    return float(total + last)


@compiled
def _amount(thousandths, base, hashes, kinds, count):
    """Write the term of an amount, spelt as ``f"={value:g}"`` with the unit does: six digits that tell."""
    if not 0 < thousandths < 1e15:
        return count
    number = np.int64(np.rint(thousandths))
    digits, step = 0, np.int64(1)
    while step <= number:
        step *= 10
        digits += 1
    if digits > 6:
        step = np.int64(10 ** (digits - 6))
        number = np.int64(np.rint(number / step)) * step
        if number >= step * 1_000_000:
            digits += 1
    value = _step(_SEED, _AMOUNT_MARK)
    if digits > 9:
        value = _scientific(value, number, digits)
    else:
        value = _decimal(value, number // 1000, 1)
        if number % 1000:
            value = _fraction(_step(value, _POINT), number % 1000, 3)
    value = _step(value, _UNIT_LETTERS[base, 0])
    if _UNIT_LETTERS[base, 1]:
        value = _step(value, _UNIT_LETTERS[base, 1])
    return _put(hashes, kinds, count, _finish(value), AMOUNT)


@compiled
def _decimal(value, number, least):
    """Spell a whole number of at least so many digits."""
    step, digits = np.int64(1), 1
    while step * 10 <= number or digits < least:
        step *= 10
        digits += 1
    while step:
        value = _step(value, 48 + number // step % 10)
        step //= 10
    return value


@compiled
def _fraction(value, number, digits):
    """Spell the digits behind a point, without noughts at the end."""
    while number % 10 == 0:
        number //= 10
        digits -= 1
    return _decimal(value, number, digits)


@compiled
def _scientific(value, number, digits):
    """Spell a number of thousandths that has ``digits`` digits as 1.5e+06."""
    step = np.int64(10 ** (digits - 1))
    value = _step(value, 48 + number // step)
    if number % step:
        value = _fraction(_step(value, _POINT), number % step, digits - 1)
    return _decimal(_step(_step(value, _E), _PLUS), digits - 4, 2)
