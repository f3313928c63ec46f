"""What the bot answers to a word about a group, in words; every text is a template of this package."""

from __future__ import annotations

from core.templates import render
from groups.rules import clean_name
from groups.state import GroupState


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
    )


def introduction(state: GroupState, *, bot: str, leader: str, days: int, order_days: int) -> str:
    """Say what the bot is, who runs it, what it reads, how long it keeps what, and how to stop it."""
    return say("introduction", bot=bot, leader=leader, level=state.level, days=days, order_days=order_days)
