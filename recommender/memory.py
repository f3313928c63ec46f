"""What the recommender remembers of a group: the last minutes of talk about needs, and what was shown.

In memory only what the database has committed; a batch works on a copy that is swapped in after the commit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar

from recommender.constraints import NOTHING_STATED, Constraints
from recommender.needs import Need

_KEPT_UTTERANCES = 24
_KEPT_FOR = timedelta(minutes=15)
_FORGET = timedelta(days=2)
"""What was shown, answered and offered matters no longer; a restart reads a day of it back."""
_Key = TypeVar("_Key")


class Utterance(NamedTuple):
    """What one message left behind for the following ones.

    ``need`` is a stated need (``need_id`` once stored); ``loose`` the class of a trigger without object; ``objects``
    goods that were only named. ``answered`` is true when a push went out for it.
    """

    member: str
    at: datetime
    need: Need | None = None
    answered: bool = False
    loose: str = ""
    objects: tuple[str, ...] = ()
    constraints: Constraints = NOTHING_STATED


@dataclass(slots=True)
class GroupMemory:
    """Per group. ``shown`` is product id → when last pushed here; ``answers`` when needs were answered here lately.

    ``_asking`` are those whose needs are among the utterances: every message is held against them, few change them.
    """

    utterances: deque[Utterance] = field(default_factory=lambda: deque(maxlen=_KEPT_UTTERANCES))
    shown: dict[int, datetime] = field(default_factory=dict)
    answers: tuple[datetime, ...] = ()
    members: dict[str, datetime] = field(default_factory=dict)
    terms: dict[str, datetime] = field(default_factory=dict)
    _asking: frozenset[str] | None = field(default=None, repr=False, compare=False)

    def copy(self) -> GroupMemory:
        """Return a copy for a batch to work on."""
        return GroupMemory(
            deque(self.utterances, maxlen=_KEPT_UTTERANCES),
            dict(self.shown),
            self.answers,
            dict(self.members),
            dict(self.terms),
            self._asking,
        )

    def note(self, utterance: Utterance) -> None:
        """Remember an utterance and forget what is too old to matter."""
        while self.utterances and utterance.at - self.utterances[0].at > _KEPT_FOR:
            self.utterances.popleft()
        self.utterances.append(utterance)
        self._asking = None

    def before(self, at: datetime, minutes: float) -> list[Utterance]:
        """Return utterances of the last ``minutes`` before ``at``, newest first."""
        window = timedelta(minutes=minutes)
        return [utterance for utterance in reversed(self.utterances) if timedelta(0) <= at - utterance.at <= window]

    def answered(self, member: str, terms: tuple[str, ...], products: tuple[int, ...], at: datetime) -> None:
        """Remember that a push answers ``member`` with these products."""
        day = at - timedelta(days=1)
        self.answers = (*(instant for instant in self.answers if instant > day), at)
        self.showed(products, at)
        _note(self.members, (member,), at)
        _note(self.terms, terms, at)

    def showed(self, products: Iterable[int], at: datetime) -> None:
        """Remember that these products were shown here."""
        _note(self.shown, products, at)

    def offered(self, terms: tuple[str, ...], at: datetime) -> None:
        """Remember that somebody in charge offered these goods; what was asked before is answered."""
        _note(self.terms, terms, at)

    def waiting(self, member: str) -> tuple[bool, bool]:
        """Tell whether somebody else said a need lately, which the member could join, and whether they did so."""
        asking = self._asking
        if asking is None:
            asking = frozenset([one.member for one in self.utterances if one.need is not None])
            self._asking = asking
        own = member in asking
        return len(asking) > own, own

    def withdrawn(self, member: str) -> bool:
        """Forget the member's open needs; tell whether there were any."""
        kept = [one for one in self.utterances if one.member != member or one.need is None]
        changed = len(kept) != len(self.utterances)
        self.utterances = deque(kept, maxlen=_KEPT_UTTERANCES)
        self._asking = None
        return changed

    def answers_on(self, start: datetime) -> int:
        """Return how many answers went out since ``start``."""
        return sum(instant >= start for instant in self.answers)


def _note(known: dict[_Key, datetime], keys: Iterable[_Key], at: datetime) -> None:
    """Note an instant for each key, behind all others; the oldest are forgotten once they matter no longer."""
    for key in keys:
        known.pop(key, None)
        known[key] = at
    while known and at - next(iter(known.values())) >= _FORGET:
        del known[next(iter(known))]
