"""What rules see of a message, and the rules themselves."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import pytest

from core.text import Normaliser
from recommender.lexicon import Lexicon
from recommender.masking import mask_text
from recommender.need_rules import packaged_rules
from recommender.segmentation import Segmenter


@pytest.mark.parametrize(
    ("text", "mask"),
    [
        ("想买无糖酸奶", "想买AG"),
        ("家里没油了", "家里没G了"),
        ("推荐部电影", "推荐部N"),
        ("给宝宝买湿巾。谢谢", "给P买G,谢谢"),
        ("🍓还有吗?", "G还有吗?"),
    ],
)
def test_mask(text: str, mask: str, normaliser: Normaliser, segmenter: Segmenter, lexicon: Lexicon) -> None:
    assert mask_text(normaliser(text), segmenter, lexicon).mask == mask


def test_each_letter_knows_its_word(normaliser: Normaliser, segmenter: Segmenter, lexicon: Lexicon) -> None:
    masked = mask_text(normaliser("想买无糖酸奶"), segmenter, lexicon)
    words = [masked.tokens[masked.owner[place]].text for place, letter in enumerate(masked.mask) if letter.isupper()]
    assert words == ["无糖", "酸奶"]
    assert len(masked.owner) == len(masked.mask)


def test_rules_say_only_what_masks_can_hold() -> None:
    """A rule's literal word that is itself a known word would never match."""
    rules = packaged_rules()
    names = [trigger.name for trigger in rules.triggers]
    assert len(names) == len(set(names))
    assert {trigger.need_class for trigger in rules.triggers} <= set(rules.order)
    assert all(trigger.pattern.groups == 0 or trigger.takes_unknown for trigger in rules.triggers)


def test_every_rule_file_key_is_used() -> None:
    text = files("recommender").joinpath("data", "need_rules.toml").read_text(encoding="utf-8")
    document = tomllib.loads(text)
    known = {"order", "durable", "never_slips", "words", "signs", "judgements", "holds", "single"} | {
        "trigger",
        "blocker",
        "implicit",
        "opinion",
    }
    assert set(document) == known
    for kind in ("trigger", "blocker"):
        used = {
            "class",
            "name",
            "strength",
            "pattern",
            "consumed",
            "reason",
            "scope",
            "kept",
            "spares",
            "times",
            "final",
        }
        assert all(set(entry) <= used for entry in document[kind])
