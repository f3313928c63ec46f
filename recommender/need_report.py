"""What labelled lines say about the reading of needs: certainty, several needs in a line, two ways compared. Pure."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from recommender.evaluation import Judged, found_class, same_terms, span
from recommender.intervals import mcnemar, wilson
from recommender.labelled import PASSIVE, LabelledLine
from recommender.readings import Reading

_BINS = 10
_RESAMPLES = 2_000
_SEED = 5


@dataclass(frozen=True, slots=True)
class Heard:
    """A labelled line and what it was read as. ``needs`` are (class, objects in their kept form)."""

    line: LabelledLine
    expected: tuple[tuple[str, tuple[str, ...]], ...]
    found: str
    needs: tuple[tuple[str, tuple[str, ...]], ...]
    certainty: float | None

    @property
    def active(self) -> bool:
        """Tell whether a need was heard that may be answered."""
        return self.found not in PASSIVE

    @property
    def judged(self) -> Judged:
        """Return the line for the table of classes; the objects are compared with those of any of its needs."""
        terms = [term for _, objects in self.expected for term in objects]
        found = [term for _, objects in self.needs for term in objects]
        return Judged(self.line.text, self.line.label, self.found, self.line.trap, same_terms(terms, found))


@dataclass(frozen=True, slots=True)
class Reliability:
    """Lines of one step of certainty: how many, how sure the model was on average, how many were needs."""

    low: float
    high: float
    lines: int
    certainty: float
    needs: int


def hear(line: LabelledLine, reading: Reading, canonical: Callable[[str], str]) -> Heard:
    """Put a reading beside its label; ``canonical`` gives the kept form of a word."""
    expected = tuple((label, tuple(canonical(term) for term in terms)) for label, terms in line.needs)
    needs = tuple((need.need_class.value, tuple(map(canonical, need.terms))) for need in reading.needs if need.terms)
    return Heard(line, expected, found_class(reading), needs, reading.certainty)


def reliability(heard: Sequence[Heard]) -> list[Reliability]:
    """Return by steps of a tenth how often a line that the model was so sure of is a need."""
    steps = []
    for place in range(_BINS):
        low, high = place / _BINS, (place + 1) / _BINS
        inside = [
            one
            for one in heard
            if one.certainty is not None and low <= one.certainty and (one.certainty < high or place == _BINS - 1)
        ]
        if inside:
            mean = sum(one.certainty or 0.0 for one in inside) / len(inside)
            steps.append(Reliability(low, high, len(inside), mean, sum(one.line.active for one in inside)))
    return steps


def calibration_error(steps: Sequence[Reliability]) -> float:
    """Return by how much certainty and share of needs differ, averaged over the lines."""
    total = sum(step.lines for step in steps)
    return sum(abs(step.certainty * step.lines - step.needs) for step in steps) / total if total else 0.0


def reliability_table(heard: Sequence[Heard]) -> str:
    """Return the steps as a table: a certainty of 0.8 is to be right four times in five."""
    steps = reliability(heard)
    if not steps:
        return "certainty: no model was asked"
    rows = [f"{'certainty':<12}{'lines':>7}{'mean':>8}{'needs':>8}{'95 %':>14}"]
    rows += [
        f"{step.low:.1f}–{step.high:.1f}     {step.lines:>7}{step.certainty:>8.3f}{step.needs / step.lines:>8.3f}"
        f"{span(wilson(step.needs, step.lines)):>14}"
        for step in steps
    ]
    rows.append(f"mean difference between certainty and share of needs: {calibration_error(steps):.3f}")
    return "\n".join(rows)


def several_found(heard: Sequence[Heard]) -> tuple[int, int, int]:
    """Return of the lines with several needs: needs, needs found with class and object, needs found too many."""
    needs = found = extra = 0
    for one in heard:
        if len(one.expected) < 2:
            continue
        left = list(one.needs)
        for label, terms in one.expected:
            match = next((need for need in left if need[0] == label and same_terms(terms, need[1])), None)
            needs += 1
            if match is not None:
                found += 1
                left.remove(match)
        extra += len(left)
    return needs, found, extra


def comparison(first: Sequence[Heard], second: Sequence[Heard], names: tuple[str, str]) -> str:
    """Return how two ways of reading the same lines differ: McNemar's test, and intervals from a paired bootstrap."""
    pairs = list(zip(first, second, strict=True))
    rows = [f"{names[0]} against {names[1]}, the same {len(pairs)} lines"]
    for title, right in (("need or none", _decided), ("class", _classed)):
        only_first = sum(right(a) and not right(b) for a, b in pairs)
        only_second = sum(right(b) and not right(a) for a, b in pairs)
        rows.append(
            f"{title:<14} right only in {names[0]}: {only_first}, only in {names[1]}: {only_second}"
            f" (McNemar p = {mcnemar(only_first, only_second):.2g})"
        )
    for title, measure in (("precision", _precision), ("recall", _recall)):
        low, high = _bootstrap(pairs, measure)
        difference = measure([a for a, _ in pairs]) - measure([b for _, b in pairs])
        rows.append(f"{title:<14} difference {difference:+.3f}, 95 % {low:+.3f} to {high:+.3f}")
    return "\n".join(rows)


def _bootstrap(
    pairs: Sequence[tuple[Heard, Heard]], measure: Callable[[Sequence[Heard]], float]
) -> tuple[float, float]:
    """Return the 95 % interval of a difference, by drawing lines with both their readings again and again."""
    draw = random.Random(_SEED)  # noqa: S311 - a seeded resampling, no secret
    differences = []
    for _ in range(_RESAMPLES):
        sample = draw.choices(pairs, k=len(pairs))
        differences.append(measure([a for a, _ in sample]) - measure([b for _, b in sample]))
    differences.sort()
    return differences[int(0.025 * _RESAMPLES)], differences[int(0.975 * _RESAMPLES)]


def _decided(one: Heard) -> bool:
    return one.active == one.line.active


def _classed(one: Heard) -> bool:
    return one.found == one.line.label


def _precision(heard: Sequence[Heard]) -> float:
    found = [one.line.active for one in heard if one.active]
    return sum(found) / len(found) if found else 1.0


def _recall(heard: Sequence[Heard]) -> float:
    wanted = [one.active for one in heard if one.line.active]
    return sum(wanted) / len(wanted) if wanted else 1.0
