"""A word is told from talk by how it begins: nothing that is a word may be taken for talk."""

from __future__ import annotations

import json
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groups.talk import hearing
from groups.talk.words import KINDS

_DATA = Path(__file__).parents[1] / "data"
_PATTERNS = ("_LEVEL", "_LABEL", "_LABEL_TURNED", "_LIST", "_DELETE_TAG")
_PIECES = (
    *KINDS,
    *("level", "推荐", "草莓"),
    *"退腿丁盯我卧窝要药不布别关官打大开的标签删掉加级等Ｔｔ一二3 ，！？?。·_-\n",
)


def _agrees(text: str) -> bool:
    """Hold the quick way against the one that reads every text; tell whether it spared the work."""
    with patch.object(hearing, "may_be_word", return_value=True):
        read = hearing.parse(text, False)
    assert hearing.parse(text, False) == read, repr(text)
    assert read is None or hearing.may_be_word(text), repr(text)
    return not hearing.may_be_word(text)


@settings(max_examples=800)
@given(st.lists(st.sampled_from(_PIECES), max_size=6).map("".join))
def test_nothing_made_of_words_is_overlooked(text: str) -> None:
    _agrees(text)


@settings(max_examples=300)
@given(st.text(max_size=12))
def test_no_text_at_all_is_overlooked(text: str) -> None:
    _agrees(text)


@pytest.mark.parametrize("name", _PATTERNS)
def test_no_pattern_is_overlooked(name: str) -> None:
    @settings(max_examples=200)
    @given(st.from_regex(getattr(hearing, name), fullmatch=True))
    def check(text: str) -> None:
        _agrees(text)

    check()


def test_a_slip_by_sound_is_heard_among_any_joints() -> None:
    for text in ("腿订", "腿 订", "腿订！", "窝的数据", "卧退订" + "！" * 30):
        assert not _agrees(text), text


def test_nearly_all_talk_ends_here() -> None:
    talk = [json.loads(line)["text"] for line in (_DATA / "talk.jsonl").read_text(encoding="utf-8").splitlines()]
    assert sum(map(_agrees, talk)) > 0.9 * len(talk)
