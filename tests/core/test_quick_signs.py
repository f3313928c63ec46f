"""Faces and mentions taken out in one step leave what the ``Normaliser`` leaves."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.quick_signs import QuickSigns
from core.text import FOLDS, Normaliser

PIECES = [
    *"草莓有吗aZ9,，。.．!！?：/ 　\n\u2005\u200b@＠[［]〔〕「」www，",
    *(
        "[捂脸]",
        "[ok]",
        "[OK]",
        "[草莓]",
        "[666]",
        "@千群",
        "@千群 ",
        "@千群\u2005",
        "@林 姐\u2005",
        "www.1",
        "http://",
    ),
    *("「林姐：在吗」\n- - - - -\n", "😂", "🍓", "無", "1️⃣", "团长"),
]


@pytest.fixture(scope="module")
def normaliser() -> Normaliser:
    return Normaliser({"🍓": "草莓"})


@pytest.fixture(scope="module")
def folds(normaliser: Normaliser) -> list[int]:
    return list(normaliser.folds())


@pytest.fixture(scope="module")
def quick_signs(folds: list[int]) -> QuickSigns:
    return QuickSigns(folds)


def quick_way(text: str, folds: list[int]) -> str | None:
    """What the quick way makes of a text, None where the long one has to be taken."""
    codes = [folds[ord(char)] if ord(char) < FOLDS else 0 for char in text]
    if 0 in codes:
        return None
    found = "".join(map(chr, codes)).strip(" \n")
    points = [place for place, char in enumerate(found) if char == "."]
    if any(
        not found[place + 1 : place + 2].isdigit() or found[place - 1 : place] in {"", " ", "w"} for place in points
    ):
        return None
    return None if "\n" in found or "  " in found else found


@settings(max_examples=3_000)
@given(st.lists(st.sampled_from(PIECES), max_size=9).map("".join))
def test_what_passes_the_quick_way_is_the_uniform_text(
    normaliser: Normaliser, folds: list[int], quick_signs: QuickSigns, raw: str
) -> None:
    found = quick_way(quick_signs(raw), folds)
    assert found in (None, normaliser(raw).text)


@settings(max_examples=500)
@given(st.lists(st.lists(st.sampled_from(PIECES), max_size=6).map("".join), max_size=6))
def test_several_texts_lose_what_each_alone_loses(quick_signs: QuickSigns, raws: list[str]) -> None:
    assert quick_signs.each("\0".join(raws), "\0").split("\0") == [quick_signs(raw) for raw in raws or [""]]


@pytest.mark.parametrize(
    ("raw", "left"),
    [
        ("好的[捂脸]", "好的"),
        ("[强][强]收到[ok]", "收到"),
        ("笑死[捂脸][捂脸]真的", "笑死 真的"),
        ("@千群 有草莓吗", "有草莓吗"),
        ("@千群\u2005有草莓吗", "有草莓吗"),
        ("@团长，还有吗", ",还有吗"),
        ("收到@团长", "收到"),
    ],
)
def test_common_ones_need_no_long_way(
    normaliser: Normaliser, folds: list[int], quick_signs: QuickSigns, raw: str, left: str
) -> None:
    assert quick_way(quick_signs(raw), folds) == left == normaliser(raw).text


@pytest.mark.parametrize(
    "raw",
    [
        "www.1[ok]2",  # the face is a part of the address
        "好[捂脸]www.1",
        "@林 姐\u2005在吗",  # a name with a space
        "@林姐[捂脸] 在吗",  # a name with a face
        "a@团长 在吗",  # an address for mail
        "[草莓]还有吗",  # goods in brackets
    ],
)
def test_what_hangs_together_is_left_to_the_long_way(folds: list[int], quick_signs: QuickSigns, raw: str) -> None:
    assert quick_way(quick_signs(raw), folds) is None or quick_signs(raw) == raw
