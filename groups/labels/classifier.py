"""Which category a short text is about: a linear model over TF-IDF of characters and pairs of characters.

scikit-learn trains it (``groups.labels.classifier_training``); here is only the arithmetic, on plain numbers from a
JSON file.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import structlog

PACKAGED = Path(__file__).parent / "data" / "category_model.json"
OTHER = "其他"
"""The class of what is no goods; it never becomes a label."""
FORM = 1
"""Version of the file's form; a file of another version is refused."""

_LONGEST = 120
"""Characters that are read of one text: a title is shorter, and nobody's need is longer."""
_BATCH = 256
"""Texts whose features are multiplied together: enough to hide numpy's overhead, small enough for the cache."""
_SIGNS = re.compile(r"[\W\d_]+")

Floats = npt.NDArray[np.float64]

_log = structlog.get_logger(__name__)


class CategoryModelError(Exception):
    """A file is no category model that this version can use; the text names the file and says what to do."""

    def __init__(self, path: Path, problem: str) -> None:
        self.path = path
        super().__init__(
            f"{path}: {problem}; train it again with `qianqun groups train`, or take "
            "groups.segmentation.category_model out of the settings to use the packaged one"
        )


def grams(text: str) -> list[str]:
    """Return the characters and the pairs of neighbouring characters of a text, without digits and signs.

    Training cuts texts with this very function.
    """
    plain = _SIGNS.sub(" ", unicodedata.normalize("NFKC", text[:_LONGEST]).lower())
    found: list[str] = []
    for piece in plain.split():
        found += piece
        found += [piece[place : place + 2] for place in range(len(piece) - 1)]
    return found


@dataclass(frozen=True, slots=True)
class CategoryModel:
    """The trained model. ``weights`` has a row for each feature and a column for each class."""

    classes: tuple[str, ...]
    vocabulary: Mapping[str, int]
    idf: Floats
    weights: Floats
    intercept: Floats
    temperature: float
    trained: Mapping[str, Any]

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """Return, for each text, how probable each class is: calibrated, and summing to 1."""
        scores = np.tile(self.intercept, (len(texts), 1))
        for start in range(0, len(texts), _BATCH):
            self._add_scores(texts[start : start + _BATCH], scores[start : start + _BATCH])
        scores /= self.temperature
        scores -= scores.max(axis=1, keepdims=True, initial=-np.inf)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=1, keepdims=True)
        return scores

    def knows(self, text: str) -> bool:
        """Tell whether anything in the text was ever seen in training; a single character in passing does not count."""
        found = grams(text)
        longest = max(map(len, found), default=0)
        return any(len(gram) == longest and gram in self.vocabulary for gram in found)

    def _add_scores(self, texts: Sequence[str], scores: Floats) -> None:
        """Add weights times TF-IDF to a slice of scores: the features of all texts in one row, then summed by text."""
        places: list[int] = []
        times: list[int] = []
        starts: list[int] = []
        known: list[int] = []
        vocabulary = self.vocabulary
        for row, text in enumerate(texts):
            counts: dict[int, int] = {}
            for gram in grams(text):
                if gram in vocabulary:
                    place = vocabulary[gram]
                    counts[place] = counts.get(place, 0) + 1
            if counts:
                starts.append(len(places))
                known.append(row)
                places += counts
                times += counts.values()
        if known:
            values = (1.0 + np.log(times)) * self.idf[places]
            lengths = np.sqrt(np.add.reduceat(values * values, starts))
            sums = np.add.reduceat(self.weights[places] * values[:, None], starts, axis=0)
            scores[known] += sums / lengths[:, None]


def load(path: Path) -> CategoryModel:
    """Read a model; raise ``CategoryModelError`` for a file that is missing, damaged or of another version."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CategoryModelError(path, f"cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise CategoryModelError(path, f"is no JSON: {str(error)[:120]}") from None
    if not isinstance(document, dict) or document.get("form") != FORM:
        form = document.get("form") if isinstance(document, dict) else None
        raise CategoryModelError(path, f"is no category model of form {FORM} (form: {form!r})")
    try:
        return _model(document)
    except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
        raise CategoryModelError(path, f"is damaged: {type(error).__name__} {str(error)[:120]}") from None


def _model(document: Mapping[str, Any]) -> CategoryModel:
    classes = tuple(str(name) for name in document["classes"])
    features: Mapping[str, Sequence[float]] = document["features"]
    if len(set(classes)) != len(classes) or len(classes) < 2 or not features:
        raise ValueError("classes and features must be there, each class once")
    idf: list[float] = []
    weights = np.zeros((len(features), len(classes)))
    vocabulary: dict[str, int] = {}
    for place, (gram, numbers) in enumerate(features.items()):
        vocabulary[gram] = place
        idf.append(float(numbers[0]))
        for column, weight in zip(numbers[1::2], numbers[2::2], strict=True):
            if not (isinstance(column, int) and 0 <= column < len(classes)):
                raise ValueError(f"feature {gram!r} names class {column!r}, there are {len(classes)}")
            weights[place, column] = weight
    intercept = np.array([float(number) for number in document["intercept"]])
    temperature = float(document["calibration"]["temperature"])
    if intercept.shape != (len(classes),) or not temperature > 0 or not min(idf) > 0:
        raise ValueError("intercept, temperature or idf do not fit")
    if not (np.isfinite(weights).all() and np.isfinite(intercept).all() and math.isfinite(sum(idf))):
        raise ValueError("a number is not finite")
    return CategoryModel(classes, vocabulary, np.array(idf), weights, intercept, temperature, dict(document["trained"]))


class CategoryReader:
    """The model of one file, read when it is first needed; the packaged one where the file cannot be used."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._model: CategoryModel | None = None

    @property
    def model(self) -> CategoryModel:
        """Return the model; what is wrong with the configured file is logged once."""
        if self._model is None:
            try:
                self._model = load(self._path or PACKAGED)
            except CategoryModelError as error:
                if self._path is None:
                    raise
                _log.warning("category_model.unusable", error=str(error), instead="the packaged model")
                self._model = load(PACKAGED)
        return self._model
