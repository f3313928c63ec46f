"""What is different for a group: its own rules, and what its segments change. Pure.

What the configuration says of the room and what its leader said go first, then segments by priority, then the
program's defaults. Lists (excluded, pinned, further neighbourhoods) add up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from groups.segment_settings import Packing, Wording
from groups.segments import Segment, Segments
from groups.state import GroupState, LabelKind, LabelSource, RuleKind

_SAID = (LabelSource.CONFIGURATION, LabelSource.LEADER)
"""Sources that no segment overrules."""
_STRENGTH = tuple(LabelSource)
_CALLED = {
    LabelSource.CONFIGURATION: "room configuration",
    LabelSource.LEADER: "leader's word",
}


class Origin(NamedTuple):
    """One thing that holds in a group, and where it comes from; of a list, one entry of it."""

    effect: str
    value: str
    source: str


class Disagreement(NamedTuple):
    """Two segments of equal priority that set one effect differently in one group; ``first`` counts."""

    effect: str
    first: Segment
    second: Segment

    def __str__(self) -> str:
        one, other = (
            f"{segment.key}.{self.effect} ({segment.name}: {shown(getattr(segment.settings, self.effect))})"
            for segment in (self.first, self.second)
        )
        return f"{one} and {other} disagree at the same priority; the first counts, change one of the priorities"


@dataclass(frozen=True, slots=True)
class Effects:
    """What holds in one group; None leaves it to the program's default.

    ``categories`` are those that shut others out. ``excluded_*`` and ``pinned_*`` are the group's own rules;
    ``also_excluded`` and ``also_pinned`` are texts of segments, from which whatever the group itself pinned is spared.
    ``threshold`` is the least certainty of a push, 0 to 1. ``origins`` tell where everything comes from.
    """

    neighbourhoods: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    excluded_ids: frozenset[int] = frozenset()
    excluded_texts: frozenset[str] = frozenset()
    also_excluded: frozenset[str] = frozenset()
    pinned_ids: frozenset[int] = frozenset()
    pinned_texts: frozenset[str] = frozenset()
    also_pinned: frozenset[str] = frozenset()
    threshold: float | None = None
    answers_per_day: int | None = None
    unasked_per_day: int | None = None
    digest: bool = True
    wording: Wording = Wording.STANDARD
    packing: Packing = Packing.BUILDING
    origins: tuple[Origin, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()


def effects_of(state: GroupState, segments: Segments) -> Effects:
    """Return what holds in a group now."""
    return _Resolver(state, segments.matching(state)).effects()


def own_effects(state: GroupState) -> Effects:
    """Return what holds in a group of a program without segments."""
    return _Resolver(state, ()).effects()


def shown(value: Any) -> str:
    """Return a value of an effect as people read it."""
    if isinstance(value, tuple):
        return "、".join(value) or "none"
    return {True: "on", False: "off"}.get(value, str(value)) if isinstance(value, bool) else str(value)


class _Resolver:
    """Works out the effects of one group; collects where they come from."""

    def __init__(self, state: GroupState, matching: Sequence[Segment]) -> None:
        self._state = state
        self._matching = matching
        self._origins: list[Origin] = []
        self._disagreements: list[Disagreement] = []

    def effects(self) -> Effects:
        state = self._state
        also_excluded, also_pinned = self._added("excluded"), self._added("pinned")
        neighbourhoods = self._neighbourhoods()
        categories = self._categories()
        threshold = self._threshold()
        self._rules()
        return Effects(
            neighbourhoods=neighbourhoods,
            categories=categories,
            excluded_ids=state.excluded_ids,
            excluded_texts=state.excluded_texts,
            also_excluded=frozenset(also_excluded),
            pinned_ids=state.pinned_ids,
            pinned_texts=state.pinned_texts,
            also_pinned=frozenset(also_pinned),
            threshold=threshold,
            answers_per_day=self._single("answers_per_day", None),
            unasked_per_day=self._single("unasked_per_day", None),
            digest=self._single("digest", True),
            wording=self._single("wording", Wording.STANDARD),
            packing=self._single("packing", Packing.BUILDING),
            origins=tuple(self._origins),
            disagreements=tuple(self._disagreements),
        )

    def _note(self, effect: str, values: Iterable[Any], source: str) -> None:
        self._origins += [Origin(effect, shown(value), source) for value in values]

    def _single(self, effect: str, default: Any) -> Any:
        """Return the value of the first segment that sets an effect; note others of its rank that would differ."""
        setting = [one for one in self._matching if getattr(one.settings, effect) is not None]
        if not setting:
            return default
        first, *others = setting
        value = getattr(first.settings, effect)
        self._note(effect, [value], _called(first))
        self._disagreements += [
            Disagreement(effect, first, other)
            for other in others
            if other.settings.priority == first.settings.priority and getattr(other.settings, effect) != value
        ]
        return value

    def _added(self, effect: str) -> list[str]:
        """Return a list that all segments add to."""
        found: list[str] = []
        for segment in self._matching:
            new = [value for value in getattr(segment.settings, effect) if value not in found]
            self._note(effect, new, _called(segment))
            found += new
        return found

    def _threshold(self) -> float | None:
        if self._state.threshold is None:
            return self._single("threshold", None)  # type: ignore[no-any-return]  # read by name
        self._note("threshold", [self._state.threshold], _CALLED[LabelSource.CONFIGURATION])
        return self._state.threshold

    def _neighbourhoods(self) -> tuple[str, ...]:
        """Segments replace what was learned, never what was said; what the leader denied stays denied."""
        state, kind = self._state, LabelKind.NEIGHBOURHOOD
        said = self._said(kind)
        replacing = None if said else self._single("neighbourhoods", None)
        if replacing is None:
            self._note_labels(kind, state.neighbourhoods)
        found = [*(state.neighbourhoods if replacing is None else replacing), *self._added("also_neighbourhoods")]
        denied = {label.value for label in state.labels if label.kind == kind and label.confidence == 0}
        fixed = {label.value for label in state.labels if label.kind == kind and label.source == _SAID[0]}
        return tuple(dict.fromkeys(value for value in found if value not in denied - fixed))

    def _categories(self) -> tuple[str, ...]:
        """Return the categories that shut others out: those that were said, else those of a segment.

        What was only guessed (水果群) does not forbid the group rice.
        """
        said = self._said(LabelKind.CATEGORY)
        if said:
            self._note_labels(LabelKind.CATEGORY, said)
            return said
        return self._single("categories", None) or ()

    def _said(self, kind: LabelKind) -> tuple[str, ...]:
        """Return the values of a kind that configuration or leader set, of those that hold."""
        state = self._state
        holding = state.neighbourhoods if kind is LabelKind.NEIGHBOURHOOD else state.categories
        said = {label.value for label in state.labels if label.kind == kind and label.source in _SAID}
        return tuple(value for value in holding if value in said)

    def _note_labels(self, kind: LabelKind, values: Iterable[str]) -> None:
        effect = "neighbourhoods" if kind is LabelKind.NEIGHBOURHOOD else "categories"
        for value in values:
            sources = [label.source for label in self._state.labels if (label.kind, label.value) == (kind, value)]
            source = min(sources, key=_STRENGTH.index, default=None)
            self._note(effect, [value], _CALLED.get(source, source.replace("_", " ")) if source else "learned")

    def _rules(self) -> None:
        for rule in self._state.rules:
            effect = "excluded" if rule.kind is RuleKind.EXCLUDED else "pinned"
            self._note(effect, [rule.text or f"product {rule.product_id}"], _CALLED.get(rule.source, rule.source))


def _called(segment: Segment) -> str:
    return f"segment {segment.name} ({segment.key}, priority {segment.settings.priority})"
