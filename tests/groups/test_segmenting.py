"""Labels move slowly: two bounds, a rest between two changes, and causes that end the rest."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groups.changes import Change, LabelRemoved, LabelSet
from groups.labels.labelling import Evidence, Support
from groups.labels.segmenting import Occasion, Turned, before, changed, past_of, relabelled
from groups.settings import SegmentationSettings
from groups.state import GroupState, LabelCause, LabelKind, LabelSource, LabelState, Slot, winners
from tests.groups.conversation import KEY

NOW = datetime(2026, 11, 22, 1, 10, tzinfo=UTC)
BOUNDS = SegmentationSettings()
PLACE, CATEGORY, PERSON = Slot(LabelKind.NEIGHBOURHOOD), Slot(LabelKind.CATEGORY), Slot(LabelKind.PERSON)
CAT = Slot(LabelKind.FREE, "宠物")
LEARNED = frozenset({LabelSource.ROOM_NAMES, LabelSource.TAGS, LabelSource.ORDERS, LabelSource.NEEDS})


def names(**shares: float) -> Evidence:
    return Evidence(PLACE, LabelSource.ROOM_NAMES, {value: Support(share, 30) for value, share in shares.items()})


def topic(*values: str) -> Evidence:
    return Evidence(CATEGORY, LabelSource.TOPIC, {value: Support(0.9, 0) for value in values})


class Group:
    """One group over time: what is said of it, day by day."""

    def __init__(self) -> None:
        self.state = GroupState(KEY)
        self.now = NOW

    def look(self, *evidence: Evidence, days: float = 0, cause: LabelCause | None = None) -> list[Change]:
        self.now += timedelta(days=days)
        looked = {one.source for one in evidence}
        changes = relabelled(self.state, evidence, looked, Occasion(self.now, cause), BOUNDS)
        for change in changes:
            change.apply(self.state)
        return changes


def test_a_label_comes_above_one_bound_and_goes_below_a_lower_one() -> None:
    group = Group()
    for share, held in ((0.29, ()), (0.30, ("星河湾",)), (0.25, ("星河湾",)), (0.21, ("星河湾",)), (0.19, ())):
        group.look(names(星河湾=share), days=31)
        assert group.state.neighbourhoods == held, share


def test_a_category_from_needs_has_bounds_of_its_own() -> None:
    group = Group()
    for share, held in ((0.59, ()), (0.60, ("水果",)), (0.41, ("水果",)), (0.39, ())):
        group.look(Evidence(CATEGORY, LabelSource.NEEDS, {"水果": Support(share, 9)}), days=31)
        assert group.state.categories == held, share


def test_three_members_are_needed_and_two_may_keep_what_three_gave() -> None:
    group = Group()
    for members, held in ((2, ()), (3, ("枫林苑",)), (2, ("枫林苑",)), (1, ())):
        group.look(Evidence(PLACE, LabelSource.ROOM_NAMES, {"枫林苑": Support(0.9, members)}), days=31)
        assert group.state.neighbourhoods == held, members


def test_without_a_cause_a_kind_rests_thirty_days() -> None:
    group = Group()
    (first,) = group.look(names(星河湾=0.5))
    assert isinstance(first, LabelSet)
    assert first.cause is LabelCause.DRIFT
    assert group.look(names(枫林苑=0.5), days=29.9) == []
    assert group.state.neighbourhoods == ("星河湾",)
    group.look(names(枫林苑=0.5), days=0.2)
    assert group.state.neighbourhoods == ("枫林苑",)


def test_one_kind_resting_does_not_hold_up_another() -> None:
    group = Group()
    group.look(names(星河湾=0.5))
    group.look(Evidence(PERSON, LabelSource.TAGS, {"宝妈": Support(0.5, 9)}), days=1)
    group.look(Evidence(CAT, LabelSource.TAGS, {"猫": Support(0.5, 9)}), days=1)
    assert group.state.persons == ("宝妈",)
    assert group.state.attributes == {"宠物": ("猫",)}


@pytest.mark.parametrize("cause", [LabelCause.TOPIC, LabelCause.ROOM_NAMES, LabelCause.ASKED, LabelCause.NEW])
def test_a_cause_ends_the_rest(cause: LabelCause) -> None:
    group = Group()
    group.look(names(星河湾=0.5))
    changes = group.look(names(枫林苑=0.5), days=1, cause=cause)
    assert group.state.neighbourhoods == ("枫林苑",)
    assert {change.cause for change in changes if isinstance(change, LabelSet | LabelRemoved)} == {cause}


def test_what_the_topic_says_holds_at_once_and_other_rules_are_a_cause() -> None:
    group = Group()
    (made,) = group.look(topic("水果"), cause=LabelCause.NEW)
    renamed = group.look(topic("宠物"), cause=LabelCause.TOPIC)
    ruled = group.look(topic("宠物", "零食"))
    assert [change.cause for change in (made, *renamed, *ruled) if isinstance(change, LabelSet | LabelRemoved)] == [
        LabelCause.NEW,
        LabelCause.TOPIC,
        LabelCause.TOPIC,
        LabelCause.CONFIGURATION,
    ]
    assert group.state.categories == ("宠物", "零食")


def test_what_is_not_known_changes_nothing_and_what_is_known_to_be_nothing_does() -> None:
    group = Group()
    group.look(Evidence(CATEGORY, LabelSource.NEEDS, {"水果": Support(0.9, 9)}))
    assert group.look(Evidence(CATEGORY, LabelSource.NEEDS, None), days=31) == []
    group.look(Evidence(CATEGORY, LabelSource.NEEDS, {}), days=31)
    assert group.state.categories == ()


def test_the_leaders_word_is_left_alone_and_wins() -> None:
    group = Group()
    group.state.relabel((LabelState(LabelKind.NEIGHBOURHOOD, "星河湾", LabelSource.LEADER, 0.0),))
    group.look(names(星河湾=0.9))
    assert group.state.neighbourhoods == ()
    assert [label.source for label in group.state.labels] == [LabelSource.LEADER, LabelSource.ROOM_NAMES]


def test_a_confidence_moves_without_a_history_and_only_when_it_is_noticed() -> None:
    group = Group()
    group.look(names(星河湾=0.5))
    assert group.look(names(星河湾=0.53), days=1) == []
    (moved,) = group.look(names(星河湾=0.7), days=1)
    assert isinstance(moved, LabelSet)
    assert (moved.cause, moved.label.confidence) == (None, 0.7)


# Thirty days of drift: at most one change per group and kind without a cause.

Share = Callable[[int, random.Random], dict[str, float]]


def _swing(hour: int, chance: random.Random) -> dict[str, float]:
    return {"甲": 0.25 + 0.15 * math.sin(hour / 5) + chance.uniform(-0.02, 0.02)}


def _jump(_: int, chance: random.Random) -> dict[str, float]:
    return {"甲": chance.choice((0.05, 0.95))}


def _take_turns(hour: int, _: random.Random) -> dict[str, float]:
    return {"甲": 0.9, "乙": 0.05} if hour // 24 % 2 else {"甲": 0.05, "乙": 0.9}


def _wander(hour: int, chance: random.Random) -> dict[str, float]:
    waves = sum(math.sin(hour / period) for period in (3, 11, 29, 71, 173))
    return {"甲": 0.3 + 0.1 * waves + chance.uniform(-0.05, 0.05)}


def _cross(hour: int, chance: random.Random) -> dict[str, float]:
    share = hour / 720
    return {"甲": 0.8 * (1 - share) + chance.uniform(-0.1, 0.1), "乙": 0.8 * share + chance.uniform(-0.1, 0.1)}


def _vanish(_: int, chance: random.Random) -> dict[str, float]:
    return {} if chance.random() < 0.5 else {"甲": 0.7, "乙": 0.7}


REGIMES: dict[str, Share] = {
    "swings around the bounds": _swing,
    "jumps": _jump,
    "two take turns every day": _take_turns,
    "wanders": _wander,
    "one overtakes another": _cross,
    "comes and goes": _vanish,
}


def _drift(regime: Share, seed: int) -> Iterator[tuple[int, list[Evidence]]]:
    """Thirty days, looked at every four hours, by every learned source of every kind."""
    chance = random.Random(seed)  # noqa: S311 - seeded, so that a failure comes back
    for hour in range(0, 720, 4):
        yield (
            hour,
            [
                Evidence(
                    slot,
                    source,
                    {value: Support(min(1.0, max(0.0, share)), 20) for value, share in regime(hour, chance).items()},
                )
                for slot, source in (
                    (PLACE, LabelSource.ROOM_NAMES),
                    (PLACE, LabelSource.ORDERS),
                    (CATEGORY, LabelSource.NEEDS),
                    (PERSON, LabelSource.TAGS),
                    (CAT, LabelSource.TAGS),
                )
            ],
        )


def _held(state: GroupState) -> dict[Slot, tuple[str, ...]]:
    return {slot: winners(state.labels, *slot) for slot in (PLACE, CATEGORY, PERSON, CAT)}


@pytest.mark.parametrize("regime", REGIMES.values(), ids=REGIMES.keys())
def test_thirty_days_of_drift_change_a_kind_at_most_once(regime: Share) -> None:
    moved = 0
    for seed in range(10):
        group, turns = Group(), defaultdict[Slot, int](int)
        for hour, evidence in _drift(regime, seed):
            group.now = NOW + timedelta(hours=hour)
            held = _held(group.state)
            changes = relabelled(group.state, evidence, LEARNED, Occasion(group.now), BOUNDS)
            for change in changes:
                change.apply(group.state)
            for slot, values in _held(group.state).items():
                turns[slot] += values != held[slot]
            whens = {
                Slot(change.label.kind, change.label.key)
                for change in changes
                if isinstance(change, LabelSet | LabelRemoved) and change.cause is LabelCause.DRIFT
            }
            assert whens <= {slot for slot in whens if group.state.drifted[slot] == group.now}
        assert max(turns.values()) <= 1, (seed, dict(turns))
        moved += sum(turns.values())
    assert moved >= 10, "a rule that never moves would pass as well"


def test_drift_that_stays_is_followed_in_the_end() -> None:
    group = Group()
    group.look(names(星河湾=0.8))
    for _ in range(40):
        group.look(names(枫林苑=0.8), days=1)
    assert group.state.neighbourhoods == ("枫林苑",)


def test_a_new_topic_every_day_changes_labels_every_day_each_with_its_cause() -> None:
    group, causes = Group(), []
    for day in range(30):
        changes = group.look(topic("水果" if day % 2 else "宠物"), days=1, cause=LabelCause.TOPIC)
        causes += [change.cause for change in changes if isinstance(change, LabelSet | LabelRemoved)]
    assert set(causes) == {LabelCause.TOPIC}
    assert group.state.drifted == {}


# What is told of changes.

labels = st.builds(
    LabelState,
    st.sampled_from([LabelKind.CATEGORY, LabelKind.PERSON]),
    st.sampled_from(["甲", "乙", "丙"]),
    st.sampled_from([LabelSource.TOPIC, LabelSource.ROOM_NAMES, LabelSource.NEEDS, LabelSource.CONFIGURATION]),
    st.just(1.0),
)


@given(st.sets(labels), st.sets(labels))
def test_undoing_a_history_gives_the_labels_before_it(old: set[LabelState], new: set[LabelState]) -> None:
    changes: list[Change] = [LabelRemoved(KEY, label, LabelCause.DRIFT, NOW) for label in sorted(old - new)]
    changes += [LabelSet(KEY, label, LabelCause.DRIFT, NOW) for label in sorted(new - old)]
    assert set(before(sorted(new), past_of(changes))) == old


def test_a_change_that_a_stronger_source_hides_is_not_told() -> None:
    group = Group()
    group.look(topic("水果"), cause=LabelCause.NEW)
    old = group.state.labels
    changes = group.look(Evidence(CATEGORY, LabelSource.NEEDS, {"宠物": Support(0.9, 9)}), days=1)
    assert changed(old, group.state.labels, past_of(changes)) == []
    old = group.state.labels
    changes = group.look(topic(), days=1, cause=LabelCause.TOPIC)
    assert [(one.value, one.holds, one.cause) for one in changed(old, group.state.labels, past_of(changes))] == [
        ("水果", False, LabelCause.TOPIC),
        ("宠物", True, LabelCause.TOPIC),
    ]


def test_what_turned_is_told_with_source_and_cause() -> None:
    group = Group()
    changes = group.look(names(星河湾=0.5))
    assert changed((), group.state.labels, past_of(changes)) == [
        Turned(PLACE, "星河湾", True, LabelSource.ROOM_NAMES, LabelCause.DRIFT)
    ]
