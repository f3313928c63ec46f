"""Words about needs and pushes that ``groups`` allowed and passed on: 同意, 不用, 需求, 为什么推荐."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from bot.stages import profiling
from bot.stages.pushing import push_draft
from bot.stages.turn import Turn
from core.templates import render
from groups.life import lineage
from groups.service import WordResult
from groups.state import GroupState
from groups.talk.words import WordKind
from orders.pushes import agree
from recommender import repository as need_store
from recommender.models import Push
from recommender.policy import Level
from recommender.wording import gain_shares

_LOOK_BACK = timedelta(days=7)


async def settle(turn: Turn, result: WordResult) -> None:
    """Send the suggestion that waits for this leader to the group, or drop it."""
    group = turn.group_of(result)
    agreed = result.passed_on is not None and result.passed_on.kind is WordKind.AGREE
    text = await _settled(turn, group, agreed=agreed) if group is not None else render("recommender", "no_suggestion")
    turn.answer(text, private=result.private)


async def unmet(turn: Turn, result: WordResult) -> None:
    """List what members of the group asked for and nobody sells."""
    group, now = turn.group_of(result), turn.desk.now
    records = await need_store.open_needs(turn.desk.session, now - _LOOK_BACK, now + timedelta(seconds=1))
    line = await lineage.line(turn.desk.session, group.id) if group is not None and group.id is not None else set()
    here = [record for record in records if record.group_id in line and record.terms]
    counts = Counter("、".join(record.terms) for record in here)
    needs = [{"wanted": wanted, "count": count} for wanted, count in counts.most_common(15)]
    turn.answer(render("recommender", "unmet", needs=needs, days=_LOOK_BACK.days), private=result.private)


async def why(turn: Turn, result: WordResult) -> None:
    """Say, to the speaker alone, why the last answer to a need of theirs looked as it did."""
    group = turn.group_of(result)
    push = await need_store.latest_push(turn.desk.session, group.id if group else None, turn.message.sender_id)
    if push is None:
        text = render("recommender", "why_nothing")
    else:
        tags = await profiling.reasons(turn, push.products, push.at)
        gain = gain_shares(await need_store.kept_gain(turn.desk.session, push.inbox_id))
        text = render("recommender", "why", terms=push.terms, reasons=push.reasons, tags=tags, gain=gain)
    turn.answer(text, private=True)


async def waiting(turn: Turn, group: GroupState) -> Push | None:
    """Return the suggestion that waits for this group's leader."""
    await turn.desk.flush()  # it may have been made by a message of this batch
    since = turn.desk.now - timedelta(hours=turn.recommender.settings.suggestion_lifetime_hours)
    return await need_store.waiting_suggestion(turn.desk.session, [group.id or 0], since)


async def _settled(turn: Turn, group: GroupState, *, agreed: bool) -> str:
    session, now = turn.desk.session, turn.desk.now
    push = await waiting(turn, group)
    state = need_store.QUEUED if agreed else need_store.DISMISSED
    if push is None or not await need_store.settle_suggestion(session, push.id or 0, state, now):
        return render("recommender", "no_suggestion")
    if not agreed:
        return render("recommender", "declined")
    products = tuple(int(entry["product"]) for entry in push.products)
    await agree(turn.desk.orders, group.id or 0, products)
    draft = push_draft(
        turn,
        group,
        push.inbox_id,
        text=push.text,
        member=push.member,
        products=products,
        least_level=Level.SUGGEST,
    )
    turn.say(draft)
    return render("recommender", "agreed", topic=group.topic)
