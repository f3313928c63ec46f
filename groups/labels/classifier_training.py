"""Training of the category model with scikit-learn, out of the running bot: fit, calibrate, and say how good it is."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from groups.labels.classifier import FORM, Floats, grams

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

EXAMPLES = Path(__file__).parent / "data" / "category_examples.jsonl"

_FOLDS = 5
_STRENGTH = 10.0
"""Inverse of the regularisation: chosen by cross-validation among 3, 10 and 30."""
_LEAST_WEIGHT = 0.25
"""Smaller weights are dropped. Of 0.05, 0.15 and 0.25 the last writes 183 kB, not 721, and costs 0.4 points."""
_DECIMALS = 3
_LEAST_EXAMPLES = 20
"""Of a category; fewer cannot be split into folds and learned from."""
_MOST_OF_CATALOGUE = 400
"""Titles of one category; a supplier with 50,000 titles of one kind must not drown the others."""


class Example(NamedTuple):
    """A short text and the top category that it is about."""

    text: str
    category: str


class Bin(NamedTuple):
    """Held-out texts of about the same confidence: how many, how sure on average, which share was right."""

    texts: int
    confidence: float
    right: float


@dataclass(frozen=True, slots=True)
class Quality:
    """What cross-validation says. ``confusion`` counts (true, taken for); ``bins`` is the reliability table."""

    accuracy: float
    per_class: dict[str, float]
    confusion: Counter[tuple[str, str]]
    bins: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained model as it goes into its file, the same as a pipeline of scikit-learn, and its quality."""

    document: dict[str, Any]
    pipeline: Pipeline
    quality: Quality
    left_out: dict[str, int]
    """Categories with too few texts to learn from, and how many they had."""

    def write(self, path: Path) -> None:
        """Write the file: a line for each feature, readable and comparable from one training to the next."""
        head = {name: value for name, value in self.document.items() if name != "features"}
        lines = [f" {_json(name)}: {_json(value)}," for name, value in head.items()]
        features = [f"  {_json(gram)}: {_json(numbers)}" for gram, numbers in self.document["features"].items()]
        text = "\n".join(["{", *lines, ' "features": {', ",\n".join(features), " }", "}"])
        _ = path.write_text(text + "\n", encoding="utf-8")


def packaged_examples() -> list[Example]:
    """Return the labelled texts that come with the program."""
    lines = EXAMPLES.read_text(encoding="utf-8").splitlines()
    return [Example(row["text"], row["category"]) for row in map(json.loads, lines)]


def catalogue_examples(titles: Iterable[tuple[str, str]]) -> list[Example]:
    """Return texts from pairs of title and category path (水果/浆果): the top category, a bounded number of each."""
    kept: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for title, path in titles:
        top = path.partition("/")[0].strip()
        if top and title.strip() and len(kept[top]) < _MOST_OF_CATALOGUE:
            kept[top][title.strip()] = None
    return [Example(title, top) for top, found in kept.items() for title in found]


def train_model(examples: Sequence[Example], *, how: dict[str, Any] | None = None) -> Trained:
    """Fit the model and calibrate it on held-out folds; ``how`` goes into the file beside what is noted anyway.

    Raises ``ValueError`` when fewer than two categories have enough texts.
    """
    counts = Counter(example.category for example in examples)
    left_out = {name: count for name, count in sorted(counts.items()) if count < _LEAST_EXAMPLES}
    kept = [example for example in examples if example.category not in left_out]
    classes = sorted({example.category for example in kept})
    if len(classes) < 2:
        raise ValueError(f"at least two categories need {_LEAST_EXAMPLES} texts each; there are {dict(counts)}")
    texts = [example.text for example in kept]
    truth = np.array([classes.index(example.category) for example in kept])
    held_out = _held_out_scores(texts, truth, len(classes))
    temperature = _temperature(held_out, truth)
    pipeline = _fit(texts, truth)
    quality = _quality(_softmax(held_out / temperature), truth, classes)
    document = _document(pipeline, classes, temperature)
    document["trained"] = {
        "texts": len(kept),
        "accuracy_on_held_out_folds": round(quality.accuracy, 3),
        "folds": _FOLDS,
        **(how or {}),
    }
    model = pipeline[-1]  # from here on scikit-learn's own predict_proba is the calibrated one
    model.coef_, model.intercept_ = model.coef_ / temperature, model.intercept_ / temperature
    return Trained(document, pipeline, quality, left_out)


