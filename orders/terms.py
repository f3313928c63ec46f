"""What stands around a leader's list: 满20份成团, 截单 今晚8点, 自提 南门驿站 明天下午, 备注, 群. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from core.late import late
from core.numerals import read_numeral
from core.templates import render
from orders.drafts import Fault
from orders.folding import fold
from orders.times import begins_like_time, read_time

ALL_GROUPS = "所有群"
"""Stands in ``OfferDraft.groups`` for every group of the leader."""
EDGES = " \t\u3000\r-—:：,，、。.!！~～|"
"""Signs that stand between things and belong to none of them."""

_NUMBER = r"[0-9]{1,5}|[一二两三四五六七八九十百]{1,5}"
REACHED = r"(?:成团|开团|起团|成单|发车|起发|起送|就发)"
_MINIMUM = late(
    rf"(?:最低|最少|至少)?(?:满|凑满|凑够|凑齐|够|达到|达)? ?(?P<count>{_NUMBER}) ?(?P<unit>[^\W\d])?(?:以上|起)?"
    rf" ?(?:即可|就|可|才)?{REACHED}"
    rf"|(?:最低|最少|至少)?(?:成团|起团)(?P<what>条件|人数|数量|份数|件数|要求)? ?[:=]? ?(?:满|够|最低|至少)?"
    rf" ?(?P<turned>{_NUMBER}) ?(?P<kind>[^\W\d])?起?"
)
_PEOPLE = frozenset("人户家位")
_PIECES = frozenset("份件箱盒单组袋个套包只斤瓶提")
CLOSING = r"(?:截单|截团|截止|收单|截接龙|关团|结团|结束)"
_OF_ORDERS = r"(?:接龙|下单|报名|收单)?"
_CLOSES = late(
    rf"{CLOSING}{_OF_ORDERS}(?:时间)?(?: ?[:=是为到在于] ?| +|(?=[0-9零一二三四五六七八九十今明后周下本星晚早大中]))"
    r"(?P<time>.+)"
)
_CLOSES_TURNED = late(rf"(?P<time>.+?)(?:前|之前)? ?(?:准时)?{CLOSING}{_OF_ORDERS}")
_OPENS = late(r"(?:开始时间|开团时间|开始接龙|开始下单|开抢|开始)(?: ?[:=是为到在于] ?| *)(?P<time>.+)")
_OPENS_TURNED = late(r"(?P<time>.+?)(?:准时)?(?:开始(?:接龙|下单)?|开抢|开团)")
_PICKUP = r"(?:自提|自取|取货|提货|取件|领取|配送|送货)"
_PLACE = late(
    rf"{_PICKUP}(?:地点|点|地址|位置|处)(?: ?[:=是为在] ?| *)(?P<text>.+)|(?:提货|取货)?地[点址] ?[:=] ?(?P<other>.+)"
)
_WHEN = late(rf"{_PICKUP}(?:时间|日期)(?: ?[:=是为在] ?| *)(?P<text>.+)")
_BOTH = late(rf"{_PICKUP}(?: ?[:=是为在到] ?| +|(?=[^ 草水果的]))(?P<text>.+)")
_BOTH_TURNED = late(rf"(?P<text>.+?) ?(?:{_PICKUP})")
_SOLD = late(r"[0-9] ?元|¥|[?]|吗")
_NOTE = late(
    r"(?:备注|说明|注意事项|注意|温馨提示|提示|注|ps)(?: ?[:=] ?| +)(?P<text>.+)"
    r"|(?P<whole>(?:预计|大概).{0,12}(?:到货|发货).*|(?:到货|发货).+)"
)
_GROUPS = late(r"(?:开团群|发布群|在群|发到|群)(?: ?[:=] ?| +)(?P<text>.+)")
_EVERY = late(r"(?:在|发)?(?:所有|全部|每个)(?:的)?群?")
_TOPICS = late(r"[、,;/|\n]+")
_STAMP = late(
    r"(?:今天|今日|明天|明日|大?后天|今晚|明晚|明早|(?:本|这|下)?(?:周|星期|礼拜)[一二三四五六日天末]"
    r"|[0-9]{1,2}月[0-9]{1,2}[日号]?|[0-9]{1,2}[日号](?![楼门院店馆栋线桥]|\w?口)"
    r"|凌晨|早上|上午|中午|下午|傍晚|晚上|(?<!\w)[早晚]|[0-9]{1,2} ?: ?[0-9]{2}"
    r"|[0-9一二三四五六七八九十]{1,3}点半?|之?前|之?后|左右|到货后|全天|[ ~,至到和-])+"
)
_DAYISH = late(r"天|日|周|星期|礼拜|月|午|晚|早|点|:|号|到货")


class Ill:
    """Keys of the advice that faults give, beside those of ``itemlines.Trouble``; the template has the words."""

    UNREAD = "unread"
    TIME = "time"
    PAST = "past"
    TWICE = "twice"
    MINIMUM = "minimum"
    NO_ITEMS = "no_items"
    ORDER = "order"
    NUMBERED = "numbered"


def advice(key: str) -> str:
    """Return in Chinese what to write instead."""
    return render("orders", "opening_fault", key=key)


def is_minimum(text: str) -> bool:
    """Tell whether a text says from how many on an offer stands, whatever it counts."""
    return _MINIMUM.fullmatch(fold(text[:100]).rstrip(" .!,")) is not None


@dataclass(slots=True)
class Terms:
    """Collects terms line by line: ``kept`` holds fields of ``OfferDraft``, ``faults`` what could not be understood."""

    now: datetime
    zone: ZoneInfo
    kept: dict[str, object] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    closing: tuple[int, str] = (0, "")
    said: dict[str, str] = field(default_factory=dict)

    def read(self, row: int, text: str, *, notes: bool = True) -> bool:
        """Read one term; True when the text is one, understood or at fault."""
        plain = fold(text)
        tries: tuple[Callable[[], bool], ...] = (
            partial(self._minimum, row, text, plain),
            partial(self._closes, row, text, plain),
            partial(self._opens, row, text, plain),
            partial(self._pickup, row, text, plain),
            partial(self._groups, row, text, plain),
            partial(self._note, text, plain) if notes else lambda: False,
        )
        return any(attempt() for attempt in tries)

    def read_all(self, row: int, pieces: list[str]) -> bool:
        """Read several terms of one line, all or none."""
        kept, faults = self.kept.copy(), len(self.faults)
        if all(self.read(row, piece, notes=False) for piece in pieces):
            return True
        self.kept = kept
        del self.faults[faults:]
        return False

    def fault(self, row: int, text: str, key: str) -> bool:
        """Note what is wrong with a line; returns True, for it was read."""
        if key not in self.said:
            self.said[key] = advice(key)  # rendered once for a message of thousands of bad lines
        self.faults.append(Fault(row, text[:200], self.said[key]))
        return True

    def settle(self) -> None:
        """Check what no line shows alone: an offer cannot close before it opens."""
        opens, closes = self.kept.get("opens_at"), self.kept.get("closes_at")
        if isinstance(opens, datetime) and isinstance(closes, datetime) and closes <= opens:
            self.fault(*self.closing, Ill.ORDER)
            del self.kept["closes_at"]
        if self.notes:
            self.kept["note"] = "\n".join(self.notes)

    def _keep(self, row: int, text: str, **values: object) -> bool:
        if values.keys() & self.kept.keys():
            return self.fault(row, text, Ill.TWICE)
        self.kept.update(values)
        return True

    def _minimum(self, row: int, text: str, plain: str) -> bool:
        match = _MINIMUM.fullmatch(plain.rstrip(" .!,"))
        if match is None:
            return False
        count = int(read_numeral(match["count"] or match["turned"]) or 0)
        unit = match["unit"] or match["kind"] or {"人数": "人", "份数": "份", "件数": "件"}.get(match["what"] or "", "")
        if not count or unit not in _PEOPLE | _PIECES:
            return self.fault(row, text, Ill.MINIMUM)
        return self._keep(row, text, **{"minimum_people" if unit in _PEOPLE else "minimum_pieces": count})

    def _moment(self, plain: str, patterns: tuple[re.Pattern[str], ...]) -> datetime | str | None:
        """Return the time of a term, the text of a time that cannot be read, or None when this is no such term."""
        trimmed = plain.rstrip(" .!,~)")
        if len(trimmed) > 60 or _SOLD.search(trimmed):
            return None
        for pattern in patterns:
            if match := pattern.fullmatch(trimmed):
                moment = read_time(match["time"], self.now, self.zone)
                if moment is not None:
                    return moment
                if begins_like_time(match["time"]):
                    return match["time"]
        return None

    def _closes(self, row: int, text: str, plain: str) -> bool:
        moment = self._moment(plain, (_CLOSES, _CLOSES_TURNED))
        if not isinstance(moment, datetime):
            return moment is not None and self.fault(row, text, Ill.TIME)
        if moment <= self.now:
            return self.fault(row, text, Ill.PAST)
        self.closing = row, text
        return self._keep(row, text, closes_at=moment)

    def _opens(self, row: int, text: str, plain: str) -> bool:
        moment = self._moment(plain, (_OPENS, _OPENS_TURNED))
        if not isinstance(moment, datetime):
            return moment is not None and self.fault(row, text, Ill.TIME)
        return self._keep(row, text, opens_at=moment)

    def _pickup(self, row: int, text: str, plain: str) -> bool:
        for pattern, name in ((_PLACE, "pickup_place"), (_WHEN, "pickup_when")):
            if match := pattern.fullmatch(plain):
                group = match.lastgroup or "text"
                return self._keep(row, text, **{name: text[match.start(group) : match.end(group)].strip(EDGES)})
        match = _BOTH.fullmatch(plain) or _BOTH_TURNED.fullmatch(plain)
        if match is None or len(plain) > 100 or _SOLD.search(plain):
            return False
        place, when = split_pickup(text[match.start("text") : match.end("text")])
        said = {name: value for name, value in (("pickup_place", place), ("pickup_when", when)) if value}
        return bool(said) and self._keep(row, text, **said)

    def _groups(self, row: int, text: str, plain: str) -> bool:
        match = _GROUPS.fullmatch(plain)
        start = match.start("text") if match else 0
        if _EVERY.fullmatch(plain[start:].strip(" .!")) and (match or "群" in plain):
            return self._keep(row, text, groups=(ALL_GROUPS,))
        return match is not None and self._keep(row, text, groups=split_topics(text[start:]))

    def _note(self, text: str, plain: str) -> bool:
        match = _NOTE.fullmatch(plain)
        if match is None:
            return False
        group = "text" if match["text"] else "whole"
        self.notes.append(text[match.start(group) : match.end(group)].strip())
        return True


def cut(pattern: re.Pattern[str], text: str) -> list[str]:
    """Split a text, as written, where its uniform form has the pattern; empty pieces are left out."""
    cuts = [0, *(at for match in pattern.finditer(fold(text)) for at in match.span()), len(text)]
    pieces = [text[cuts[n] : cuts[n + 1]].strip(EDGES) for n in range(0, len(cuts), 2)]
    return [piece for piece in pieces if piece]


def split_topics(text: str) -> tuple[str, ...]:
    """Return the topics in a list (阳光小区水果群、星河湾宝妈群); spaces part them only if each ends in 群."""
    topics = cut(_TOPICS, text)
    parts = text.split()
    if len(topics) == 1 and len(parts) > 1 and all(fold(part).endswith("群") for part in parts):
        topics = parts
    return tuple(dict.fromkeys(topics))


def split_pickup(text: str) -> tuple[str, str]:
    """Return place and time of a pick-up as written: 南门驿站 明天下午."""
    stamps = [match for match in _STAMP.finditer(fold(text)) if _DAYISH.search(match[0])]
    if not stamps:
        return text.strip(EDGES), ""
    start, end = max(stamps, key=lambda found: found.end() - found.start()).span()
    before, after = text[:start].strip(EDGES), text[end:].strip(EDGES)
    return " ".join(filter(None, (before, after))), text[start:end].strip(EDGES)
