"""Settings of the section ``[orders]``."""

from __future__ import annotations

from pydantic import Field

from core.settings import Section


class OrdersSettings(Section):
    """How long replies are taken for orders, and how much a list in the chat shows."""

    push_offer_hours: int = Field(
        default=72, ge=1, le=336, description="Hours a pushed product can be ordered by its code, at most."
    )
    reply_minutes: int = Field(
        default=15, ge=0, le=1440, description="Minutes after a push in which a bare +1 may mean it."
    )
    question_minutes: int = Field(default=30, ge=1, le=1440, description="Minutes a question waits for its answer.")
    list_lines: int = Field(default=30, ge=5, le=200, description="Most lines of a list in the chat.")
    retention_days: int = Field(
        default=1095,
        ge=1,
        description="Days after an offer until its orders lose names and free text; the law asks for three years.",
    )
