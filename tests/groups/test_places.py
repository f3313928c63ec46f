from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from groups.labels.labelling import NameRules
from groups.labels.places import NAME_LENGTH, Place, clean_name, estate_of, place_of
from groups.settings import GroupsSettings

HOSTILE = {
    "64 kB of one character": "栋" * 65_536,
    "64 kB of digits": "1" * 65_536,
    "64 kB of almost an estate": "阳光" * 32_768,
    "64 kB of dashes": "3-" * 32_768,
    "emoji only": "🍀😀👨‍👩‍👧🏳️‍🌈" * 8_000,
    "control characters": "\x00\x07\x1b\x7f\u202e\u200b" * 10_000,
    "half a surrogate pair": "\ud83c" * 60_000,
    "combining marks": "a" + "\u0301" * 65_000,
}
READERS: dict[str, Callable[[str], object]] = {
    "place_of": place_of,
    "estate_of": estate_of,
    "clean_name": clean_name,
    "topic": NameRules(GroupsSettings()).topic,
    "room_names": lambda name: NameRules(GroupsSettings()).room_names([name] * 3),
}


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("reader", READERS.values(), ids=READERS.keys())
def test_hostile_names_are_read_as_short_ones_are(reader: Callable[[str], object], name: str) -> None:
    """Nothing beyond a bounded beginning is looked at, so the time cannot grow with the length."""
    assert reader(name) == reader(name[: NAME_LENGTH * 8])


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE.keys())
def test_reading_a_hostile_name_takes_a_bounded_number_of_steps(name: str) -> None:
    """Counted in calls, not in seconds: as many for 64 kB as for what is read of it."""

    def calls(text: str) -> int:
        count = 0

        def watch(*_: object) -> None:
            nonlocal count
            count += 1

        before = sys.getprofile()
        sys.setprofile(watch)
        try:
            place_of(text)
            estate_of(text)
        finally:
            sys.setprofile(before)
        return count

    calls(name)  # tables of characters fill at first sight
    assert calls(name) <= calls(name[: NAME_LENGTH * 8])


@pytest.mark.parametrize("name", ["🍀😀", "\x00\x07", "", " ", "\u202e"])
def test_a_name_without_words_says_nothing(name: str) -> None:
    assert place_of(name) == Place()
    assert estate_of(name) == ""


@pytest.mark.parametrize("name", ["520", "1314", "2026.1.1", "13800001234", "双子座小仙女", "三座大山", "5分钟热度"])
def test_numbers_and_signs_of_the_zodiac_are_no_address(name: str) -> None:
    assert place_of(name) == Place()
