"""What a group's needs and orders were about, weighed into one judgement on its category. Pure.

The confidence of a category is the share of what is said here that is about it, drawn towards nothing where little was
said: about the chance that the next need of this group is for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from groups.labels.classifier import OTHER, Floats
from groups.labels.labelling import Support
from groups.settings import SegmentationSettings

_MOST_OF_ONE = 5.0
"""Texts that one person counts for; whoever asks every day does not make the group theirs."""
_DOUBT = 2.0
"""Texts about nothing that are added to every group: eight that agree perfectly come to 0.8."""


class Unsure(StrEnum):
    """Why no category is given."""

    TOO_FEW_NEEDS = "too_few_needs"
    TOO_FEW_PEOPLE = "too_few_people"
    NOTHING_KNOWN = "nothing_known"  # there are enough texts, but of words that the model never saw
    NOTHING_STANDS_OUT = "nothing_stands_out"


class Spoken(NamedTuple):
    """One need or order line: who, and how probable each class is; ``chances`` None: no word of it is known."""

    member: str
    chances: Floats | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """The shares of the categories, or None with the reason; ``needs`` and ``people`` are what it rests on."""

    shares: Mapping[str, Support] | None
    unsure: Unsure | None = None
    needs: int = 0
    people: int = 0
    best: str = field(default="")


def judge(
    spoken: Sequence[Spoken], topic: Floats | None, classes: Sequence[str], bounds: SegmentationSettings
) -> Judgement:
    """Weigh what was said. ``topic`` are the chances of the group's name, which counts as one text more."""
    known = [one for one in spoken if one.chances is not None]
    people = len({one.member for one in known})
    if len(spoken) < bounds.least_needs:
        return Judgement({} if not spoken else None, Unsure.TOO_FEW_NEEDS, len(spoken), people)
    if len(known) < bounds.least_needs:
        return Judgement(None, Unsure.NOTHING_KNOWN, len(known), people)
    if people < bounds.least_members:
        return Judgement(None, Unsure.TOO_FEW_PEOPLE, len(known), people)
    said = Counter(one.member for one in known)
    weights = np.array([min(1.0, _MOST_OF_ONE / said[one.member]) for one in known])
    total = weights @ np.array([one.chances for one in known])
    weight = float(weights.sum())
    if topic is not None:
        total, weight = total + topic, weight + 1.0
    shares = {
        name: Support(round(float(mass) / (weight + _DOUBT), 4), people)
        for name, mass in zip(classes, total, strict=True)
        if name != OTHER
    }
    best = max(shares, key=lambda name: shares[name].share)
    sure = shares[best].share >= bounds.enter_confidence
    kept = {name: support for name, support in shares.items() if support.share >= 0.05}
    return Judgement(kept, None if sure else Unsure.NOTHING_STANDS_OUT, len(known), people, best)
