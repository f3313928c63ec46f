"""What orders are told of a message, and what comes back: an outcome, texts to send, effects to show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from core.messages import OutgoingFile, Quote
from core.outcomes import Outcome, Reason
from core.text import NormalText
from groups.segments.settings import Packing
from orders.book import Applied
from orders.state import Offer


@dataclass(frozen=True, slots=True)
class Heard:
    """One message in a group, as orders see it.

    ``name`` is what the room calls the speaker; ``members`` are all names by contact id. ``helper`` when a leader or
    assistant speaks, ``leads`` when it is the leader; ``leader`` is who is asked in private; ``private`` when it was
    said to the bot alone. ``led`` are the groups that the speaker runs, with their topics, when a word needs them;
    ``packings`` tell of this group and of those what their packing sheets are ordered by, when a word exports.
    ``at`` is when the message was written, ``handled_at`` is now.
    """

    group_id: int
    channel: str
    account: str
    topic: str
    member: str
    name: str
    text: NormalText
    at: datetime
    handled_at: datetime
    inbox_id: int
    quote: Quote | None = None
    helper: bool = False
    leads: bool = False
    leader: str = ""
    private: bool = False
    led: Mapping[int, str] = field(default_factory=dict)
    packings: Mapping[int, Packing] = field(default_factory=dict)
    members: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def groups(self) -> tuple[int, ...]:
        """Return the groups that a word may be about: this one, in private all that the speaker runs."""
        return tuple(dict.fromkeys([self.group_id, *self.led])) if self.private else (self.group_id,)

    def packing(self, offer: Offer) -> Packing:
        """Return what an offer's packing sheet is ordered by: as in this group, else as in the offer's first one."""
        here = (self.group_id, *offer.group_ids) if self.group_id in offer.group_ids else offer.group_ids
        return next((self.packings[one] for one in here if one in self.packings), Packing.BUILDING)

    @property
    def own_names(self) -> frozenset[str]:
        """Return what the speaker is called here."""
        return self.members.get(self.member, frozenset()) | ({self.name} - {""})


@dataclass(frozen=True, slots=True)
class Say:
    """A text that orders want sent: to the group of the message, to another (``group_id``), or to one person (``to``).

    Receipts of one group may be gathered by ``merge_key``; ``footer`` is then said once. ``mentions`` are contact ids
    with names.
    """

    kind: str
    text: str
    to: str = ""
    group_id: int | None = None
    merge_key: str = ""
    footer: str = ""
    mentions: tuple[tuple[str, str], ...] = ()
    file: OutgoingFile | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """What a message changed in the book, as ``qianqun replay`` shows it.

    ``member_id`` is whose line it is, ``product_id`` the catalogue's product behind it, ``before`` what stood there.
    """

    offer: str
    item: str
    member: str
    for_whom: str
    change: str
    quantity: Decimal | None
    total: Decimal
    member_id: str = ""
    product_id: int | None = None
    before: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Served:
    """What became of a message that was about orders.

    ``closings`` are (offer id, instant) pairs at which an offer must be closed. ``opened`` are offers that a word or a
    chain opened.
    """

    outcome: Outcome
    reason: Reason
    says: tuple[Say, ...] = ()
    effects: tuple[Effect, ...] = ()
    closings: tuple[tuple[int, datetime], ...] = ()
    opened: tuple[Offer, ...] = ()


def effect_of(offer: Offer, one: Applied) -> Effect:
    """Return an applied edit as others are told of it."""
    quantity = one.edit.quantity
    member, change = one.name or one.key.member, one.edit.change.value
    return Effect(
        offer=offer.title,
        item=one.item.title,
        member=member,
        for_whom=one.key.for_whom,
        change=change,
        quantity=quantity,
        total=one.after,
        member_id=one.key.member,
        product_id=one.item.product_id,
        before=one.before,
    )
