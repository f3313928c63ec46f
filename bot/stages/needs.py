"""The last stage: does the message state a need, and may it be answered?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from bot.stages import profiling
from bot.stages.turn import Handled, Turn
from bot.work import Known
from catalog import repository as catalog_store
from core.messages import IncomingMessage
from core.outbox import PRIORITY_ANSWER, PRIORITY_PUSH, Draft
from core.outcomes import Outcome, Reason
from groups.state import GroupState, Role
from orders.pushes import open_pushes
from recommender import repository
from recommender.decisions import Asked, Decision
from recommender.dialogue import remember
from recommender.needs import Reading
from recommender.policy import Level
from recommender.repository import QUEUED, SUGGESTED
from recommender.service import only_talk
from recommender.wording import suggestion_text

_HELPERS = frozenset({Role.LEADER, Role.ASSISTANT, Role.ADMIN})


def always(_: Turn) -> bool:
    """Every message that comes this far is answered."""
    return True


async def need(turn: Turn) -> Handled | None:
    """Decide, and lay what is to be stored and sent on the desk."""
    if turn.known is None:
        return None
    group, memory, message = turn.known.group, turn.known.memory, turn.message
    if only_talk(turn.glance, memory, message.sender_id, mentioned=turn.mentioned):
        return turn.end(Outcome.IGNORED, Reason.TALK)
    asked = Asked(
        member=message.sender_id,
        name="",
        text=turn.text,
        at=message.at,
        mentioned=turn.mentioned,
        by_leader=turn.groups.role(group, message.sender_id) in _HELPERS,
    )
    reading = turn.recommender.understand(asked, memory, alone=turn.alone)
    if reading.need is None:
        return _without_need(turn, turn.known, asked, reading)
    answers = await turn.desk.answers_today(group.channel, group.account)
    record = await turn.desk.record(group.id or 0)
    decision = turn.recommender.conclude(
        reading, asked, group, memory, answers, record=record, effects_of=turn.groups.effects
    )
    if decision.shown:
        decision = await _for_asker(turn, group, asked, decision)
    remember(decision, asked, memory)
    if decision.shown:
        decision = await _with_codes(turn, group, asked, decision)
    _store(turn, group, asked, decision)
    profiling.said(turn, group, decision)
    return turn.end(decision.outcome, decision.reason, decision)


def _without_need(turn: Turn, known: Known, asked: Asked, reading: Reading) -> Handled:
    """End the way of talk that was read, and note praise and complaints: there is nothing to find or to answer."""
    decision = Decision(reading.outcome, reading.reason, reading)
    remember(decision, asked, known.memory)
    if reading.outcome is Outcome.OPINION:
        turn.desk.opinions.append(
            {
                "inbox_id": turn.row_id,
                "group_id": known.group.id or 0,
                "member": asked.member,
                "kind": reading.reason.value,
                "about": list(reading.opinion_about),
                "at": asked.at,
            }
        )
    return turn.end(reading.outcome, reading.reason, decision)


async def _for_asker(turn: Turn, group: GroupState, asked: Asked, decision: Decision) -> Decision:
    """Put what is shown into the asker's own order: the only decisions for which anybody's tags are read."""
    taste = await profiling.taste(turn, group) if len(decision.fitting) > 1 else ()
    if not taste or turn.known is None:
        return decision
    memory, effects_of = turn.known.memory, turn.groups.effects
    return turn.recommender.personal(decision, asked, group, memory, taste, effects_of=effects_of)


async def _with_codes(turn: Turn, group: GroupState, asked: Asked, decision: Decision) -> Decision:
    """Put a push into words, with the codes by which a reply orders what it shows."""
    codes = await opened(turn, group, _product_ids(decision), agreed=decision.reason is Reason.PUSHED)
    named = asked._replace(name=_public_name(group, turn.message), leader=turn.groups.leader_name(group))
    return turn.recommender.worded(_still_sold(decision, codes), named, codes)


def _still_sold(decision: Decision, codes: Mapping[int, str]) -> Decision:
    """Leave out what was deleted since the shelf was filled; with nothing left, the guard holds the push back."""
    pairs = zip(decision.picks, decision.reasons, strict=True)
    kept = [(pick, reason) for pick, reason in pairs if pick.item.id in codes]
    if not kept:
        return decision
    return decision._replace(picks=tuple(pick for pick, _ in kept), reasons=tuple(reason for _, reason in kept))


async def opened(turn: Turn, group: GroupState, shown: tuple[int, ...], *, agreed: bool = True) -> dict[int, str]:
    """Make each product an offer of its own in the group; return their codes in the order in which they are shown.

    One that was deleted meanwhile has none. Not ``agreed`` while the leader has still to say so.
    """
    found = await catalog_store.sold(turn.desk.session, shown)
    products = [found[product_id] for product_id in shown if product_id in found]
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
    group_id = group.id or 0
    who: dict[str, Any] = {"inbox_id": turn.row_id, "group_id": group_id, "member": asked.member}
    if decision.need is not None and decision.outcome is Outcome.NEED:
        hold = decision.hold.value if decision.hold else None
        turn.desk.needs.append(
            repository.need_row(
                decision.need,
                **who,
                category=turn.recommender.category(decision.need),
                state=decision.reason.value,
                hold=hold,
                at=asked.at,
                gain=decision.gain,
            )
        )
    if decision.reason is Reason.PUSHED:
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
        turn.desk.count_answer(group.channel, group.account)
        turn.desk.pushes.append(_push_row(who, decision, asked, QUEUED, draft.dedupe_key))
    elif decision.reason is Reason.SUGGESTED:
        turn.say(_suggestion_draft(turn, group, decision))
        turn.desk.pushes.append(_push_row(who, decision, asked, SUGGESTED, ""))


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
