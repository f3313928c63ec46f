"""What topics and room names say about places, and how a name is made fit to store. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from core.late import late

NAME_LENGTH = 64
"""Longer names are cut: no channel shows more, and a hostile one may have 64 kB."""

_GOODS = r"水果|鲜果|生鲜|果蔬|蔬|买菜|买肉|海鲜|水产|零食|小龙虾|宠物|快递"
_PEOPLE = r"宝妈|妈妈|奶爸|业主|邻|猫|狗|养|遛"
_ENDS = rf"(?=[\d第一二三四五六七八九十]|[A-Za-z]区|$|群|团|拼|自提|{_GOODS}|{_PEOPLE})"
"""What follows a name of an estate whose last character alone would prove little (江南里水果, 凤凰城3期)."""
_ESTATE = late(
    r"(?P<name>[\u4e00-\u9fffA-Za-z]{2,8}?"
    r"(?:小区|花园|花苑|嘉园|佳园|家园|雅园|名苑|雅苑|新苑|新村|公馆|公寓|山庄|庄园|广场|华庭|豪庭|名邸|名城|新城|社区|大厦"
    rf"|半岛|公园城|湾|苑|府|郡|庭|(?:绿洲|江南|国际|里|城|园){_ENDS})"
    r"|[\u4e00-\u9fff][府郡苑庭](?=[A-Za-z甲乙丙东南西北]区|\d{1,3}[期栋幢座#号])"
    r"|[\u4e00-\u9fff]{2,4}[路街]\d{1,4}(?:弄|号院))"
)
_ENGLISH_ESTATE = late(r"\b[A-Z][a-z]{1,12} (?:Gardens?|Park|Court|Residences?|Village|Plaza|Heights|Bay|Towers)\b")
_NO_ESTATE = late(
    r"幼儿园|动物园|植物园|公园(?!城)|校园|果园|菜园|政府|同城|美食城|批发城|商城|朋友|家里|群里|店里|这里|那里|家庭|庭院"
    r"|^(?:我家|我们|某|住|哪个|全)"
)
_LEAD = late(r"^(?:欢迎来到|欢迎|相约|我爱|爱上|团购|拼团|邻里|业主)+")
_DIGITS = r"\d{1,3}|[一二三四五六七八九十]{1,3}|[甲乙丙丁戊]|[A-Za-z]\d{0,2}"
_BUILDING = late(
    rf"(?:(?P<building>{_DIGITS})(?:[栋幢](?!楼)|号楼|号院|#)|(?P<tower>\d{{1,3}}|[甲乙丙丁戊]|[A-Za-z]\d{{0,2}})座)"
)
"""One, two or three 座 in characters are mostly something else (一座城, 三座大山)."""
_DASHED = late(r"(?<![\d.-])(?P<building>[A-Za-z]?\d{1,2}|[A-Za-z])-(?:\d{1,2}-)?(?P<room>\d{3,4})(?![\d.-])")
"""12-1802, 5-2-301, A3-1201: building, perhaps a unit, room."""
_WRITTEN_OUT = (
    (late(r"(?i)\b(?:building|block|bldg)\.? ?(\d{1,3}|[A-Z])\b"), r"\1栋"),
    (late(r"(?i)\btower ?(\d{1,3}|[A-Z])\b"), r"\1座"),
    (late(r"(?i)\b(\d{1,3}) ?dong\b"), r"\1栋"),
    (late(r"[‐-―－—]+"), "-"),
)
_ZONE = late(r"(?:(?<![A-Za-z])(?P<zone>[甲乙丙丁戊A-Za-z东南西北一二三四五六]{1,2})|(?<!\d)(?P<number>\d{1,2}))区")
_ROOM = late(r"(?:[-—#栋幢座楼元 /_·,，、&]|^)(?P<room>\d{3,4})(?!\d)")
_LAST_ROOM = late(r"(?<!\d)(?P<room>\d{3,4})室?$")
_HOUSE_NUMBER = r"(?P<{0}>(?:[1-9]|[12]\d|3\d)(?:0[1-9]|1[0-2]))"
_ALONE = late(
    rf"(?i)(?<=单元){_HOUSE_NUMBER.format('of_unit')}(?!\d)|(?<=楼){_HOUSE_NUMBER.format('of_house')}(?!\d)"
    rf"|^{_HOUSE_NUMBER.format('first')}(?=室|[ \u4e00-\u9fff])(?![年分块元个次天斤岁号月日])"
    rf"|(?<=\brm ){_HOUSE_NUMBER.format('written')}\b"
)
"""A room without its building: floor and number as houses have them, so that 520 and 1314 are none."""
_BEFORE = late(r"(?P<name>[\u4e00-\u9fff]{2,8})\s*[-—]?\s*$")
_PHASE = late(r"第?[\d一二三四五六]{1,2}期\s*$")
_PERSON = late(r"(?:[老小阿大][\u4e00-\u9fff]{1,2}|(.)\1|[姐妈爸哥叔姨总嫂婶]|老师|先生|女士)$")


def clean_name(name: str) -> str:
    """Return a topic or a name as it may be stored and shown: one line, no control characters, of bounded length."""
    kept = (
        " " if char.isspace() else char
        for char in name[: NAME_LENGTH * 8]
        if char.isspace() or unicodedata.category(char) not in {"Cc", "Cs", "Cn", "Co"}
        if char not in "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
    )
    return " ".join("".join(kept).split())[:NAME_LENGTH].rstrip()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a room name says somebody lives; empty where it says nothing."""

    neighbourhood: str = ""
    zone: str = ""
    building: str = ""
    room: str = ""


