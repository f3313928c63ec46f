"""Rooms and phone numbers never reach a group list; buildings are found for sorting."""

from __future__ import annotations

import re
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.masking import building_of, building_order, mask_name, room_of


@pytest.mark.parametrize(
    ("name", "shown", "building", "room"),
    [
        ("3栋502-小美", "小美", "3栋", "502"),
        ("3-502", "3栋***", "3栋", "502"),
        ("3#502", "3栋***", "3栋", "502"),
        ("3号楼2单元502", "3号楼***", "3号楼", "502"),
        ("3-2-502 阿强", "阿强", "3栋", "502"),
        ("A座1203", "A座***", "A座", "1203"),
        ("A1203 老王", "老王", "A座", "1203"),
        ("B栋-1203 Lily", "Lily", "B栋", "1203"),
        ("七号楼", "七号楼***", "七号楼", ""),
        ("七号楼王姐", "王姐", "七号楼", ""),
        ("三栋五零二小美", "小美", "三栋", "五零二"),
        ("H1-小美", "小美", "H1", ""),
        ("128弄3号502室李", "李", "3号", "502"),
        ("3 502 小美", "小美", "3栋", "502"),
        ("３棟５０２小美", "小美", "3栋", "502"),
        ("3\u200b栋5\u200b02小美", "小美", "3栋", "502"),
        ("3️⃣栋502🍓", "🍓", "3栋", "502"),
        ("小美（3-502）", "小美", "3栋", "502"),
        ("星河11栋 王姐", "王姐", "11栋", ""),
        ("小美-星河2栋", "小美", "2栋", ""),
        ("小美3栋", "小美", "3栋", ""),
        ("小美，E区东门", "小美", "E区", ""),
        ("E区2栋小美", "小美", "E区2栋", ""),
        ("502小美", "小美", "", ""),
        ("小美 138 0000 1234", "小美", "", ""),
        ("小美+86138-0000-1234", "小美", "", ""),
        ("电话13800001234", "***", "", ""),
        ("0512-66881234 老王", "老王", "", ""),
        ("一三八零零零零一二三四小美", "小美", "", ""),
    ],
)
def test_rooms_and_phone_numbers(name: str, shown: str, building: str, room: str) -> None:
    assert (mask_name(name), building_of(name), room_of(name)) == (shown, building, room)


@pytest.mark.parametrize(
    "name", ["Ann Li", "Sissi-CC", "小美2", "老六", "五花肉", "三座山", "iPhone15", "🍓", "。。。"]
)
def test_other_names_stay(name: str) -> None:
    assert mask_name(name) == name


def test_an_empty_name_is_shown_as_stars() -> None:
    assert mask_name("\u200b\u202e ") == "***"


_ROOMS = st.one_of(
    st.builds(
        "{}{}{}".format,
        st.integers(1, 99),
        st.sampled_from(
            ["栋", "幢", "座", "号楼", "#", "-", "－", "—", "_", "/", ".", " ", "栋 ", "#楼-", "号楼-", "期1栋"]
        ),
        st.integers(100, 3999),
    ),
    st.builds("{}号楼{}单元{}室".format, st.integers(1, 99), st.integers(1, 9), st.integers(100, 3999)),
    st.builds("{}-{}-{}".format, st.integers(1, 99), st.integers(1, 9), st.integers(100, 3999)),
    st.builds(
        "{}{}{}".format, st.sampled_from("ABCDHabc"), st.sampled_from(["座", "", "-", "栋"]), st.integers(100, 3999)
    ),
)
_PHONES = st.builds(
    lambda digits, sign, plus: plus + sign.join(digits),
    st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True).map(lambda text: (text[:3], text[3:7], text[7:])),
    st.sampled_from(["", " ", "-", " - ", ".", "\u200b"]),
    st.sampled_from(["", "+86", "86-", "电话", "tel:"]),
)
_NICKNAMES = st.sampled_from(["小美", "王姐", "Ann Li", "🍓", "", "老六", "Sissi-CC", "不要香菜", "…", "A", "x"])
_GLUE = st.sampled_from(["", "-", " ", "，", "（", "|", "～", "·"])


@given(_NICKNAMES, _GLUE, st.one_of(_ROOMS, _PHONES), _GLUE, _NICKNAMES, st.booleans())
def test_no_room_and_no_phone_number_is_ever_shown(
    before: str, left: str, secret: str, right: str, after: str, wide: bool
) -> None:
    name = before + left + secret + right + after
    if wide:
        name = "".join(chr(ord(char) + 0xFEE0) if char.isdigit() else char for char in name)
    shown = unicodedata.normalize("NFKC", mask_name(name).removesuffix("***"))
    assert not re.search(r"\d{3}", shown)
    assert mask_name(name)


@given(st.text(max_size=300))
def test_any_text_can_be_masked_and_masking_is_final(text: str) -> None:
    shown = mask_name(text)
    assert shown
    assert not re.search(r"[0-9]{3}", shown)
    building_order(building_of(text))
    room_of(text)


@pytest.mark.parametrize("piece", ["3栋502-", "1", "(", "一", "- ", "A1"])
def test_time_grows_with_the_length_of_a_name_only(piece: str) -> None:
    def cost(length: int) -> float:
        name = (piece * length)[:length]
        begun = time.thread_time()
        mask_name(name)
        building_of(name)
        room_of(name)
        return time.thread_time() - begun

    cost(1_000)
    assert min(cost(64_000) for _ in range(2)) < 0.1 + 20 * min(cost(8_000) for _ in range(3))


def test_buildings_sort_by_zone_and_number_and_one_building_has_one_place() -> None:
    names = ["", "10栋", "B座", "2号楼", "E区1栋", "A座", "三幢"]
    assert sorted(names, key=building_order) == ["2号楼", "三幢", "10栋", "A座", "B座", "E区1栋", ""]
    assert len({building_order(name) for name in ("3栋", "3号楼", "三幢", "3#", "3号")}) == 1
