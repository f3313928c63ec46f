"""A gate may let a rule through that does not match, never hold one back that does."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from core.text import Normaliser
from recommender.constraints import STATED, StatedGate
from recommender.gates import Gate
from recommender.lexicon import Lexicon
from recommender.masking import mask_text
from recommender.need_rules import Remark, packaged_rules
from recommender.segmentation import Segmenter

_LINES = Path(__file__).parents[1] / "data"
_LEAST_HELD_BACK = 0.8


def _texts() -> Iterator[str]:
    for name in ("needs.jsonl", "needs_fresh.jsonl", "needs_more.jsonl", "talk.jsonl"):
        for line in (_LINES / name).read_text(encoding="utf-8").splitlines():
            if line.strip():
                yield json.loads(line)["text"]


def test_no_rule_that_matches_is_held_back(normaliser: Normaliser, segmenter: Segmenter, lexicon: Lexicon) -> None:
    rules = packaged_rules()
    families = (
        (rules.triggers, rules.possible.triggers),
        (rules.unknown, rules.possible.unknown),
        (rules.loose, rules.possible.loose),
        (rules.blockers, rules.possible.blockers),
    )
    let_through = 0
    masks = {mask_text(normaliser(text), segmenter, lexicon).mask for text in _texts()}
    for mask in masks:
        for every, possible in families:
            among = possible(mask)
            let_through += len(among)
            matching = [rule for rule in every if rule.pattern.search(mask)]
            assert [rule for rule in among if rule.pattern.search(mask)] == matching, mask
        lists = [name for name, pattern in rules.lists.items() if pattern.search(mask)]
        assert list(rules.found.lists(mask)) == lists, mask
        assert list(rules.found.blockers(mask)) == [one for one in rules.blockers if one.applies(mask)], mask
        remarks = {Remark.CUE: [rules.cue], Remark.HINT: rules.implicit, Remark.JOINING: [rules.joining]}
        remarks[Remark.WITHDRAWAL] = [rules.withdrawal]
        said = {remark for remark, patterns in remarks.items() if any(one.search(mask) for one in patterns)}
        assert set(rules.found.remarks(mask)) == said, mask
    tried = len(masks) * sum(len(every) for every, _ in families)
    assert let_through <= (1 - _LEAST_HELD_BACK) * tried


_WRITTEN = r"""
ab a|bc (?:ab|cd)c? a.{0,2}b ^a [ab]{2,3} (?=.*d)a (?!d)c a* (?:a|b*)c . [^a]b (?:a{1,2}b?|)c
a(?!b)|d (?:a|(?<=c)b) (?:ab){2}|c ab?+b|d [a-c]d|\Aa
"""
SHAPES = ("", *_WRITTEN.split())


@given(st.text(alphabet="abcd,", max_size=12))
def test_a_gate_agrees_with_patterns_of_every_shape(text: str) -> None:
    patterns = [re.compile(one) for one in SHAPES]
    matching = [pattern for pattern in patterns if pattern.search(text)]
    gate = Gate()
    assert set(gate.guard(patterns, lambda pattern: pattern)(text)) >= set(matching)
    assert list(gate.finder(patterns, patterns)(text)) == matching
    among = gate.finder(patterns, patterns, lambda pattern, text: len(pattern.findall(text)) > 1)(text)
    assert list(among) == [pattern for pattern in patterns if len(pattern.findall(text)) > 1]


def test_what_a_text_states_is_not_held_back(normaliser: Normaliser) -> None:
    gate, held_back = StatedGate(compiled=True), 0
    for text in map(normaliser, _texts()):
        possible = gate.possible(text.text)
        matching = [pattern for pattern in STATED if pattern.search(text.text)]
        assert [pattern for pattern in possible if pattern in matching] == matching, text.text
        held_back += not possible
    assert held_back > 500


def test_what_was_said_is_looked_at_once_a_batch_and_then_forgotten() -> None:
    asked: list[str] = []

    def holds(_: str, text: str) -> bool:
        asked.append(text)
        return True

    gate = Gate()
    found = gate.finder(["rule"], [re.compile("a")], holds)
    assert [*found("xa"), *found("xa")] == ["rule", "rule"]
    assert asked == ["xa"]
    gate.forget()
    assert list(found("xa")) == ["rule"]
    assert asked == ["xa", "xa"]
