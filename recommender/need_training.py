"""Training the model of needs from labelled lines. Imports scikit-learn (ADR 6), never at run time.

Each question (is it a need, is it a want, …) gets a linear model (``regression.py``). How sure a score makes us is
learned only from lines that the rules were not tuned on, since a rule looks better on those than it is.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.text import NormalText
from recommender.hits import find_hits
from recommender.labelled import COMPLAINT, PRAISE, LabelledLine
from recommender.lexicon import Lexicon
from recommender.masking import mask_text
from recommender.need_features import FEATURES, JUDGED, feature_names
from recommender.need_model import CLASSES, FORMAT, NEED
from recommender.need_rules import NeedRules
from recommender.regression import FOLDS, LEAST_WEIGHT, MADE_BY, Fitted, learn
from recommender.segmentation import Segmenter

_LEAST_OF_OTHERS = 0.1
"""The other questions are easier, and a line of theirs is looked at only once a need is certain."""
_LEAST_OF_OPINIONS = 0.15
"""Half as many weights as with 0.1, and as good on held-out folds."""
_LEAST_PRECISION_OF_OPINIONS = 0.8
"""Of what the digest tells a leader. On labelled lines again, half of which only look like it."""
_JUDGEMENT = f"{JUDGED}:"
_LEAST_OF_A_CLASS = 2 * FOLDS
_LEAST_PRECISION = 0.92
"""On labelled lines, where every second one is a look-alike; in a group's talk hardly one of a hundred is."""
_MOST_OF_TALK = 0.001
"""The share of everyday lines that may be answered."""
_STEP = 0.02
_SURER_ALONE = 0.05
"""How much surer the model must be of what no rule heard: labelled lines hold few such false alarms, and of those in
television dialogue seven of eight are of this kind."""


class TrainingError(Exception):
    """Labelled lines that nothing can be learned from; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class Example:
    """A line as the model sees it. ``asked`` is whether it is asked about needs; ``ruled`` what the rules say."""

    line: LabelledLine
    names: frozenset[str]
    asked: bool
    ruled: bool

    def counts(self, *, judgements: bool) -> dict[str, int]:
        """Return its features as ``regression`` takes them: each is there once."""
        return {name: 1 for name in self.names if judgements or not name.startswith(_JUDGEMENT)}


@dataclass(frozen=True, slots=True)
class _Judged:
    """What the thresholds are chosen from: lines that the model was asked about, and everyday talk."""

    ruled: np.ndarray
    certainty: np.ndarray
    truth: np.ndarray
    unread: np.ndarray
    talk_ruled: np.ndarray
    talk_certainty: np.ndarray

    def talk_heard(self, keep: float, rescue: float) -> int:
        return int(np.where(self.talk_ruled, self.talk_certainty >= keep, self.talk_certainty >= rescue).sum())


@dataclass(frozen=True, slots=True)
class Training:
    """The model file's content, and what it was made of for those who want to check it."""

    document: dict[str, Any]
    fitted: Mapping[str, Fitted]
    examples: Sequence[Example]

    @property
    def text(self) -> str:
        """Return the file: one weight a line, so that a retrained model can be compared by eye."""
        return json.dumps(self.document, ensure_ascii=False, indent=1) + "\n"


def examples_of(
    lines: Iterable[LabelledLine],
    normalise: Callable[[str], NormalText],
    segmenter: Segmenter,
    lexicon: Lexicon,
    rules: NeedRules,
) -> list[Example]:
    """Look at labelled lines in the way the reader of needs does."""
    examples = []
    for line in lines:
        masked = mask_text(normalise(line.text), segmenter, lexicon)
        looked = bool(masked.mask) and ("G" in masked.mask or rules.cue.search(masked.mask) is not None)
        hits = find_hits(masked, rules) if looked else []
        ruled = any(hit.blocker is None for hit in hits)
        names = frozenset(feature_names(masked, hits, rules))
        examples.append(Example(line, names, ruled or "G" in masked.mask, ruled))
    return examples


