"""What a reply can be about: the offers of a group as the speaker sees them at this moment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from orders.edits import Doubt, Edit
from orders.state import Item, Line, LineKey, Offer, OfferState


@dataclass(frozen=True, slots=True)
class Table:
    """The offers of a group, and everything beside the text that a reply's meaning hangs on.

    ``offers``: open ones and those closed a short time ago, the leader's first, newest first. ``quoted``: ids of the
    items that the quoted message shows; None when nothing is quoted, empty when the quote shows none of them. ``bare``:
    ids of the items a reply without any name may mean (those of the leader's open offers, and of pushes seen in the
    last minutes). ``member`` is the speaker's contact id and ``own_names`` what they are called here; ``names`` are
    what all members are called (to find names and rooms before numbers are read). ``previous`` is what somebody else
    ordered in this group just before, for 同上. ``doubt`` is the question that is open for the speaker.
    """

    offers: tuple[Offer, ...]
    member: str
    at: datetime
    own_names: frozenset[str] = frozenset()
    quoted: frozenset[int] | None = None
    bare: tuple[int, ...] = ()
    names: frozenset[str] = frozenset()
    previous: tuple[Edit, ...] = ()
    doubt: Doubt | None = None

    def items(self) -> Iterator[Item]:
        """Yield what may be ordered now, offer by offer."""
        for offer in self.offers:
            if offer.state is OfferState.OPEN:
                yield from offer.on_list

    def item(self, item_id: int) -> Item | None:
        """Return an item of any offer here."""
        return next((offer.items[item_id] for offer in self.offers if item_id in offer.items), None)

    def lines(self) -> dict[LineKey, Line]:
        """Return what the speaker has ordered in these offers, or typed for others."""
        return {key: line for offer in self.offers for key, line in offer.lines_of(self.member, self.own_names).items()}
