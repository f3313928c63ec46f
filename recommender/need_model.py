"""A linear model that says how sure a need is: weights of named features, read from a small JSON file.

``qianqun train needs`` makes the file, this module only adds numbers up; docs/evaluation.md tells how. The rules find
the object and the constraints: the model vetoes what they took for a need by mistake, and rescues a need whose object
is known but whose wording no trigger knows.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import repeat
from pathlib import Path
from typing import Any

import structlog

from recommender.need_features import FEATURES, feature_ids
from recommender.need_rules import NeedRules, packaged_rules

_log = structlog.get_logger(__name__)

FORMAT = 1
NEED, PRAISE, COMPLAINT = "need", "opinion_praise", "opinion_complaint"
CLASSES = ("group_buy", "where_to_buy", "advice", "run_out", "want")
"""The classes that may be rescued; each has a head of its own, trained on needs only."""
HEADS = (NEED, *CLASSES, PRAISE, COMPLAINT)
NO_SUMS = (0.0,) * len(HEADS)
PACKAGED = "need_model.json"


class NeedModelError(Exception):
    """A model file that cannot be used. ``place`` says where in the file, ``what`` is wrong and what to do."""

    def __init__(self, path: str, place: str, what: str) -> None:
        super().__init__(f"{path}: {place}: {what}" if place else f"{path}: {what}")
        self.path = path
        self.place = place
        self.what = what


@dataclass(frozen=True, slots=True)
class Head:
    """One yes-or-no question. ``weights[i]`` belongs to feature i; 0 where the head does not ask for it.

    ``slope`` and ``offset`` make a probability of the score (Platt), learned on lines that the weights had not seen.
    """

    bias: float
    weights: Sequence[float]
    slope: float
    offset: float

    def score(self, ids: Collection[int]) -> float:
        """Return the sum of the weights of these features and the bias."""
        return self.bias + sum(map(self.weights.__getitem__, ids))

    def certainty(self, ids: Collection[int], besides: float) -> float:
        """Return the probability that the answer is yes; ``besides`` is what the score is more."""
        score = self.bias + sum(map(self.weights.__getitem__, ids)) + besides
        return squashed(self.slope * score + self.offset)


@dataclass(frozen=True, slots=True)
class NeedModel:
    """What was learned. Below ``keep`` a rule's need is vetoed; from ``rescue`` on one without a trigger is heard.

    From ``opinions`` on, by head, what states no need is praise or a complaint.
    """

    vocabulary: Mapping[str, int]
    heads: Mapping[str, Head]
    keep: float
    rescue: float
    opinions: Mapping[str, float]
    made: Mapping[str, Any]

    def ids(self, names: Iterable[str]) -> list[int]:
        """Return the numbers of the features that the model weighs."""
        return feature_ids(names, self.vocabulary)

    def score(self, name: str, ids: Collection[int], sums: Sequence[float] = NO_SUMS) -> float:
        """Return a head's score of these features and of others whose weights are summed up in ``sums``, by head."""
        return self.heads[name].score(ids) + sums[_PLACES[name]]

    def certainty(self, ids: Collection[int], sums: Sequence[float] = NO_SUMS) -> float:
        """Return how sure it is that a message states a need, 0 to 1."""
        return self.heads[NEED].certainty(ids, sums[_PLACES[NEED]])

    def need_class(self, ids: Collection[int], sums: Sequence[float] = NO_SUMS) -> str:
        """Return the likeliest class of a message that states a need."""
        return max(CLASSES, key=lambda name: self._certainty(name, ids, sums))

    def opinion(self, ids: Collection[int], sums: Sequence[float] = NO_SUMS, least: float = 0.0) -> str | None:
        """Return whether a message praises or complains, or None where neither is as sure as ``least``."""
        certainties = {name: self._certainty(name, ids, sums) for name in self.opinions}
        sure = [name for name, certainty in certainties.items() if certainty >= max(least, self.opinions[name])]
        return max(sure, key=lambda name: certainties[name], default=None)

    def _certainty(self, name: str, ids: Collection[int], sums: Sequence[float]) -> float:
        return self.heads[name].certainty(ids, sums[_PLACES[name]])

    def why(self, names: Iterable[str], most: int = 5) -> list[tuple[str, float]]:
        """Return the features that spoke loudest for or against a need, with their weights."""
        weights = self.heads[NEED].weights
        weighed = [(name, weights[self.vocabulary[name]]) for name in names if name in self.vocabulary]
        return sorted(weighed, key=lambda pair: (-abs(pair[1]), pair[0]))[:most]


_PLACES = {name: place for place, name in enumerate(HEADS)}


def squashed(score: float) -> float:
    """Return the logistic function, safe for any finite score."""
    if score >= 0:
        return 1 / (1 + math.exp(-score))
    grown = math.exp(score)
    return grown / (1 + grown)


