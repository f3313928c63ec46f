"""``qianqun groups list | show | segments``: what groups are, which segments they belong to, and what follows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from rich.table import Table
from rich.text import Text

from bot.cli.session import execute, opened_database, out, report
from bot.settings import Settings
from core.clock import SystemClock
from core.settings import SettingsError
from groups import listing
from groups import repository as group_store
from groups.listing import Listed
from groups.models import LabelChange
from groups.segments.effects import Disagreement, Effects, Origin, explained_effects, shown
from groups.segments.matching import Segments, free_keys, free_values
from groups.segments.terms import covers
from groups.service import GroupService
from groups.state import GroupState, LabelKind, LabelState, Role

_HISTORY = 20
_LEVELS = ("off", "listen", "answer when mentioned", "suggest to the leader", "push")


def _service(settings: Settings) -> GroupService:
    return GroupService(settings.groups, SystemClock(), Segments(settings.segments))


def list_groups(config: Path, *, segment: str, label: str) -> int:
    """Print a table of the groups the bot is in, of one segment or with one label if asked."""

    async def work() -> int:
        table = Table("id", "topic", "level", "leader", "members", "labels", "segments")
        async with opened_database(config) as (settings, database), database.reading() as session:
            groups = _service(settings)
            names = [one.name for one in settings.segments]
            if segment and segment not in names:
                known = ", ".join(names) or "none; add a [[segments]] table"
                raise SettingsError(
                    "--segment", [("--segment", f"there is no segment {segment!r}; the settings have: {known}")]
                )
            async for state in listing.every_group(session):
                inside = [one.name for one in groups.segments.matching(state)]
                if (segment and segment not in inside) or (label and not _labelled(state, label)):
                    continue
                members = sum(member.present for member in state.members.values())
                leader = state.leader_id or state.owner_id
                cells = (str(state.id), state.topic, str(state.level), leader, str(members))
                table.add_row(*map(Text, (*cells, "、".join(_label_words(state)), "、".join(inside))))
        out().print(table if table.row_count else Text("no such group" if segment or label else "no groups yet", "dim"))
        return 0

    return execute(work)


def _label_words(state: GroupState) -> list[str]:
    free = [f"{key}={value}" for key in free_keys(state) for value in free_values(state, key)]
    return [*state.neighbourhoods, *state.categories, *state.persons, *free]


def _labelled(state: GroupState, label: str) -> bool:
    """Tell whether a group has a label: 水果, or 宠物=猫; 水果 also finds 水果/浆果."""
    return any(covers(label, word) or covers(label, word.partition("=")[2]) for word in _label_words(state))


def show(wanted: str, config: Path) -> int:
    """Print everything that is known of one group, but nobody's name."""

    async def work() -> int:
        async with opened_database(config) as (settings, database), database.reading() as session:
            try:
                listed = await listing.called(session, wanted)
            except listing.GroupChoiceError as error:
                return report(error)
            labels = await listing.labels(session, listed.id)
            history = await listing.label_history(session, listed.id, _HISTORY)
            state = (await group_store.load(session, [listed.key]))[listed.key]
        groups = _service(settings)
        _print_basics(settings, listed, state, groups)
        out().print(_label_table(settings, state, labels))
        inside = groups.segments.matching(state)
        for one in inside:
            _line(f"segment {one.name} ({one.key}, priority {one.settings.priority}): {one.settings.when}")
        if not inside:
            _line("no segment matches this group")
        effects = explained_effects(state, groups.segments)
        out().print(_effect_table(settings, effects))
        for disagreement in effects.disagreements:
            out().print(Text(str(disagreement), "yellow"))
        out().print(
            _history_table(settings, history) if history else Text("no change of its labels is recorded", "dim")
        )
        return 0

    return execute(work)


def _line(text: str) -> None:
    out().print(text, markup=False)


