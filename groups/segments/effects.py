"""What is different for a group: its own rules, and what its segments change. Pure.

What the configuration says of the room and what its leader said go first, then segments by priority, then the
program's defaults. Lists (excluded, pinned, further neighbourhoods) add up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from groups.segments.matching import Segment, Segments
from groups.segments.settings import Packing, Wording
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
    ``threshold`` is the least certainty of a push, 0 to 1. ``origins`` tell where everything comes from, if asked for.
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


def own_effects(state: GroupState) -> Effects:
    """Return what holds in a group by its own rules alone."""
    return Effects(
        neighbourhoods=state.neighbourhoods,
        categories=_said(state, LabelKind.CATEGORY, state.categories),
        excluded_ids=state.excluded_ids,
        excluded_texts=state.excluded_texts,
        pinned_ids=state.pinned_ids,
        pinned_texts=state.pinned_texts,
        threshold=state.threshold,
    )


def effects_of(state: GroupState, segments: Segments) -> Effects:
    """Return what holds in a group now, without ``origins``, which most callers have no time for."""
    matching = segments.matching(state)
    return _Resolver(state, matching, explain=False).effects() if matching else own_effects(state)


def explained_effects(state: GroupState, segments: Segments) -> Effects:
    """Return what holds in a group now, and where everything comes from."""
    return _Resolver(state, segments.matching(state), explain=True).effects()


def shown(value: Any) -> str:
    """Return a value of an effect as people read it."""
    if isinstance(value, tuple):
        return "、".join(value) or "none"
    return {True: "on", False: "off"}.get(value, str(value)) if isinstance(value, bool) else str(value)


class _Resolver:
    """Works out the effects of one group; collects where they come from."""

    def __init__(self, state: GroupState, matching: Sequence[Segment], *, explain: bool) -> None:
        self._explain = explain
        self._state = state
        self._matching = matching
        self._origins: list[Origin] = []
        self._disagreements: list[Disagreement] = []

    def effects(self) -> Effects:
        """Return the group's own effects with those of its segments laid over and under them."""
        own = own_effects(self._state)
        self._note_rules()
        return replace(
            own,
            neighbourhoods=self._neighbourhoods(own),
            categories=self._categories(own),
            also_excluded=frozenset(self._added("excluded")),
            also_pinned=frozenset(self._added("pinned")),
            threshold=self._threshold(own),
            answers_per_day=self._single("answers_per_day", None),
            unasked_per_day=self._single("unasked_per_day", None),
            digest=self._single("digest", own.digest),
            wording=self._single("wording", own.wording),
            packing=self._single("packing", own.packing),
            origins=tuple(self._origins),
            disagreements=tuple(self._disagreements),
        )

    def _note(self, effect: str, values: Iterable[Any], source: str) -> None:
        if self._explain:
            self._origins += [Origin(effect, shown(value), source) for value in values]

    def _single(self, effect: str, default: Any) -> Any:
        """Return the value of the first segment that sets an effect; note others of its rank that would differ."""
        setting = self._matching and [one for one in self._matching if getattr(one.settings, effect) is not None]
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

    def _threshold(self, own: Effects) -> float | None:
        if own.threshold is None:
            return self._single("threshold", None)  # type: ignore[no-any-return]  # read by name
        self._note("threshold", [own.threshold], _CALLED[LabelSource.CONFIGURATION])
        return own.threshold

    def _neighbourhoods(self, own: Effects) -> tuple[str, ...]:
        """Segments replace what was learned, never what was said; what the leader denied stays denied."""
        kind, labels = LabelKind.NEIGHBOURHOOD, self._state.labels
        replacing = None
        if not _said(self._state, kind, own.neighbourhoods):
            replacing = self._single("neighbourhoods", None)
        if replacing is None:
            self._note_labels(kind, own.neighbourhoods)
        denied = {label.value for label in labels if label.kind is kind and label.confidence == 0}
        found = [*(own.neighbourhoods if replacing is None else replacing), *self._added("also_neighbourhoods")]
        return tuple(dict.fromkeys(one for one in found if one not in denied or one in own.neighbourhoods))

    def _categories(self, own: Effects) -> tuple[str, ...]:
        """Segments bind a group to categories only where nobody did for this group."""
        if not own.categories:
            return self._single("categories", ())  # type: ignore[no-any-return]  # read by name
        self._note_labels(LabelKind.CATEGORY, own.categories)
        return own.categories

    def _note_labels(self, kind: LabelKind, values: Iterable[str]) -> None:
        effect = "neighbourhoods" if kind is LabelKind.NEIGHBOURHOOD else "categories"
        for value in values if self._explain else ():
            sources = [label.source for label in self._state.labels if (label.kind, label.value) == (kind, value)]
            source = min(sources, key=_STRENGTH.index, default=None)
            self._note(effect, [value], _CALLED.get(source, source.replace("_", " ")) if source else "learned")

    def _note_rules(self) -> None:
        for rule in self._state.rules if self._explain else ():
            effect = "excluded" if rule.kind is RuleKind.EXCLUDED else "pinned"
            self._note(effect, [rule.text or f"product {rule.product_id}"], _CALLED.get(rule.source, rule.source))


def _said(state: GroupState, kind: LabelKind, holding: tuple[str, ...]) -> tuple[str, ...]:
    """Return what configuration or leader set, of the values of a kind that hold.

    Only such categories shut others out: what was guessed (水果群) does not forbid the group rice.
    """
    said = {label.value for label in state.labels if label.kind is kind and label.source in _SAID}
    return tuple(value for value in holding if value in said) if said else ()


def _called(segment: Segment) -> str:
    return f"segment {segment.name} ({segment.key}, priority {segment.settings.priority})"
