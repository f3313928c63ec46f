"""A room for conversation tests: who says what, and what the group then sees. Holds state as a lane would."""

from __future__ import annotations

from datetime import UTC, datetime

from core.clock import ManualClock
from core.messages import IncomingMessage, MessageKey, RoomMember, RoomSeen
from core.outcomes import Reason
from groups.changes import Change
from groups.service import GroupService
from groups.settings import GroupsSettings
from groups.state import GroupKey, GroupState

KEY = GroupKey("local", "bot", "room")


def settings(**values: object) -> GroupsSettings:
    return GroupsSettings.model_validate({"default_level": 4, **values})


def seen(topic: str = "阳光小区水果群", *, complete: bool = True, **names: str) -> RoomSeen:
    people = names or {"lin": "团长林姐", "xiaomei": "3栋502-小美", "laozhou": "1栋1101-老周"}
    members = tuple(RoomMember(contact_id, contact_id.title(), name) for contact_id, name in people.items())
    return RoomSeen(*KEY, topic=topic, owner_id="lin", members=members, complete=complete)


class Room:
    """One group and its service; ``says`` returns what the room sees, ``private`` what the speaker alone sees."""

    def __init__(self, configured: GroupsSettings | None = None, room: RoomSeen | None = None) -> None:
        self.service = GroupService(configured or settings(), ManualClock(datetime(2026, 11, 22, 11, tzinfo=UTC)))
        self.state = GroupState(KEY)
        self.reason: Reason | None = None
        self.changes: list[Change] = []
        self.private = ""
        observation = self.service.observe(None, room or seen())
        self.introduction = observation.introduction
        self.apply(observation.changes)

    def apply(self, changes: tuple[Change, ...] | list[Change]) -> None:
        state = self.state.copy()
        for change in changes:
            change.apply(state)
        self.state = state
        self.changes = list(changes)

    def says(self, who: str, text: str, *, mentioned: bool = False) -> str:
        """Return what the room sees; nothing when it is talk or a word that is not answered."""
        self.reason, self.private = None, ""
        word = self.service.parse(text, addressed=mentioned)
        result = self.service.speak(self.state, who, word, "m1") if word is not None else None
        if result is None:
            return ""
        self.reason = result.reason
        self.apply(result.changes)
        if result.private:
            self.private = result.answer or ""
            return ""
        return result.answer or ""


def message(who: str, text: str, *, name: str = "", room_name: str = "", topic: str = "") -> IncomingMessage:
    return IncomingMessage(
        MessageKey("local", "bot", "m1"),
        "room",
        who,
        text,
        datetime(2026, 11, 22, 11, tzinfo=UTC),
        room_topic=topic,
        sender_name=name,
        room_name=room_name,
    )