def place_of(room_name: str) -> Place:
    """Read ``3栋502-小美``, ``星河11栋 王姐``, ``🍀甲H区``, ``5-2-301 老李``.

    Buildings and rooms are for delivery only.
    """
    name = unicodedata.normalize("NFKC", room_name[:NAME_LENGTH])
    for pattern, form in _WRITTEN_OUT:
        name = pattern.sub(form, name)
    building, zone, dashed = _BUILDING.search(name), _ZONE.search(name), _DASHED.search(name)
    first = min((match.start() for match in (building, zone, dashed) if match), default=0)
    house = building[0].replace("#", "栋") if building else f"{dashed['building']}栋" if dashed else ""
    return Place(
        neighbourhood=_estate_before(name[:first]) or estate_of(name),
        zone=f"{zone['zone'] or zone['number']}区" if zone else "",
        building=house,
        room=_room(name, building, dashed),
    )


def _estate_before(text: str) -> str:
    """Return the estate that stands before a building; a person's name there is none."""
    before = _BEFORE.search(_PHASE.sub("", text))
    name = before["name"] if before else ""
    return name if len(name) > 1 and not _PERSON.search(name) and not _NO_ESTATE.search(name) else ""


def _room(name: str, building: re.Match[str] | None, dashed: re.Match[str] | None) -> str:
    if building is not None:
        found = _ROOM.search(name, building.end() - 1) or _LAST_ROOM.search(name, building.end())
        return found["room"] if found else ""
    if dashed is not None:
        return str(dashed["room"])
    alone = _ALONE.search(name)
    return alone[0] if alone else ""


def estate_of(topic: str) -> str:
    """Return the estate that a text names by its form (阳光花园3期水果群 → 阳光花园), or nothing."""
    plain = unicodedata.normalize("NFKC", topic[:NAME_LENGTH])
    pieces = [piece for piece in re.split(r"[^\u4e00-\u9fffA-Za-z0-9]+", plain) if piece]
    if len(pieces) > 2 and all(len(piece) == 1 for piece in pieces):
        pieces = ["".join(pieces)]  # written with gaps: 翠 湖 苑
    for piece in pieces:
        match = _ESTATE.search(_LEAD.sub("", piece))
        if match and not _NO_ESTATE.search(match["name"]):
            return match["name"]
    english = _ENGLISH_ESTATE.search(plain)
    return english[0] if english else ""
