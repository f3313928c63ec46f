"""Where the name in an entry ends and the goods begin. Pure; linear in the length of the entry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from core.late import late
from orders.folding import fold
from orders.quantities import not_numbers, quantity_at

_TOKEN = late(r"[^\s,;:、|]+")
_BETWEEN = " \t\u3000\u00a0\u2005，,、;；:：|｜/-—_"
_LATIN = late(r"[a-z][a-z.'·-]*\Z")
_SIZE = late(r"x{0,3}[sml]\Z")
_ARABIC = late(r"[+*×]? ?\d")
_PLACE = late(r"栋|幢|号|室|单元|区|座|楼|\d-\d|#|门")
_ROOM = late(r"[a-z]?\d{1,3}(?:-\d{1,5}){1,2}\Z|[a-z]?\d{1,3}(?:栋|幢|号楼|座|#|单元).{0,8}\Z")
_WITHDRAWN_WORD = late(r"(?:取消|不要了|退出|退了|撤了)[了!.。 ]*\Z")
_STARTS = frozenset("0123456789零〇一二两俩三仨四五六七八九十百半几好若公斤+×*x")
"""What a number with its unit begins with."""
_LONGEST = 64
"""Longer names are not looked for; a nickname has at most 32 characters in WeChat."""


@dataclass(frozen=True, slots=True)
class Known:
    """What helps to tell names from goods: folded, longest first by length.

    ``goods`` are titles and other names of items; ``people`` what members of the group are called.
    """

    goods: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()
    good_lengths: tuple[int, ...] = field(default=())
    people_lengths: tuple[int, ...] = field(default=())

    @classmethod
    def of(cls, goods: Iterable[str] = (), people: Iterable[str] = ()) -> Known:
        """Return what is known from names as they are written."""
        titles = frozenset(word for good in goods if (word := fold(good).strip()))
        names = frozenset(word for person in people if 0 < len(word := fold(person).strip()) <= _LONGEST)
        return cls(titles, names, _lengths(titles), _lengths(names))

    def good_at(self, line: str, place: int) -> int:
        """Return where the longest known goods that start here end, or ``place``."""
        return _longest(line, place, self.goods, self.good_lengths)

    def person_at(self, line: str) -> list[int]:
        """Return where known names that a line begins with end, the longest first."""
        return [size for size in self.people_lengths if line[:size] in self.people and len(line) >= size]


def split_name(body: str, known: Known, author_names: Iterable[str] = ()) -> tuple[str, str]:
    """Return the name in an entry and the rest of it, both as written.

    ``author_names`` is what the one who wrote the entry is called, if that is known; such a name wins, then those of
    members, then what stands before the first sign of goods. The name is empty where an entry holds goods alone.
    """
    first, _, rest = body.partition("\n")
    line = fold(first)
    end = _known_end(line, known, author_names)
    if end is None:
        end = _guessed_end(line, known, more=bool(rest.strip()))
    goods = (first[end:].lstrip(_BETWEEN) if end else first) + ("\n" + rest if rest else "")
    return first[:end].strip().strip(_BETWEEN) or first[:end].strip(), goods.strip()


def _known_end(line: str, known: Known, author_names: Iterable[str]) -> int | None:
    own = sorted((len(name) for name in map(_folded, author_names) if name and line.startswith(name)), reverse=True)
    for end in (*own, *known.person_at(line)):
        if _may_end(line, end, known):
            return end
    return None


def _folded(name: str) -> str:
    return fold(name).strip()


def _may_end(line: str, end: int, known: Known) -> bool:
    """Tell whether a known name can end here: nothing follows, or something that is no part of a name."""
    if end >= len(line) or line[end] in "+*×(（ ,;:、|/-":
        return True
    if line[end].isascii() and line[end].isalnum() and line[end - 1].isascii() and line[end - 1].isalnum():
        return False
    return known.good_at(line, end) > end or _quantity_end(line, end) > end


def _quantity_end(line: str, place: int) -> int:
    """Return where a number with a unit or a sign ends that starts here, or ``place``."""
    if place and line[place - 1].isascii() and line[place - 1].isdigit() and line[place].isdigit():
        return place  # inside a number
    if line[place : place + 1] not in _STARTS:
        return place
    if any(line.startswith(word, place) for word in not_numbers() if word[0] == line[place]):
        return place
    found = quantity_at(line, place)
    if found is None or found.figure or not (found.unit or found.sign in {"+", "×"}):
        return place
    return found.end


def _guessed_end(line: str, known: Known, *, more: bool) -> int:
    tokens = [match.span() for match in _TOKEN.finditer(line)]
    if not tokens:
        return len(line)
    start, end = tokens[0]
    later = [place for place in tokens[1:] if _tells(line, place, known)]
    inside = _goods_in(line, start, end, known)
    if inside is not None:
        return _inside_end(line, (start, end), inside, known, later=later)
    if len(tokens) > 1 and _ROOM.match(line[start:end]) and tokens[1] not in later:
        return tokens[1][1]  # 3-502 小美 2份
    if later and _LATIN.match(line[start:end]):
        for begin, stop in tokens[1:]:
            word = line[begin:stop]
            if not _LATIN.match(word) or _SIZE.match(word) or known.good_at(line, begin) > begin:
                break
            end = stop
    elif more and not later and _is_name_line(line, tokens, known):
        return len(line)
    return end


def _inside_end(line: str, token: tuple[int, int], inside: int, known: Known, *, later: list[tuple[int, int]]) -> int:
    """Return the end of the name where the first word holds a sign of goods itself."""
    start, end = token
    good = known.good_at(line, inside)
    listed = end < len(line) and line[end] in ",、;"
    if inside == start:
        if good > inside:  # 苹果 2斤; but 草莓 苹果2斤 is somebody called 草莓
            named_twice = good == end and any(known.good_at(line, place) > place for place, _ in later)
            return end if named_twice else 0
        beyond = _quantity_end(line, inside)
        said_again = later and not listed and known.good_at(line, beyond) == beyond and beyond < end
        return end if said_again else 0  # 三只松鼠 2份, against 8份晚餐
    if good == inside and later:
        if not _ARABIC.match(line, inside):
            return end  # 阿一份子 2份: a number word in a nickname
        if listed:
            return 0  # 苹果4斤，香蕉3斤
    return inside


def _goods_in(line: str, start: int, end: int, known: Known) -> int | None:
    """Return where the goods begin inside a word; a bracket that holds no place begins them, too."""
    for place in range(start, min(end, start + _LONGEST)):
        if known.good_at(line, place) > place or _quantity_end(line, place) > place:
            return place
        if place > start and line[place] in "(（":
            closing = line.find(")", place, place + _LONGEST)
            if closing > 0 and not _PLACE.search(line, place, closing):
                return place
    return None


def _tells(line: str, token: tuple[int, int], known: Known) -> bool:
    """Tell whether a later word certainly speaks of goods."""
    start, end = token
    if _WITHDRAWN_WORD.match(line, start, end):
        return True
    return any(
        known.good_at(line, place) > place or _quantity_end(line, place) > place
        for place in range(start, min(end, start + _LONGEST))
    )


def _is_name_line(line: str, tokens: list[tuple[int, int]], known: Known) -> bool:
    """Tell whether a line above goods is a name and a place in whole."""
    return len(tokens) == 1 or all(_LATIN.match(line[start:end]) for start, end in tokens)


def _lengths(words: Iterable[str]) -> tuple[int, ...]:
    return tuple(sorted({len(word) for word in words}, reverse=True))


def _longest(line: str, place: int, words: frozenset[str], lengths: tuple[int, ...]) -> int:
    return next((place + size for size in lengths if line[place : place + size] in words), place)


def people(members: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """Return every name that members are called by."""
    return frozenset(name for names in members.values() for name in names if name)
