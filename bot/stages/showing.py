"""Words that show products: a leader's 推荐 草莓, and anybody's 全部商品."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from bot.stages.pushing import opened, push_draft
from bot.stages.turn import Turn
from core.templates import render
from core.text import NormalText
from groups.service import WordResult
from groups.state import GroupState
from groups.talk.speech import title
from orders.sales import sold
from orders.state import OfferKind, OfferState
from recommender.decisions import Decision
from recommender.policy import Level
from recommender.shelf import Item
from recommender.wording import product_line, recommendation_text

RECOMMENDATION = "recommendation"
"""The kind of text that a leader had shown: neither level nor pause nor the night holds it back."""
_PER_PAGE = 10
_BY_SALES = "按销量"


async def recommend(turn: Turn, result: WordResult) -> None:
    """Show the group what its leader asks for; when nothing fits, tell the leader alone."""
    group, word = turn.group_of(result), result.passed_on
    if group is None or word is None:
        return
    said = NormalText(word.object, word.object, range(len(word.object)), range(1, len(word.object) + 1))
    decision = turn.recommender.requested(said, turn.groups.effects(group), turn.message.at)
    products = tuple(candidate.item.id for candidate in decision.picks)
    codes = await opened(turn, group, products)
    picks = tuple(candidate for candidate in decision.picks if candidate.item.id in codes)
    if decision.need is None or not picks:
        text = render("recommender", "recommendation_none", topic=title(group, private=True), wanted=word.object[:20])
        turn.answer(text, private=True)
        return
    leader = turn.groups.leader_name(group)
    reasons = [reason for one, reason in zip(decision.picks, decision.reasons, strict=True) if one in picks]
    text = recommendation_text(decision.need, leader, picks, reasons, codes)
    draft = push_draft(turn, group, turn.row_id, text=text, member="", products=tuple(codes), least_level=Level.OFF)
    turn.say(replace(draft, kind=RECOMMENDATION, about_members=()))
    _remember(turn, group, decision)
    if result.private:
        turn.answer(render("recommender", "agreed", topic=title(group, private=True)), private=True)


async def all_products(turn: Turn, result: WordResult) -> None:
    """List everything that may be shown in the group, for the asker alone and the same for every asker."""
    group, word = turn.group_of(result), result.passed_on
    if group is None or word is None:
        return
    by_sales = word.object.startswith(_BY_SALES)
    first: list[int] = []
    if by_sales:
        pieces = await sold(turn.desk.session, group.id or 0)
        first = sorted(pieces, key=lambda product_id: (-pieces[product_id], -product_id))
    number = word.object.rpartition(" ")[2]
    wanted = int(number) if number.isascii() and number.isdigit() else 1
    items, page, more = _page(turn.recommender.shown_here(turn.groups.effects(group), turn.message.at, first), wanted)
    codes = await _codes(turn, group)
    lines = [product_line(item, codes.get(item.id, "")) for item in items]
    example = next((f"{line['code']} 1{line['unit'] or '份'}" for line in lines if line["code"]), "")
    text = render(
        "recommender",
        "all_products",
        topic=title(group, private=True),
        by_sales=by_sales,
        products=lines,
        page=page,
        more=more,
        example=example,
        leader=turn.groups.leader_name(group),
    )
    turn.answer(text, private=True)


def _page(items: Iterator[Item], wanted: int) -> tuple[list[Item], int, bool]:
    """Return the items of a page, or of the last one there is, its number, and whether more follow."""
    number, shown = 1, list(islice(items, _PER_PAGE))
    while number < wanted:
        following = list(islice(items, _PER_PAGE))
        if not following:
            return shown, number, False
        number, shown = number + 1, following
    return shown, number, next(items, None) is not None


async def _codes(turn: Turn, group: GroupState) -> dict[int, str]:
    """Return the codes by which products can be ordered in the group now."""
    await turn.desk.orders.look([group.id or 0])
    return {
        item.product_id: item.code
        for offer in reversed(turn.desk.orders.in_group(group.id or 0))
        if offer.kind is OfferKind.PUSH and offer.state is OfferState.OPEN
        for item in offer.items.values()
        if item.product_id is not None and (offer.closes_at is None or offer.closes_at > turn.desk.now)
    }


def _remember(turn: Turn, group: GroupState, decision: Decision) -> None:
    """Do not show the same again a moment later because a member asks for it."""
    known = turn.desk.known.get(group.key)
    if known is not None and decision.need is not None:
        at = turn.message.at
        known.memory.offered(decision.need.terms, at)
        known.memory.showed((candidate.item.id for candidate in decision.picks), at)
