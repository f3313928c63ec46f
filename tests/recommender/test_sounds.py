"""Words by how they sound."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.sounds import SoundIndex, sound, syllable_runs


@pytest.fixture(scope="module")
def words() -> SoundIndex:
    return SoundIndex(["草莓", "车厘子", "薯片", "羊蝎子", "螺蛳粉", "牛奶", "a4纸", "米"])


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("草霉", "草莓"),
        ("车里子", "车厘子"),
        ("薯骗", "薯片"),
        ("羊斜子", "羊蝎子"),
        ("罗丝粉", "螺蛳粉"),
        ("流奶", "牛奶"),
    ],
)
def test_a_slip_sounds_like_the_word(words: SoundIndex, slip: str, meant: str) -> None:
    assert words.like(slip) == [meant]


@pytest.mark.parametrize(("typed", "meant"), [("caomei", "草莓"), ("chelizi", "车厘子"), ("luosifen", "螺蛳粉")])
def test_pinyin_is_read(words: SoundIndex, typed: str, meant: str) -> None:
    assert words.typed(typed) == [meant]


@pytest.mark.parametrize("written", ["苹果", "草", "", "cm", "草莓"])
def test_nothing_else_sounds_like_it(words: SoundIndex, written: str) -> None:
    assert words.like(written) == []


@pytest.mark.parametrize("typed", ["iphone", "usb", "a", "", "caomei" * 10, "草莓", "cao mei"])
def test_what_is_no_pinyin_is_left_alone(words: SoundIndex, typed: str) -> None:
    assert words.typed(typed) == []


@given(st.text(alphabet="aeiouvbpmfdtnlgkhjqxzcsrwy", max_size=40))
def test_syllables_joined_are_the_letters(letters: str) -> None:
    for run in syllable_runs(letters):
        assert "".join(run) == letters


@given(st.text(max_size=20))
def test_any_text_has_a_sound_or_none(text: str) -> None:
    assert len(sound(text)) in {0, len(text)}
