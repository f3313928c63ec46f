"""After the channel was deaf: groups with an open offer are told what may be missing, and asked for it again."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from core.messages import Gap
from core.templates import render
from orders import repository
from orders.desk import OrderDesk
from orders.saying import closing_words
from orders.serving import Say

_SHORTEST_SECONDS = 20
"""A shorter gap is a reconnection, in which the channel itself catches up."""


async def gap_notices(desk: OrderDesk, gap: Gap, now: datetime, zone: ZoneInfo) -> list[Say]:
    """Return one text for each group that has an open offer; none after a short gap."""
    if (gap.until - gap.since).total_seconds() < _SHORTEST_SECONDS:
        return []
    offers = await desk.read(await repository.open_in(desk.session, gap.channel, gap.account))
    titles: dict[int, list[str]] = {}
    for offer in offers:
        for group_id in offer.group_ids:
            titles.setdefault(group_id, []).append(offer.title)
    since, until = (closing_words(at, now, zone) for at in (gap.since, gap.until))
    return [
        Say("gap", render("orders", "gap", titles=found, since=since, until=until), group_id=group_id)
        for group_id, found in titles.items()
    ]
