"""What a text must contain for a pattern to match it: a few short strings, worked out from the pattern itself. Pure.

    pattern        天(?:气)?(?:突然|越来越)*(?:冷|热)(?:了|啦)
    can match only where one string of each set stands:
    alternative    {天}  {冷了, 冷啦, 热了, 热啦}

Texts without any alternative's strings need not be shown to the pattern: what is said here is never too much, only
sometimes too little. Source of the idea: R. Cox, "Regular Expression Matching with a Trigram Index", 2012; the tree
is what ``re`` itself parses.
"""

from __future__ import annotations

import re._constants as sre  # type: ignore[import-not-found]  # the names of the tree's nodes; no stub file has them
import re._parser as parser  # type: ignore[import-not-found]  # `re` offers its tree nowhere else
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

Strings = frozenset[str]
Alternative = tuple[Strings, ...]
"""Sets of strings of which a match contains one each; empty where nothing can be said."""

LONGEST = 3
"""Characters of a string that are asked for; of a longer one its beginning."""
_MOST_STRINGS = 400
_MOST_SETS = 2
_MOST_CLOSELY = 3
"""The same where a pattern was looked at closely."""
_MOST_WAYS = 16
"""Ways through a pattern that are told apart."""
_LARGEST_RANGE = 60
_WIDTHLESS = frozenset({sre.AT, sre.ASSERT, sre.ASSERT_NOT})
_known: dict[bool, dict[str, Sequence[Alternative]]] = {False: {}, True: {}}
"""What was said of each pattern that was asked about, at first sight and closely."""
_enough: dict[str, Strings] = {}
"""What was said to be enough for it."""
_REPEATS = frozenset({sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT})


def necessities(pattern: str, *, closely: bool = False) -> Sequence[Alternative]:
    """Return the alternatives of a pattern, at least one of which holds for every text that it matches.

    ``closely`` tells the ways apart that a pattern may go inside, so that each asks for more of what is on it::

        附近.{0,4}(?:G.{0,3}卖|团.{0,3}G)    at first sight   {附近} {G}
                                             closely          {附近} {G} {卖} or {附近} {G} {团}
    """
    known = _known[closely]
    found = known.get(pattern)
    if found is None:
        tree = parser.parse(pattern)
        found = known[pattern] = tuple(_alternatives(tree, closely=closely))
    return found


def know(needed: Mapping[str, Sequence[Alternative]], enough: Mapping[str, Strings], *, closely: bool = False) -> None:
    """Take over what was said of patterns in an earlier process: to parse them takes most of the time."""
    _known[closely].update(needed)
    _enough.update(enough)


def sufficiencies(pattern: str) -> Strings:
    """Return short strings each of which is a match of the pattern wherever it stands; often there are none.

    They are whole branches of the pattern that look at nothing around: a text with 罐 need not be shown to 罐|瓶|桶.
    """
    found = _enough.get(pattern)
    if found is None:
        listed = _matches(parser.parse(pattern))
        found = _enough[pattern] = frozenset(text for text in listed if 0 < len(text) <= LONGEST)
    return found


def _matches(nodes: Sequence[Any]) -> Strings:
    """Return the strings of those branches that can be listed whole."""
    if len(nodes) == 1:
        kind, value = nodes[0]
        if kind is sre.BRANCH:
            return frozenset().union(*map(_matches, value[1]))
        if kind is sre.SUBPATTERN:
            return _matches(value[3])
    return (_of_sequence(nodes) or frozenset()) if _bare(nodes) else frozenset()


def _bare(nodes: Sequence[Any]) -> bool:
    """Tell whether nothing in a sequence looks around, or gives nothing back."""
    for kind, value in nodes:
        if kind in _WIDTHLESS or kind is sre.POSSESSIVE_REPEAT:
            return False
        inner = value[1] if kind is sre.BRANCH else [value[-1]] if kind in {sre.SUBPATTERN, *_REPEATS} else []
        if not all(map(_bare, inner)):
            return False
    return True


def _alternatives(nodes: Sequence[Any], *, closely: bool) -> list[Alternative]:
    wide = [node for node in nodes if node[0] not in _WIDTHLESS]
    if len(wide) == 1:
        kind, value = wide[0]
        if kind is sre.BRANCH:
            return [one for branch in value[1] for one in _alternatives(branch, closely=closely)]
        if kind is sre.SUBPATTERN:
            return _alternatives(value[3], closely=closely)
    if not closely:
        return [_rarest(wide, _MOST_SETS)]
    return list(dict.fromkeys(_rarest(way, _MOST_CLOSELY) for way in _ways(wide)))


