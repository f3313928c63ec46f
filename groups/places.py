"""What topics and room names say about places, and how a name is made fit to store. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

NAME_LENGTH = 64
"""Longer names are cut: no channel shows more, and a hostile one may have 64 kB."""

_ESTATE = re.compile(
    r"(?P<name>[\u4e00-\u9fffA-Za-z]{2,8}?"
    r"(?:小区|花园|花苑|嘉园|佳园|家园|雅园|名苑|雅苑|新苑|新村|公馆|公寓|山庄|庄园|广场|华庭|豪庭|名邸|名城|新城|社区|大厦"
    r"|湾|苑|府|郡|庭|里(?=[\d第一二三四五六七八九十]|$|群)|城(?=[\d第一二三四五六七八九十]|$|群)|园(?=[\d第一二三四五六七八九十]|$|群)))"
)
_NO_ESTATE = re.compile(
    r"幼儿园|动物园|植物园|公园|校园|果园|菜园|政府|同城|美食城|批发城|商城|朋友|家里|群里|店里|这里|那里"
)
_LEAD = re.compile(r"^(?:欢迎来到|欢迎|相约|我爱|爱上|团购|拼团|邻里|业主)+")
_BUILDING = re.compile(r"(?P<building>\d{1,3}|[一二三四五六七八九十]{1,3}|[A-Za-z]\d{0,2})(?:栋|幢|座|号楼|号院|#)")
_ZONE = re.compile(r"(?P<zone>[甲乙丙丁戊A-Za-z东南西北一二三四五六]{1,2})区")
_ROOM = re.compile(r"(?:[-—#栋幢座楼元 ]|^)(?P<room>\d{3,4})(?!\d)")
_BEFORE = re.compile(r"(?P<name>[\u4e00-\u9fff]{2,8})\s*[-—]?\s*$")
_PHASE = re.compile(r"[第]?[\d一二三四五六]{1,2}期$")


def clean_name(name: str) -> str:
    """Return a topic or a name as it may be stored and shown: one line, no control characters, of bounded length."""
    kept = (
        " " if char.isspace() else char
        for char in name[: NAME_LENGTH * 8]
        if char.isspace() or unicodedata.category(char) not in {"Cc", "Cs", "Cn", "Co"}
        if char not in "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
    )
    return " ".join("".join(kept).split())[:NAME_LENGTH]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a room name says somebody lives; empty where it says nothing."""

    neighbourhood: str = ""
    zone: str = ""
    building: str = ""
    room: str = ""


def place_of(room_name: str) -> Place:
    """Read ``3栋502-小美``, ``星河11栋 王姐``, ``🍀甲H区``. Buildings and rooms are for delivery only."""
    name = unicodedata.normalize("NFKC", room_name[:NAME_LENGTH])
    building, zone = _BUILDING.search(name), _ZONE.search(name)
    first = min((match.start() for match in (building, zone) if match), default=0)
    before = _BEFORE.search(name[:first])
    estate = _PHASE.sub("", before["name"]) if before else ""
    number = _ROOM.search(name, building.end() - 1 if building else 0)
    return Place(
        neighbourhood=estate if len(estate) > 1 else "",
        zone=zone["zone"] + "区" if zone else "",
        building=building[0].replace("#", "栋") if building else "",
        room=number["room"] if number and building else "",
    )


def estate_of(topic: str) -> str:
    """Return the estate that a topic names by its form (阳光花园3期水果群 → 阳光花园), or nothing."""
    for part in re.split(r"[^\u4e00-\u9fffA-Za-z0-9]+", unicodedata.normalize("NFKC", topic[:NAME_LENGTH])):
        match = _ESTATE.search(_LEAD.sub("", part))
        if match and not _NO_ESTATE.search(match["name"]):
            return match["name"]
    return ""