def load_model(path: Path, rules: NeedRules) -> NeedModel:
    """Read a model file; raise ``NeedModelError`` for one that is damaged or was made for other features or rules."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise NeedModelError(str(path), "", f"cannot be read: {error}") from error
    return read_model(text, str(path), rules)


def read_model(text: str, path: str, rules: NeedRules) -> NeedModel:
    """Make a model of the text of its file; ``path`` is for the error."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise NeedModelError(path, "", f"is no JSON ({error}); make it again with `qianqun train needs`") from error
    reader = _Reader(document if isinstance(document, dict) else {}, path)
    reader.agrees("format", FORMAT)
    reader.agrees("features", FEATURES)
    heads = reader.mapping("heads")
    weights = {name: reader.weights(heads, name) for name in HEADS}
    vocabulary = {feature: i for i, feature in enumerate(sorted(set().union(*weights.values())))}
    _check_rules(vocabulary, rules, path)
    thresholds = reader.mapping("thresholds")
    return NeedModel(
        vocabulary,
        {name: reader.head(heads[name], name, weights[name], vocabulary) for name in HEADS},
        reader.number(thresholds, "thresholds", "keep", most=1),
        reader.number(thresholds, "thresholds", "rescue", most=1),
        {name: reader.number(thresholds, "thresholds", name, most=1) for name in (PRAISE, COMPLAINT)},
        reader.mapping("made"),
    )


def packaged_text() -> str:
    """Return the text of the model that comes with the program."""
    try:
        return files("recommender").joinpath("data", PACKAGED).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise NeedModelError(PACKAGED, "", f"cannot be read: {error}; install the program again") from error


@cache
def usable_model(setting: str) -> NeedModel | None:
    """Return the model that a setting names: empty the packaged one, ``off`` none, else a file.

    A file that cannot be used is said once, as an error in the log; the rules then decide alone.
    """
    if setting == "off":
        return None
    try:
        if setting:
            return load_model(Path(setting), packaged_rules())
        return read_model(packaged_text(), PACKAGED, packaged_rules())
    except NeedModelError as error:
        _log.error("need_model_unusable", error=str(error), consequence="rules decide alone")
        return None


class _Reader:
    """Takes a document apart and names the place of what is missing or of the wrong kind."""

    def __init__(self, document: Mapping[str, Any], path: str) -> None:
        self._document = document
        self._path = path

    def wrong(self, place: str, what: str) -> NeedModelError:
        return NeedModelError(self._path, place, f"{what}; make the file again with `qianqun train needs`")

    def agrees(self, name: str, expected: int) -> None:
        found = self._document.get(name)
        if found != expected:
            raise self.wrong(name, f"is {found!r}, this program reads {expected}")

    def mapping(self, name: str) -> Mapping[str, Any]:
        value = self._document.get(name)
        if not isinstance(value, dict):
            raise self.wrong(name, "is missing")
        return value

    def number(self, part: Mapping[str, Any], place: str, name: str, most: float = math.inf) -> float:
        value = part.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value > most:
            raise self.wrong(f"{place}.{name}", f"is {value!r}, not a finite number")
        return float(value)

    def numbers(self, part: Mapping[str, Any], place: str) -> list[float]:
        if set(map(type, part.values())) <= {int, float} and all(map(math.isfinite, part.values())):
            return list(map(float, part.values()))  # ten thousand one by one take long
        return [self.number(part, place, name) for name in part]

    def weights(self, heads: Mapping[str, Any], name: str) -> dict[str, float]:
        head = heads.get(name)
        families = head.get("weights") if isinstance(head, dict) else None
        if not isinstance(families, dict):
            raise self.wrong(f"heads.{name}", "has no weights")
        found: dict[str, float] = {}
        for family, values in families.items():
            if not isinstance(values, dict):
                raise self.wrong(f"heads.{name}.weights.{family}", "is no table")
            numbers = self.numbers(values, f"heads.{name}.weights.{family}")
            found |= zip([f"{family}:{value}" for value in values], numbers, strict=True)
        return found

    def head(
        self, part: Mapping[str, Any], name: str, weights: Mapping[str, float], vocabulary: Mapping[str, int]
    ) -> Head:
        place = f"heads.{name}"
        dense = list(map(weights.get, vocabulary, repeat(0.0)))
        return Head(
            self.number(part, place, "bias"),
            dense,
            self.number(part, place, "slope"),
            self.number(part, place, "offset"),
        )


def _check_rules(vocabulary: Iterable[str], rules: NeedRules, path: str) -> None:
    """Refuse weights for rules that are gone: what they stood for is unknown now."""
    known = {
        "trigger": {trigger.name for trigger in rules.triggers},
        "blocker": {blocker.name for blocker in rules.blockers},
        "list": set(rules.lists),
    }
    known["blocked_by"] = known["blocker"]
    for feature in vocabulary:
        family, _, value = feature.partition(":")
        kind, _, name = value.partition(":")
        if family == "list":
            kind, name = "list", value
        elif family != "rule":
            continue
        if kind in known and name.removesuffix("/blocked").removesuffix("/goods") not in known[kind]:
            what = "the rule is gone from need_rules.toml, so the model is outdated; run `qianqun train needs` again"
            raise NeedModelError(path, f"heads.…weights.{feature}", what)
