"""Glancing changes nothing in conversations: what is not read would have said nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.text import Normaliser
from recommender import glancer
from recommender.decisions import Asked
from recommender.dialogue import utterance_of
from recommender.glancer import Glancer
from recommender.lexicon import Lexicon
from recommender.memory import GroupMemory, Utterance
from recommender.needs import LONGEST_NEED, Reading
from recommender.screening import Sign
from recommender.segmentation import Segmenter
from recommender.service import Recommender, only_talk
from tests.recommender.conftest import lines

START = datetime(2026, 5, 6, 8, tzinfo=UTC)


def _conversation(
    recommender: Recommender, normaliser: Normaliser, said: list[str], *, glancing: bool
) -> list[Reading]:
    """Return the readings of a conversation in which three members speak in turn."""
    memory = GroupMemory()
    texts = [normaliser(text) for text in said]
    glances = recommender.glances(texts)
    assert None not in glances
    readings = []
    for place, (text, glance) in enumerate(zip(texts, glances, strict=True)):
        asked = Asked(f"m{place % 3}", "", text, START + timedelta(seconds=20 * place), by_leader=place % 3 == 2)
        reading = recommender.understand(asked, memory, glance=glance if glancing else None)
        left = utterance_of(reading, asked.member, asked.at, answered=False)
        if left is not None:
            memory.note(left)
        readings.append(reading)
    return readings


@pytest.mark.parametrize("name", ["need_dialogues.jsonl", "talk.jsonl", "needs_test.jsonl"])
def test_a_conversation_is_understood_alike(recommender: Recommender, normaliser: Normaliser, name: str) -> None:
    said = [entry["text"] for line in lines(name) for entry in line.get("lines", (line,))]
    glancing = _conversation(recommender, normaliser, said, glancing=True)
    reading = _conversation(recommender, normaliser, said, glancing=False)
    for quick, full in zip(glancing, reading, strict=True):
        assert (quick.outcome, quick.needs) == (full.outcome, full.needs)
        assert (quick.loose, quick.mentions, quick.opinion_about) == (full.loose, full.mentions, full.opinion_about)
    assert sum(not one.masked.mask for one in glancing) > sum(not one.masked.mask for one in reading)


def test_what_narrows_a_need_down_is_read_only_of_whose_need_it_is(
    recommender: Recommender, normaliser: Normaliser
) -> None:
    (glance,) = recommender.glances([normaliser("50块以内的就行")])
    memory, at = GroupMemory(), START
    need = recommender.read(normaliser("想买草莓")).need
    assert only_talk(glance, memory, "xiaomei", mentioned=False)
    memory.note(Utterance("xiaomei", at, need))
    assert not only_talk(glance, memory, "xiaomei", mentioned=False)
    assert only_talk(glance, memory, "chenyi", mentioned=False)
    assert not only_talk(glance, memory, "chenyi", mentioned=True)


def test_a_quotation_and_an_article_are_always_read(recommender: Recommender, normaliser: Normaliser) -> None:
    quoted = normaliser("「林姐：草莓」\n- - - - -\n这个呢")
    article = normaliser("今天" * LONGEST_NEED)
    for glance in recommender.glances([quoted, article]):
        assert glance is not None
        assert Sign.APART in glance.signs
        assert not glance.talk(others=False, own=False)


def test_without_a_compiler_or_a_screen_all_is_read(
    monkeypatch: pytest.MonkeyPatch, lexicon: Lexicon, segmenter: Segmenter
) -> None:
    plain = Segmenter(["草莓"], compiled=False)
    assert Glancer.of(lexicon, plain) is None
    monkeypatch.setattr(glancer, "packaged_screen", lambda: None)
    assert Glancer.of(lexicon, segmenter) is None