def _print_basics(settings: Settings, listed: Listed, state: GroupState, groups: GroupService) -> None:
    _line(f"group {listed.id}: {listed.topic or 'no topic'}")
    _line(f"room {listed.key.room_id} of {listed.key.channel}/{listed.key.account}")
    instants = (("known", listed.created_at), ("paused", listed.paused_at), ("retired", listed.retired_at))
    told = [f"{word} since {at.astimezone(settings.zone):%Y-%m-%d %H:%M}" for word, at in instants if at is not None]
    followed = [f"followed by group {listed.successor_id}"] if listed.successor_id is not None else []
    _line(", ".join([listed.state, f"level {state.level} ({_LEVELS[state.level]})", *told, *followed]))
    _line(f"leader {state.leader_id or 'not known'}, owner {state.owner_id or 'not known'}")
    here = [contact for contact, member in state.members.items() if member.present]
    roles = Counter(groups.role(state, contact) for contact in here)
    counted = ", ".join(f"{roles[role]} {role.value}" for role in Role if roles[role])
    refused = sum(member.unsubscribed for member in state.members.values())
    _line(f"members {len(here)} ({counted or 'none seen yet'}), {refused} opted out")


def _label_table(settings: Settings, state: GroupState, labels: Sequence[tuple[LabelState, datetime]]) -> Table:
    table = Table("kind", "label", "source", "confidence", "since", "counts")
    for label, at in labels:
        kind = label.key if label.kind is LabelKind.FREE else label.kind.value
        since = f"{at.astimezone(settings.zone):%Y-%m-%d %H:%M}"
        cells = (kind, label.value, label.source.value, f"{label.confidence:.2f}", since)
        table.add_row(*map(Text, (*cells, _standing(state, label))))
    return table


def _standing(state: GroupState, label: LabelState) -> str:
    """Return whether a label counts; the leader's 0 says that the group is not that."""
    holding = {
        LabelKind.NEIGHBOURHOOD: state.neighbourhoods,
        LabelKind.CATEGORY: state.categories,
        LabelKind.PERSON: state.persons,
    }.get(label.kind) or free_values(state, label.key.casefold())
    if label.confidence == 0:
        return "denies it"
    return "yes" if label.value in holding else "no, overruled"


def _effect_table(settings: Settings, effects: Effects) -> Table:
    """Return what holds in the group, entry by entry, and where each comes from."""
    defaults = (
        ("categories", "all"),
        ("threshold", settings.recommender.threshold),
        ("answers_per_day", settings.recommender.answers_per_group_per_day),
        ("unasked_per_day", settings.pacing.unasked_per_group_per_day),
        ("digest", True),
        ("wording", effects.wording),
        ("packing", effects.packing),
    )
    told = {origin.effect for origin in effects.origins}
    standard = [Origin(effect, shown(value), "default") for effect, value in defaults if effect not in told]
    table = Table("effect", "value", "from")
    for origin in sorted([*effects.origins, *standard], key=lambda one: one.effect):
        table.add_row(*map(Text, origin))
    return table


def _history_table(settings: Settings, history: Sequence[LabelChange]) -> Table:
    table = Table("when", "what", "kind", "label", "source", "cause")
    for one in history:
        at = f"{one.at.astimezone(settings.zone):%Y-%m-%d %H:%M}"
        table.add_row(*map(Text, (at, one.what, one.key or one.kind, one.value, one.source, one.cause)))
    return table


def list_segments(config: Path) -> int:
    """Print each segment, how many groups match it, and where two of them disagree."""

    async def work() -> int:
        counts: Counter[str] = Counter()
        disagreements: list[tuple[str, Disagreement]] = []
        async with opened_database(config) as (settings, database), database.reading() as session:
            groups = _service(settings)
            async for state in listing.every_group(session):
                counts.update(one.name for one in groups.segments.matching(state))
                named = f"group {state.id} ({state.topic or 'no topic'})"
                disagreements += [(named, one) for one in groups.effects(state).disagreements]
        table = Table("key", "segment", "priority", "groups", "rule")
        for place, one in enumerate(settings.segments):
            cells = (f"segments[{place}]", one.name, str(one.priority), str(counts[one.name]), one.when)
            table.add_row(*map(Text, cells))
        out().print(table if settings.segments else Text("the settings have no [[segments]]", "dim"))
        for place, one in enumerate(settings.segments):
            if not counts[one.name]:
                out().print(Text(f"segments[{place}] ({one.name}) matches no group", "yellow"))
        for group, disagreement in disagreements:
            out().print(Text(f"{group}: {disagreement}", "yellow"))
        return 0

    return execute(work)
