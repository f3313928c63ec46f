"""What a group is remembered by: who waits for something is worked out once, and is what counting anew would say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from recommender.constraints import NOTHING_STATED
from recommender.memory import GroupMemory, Utterance
from recommender.needs import Need, NeedClass

BEGIN = datetime(2026, 5, 6, 8, tzinfo=UTC)
NEED = Need(NeedClass.WANT, ("草莓",), NOTHING_STATED, True, 0.9, "want", (0, 4))
MEMBERS = ("m1", "m2", "m3")

step = st.tuples(
    st.sampled_from(("need", "goods", "takes back", "copy", "answered")),
    st.sampled_from(MEMBERS),
    st.sampled_from((20, 400)),
)


def _counted(memory: GroupMemory, member: str) -> tuple[bool, bool]:
    asking = {one.member for one in memory.utterances if one.need is not None}
    return bool(asking - {member}), member in asking


@given(st.lists(step, max_size=60))
def test_who_waits_is_known_after_every_step(steps: list[tuple[str, str, int]]) -> None:
    memory, at = GroupMemory(), BEGIN
    for what, member, seconds in steps:
        at += timedelta(seconds=seconds)
        if what == "need":
            memory.note(Utterance(member, at, NEED))
        elif what == "goods":
            memory.note(Utterance(member, at, objects=("草莓",)))
        elif what == "takes back":
            memory.withdrawn(member)
        elif what == "answered":
            memory.answered(member, NEED.terms, (1,), at)
        else:
            before, memory = memory, memory.copy()
            before.note(Utterance(member, at, NEED))  # a copy knows nothing of what its original hears later
        assert [memory.waiting(one) for one in MEMBERS] == [_counted(memory, one) for one in MEMBERS]


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 6), st.integers(0, 30)), max_size=40))
def test_two_days_of_what_was_answered_and_offered_are_remembered(steps: list[tuple[bool, int, int]]) -> None:
    memory, at = GroupMemory(), BEGIN
    seen: list[tuple[bool, int, datetime]] = []
    for answered, number, hours in steps:
        at += timedelta(hours=hours)
        seen.append((answered, number, at))
        if answered:
            memory.answered(f"m{number}", (f"词{number}",), (number,), at)
        else:
            memory.offered((f"词{number}",), at)
        lately = [one for one in seen if at - one[2] < timedelta(days=2)]
        assert memory.terms == {f"词{number}": when for _, number, when in lately}
    answers = {number: when for answered, number, when in seen if answered}
    for number, when in answers.items():
        if at - when < timedelta(days=2):
            assert memory.shown[number] == memory.members[f"m{number}"] == when
    last = max(answers.values(), default=at)
    assert all(last - when < timedelta(days=2) for when in (*memory.shown.values(), *memory.members.values()))
