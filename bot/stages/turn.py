"""One message on its way through the stages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

from bot.work import Desk, Known
from core.messages import IncomingMessage
from core.outbox import PRIORITY_ANSWER, Draft
from core.outcomes import Outcome, Reason
from core.text import NormalText
from groups.service import GroupService, WordResult
from groups.state import GroupKey, GroupState
from orders.service import OrderService
from orders.serving import Effect
from recommender.decisions import Asked, Decision
from recommender.needs import Reading
from recommender.screening import Glance
from recommender.service import Recommender

_ANSWER_LIFETIME = timedelta(hours=1)
"""An answer to a word is still wanted after a short outage, not the next day."""


class Handled(NamedTuple):
    """How a message ended: its outcome, what was decided about a need, what the order book took, the texts for it."""

    row_id: int
    message: IncomingMessage
    outcome: Outcome
    reason: Reason
    decision: Decision | None = None
    drafts: tuple[Draft, ...] = ()
    effects: tuple[Effect, ...] = ()


@dataclass(slots=True)
class Turn:
    """A message with everything its stages need.

    ``room`` is without an id in a private chat, and ``known`` is then None. ``uniform`` makes a text uniform as
    ``text`` is. ``mentioned`` is true when the message is addressed to the bot: by id, by mention, or by a name it
    begins with. ``deleted`` is true for somebody
    whose data was deleted and who has not come back: only their words and orders are heard. ``glance`` and ``alone``
    are what was seen of the message, and what it says by itself, where that was found out with the others of its batch.
    ``decided`` is the batch's list of what is to be shown and not yet carried out, ``handled`` how the message ended.
    """

    row_id: int
    message: IncomingMessage
    room: GroupKey
    text: NormalText
    desk: Desk
    groups: GroupService
    orders: OrderService
    recommender: Recommender
    uniform: Callable[[str], NormalText]
    mentioned: bool = False
    known: Known | None = None
    deleted: bool = False
    glance: Glance | None = None
    alone: Reading | None = None
    drafts: list[Draft] = field(default_factory=list)
    decided: list[Decided] = field(default_factory=list)
    handled: Handled | None = None

    @property
    def addressed(self) -> bool:
        """Tell whether the message is said to the bot: it is mentioned, or nobody else is there."""
        return self.mentioned or not self.message.room_id

    def group_of(self, result: WordResult) -> GroupState | None:
        """Return the group that a word is about, None when it is about none or several."""
        known = self.desk.known.get(result.group) if result.group is not None else None
        return known.group if known is not None else None

    def answer(self, text: str, *, private: bool, fleeting: bool = False) -> None:
        """Answer a word, in the room or to the speaker alone; a ``fleeting`` text is not kept once it has gone."""
        message = self.message
        private = private or not message.room_id
        draft = Draft(
            dedupe_key=f"answer:{self.row_id}:{len(self.drafts)}",
            channel=message.key.channel,
            account=message.key.account,
            kind="answer",
            text=text,
            priority=PRIORITY_ANSWER,
            group_id=self.known.group.id if self.known is not None else None,
            room_id="" if private else message.room_id,
            contact_id=message.sender_id if private else "",
            lifetime=_ANSWER_LIFETIME,
            fleeting=fleeting,
        )
        self.say(draft)

    def say(self, draft: Draft) -> None:
        """Send a text with this message's commit."""
        self.drafts.append(draft)
        self.desk.drafts.append(draft)

    def end(
        self, outcome: Outcome, reason: Reason, decision: Decision | None = None, effects: tuple[Effect, ...] = ()
    ) -> Handled:
        """End the message's way."""
        return Handled(self.row_id, self.message, outcome, reason, decision, tuple(self.drafts), effects)


class Decided(NamedTuple):
    """A decision to show products in a group that is still to be carried out: ``bot.stages.pushing`` does it."""

    turn: Turn
    known: Known
    asked: Asked
    decision: Decision


class Stage(NamedTuple):
    """One question that is put to every message.

    ``may`` tells at once, from the text and from what lies on the desk, whether ``answer`` could end the message's way.
    It is false only where ``answer`` would return None: most talk is asked no more than that. An ``apart`` answer looks
    at nothing that was decided in another group of the batch; before any other, all of that is carried out.
    """

    may: Callable[[Turn], bool]
    answer: Callable[[Turn], Awaitable[Handled | None]]
    apart: bool = False
