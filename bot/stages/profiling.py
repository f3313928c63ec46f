"""Members' profiles on the path: what a need or an order adds, whose tags order an answer, 我的标签 and 删标签."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.stages.turn import Decided, Turn
from core.outcomes import Reason
from core.templates import render
from groups.people import profiles, tagging
from groups.people.profiles import Evidence, Source, Statement
from groups.people.tagging import KeptTag, Weighed
from groups.service import WordResult
from groups.settings import ProfileSettings
from groups.state import GroupState, MemberKey
from orders.serving import Served
from recommender.decisions import Decision
from recommender.taste import Liking, Taste


async def tastes(decided: Sequence[Decided]) -> dict[int, Taste]:
    """Return by row the askers' own tags, the strongest first; none of somebody who has refused.

    They are read together, for what is to be shown, and held until that is carried out.
    """
    asking = [(one.turn, _speaker(one.turn)) for one in decided if _willing(one.turn, one.known.group)]
    if not asking:
        return {}
    desk, settings = asking[0][0].desk, asking[0][0].groups.settings.profiles
    kept = await tagging.weights_of_willing(desk.session, {speaker for _, speaker in asking}, settings, desk.now)
    return {turn.row_id: _likings(kept[speaker], settings) for turn, speaker in asking if speaker in kept}


def _likings(kept: Sequence[Weighed], settings: ProfileSettings) -> Taste:
    usable = [one for one in kept if one.weight >= settings.least_weight and not profiles.sensitive(one.tag.value)]
    return [Liking(one.tag, one.id, profiles.strength(one.weight)) for one in usable]


def said(turn: Turn, group: GroupState, decision: Decision) -> None:
    """Note what a stated need says of its speaker."""
    if _willing(turn, group):
        _note(turn, turn.recommender.said(decision.reading), Source.SAID)


def ordered(turn: Turn, group: GroupState, served: Served) -> None:
    """Note what the speaker's own orders say of them: a line that came into being, or that was taken away again.

    What was ordered for somebody else, or by somebody else for the speaker, says nothing.
    """
    if not _willing(turn, group):
        return
    heard = "" if served.reason is Reason.CHAIN_APPLIED else turn.text.text  # a chain holds everybody's words
    for effect in served.effects:
        began, ended = effect.before == 0 < effect.total, effect.before > 0 == effect.total
        if effect.member_id == turn.message.sender_id and not effect.for_whom and (began or ended):
            statement = turn.recommender.bought(effect.product_id, effect.item, heard)
            _note(turn, statement, Source.ORDERED if began else Source.TAKEN_BACK)


async def my_tags(turn: Turn, result: WordResult) -> None:
    """List the speaker's tags, to them alone: how much each weighs, what it rests on, and from when."""
    settings = turn.groups.settings.profiles
    kept = await tagging.tags_of(turn.desk.session, _speaker(turn), settings, turn.desk.now)
    off = not settings.enabled or await tagging.refused(turn.desk.session, _speaker(turn))
    turn.answer(
        render("groups", "my_tags", tags=[_line(turn, one) for one in kept], off=off), private=True, fleeting=True
    )


async def delete_tag(turn: Turn, result: WordResult) -> None:
    """Delete the tags that the speaker names, at once and for good; to an unknown name, say which there are."""
    settings = turn.groups.settings.profiles
    kept = await tagging.tags_of(turn.desk.session, _speaker(turn), settings, turn.desk.now)
    named = result.passed_on.object if result.passed_on is not None else ""
    gone = profiles.meant([one.tag for one in kept], named)
    await tagging.delete_tags(turn.desk.session, _speaker(turn), gone, turn.desk.now)
    names = [profiles.shown(tag) for tag in gone]
    there = [profiles.shown(one.tag) for one in kept]
    text = render("groups", "tag_deleted", deleted=list(dict.fromkeys(names)), named=named[:20], there=there)
    turn.answer(text, private=True, fleeting=True)


async def reasons(turn: Turn, products: list[dict[str, Any]], at: datetime) -> list[str]:
    """Return, as their owner reads them, the tags that put products of a push before equals; deleted ones are not."""
    ids = {int(tag_id) for entry in products for tag_id in entry.get("because", ())}
    if not ids:
        return []
    settings = turn.groups.settings.profiles
    kept = await tagging.tags_of(turn.desk.session, _speaker(turn), settings, turn.desk.now)
    # a number may be given again after a deletion; what began later was not the reason
    return [profiles.shown(one.tag) for one in kept if one.id in ids and one.first_at <= at]


def _note(turn: Turn, statement: Statement | None, source: Source) -> None:
    tags = profiles.tags_of(statement) if statement is not None else ()
    if tags:
        turn.desk.evidence.append((_speaker(turn), Evidence(tags, source, turn.message.at)))


def _willing(turn: Turn, group: GroupState) -> bool:
    """Tell whether tags of the speaker may be made and used, as far as the lane knows; the database is asked again."""
    member = group.members.get(turn.message.sender_id)
    refuses = member is not None and (member.unsubscribed or member.personalisation_off)
    return turn.groups.settings.profiles.enabled and not refuses


def _speaker(turn: Turn) -> MemberKey:
    key = turn.message.key
    return MemberKey(key.channel, key.account, turn.message.sender_id)


def _line(turn: Turn, kept: KeptTag) -> dict[str, object]:
    local = kept.at.astimezone(turn.recommender.zone)
    return {
        "name": profiles.shown(kept.tag),
        "weight": profiles.strength(kept.weight),
        "said": kept.said,
        "ordered": kept.ordered,
        "month": local.month,
        "day": local.day,
    }
