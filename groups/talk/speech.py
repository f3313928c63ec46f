"""What the bot answers to a word about a group, in words; every text is a template of this package."""

from __future__ import annotations

from collections.abc import Sequence

from core.templates import render
from groups.labels.segmenting import Turned
from groups.labels.weighing import Judgement
from groups.rules import clean_name
from groups.settings import SegmentationSettings
from groups.state import GroupState, LabelKind

_KINDS = {LabelKind.NEIGHBOURHOOD: "小区", LabelKind.CATEGORY: "品类", LabelKind.PERSON: "人群", LabelKind.FREE: "其他"}


def say(name: str, /, **values: object) -> str:
    """Render one of this package's templates."""
    return render("groups", name, **values)


def title(state: GroupState, *, private: bool) -> str:
    """Return the group's name where it must be told apart, nothing inside the group itself."""
    return clean_name(state.topic) or state.room_id if private else ""


def labels(state: GroupState, *, private: bool) -> str:
    """List the labels that hold."""
    return say(
        "labels",
        group=title(state, private=private),
        neighbourhoods=state.neighbourhoods,
        categories=state.categories,
        persons=state.persons,
        attributes=state.attributes,
    )


def turned(state: GroupState, changes: Sequence[Turned], judgement: Judgement, bounds: SegmentationSettings) -> str:
    """Say what looking again at a group changed and why; or that nothing did, and what is not yet known."""
    return say(
        "relabelled",
        group=clean_name(state.topic),
        changes=[_line(one) for one in changes],
        unsure=None if state.categories else judgement.unsure,
        judgement=judgement,
        bounds=bounds,
    )


def turned_by_itself(groups: Sequence[tuple[str, Sequence[Turned]]]) -> str:
    """Tell a leader what changed in their groups since the day before; pairs of topic and changes."""
    told = [{"topic": topic, "changes": [_line(one) for one in changes]} for topic, changes in groups]
    return say("relabelled_digest", groups=told)


def _line(one: Turned) -> dict[str, object]:
    kind = one.slot.key or _KINDS[one.slot.kind]
    return {"holds": one.holds, "kind": kind, "value": one.value, "source": one.source.value, "cause": one.cause.value}


def introduction(state: GroupState, *, bot: str, leader: str, days: int, order_days: int) -> str:
    """Say what the bot is, who runs it, what it reads, how long it keeps what, and how to stop it."""
    return say("introduction", bot=bot, leader=leader, level=state.level, days=days, order_days=order_days)