def _fit(texts: Sequence[str], truth: Any) -> Pipeline:
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415 - only here, never in the running bot
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415

    pipeline = make_pipeline(
        TfidfVectorizer(analyzer=grams, sublinear_tf=True), LogisticRegression(C=_STRENGTH, max_iter=1000)
    )
    pipeline.fit(texts, truth)
    vectorizer, model = pipeline[0], pipeline[-1]
    if len(model.classes_) == 2:  # one row for two classes: written out, the second against the first
        model.coef_ = np.vstack([-model.coef_ / 2, model.coef_ / 2])
        model.intercept_ = np.concatenate([-model.intercept_ / 2, model.intercept_ / 2])
    model.coef_ = np.where(abs(model.coef_) < _LEAST_WEIGHT, 0.0, model.coef_).round(_DECIMALS)
    model.intercept_ = model.intercept_.round(_DECIMALS)
    vectorizer.idf_ = vectorizer.idf_.round(_DECIMALS)
    return pipeline


def _held_out_scores(texts: Sequence[str], truth: Any, classes: int) -> Floats:
    """Return scores of every text by a model that did not see it."""
    from sklearn.model_selection import StratifiedKFold  # noqa: PLC0415

    scores = np.zeros((len(texts), classes))
    for seen, unseen in StratifiedKFold(_FOLDS, shuffle=True, random_state=0).split(texts, truth):
        pipeline = _fit([texts[place] for place in seen], truth[seen])
        features = pipeline[0].transform([texts[place] for place in unseen])
        scores[unseen] = features @ pipeline[-1].coef_.T + pipeline[-1].intercept_
    return scores


def _temperature(scores: Floats, truth: Any) -> float:
    """Return the divisor of the scores under which held-out texts are least surprising."""

    def surprise(temperature: float) -> float:
        chances = _softmax(scores / temperature)[np.arange(len(truth)), truth]
        return float(-np.log(np.maximum(chances, 1e-12)).mean())

    return min((round(float(step), 3) for step in np.geomspace(0.2, 5.0, 200)), key=surprise)


def _softmax(scores: Floats) -> Floats:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def _quality(chances: Floats, truth: Any, classes: Sequence[str]) -> Quality:
    taken, confidence = chances.argmax(axis=1), chances.max(axis=1)
    right = taken == truth
    bins = []
    for low in np.arange(0.0, 1.0, 0.1):
        inside = (confidence >= low) & (confidence < low + 0.1 + 1e-9)
        if inside.any():
            bins.append(Bin(int(inside.sum()), float(confidence[inside].mean()), float(right[inside].mean())))
    return Quality(
        float(right.mean()),
        {name: float(right[truth == place].mean()) for place, name in enumerate(classes)},
        Counter((classes[true], classes[found]) for true, found in zip(truth, taken, strict=True)),
        tuple(bins),
    )


def _document(pipeline: Pipeline, classes: Sequence[str], temperature: float) -> dict[str, Any]:
    vectorizer, model = pipeline[0], pipeline[-1]
    features: dict[str, list[float]] = {}
    for gram, place in sorted(vectorizer.vocabulary_.items()):
        numbers = [float(vectorizer.idf_[place])]
        for column, weight in enumerate(model.coef_[:, place]):
            if weight:
                numbers += [column, float(weight)]
        features[gram] = numbers
    return {
        "form": FORM,
        "classes": list(classes),
        "intercept": [float(number) for number in model.intercept_],
        "calibration": {"temperature": temperature},
        "features": features,
    }


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))
