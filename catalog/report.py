"""What a sync says while it runs and when it is over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from catalog.feed import RowFault

FAULTS_KEPT = 1000
BUSY = "busy"
"""State of a report when somebody else is syncing the supplier; nothing was done."""


@dataclass(frozen=True, slots=True)
class SyncProgress:
    """How far a sync is. ``share`` is 0–1 of the feed, None if nobody knows its length."""

    supplier: str
    rows: int
    new: int
    changed: int
    unchanged: int
    broken: int
    share: float | None


ProgressCallback = Callable[[SyncProgress], None]


@dataclass(slots=True)
class SyncReport:
    """The result of one sync.

    ``state`` is done, failed (see ``error``; what was read before is stored) or busy. ``faults`` holds the first 1,000;
    ``broken`` counts the rows. ``changed_ids`` are all products whose stored row differs now: new, changed and gone,
    in this order; a listener reloads them. ``gone_refused`` says why products missing from the feed were kept on sale,
    empty if they were not. ``not_modified`` means that the server said the feed is the same as last time.
    """

    supplier: str
    started_at: datetime
    state: str = "running"
    run_id: int | None = None
    finished_at: datetime | None = None
    rows: int = 0
    broken: int = 0
    unchanged: int = 0
    faults: list[RowFault] = field(default_factory=list)
    new_ids: list[int] = field(default_factory=list)
    updated_ids: list[int] = field(default_factory=list)
    gone_ids: list[int] = field(default_factory=list)
    gone_refused: str = ""
    not_modified: bool = False
    error: str = ""

    @property
    def new(self) -> int:
        """Number of products seen for the first time."""
        return len(self.new_ids)

    @property
    def changed(self) -> int:
        """Number of known products that the feed changed or brought back."""
        return len(self.updated_ids)

    @property
    def gone(self) -> int:
        """Number of products that left the feed."""
        return len(self.gone_ids)

    @property
    def changed_ids(self) -> list[int]:
        """Every product whose row differs now."""
        return [*self.new_ids, *self.updated_ids, *self.gone_ids]

    def counts(self) -> dict[str, int]:
        """Return the numbers as a run keeps them."""
        return {
            "rows_read": self.rows,
            "new": self.new,
            "changed": self.changed,
            "gone": self.gone,
            "unchanged": self.unchanged,
            "broken": self.broken,
        }
