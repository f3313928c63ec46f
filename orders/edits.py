"""What a message asks of the order book, before anybody has checked whether it can be had."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from core.outcomes import Outcome, Reason


class Change(StrEnum):
    """What an edit does to a line."""

    ADD = "add"
    SET = "set"
    CANCEL = "cancel"


class Span(NamedTuple):
    """A piece of the raw message: ``raw[start:end]``."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of one line.

    ``item`` is the id of an offer's item. ``quantity`` is in the item's unit: how many more (ADD), the new total (SET;
    None leaves it and changes the note), how many fewer (CANCEL; None takes the whole line away). ``for_whom`` names
    who it is for when that is not the speaker (我妈, 3栋王姐). ``note`` is what belongs on the packing sheet (少饭,
    送到3-502). ``restated`` is true for a SET that nobody called one: "草莓3份" after "草莓2份".
    """

    item: int
    change: Change
    quantity: Decimal | None = None
    for_whom: str = ""
    note: str = ""
    spans: tuple[Span, ...] = ()
    restated: bool = False


class Missing(StrEnum):
    """What a question is about: which item, how many, or just a yes."""

    ITEM = "item"
    QUANTITY = "quantity"
    CONFIRMATION = "confirmation"


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why nothing was applied yet, and what could be.

    ``options`` are complete alternatives to choose from (one for a confirmation). For a missing quantity they hold one
    alternative whose edits without a quantity take the one that is answered. ``said`` is the text in doubt.
    """

    reason: Reason
    missing: Missing
    options: tuple[tuple[Edit, ...], ...]
    said: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a message says to the order book.

    ``outcome`` is order (edits, or a payment that is claimed for the offers in ``paid``), ask (a doubt) or ignored.
    ``answers`` is true when the message answered the question that was open for its member, with yes or no.
    """

    outcome: Outcome
    reason: Reason
    edits: tuple[Edit, ...] = ()
    doubt: Doubt | None = None
    paid: tuple[int, ...] = ()
    answers: bool = False