def _rarest(nodes: Sequence[Any], most: int) -> Alternative:
    """Return what a sequence asks for, so many sets of it."""
    sets = dict.fromkeys(map(_shortened, _pieces(nodes)))
    return tuple(sorted(sets, key=_worth, reverse=True)[:most])


def _ways(nodes: Sequence[Any]) -> list[list[Any]]:
    """Return the sequences that a sequence may be, one for each branch whose strings cannot be listed."""
    ways: list[list[Any]] = [[]]
    for node in nodes:
        kind, value = node
        branches = value[1] if kind is sre.BRANCH else [value[3]] if kind is sre.SUBPATTERN else []
        inside = [way for branch in branches for way in _ways(branch)] if _strings(node) is None else []
        if not inside or len(ways) * len(inside) > _MOST_WAYS:
            inside = [[node]]
        ways = [[*way, *more] for way in ways for more in inside]
    return ways


def _pieces(nodes: Sequence[Any]) -> list[Strings]:
    """Return a set for each stretch of a sequence that says what must be there; neighbours are one stretch."""
    found: list[Strings] = []
    whole: Strings = frozenset({""})
    for node in nodes:
        strings = _strings(node)
        joined = None if strings is None else _product(whole, strings)
        if joined is not None:
            whole = joined
            continue
        found.append(whole)
        whole = frozenset({""}) if strings is None else strings
        if strings is None and (inside := _inside(node)):
            found.append(inside)
    return [strings for strings in (*found, whole) if strings and "" not in strings]


def _inside(node: Any) -> Strings | None:
    """Return one set for a node whose strings cannot all be listed, None when it asks for nothing."""
    kind, value = node
    if kind is sre.BRANCH:
        sets = [_best(branch) for branch in value[1]]
        return frozenset().union(*(one for one in sets if one)) if all(sets) else None
    if kind is sre.SUBPATTERN:
        return _best(value[3])
    if kind in _REPEATS and value[0] >= 1:
        return _best(value[2])
    return None


def _best(nodes: Sequence[Any]) -> Strings | None:
    return max(_pieces(nodes), key=_worth, default=None)


def _worth(strings: Strings) -> tuple[int, int]:
    """Longer strings are rarer, and so are fewer ones."""
    return min(LONGEST, *map(len, strings)), -len(strings)


def _shortened(strings: Iterable[str]) -> Strings:
    short = {text[:LONGEST] for text in strings}
    return frozenset(text for text in short if short.isdisjoint(_parts(text)))


@cache
def _parts(text: str) -> Strings:
    """Return what stands inside of a string, without itself."""
    length = len(text)
    spans = ((start, end) for start in range(length) for end in range(start + 1, length + 1))
    return frozenset(text[start:end] for start, end in spans if end - start < length)


def _strings(node: Any) -> Strings | None:
    """Return all strings that a node matches, None when they are too many to list."""
    kind, value = node
    if kind in _WIDTHLESS:
        return frozenset({""})
    if kind is sre.LITERAL:
        return frozenset({chr(value)})
    if kind is sre.IN:
        return _of_class(value)
    if kind in _REPEATS:
        return _repeated(*value)
    branches = value[1] if kind is sre.BRANCH else [value[3]] if kind is sre.SUBPATTERN else []
    listed = [one for branch in branches if (one := _of_sequence(branch)) is not None]
    whole: Strings = frozenset().union(*listed)
    return whole if branches and len(listed) == len(branches) and len(whole) <= _MOST_STRINGS else None


def _of_sequence(nodes: Sequence[Any]) -> Strings | None:
    whole: Strings | None = frozenset({""})
    for node in nodes:
        strings = _strings(node)
        whole = None if whole is None or strings is None else _product(whole, strings)
    return whole


def _of_class(entries: Sequence[Any]) -> Strings | None:
    found: set[str] = set()
    for kind, value in entries:
        if kind is sre.LITERAL:
            found.add(chr(value))
        elif kind is sre.RANGE and value[1] - value[0] < _LARGEST_RANGE:
            found.update(map(chr, range(value[0], value[1] + 1)))
        else:
            return None  # what the class leaves out, all digits of the world, …
    return frozenset(found)


def _repeated(least: int, most: Any, nodes: Sequence[Any]) -> Strings | None:
    if most is sre.MAXREPEAT or most > 2:
        return None
    strings = _of_sequence(nodes)
    if strings is None:
        return None
    times: Strings | None = frozenset({""})
    found: set[str] = set()
    for count in range(int(most) + 1):
        if times is None:
            return None
        if count >= least:
            found |= times
        times = _product(times, strings)
    return frozenset(found)


def _product(first: Strings, second: Strings) -> Strings | None:
    if len(first) * len(second) > _MOST_STRINGS:
        return None
    return frozenset(one + other for one in first for other in second)
