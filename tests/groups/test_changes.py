"""Memory and database agree: what changes do to a copy is what loading gives after saving them."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from core.database import Database, execute
from groups import changes as happened
from groups.changes import Change
from groups.models import ConsentEntry, Group, Member
from groups.repository import load, save
from groups.state import (
    GroupKey,
    GroupState,
    LabelKind,
    LabelSource,
    LabelState,
    MemberKey,
    ProductRule,
    Role,
    RuleKind,
)

NOW = datetime(2026, 11, 22, 11, tzinfo=UTC)
GROUPS = [GroupKey("local", "bot", name) for name in ("甲", "乙")]
PEOPLE = ["lin", "xiaomei", "laozhou"]

group = st.sampled_from(GROUPS)
person = st.sampled_from(PEOPLE)
name = st.sampled_from(["", "小美", "3栋502-小美"])
level = st.integers(0, 4)
labels = st.builds(
    LabelState,
    st.sampled_from(LabelKind),
    st.sampled_from(["水果", "阳光小区"]),
    st.sampled_from(LabelSource),
    st.sampled_from([0.0, 0.5, 1.0]),
    st.sampled_from(["", "pet"]),
)
rules = st.builds(
    ProductRule, st.sampled_from(RuleKind), st.sampled_from(LabelSource), st.sampled_from([0, 7]), st.just("榴莲")
)
change = st.one_of(
    st.builds(happened.ActiveSet, group, st.booleans()),
    st.builds(happened.Introduced, group),
    st.builds(happened.TopicSeen, group, name),
    st.builds(happened.OwnerSeen, group, person),
    st.builds(happened.LeaderSet, group, person),
    st.builds(happened.LevelSet, group, level, st.booleans()),
    st.builds(happened.PausedSet, group, st.booleans()),
    st.builds(happened.RetiredSet, group, st.booleans(), st.sampled_from([None, 7])),
    st.builds(happened.ThresholdSet, group, st.sampled_from([None, 0.25])),
    st.builds(happened.WelcomeSet, group, st.booleans()),
    st.builds(happened.RosterSeen, group),
    st.builds(happened.MemberSeen, group, person, name, name),
    st.builds(happened.MemberGone, group, person),
    st.builds(happened.RoleSet, group, person, st.sampled_from([Role.ASSISTANT, Role.MEMBER])),
    st.builds(happened.Unsubscribed, group, person),
    st.builds(happened.RefusalCarried, group, person),
    st.builds(happened.Resubscribed, group, person),
    st.builds(
        happened.PersonalisationSet, st.builds(MemberKey, st.just("local"), st.just("bot"), person), st.booleans()
    ),
    st.builds(happened.LabelSet, group, labels),
    st.builds(happened.LabelRemoved, group, labels),
    st.builds(happened.ProductRuleSet, group, rules),
    st.builds(happened.ProductRuleRemoved, group, rules),
)
batches = st.lists(st.lists(change, min_size=1, max_size=12), max_size=4)


async def _step(database: Database, memory: dict[GroupKey, GroupState], batch: list[Change]) -> None:
    before = {key: state.copy() for key, state in memory.items()}
    frozen = {key: repr(state) for key, state in before.items()}
    async with database.transaction() as session:
        saved = await save(session, batch, NOW)
    for one in [*batch, *saved.known]:
        everywhere = isinstance(one, happened.PersonalisationSet)
        for state in memory.values():
            if everywhere or one.group == state.key:
                one.apply(state)
    for key, id_ in saved.ids.items():
        memory[key].id = id_
    async with database.reading() as session:
        assert await load(session, GROUPS) == memory
    assert {key: repr(state) for key, state in before.items()} == frozen  # a copy is not touched by later changes


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(work=batches)
async def test_memory_and_database_agree(database: Database, work: list[list[Change]]) -> None:
    async with database.transaction() as session:
        for table in (Group, Member, ConsentEntry):  # the others follow their group
            await execute(session, delete(table))
    memory = {key: GroupState(key) for key in GROUPS}
    created: list[Change] = [happened.GroupCreated(key, topic="群", level=2) for key in GROUPS]
    for batch in [created, *work]:
        await _step(database, memory, batch)
