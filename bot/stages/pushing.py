"""What becomes of a decision to show products: the asker's own order, offers with their codes, words, rows.

For each of these the database is asked, and in a batch of messages several groups are to be shown something. So what
was decided waits until somebody may look at what it comes to, at the latest until the batch ends, and is carried out
together, in the order in which it was decided::

    need ─ decided ─┐   one statement each
    need ─ decided ─┼─► tags of these members ─► these products ─► offers, texts, rows
    need ─ decided ─┘
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from bot.stages import profiling
from bot.stages.turn import Decided, Turn
from catalog import repository as catalog_store
from catalog.repository import Sold
from core.messages import IncomingMessage
from core.outbox import PRIORITY_ANSWER, PRIORITY_PUSH, Draft
from core.outcomes import Reason
from groups.state import GroupState
from orders.pushes import open_pushes
from recommender.decisions import Asked, Decision
from recommender.dialogue import remember
from recommender.policy import Level
from recommender.repository import QUEUED, SUGGESTED
from recommender.wording import suggestion_text


async def finish(decided: list[Decided]) -> None:
    """Carry out what was decided in different groups, and empty the list."""
    waiting = decided[:]
    decided.clear()
    if not waiting:
        return
    decisions = await _for_askers(waiting)
    shown = sorted({product_id for decision in decisions for product_id in _product_ids(decision)})
    products = await catalog_store.sold(waiting[0].turn.desk.session, shown)
    for one, decision in zip(waiting, decisions, strict=True):
        remember(decision, one.asked, one.known.memory)
        worded = await _with_codes(one, decision, products)
        _store(one.turn, one.known.group, one.asked, worded)
        one.turn.handled = one.turn.end(worded.outcome, worded.reason, worded)


async def _for_askers(waiting: Sequence[Decided]) -> list[Decision]:
    """Put what is shown into each asker's own order: the only decisions for which anybody's tags are read."""
    tastes = await profiling.tastes([one for one in waiting if len(one.decision.fitting) > 1])
    return [
        one.turn.recommender.personal(
            *(one.decision, one.asked, one.known.group, one.known.memory, taste),
            effects_of=one.turn.groups.effects,
        )
        if (taste := tastes.get(one.turn.row_id))
        else one.decision
        for one in waiting
    ]


async def _with_codes(one: Decided, decision: Decision, products: Mapping[int, Sold]) -> Decision:
    """Put a push into words, with the codes by which a reply orders what it shows."""
    turn, group = one.turn, one.known.group
    sold = [products[product_id] for product_id in _product_ids(decision) if product_id in products]
    codes = await _codes(turn, group, sold, agreed=decision.reason is Reason.PUSHED)
    named = one.asked._replace(name=_public_name(group, turn.message), leader=turn.groups.leader_name(group))
    return turn.recommender.worded(_still_sold(decision, codes), named, codes)


def _still_sold(decision: Decision, codes: Mapping[int, str]) -> Decision:
    """Leave out what was deleted since the shelf was filled; with nothing left, the guard holds the push back."""
    pairs = zip(decision.picks, decision.reasons, strict=True)
    kept = [(pick, reason) for pick, reason in pairs if pick.item.id in codes]
    if not kept:
        return decision
    return decision._replace(picks=tuple(pick for pick, _ in kept), reasons=tuple(reason for _, reason in kept))


async def opened(turn: Turn, group: GroupState, shown: tuple[int, ...]) -> dict[int, str]:
    """Make each product an offer of its own in the group; return their codes in the order in which they are shown.

    One that was deleted meanwhile has none.
    """
    found = await catalog_store.sold(turn.desk.session, shown)
    return await _codes(turn, group, [found[product_id] for product_id in shown if product_id in found], agreed=True)


async def _codes(turn: Turn, group: GroupState, products: Sequence[Sold], *, agreed: bool) -> dict[int, str]:
    """Return the codes of products that become offers; not ``agreed`` while the leader has still to say so."""
    if not products:
        return {}
    return await open_pushes(
        turn.desk.orders,
        turn.orders.settings,
        channel=group.channel,
        account=group.account,
        group_id=group.id or 0,
        leader=group.leader_id or group.owner_id,
        products=products,
        now=turn.desk.now,
        agreed=agreed,
    )


def _public_name(group: GroupState, message: IncomingMessage) -> str:
    """Return what to call somebody: their own name rather than the room name, which often tells where they live."""
    member = group.members.get(message.sender_id)
    return (member.name if member else "") or message.sender_name or message.shown_name


def _store(turn: Turn, group: GroupState, asked: Asked, decision: Decision) -> None:
    """Lay the text for the group, or for its leader, and the push's row on the desk."""
    who: dict[str, Any] = {"inbox_id": turn.row_id, "group_id": group.id or 0, "member": asked.member}
    if decision.reason is Reason.SUGGESTED:
        turn.say(_suggestion_draft(turn, group, decision))
        turn.desk.pushes.append(_push_row(who, decision, asked, SUGGESTED, ""))
        return
    draft = push_draft(
        turn,
        group,
        turn.row_id,
        text=decision.text,
        member=asked.member,
        products=_product_ids(decision),
        least_level=Level.WHEN_MENTIONED if asked.mentioned else Level.PUSH,
    )
    turn.say(draft)
    turn.desk.pushes.append(_push_row(who, decision, asked, QUEUED, draft.dedupe_key))


def push_draft(
    turn: Turn,
    group: GroupState,
    inbox_id: int,
    *,
    text: str,
    member: str,
    products: tuple[int, ...],
    least_level: Level,
) -> Draft:
    """Return the push that answers a message, with what must still hold when it is sent."""
    return Draft(
        dedupe_key=f"push:{inbox_id}",
        channel=group.channel,
        account=group.account,
        kind="push",
        text=text,
        priority=PRIORITY_PUSH,
        group_id=group.id,
        room_id=group.room_id,
        about_members=(member,),
        about_products=products,
        least_level=least_level,
        lifetime=timedelta(minutes=turn.recommender.settings.push_lifetime_minutes),
    )


def _suggestion_draft(turn: Turn, group: GroupState, decision: Decision) -> Draft:
    settings = turn.recommender.settings
    return Draft(
        dedupe_key=f"suggestion:{turn.row_id}",
        channel=group.channel,
        account=group.account,
        kind="suggestion",
        text=suggestion_text(decision.text, group.topic),
        priority=PRIORITY_ANSWER,
        group_id=group.id,
        contact_id=group.leader_id or group.owner_id,
        about_members=(turn.message.sender_id,),
        about_products=_product_ids(decision),
        least_level=Level.SUGGEST,
        lifetime=timedelta(hours=settings.suggestion_lifetime_hours),
    )


def _product_ids(decision: Decision) -> tuple[int, ...]:
    return tuple(candidate.item.id for candidate in decision.picks)


def _push_row(who: dict[str, Any], decision: Decision, asked: Asked, state: str, dedupe_key: str) -> dict[str, Any]:
    products = [
        {
            "product": candidate.item.id,
            "score": round(candidate.score, 4),
            "position": position,
            **({"because": list(candidate.because)} if candidate.because else {}),
        }
        for position, candidate in enumerate(decision.picks, start=1)
    ]
    return {
        **who,
        "terms": list(decision.need.terms) if decision.need else [],
        "products": products,
        "reasons": list(decision.reasons),
        "text": decision.text,
        "state": state,
        "dedupe_key": dedupe_key,
        "at": asked.at,
        "decided_at": None,
    }
