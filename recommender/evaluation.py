"""Judging the reading of needs on labelled lines: precision and recall per class. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from core.outcomes import Outcome, Reason
from recommender.intervals import wilson
from recommender.needs import Reading

NONE = "none"
"""The class of a line that states no need."""
ANY = "any need"
"""The row that asks only whether a need was seen, whatever its class; implicit needs are not active and not counted."""
_PASSIVE = frozenset({NONE, "implicit", "opinion_praise", "opinion_complaint"})


@dataclass(frozen=True, slots=True)
class Judged:
    """One labelled line and what it was taken for; both are class names."""

    text: str
    expected: str
    found: str
    trap: str = ""
    terms_right: bool = True


@dataclass(frozen=True, slots=True)
class ClassScore:
    """Counts of one class: right (true positives), extra (false positives), missed (false negatives)."""

    name: str
    right: int = 0
    extra: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        """Return the share of found ones that are right; 1 when nothing was found."""
        return self.right / (self.right + self.extra) if self.right + self.extra else 1.0

    @property
    def recall(self) -> float:
        """Return the share of expected ones that were found; 1 when nothing was expected."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def precision_between(self) -> tuple[float, float]:
        """Return the 95 % interval of the precision."""
        return wilson(self.right, self.right + self.extra)

    @property
    def recall_between(self) -> tuple[float, float]:
        """Return the 95 % interval of the recall."""
        return wilson(self.right, self.right + self.missed)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Scores of all classes and the lines that went wrong."""

    scores: tuple[ClassScore, ...]
    wrong: tuple[Judged, ...]
    terms_right: float
    traps: dict[str, tuple[int, int]] = field(default_factory=dict)

    def score(self, name: str) -> ClassScore:
        """Return the score of one class or of ``ANY``."""
        return next(score for score in self.scores if score.name == name)


def found_class(reading: Reading) -> str:
    """Return the class name that a reading amounts to."""
    if reading.outcome is Outcome.OPINION:
        return "opinion_praise" if reading.reason is Reason.PRAISE else "opinion_complaint"
    return reading.need.need_class.value if reading.need is not None else NONE


def judge(lines: Iterable[Judged]) -> Verdict:
    """Count right, extra and missed per class."""
    judged = list(lines)
    right: Counter[str] = Counter()
    extra: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    fooled: dict[str, list[int]] = {}
    for line in judged:
        if line.expected == line.found:
            right[line.expected] += 1
        else:
            extra[line.found] += 1
            missed[line.expected] += 1
        wanted, seen = line.expected not in _PASSIVE, line.found not in _PASSIVE
        right[ANY] += wanted and seen
        extra[ANY] += seen and not wanted
        missed[ANY] += wanted and not seen
        if line.trap:
            counts = fooled.setdefault(line.trap, [0, 0])
            counts[0] += seen
            counts[1] += 1
    names = [*sorted({line.expected for line in judged} | {line.found for line in judged}), ANY]
    scores = tuple(ClassScore(name, right[name], extra[name], missed[name]) for name in names)
    found = [line for line in judged if line.expected not in _PASSIVE and line.found not in _PASSIVE]
    terms_right = sum(line.terms_right for line in found) / len(found) if found else 1.0
    wrong = tuple(line for line in judged if line.expected != line.found)
    return Verdict(scores, wrong, terms_right, {name: (seen, total) for name, (seen, total) in sorted(fooled.items())})


def table(verdict: Verdict) -> str:
    """Return the scores as a plain text table, with Wilson's 95 % intervals."""
    rows = [f"{'class':<18}{'lines':>7}{'precision':>11}{'95 %':>14}{'recall':>8}{'95 %':>14}"]
    rows += [
        f"{score.name:<18}{score.right + score.missed:>7}"
        f"{score.precision:>11.3f}{span(score.precision_between):>14}{score.recall:>8.3f}{span(score.recall_between):>14}"
        for score in verdict.scores
    ]
    rows.append(f"objects right among found needs: {verdict.terms_right:.3f}")
    rows += [f"trap {name:<20} taken for a need: {seen} of {total}" for name, (seen, total) in verdict.traps.items()]
    return "\n".join(rows)


def span(between: tuple[float, float]) -> str:
    """Return an interval as a table shows it."""
    return f"{between[0]:.3f}–{between[1]:.3f}"


def same_terms(expected: Sequence[str], found: Sequence[str]) -> bool:
    """Tell whether the main object agrees: one names the other or the end of it (防晒 and 防晒霜, 鸡蛋 and 土鸡蛋)."""
    return not expected or any(a in b or b in a for a in expected for b in found)
