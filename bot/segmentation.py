"""Looking again at what groups are: evidence from all packages, many groups at a time, and what it changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from core import inbox
from core.database import Database
from groups import repository as group_store
from groups.changes import Change
from groups.labels import evidence as tags
from groups.labels import history
from groups.labels.classifier import CategoryReader, Floats
from groups.labels.labelling import NEIGHBOURHOOD, Evidence, NameRules, Support, idle_rules
from groups.labels.labelling import configured as configured_evidence
from groups.labels.segmenting import Occasion, Turned, changed, past_of, relabelled
from groups.labels.weighing import Judgement, Spoken, judge
from groups.settings import GroupsSettings
from groups.state import GroupState, LabelCause, LabelKind, LabelSource, Slot
from orders import evidence as orders
from orders.evidence import Ordered
from recommender import evidence as needs
from recommender.evidence import Wanted

BATCH = 200
"""Groups that are read and written together: few enough to lay in memory with all their members."""
IDLE_DAYS = 30
"""A rule of the configuration that matched nothing for so long is reported."""
_LOOKED = frozenset(LabelSource) - {LabelSource.LEADER}


@dataclass(frozen=True, slots=True)
class Look:
    """What looking again at one group found: ``turned`` is what it changes for people, ``changes`` what is stored."""

    state: GroupState
    changes: tuple[Change, ...]
    turned: tuple[Turned, ...]
    judgement: Judgement


class Segmentation:
    """Gathers evidence for groups and asks ``groups.labels.segmenting`` what it changes."""

    def __init__(self, settings: GroupsSettings, names: NameRules, categories: CategoryReader) -> None:
        self._settings = settings
        self._names = names
        self._categories = categories

    @classmethod
    def of(cls, settings: GroupsSettings) -> Segmentation:
        """Return one that stands by itself, for jobs and the command line."""
        return cls(settings, NameRules(settings), CategoryReader(settings.segmentation.category_model))

    async def run(
        self, database: Database, now: datetime, *, cause: LabelCause | None = None, dry: bool = False, called: str = ""
    ) -> list[Look]:
        """Look at every active group, or those ``called`` so, and store what changes unless ``dry``.

        Each batch is a transaction of its own, so that messages are served meanwhile. Return the groups that change,
        and all that were ``called``.
        """
        async with database.reading() as session:
            keys = await (group_store.called(session, called) if called else group_store.all_keys(session))
        found = []
        for start in range(0, len(keys), BATCH):
            async with database.reading() as session:
                states = await group_store.load(session, keys[start : start + BATCH])
                looks = await self.look(session, list(states.values()), Occasion(now, cause))
            changes = [change for look in looks for change in look.changes]
            if changes and not dry:
                async with database.transaction() as session:
                    _ = await group_store.save(session, changes, now)
                    await inbox.tell_lanes(session, now)
            found += [look for look in looks if look.changes or called]
        return found

    async def idle_rules(self, database: Database, now: datetime) -> list[str]:
        """Return the rules of the configuration that matched no group in ``IDLE_DAYS``."""
        since = now - timedelta(days=IDLE_DAYS)
        async with database.reading() as session:
            matched = await history.matched_since(session, since)
        return [] if matched is None else idle_rules(self._settings, matched)

    async def look(self, session: AsyncSession, states: Sequence[GroupState], occasion: Occasion) -> list[Look]:
        """Return what evidence changes about these groups; a few statements for all of them."""
        ids = [state.id for state in states if state.id is not None]
        since = occasion.now - timedelta(days=self._settings.segmentation.evidence_days)
        wanted: defaultdict[int, list[Wanted]] = defaultdict(list)
        for need in await needs.wanted(session, ids, since):
            wanted[need.group_id].append(need)
        ordered: defaultdict[int, list[Ordered]] = defaultdict(list)
        for line in await orders.ordered(session, ids, since):
            ordered[line.group_id].append(line)
        tagged = await tags.members_tagged(session, ids, occasion.now)
        chances = self._chances(
            [need.text for said in wanted.values() for need in said]
            + [line.title for lines in ordered.values() for line in lines]
            + [state.topic for state in states]
        )
        looks = []
        for state in states:
            said = [Spoken(need.member, chances[need.text]) for need in wanted[state.id or 0] if _heard(state, need)]
            lines = [line for line in ordered[state.id or 0] if _heard(state, line)]
            said += [Spoken(line.member, chances[line.title]) for line in lines]
            evidence = self._of_room(state)
            evidence += [*_tags(state, tagged.get(state.id or 0, {})), self._places(lines)]
            judgement = judge(said, chances[state.topic], self._categories.model.classes, self._settings.segmentation)
            evidence.append(Evidence(Slot(LabelKind.CATEGORY), LabelSource.NEEDS, judgement.shares))
            looks.append(self._look(state, evidence, occasion, judgement))
        return looks

    def _look(self, state: GroupState, evidence: list[Evidence], occasion: Occasion, judgement: Judgement) -> Look:
        changes = relabelled(state, evidence, _LOOKED, occasion, self._settings.segmentation)
        after = state.copy()
        for change in changes:
            change.apply(after)
        return Look(state, tuple(changes), tuple(changed(state.labels, after.labels, past_of(changes))), judgement)

    def _of_room(self, state: GroupState) -> list[Evidence]:
        room = self._settings.room(*state.key, state.topic)
        names = [member.room_name for member in state.members.values() if member.present and not member.unsubscribed]
        return [*configured_evidence(room), *self._names.topic(state.topic), *self._names.room_names(names)]

    def _places(self, lines: Sequence[Ordered]) -> Evidence:
        """Return which share of who ordered has a place beside their name or in a note."""
        people: defaultdict[str, set[str]] = defaultdict(set)
        for line in lines:
            for text in (line.name, line.note):
                place = self._names.place(text) if text else ""
                if place:
                    people[place].add(line.member)
        everybody = len({line.member for line in lines})
        values = {place: Support(round(len(who) / everybody, 4), len(who)) for place, who in people.items()}
        return Evidence(NEIGHBOURHOOD, LabelSource.ORDERS, values)

    def _chances(self, texts: Sequence[str]) -> dict[str, Floats | None]:
        """Return the chances of each different text, None for one with no known word."""
        model = self._categories.model
        different = list(dict.fromkeys(texts))
        rows = model.probabilities(different)
        return {text: row if model.knows(text) else None for text, row in zip(different, rows, strict=True)}


def _heard(state: GroupState, said: Wanted | Ordered) -> bool:
    """Leave out who opted out of the group, whatever they said before."""
    return not state.unsubscribed(said.member)


def _tags(state: GroupState, tagged: dict[Slot, dict[str, int]]) -> list[Evidence]:
    present = sum(member.present and not member.unsubscribed for member in state.members.values())
    return [
        Evidence(
            slot,
            LabelSource.TAGS,
            {
                value: Support(round(min(1.0, members / max(1, present)), 4), members)
                for value, members in values.items()
            },
        )
        for slot, values in tagged.items()
    ]