def train(
    examples: Sequence[Example], talk: Sequence[Example], made: Mapping[str, Any], judging: Sequence[Example] = ()
) -> Training:
    """Learn every question from the examples; ``made`` goes into the file's header beside the counts.

    ``judging`` are lines for the questions about opinions alone: so many that state no need would make it seem rarer.
    ``talk`` are everyday lines in which nobody wants anything: they teach what is no need and no opinion, and raise the
    thresholds until hardly one of them is answered.
    """
    asked = [example for example in examples if example.asked]
    needs = [example for example in asked if example.line.active]
    _check(asked, needs)
    fitted: dict[str, Fitted] = {}
    everyday = [example for example in talk if example.asked]
    told = [*asked, *everyday]
    fitted[NEED], held_out = _learn(told, [example.line.active for example in told])
    for name in CLASSES:
        fitted[name], _ = _learn(needs, [example.line.label == name for example in needs], _LEAST_OF_OTHERS)
    heard = [*examples, *judging, *talk]
    opinions: dict[str, float] = {}
    for name in (PRAISE, COMPLAINT):
        truth = [example.line.label == name for example in heard]
        fitted[name], scores = _learn(heard, truth, _LEAST_OF_OPINIONS, judgements=True)
        opinions[name] = _opinion_threshold(fitted[name].certainty(scores), heard, name)
    judged = _Judged(
        np.array([example.ruled for example in asked]),
        fitted[NEED].certainty(held_out[: len(asked)]),
        np.array([example.line.active for example in asked]),
        np.array([not example.line.rules_read for example in asked]),
        np.array([example.ruled for example in everyday], dtype=bool),
        fitted[NEED].certainty(fitted[NEED].scores([example.counts(judgements=True) for example in everyday])),
    )
    needs_unread = sum(example.line.active and not example.line.rules_read for example in examples)
    keep, rescue, expected = _thresholds(judged, needs_unread, int(_MOST_OF_TALK * len(talk)))
    document = {
        "format": FORMAT,
        "features": FEATURES,
        "made": {
            **made,
            "by": MADE_BY,
            "lines": len(examples),
            "lines_asked": len(asked),
            "needs": sum(example.line.active for example in examples),
            "lines_for_opinions": len(judging),
            "talk": len(talk),
            "calibration": f"Platt, {FOLDS} folds cut between templates, lines that rules were not tuned on",
            "expected": expected,
        },
        "thresholds": {"keep": keep, "rescue": rescue, **opinions},
        "heads": {name: _written(one) for name, one in fitted.items()},
    }
    return Training(document, fitted, examples)


def _check(asked: Sequence[Example], needs: Sequence[Example]) -> None:
    counts = Counter(example.line.label for example in asked)
    for name in (*CLASSES, PRAISE, COMPLAINT):
        if counts[name] < _LEAST_OF_A_CLASS:
            raise TrainingError(
                f"class {name} has {counts[name]} usable lines, at least {_LEAST_OF_A_CLASS} are needed; label more"
            )
    if len(asked) - len(needs) < _LEAST_OF_A_CLASS:
        raise TrainingError(f"at least {_LEAST_OF_A_CLASS} lines that state no need must name goods; label more")
    unread = Counter(example.line.active for example in asked if not example.line.rules_read)
    if min(unread[True], unread[False]) < _LEAST_OF_A_CLASS:
        raise TrainingError("nearly every line carries rules_read; add lines of both kinds that no rule was tuned on")


def _learn(
    examples: Sequence[Example],
    answers: Sequence[bool],
    least_weight: float = LEAST_WEIGHT,
    *,
    judgements: bool = False,
) -> tuple[Fitted, np.ndarray]:
    """Fit one question, calibrated on the lines that the rules were not tuned on; see ``regression.learn``."""
    lines = [example.counts(judgements=judgements) for example in examples]
    unread = np.array([not example.line.rules_read for example in examples])
    templates = [example.line.template for example in examples]
    return learn(lines, np.array(answers), templates, least_weight, unread)


def _thresholds(judged: _Judged, needs: int, talk: int) -> tuple[float, float, dict[str, float]]:
    """Return the pair of thresholds that hears most needs at the precision asked for, on held-out unread lines.

    ``needs`` is how many there were to hear, ``talk`` how many everyday lines may be answered.
    """
    best = (-2.0, 1.0, 1.0, 0.0, 0.0)
    for keep in np.arange(0.0, 1.0, _STEP):
        for rescue in np.arange(max(keep + _SURER_ALONE, 0.5), 1.0, _STEP):
            if judged.talk_heard(keep, rescue) > talk:
                continue
            sure = np.where(judged.ruled, judged.certainty >= keep, judged.certainty >= rescue)
            heard = judged.unread & sure
            right = int((heard & judged.truth).sum())
            precision, recall = right / max(1, int(heard.sum())), right / max(1, needs)
            merit = recall if precision >= _LEAST_PRECISION else precision - 1
            best = max(best, (merit, float(keep), float(rescue), precision, recall))
    _, keep, rescue, precision, recall = best
    return round(keep, 2), round(rescue, 2), {"precision": round(precision, 3), "recall": round(recall, 3)}


def _opinion_threshold(certainty: np.ndarray, examples: Sequence[Example], name: str) -> float:
    """Return the least certainty from which on held-out lines are right as often as is asked for.

    Lines that state a need are not counted: nobody asks whether they praise or complain.
    """
    passive = np.array([not example.line.active for example in examples])
    truth = np.array([example.line.label == name for example in examples])
    for least in np.arange(_STEP, 1.0, _STEP):
        told = passive & (certainty >= least)
        if (told & truth).sum() >= _LEAST_PRECISION_OF_OPINIONS * told.sum():
            return round(float(least), 2)
    return 1.0


def _written(fitted: Fitted) -> dict[str, Any]:
    families: dict[str, dict[str, float]] = {}
    for name, weight in zip(fitted.features, fitted.estimator.coef_[0], strict=True):
        family, _, value = name.partition(":")
        if weight:
            families.setdefault(family, {})[value] = float(weight)
    return {
        "bias": float(fitted.estimator.intercept_[0]),
        "slope": fitted.slope,
        "offset": fitted.offset,
        "weights": families,
    }
