"""What the recommender is asked, and what it decides."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from core.outcomes import Hold, Outcome, Reason
from core.text import NormalText
from groups.segments.settings import Wording
from recommender.gain import Gain
from recommender.ranking import Candidate
from recommender.readings import Need, Reading

_SHOWN = frozenset({Reason.PUSHED, Reason.SUGGESTED})


class Asked(NamedTuple):
    """One message as the recommender sees it.

    ``name`` and ``leader`` are what the push calls member and leader; they may be empty until it is put into words.
    """

    member: str
    name: str
    text: NormalText
    at: datetime
    mentioned: bool = False
    by_leader: bool = False
    leader: str = ""


class Decision(NamedTuple):
    """What a message came to.

    ``picks`` are the products that go out (or would have, when ``hold`` says why not); ``reasons`` say why each was
    chosen, ``gain`` what speaking was expected to gain, None when nothing fits. ``text`` is the push in words, once the
    products have their codes, and ``fitting`` everything that the picks were chosen from, in its neutral order; both
    empty unless pushed or suggested.
    """

    outcome: Outcome
    reason: Reason
    reading: Reading
    need: Need | None = None
    picks: tuple[Candidate, ...] = ()
    hold: Hold | None = None
    text: str = ""
    reasons: tuple[str, ...] = ()
    wording: Wording = Wording.STANDARD
    gain: Gain | None = None
    fitting: tuple[Candidate, ...] = ()

    @property
    def shown(self) -> bool:
        """Tell whether products go out, to the group or to its leader first."""
        return self.reason in _SHOWN
