"""The last stage: does the message state a need, and may it be answered?

What is to be shown is carried out together with what other groups of the batch are shown (``bot.stages.pushing``).
"""

from __future__ import annotations

from bot.stages import profiling
from bot.stages.turn import Decided, Handled, Turn
from bot.work import Known
from core.outcomes import Outcome, Reason
from groups.state import GroupState, Role
from recommender import repository
from recommender.decisions import Asked, Decision
from recommender.dialogue import remember
from recommender.needs import Reading
from recommender.service import only_talk

_HELPERS = frozenset({Role.LEADER, Role.ASSISTANT, Role.ADMIN})


def always(_: Turn) -> bool:
    """Every message that comes this far is answered."""
    return True


async def need(turn: Turn) -> Handled | None:
    """Decide, and lay what is to be stored on the desk."""
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
    _store(turn, group, asked, decision)
    profiling.said(turn, group, decision)
    if decision.shown:
        turn.decided.append(Decided(turn, turn.known, asked, decision))
    else:
        remember(decision, asked, memory)
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


def _store(turn: Turn, group: GroupState, asked: Asked, decision: Decision) -> None:
    """Write down the need, and count the answer if there is to be one: other groups of the account share its cap."""
    if decision.need is not None and decision.outcome is Outcome.NEED:
        turn.desk.needs.append(
            repository.need_row(
                decision.need,
                inbox_id=turn.row_id,
                group_id=group.id or 0,
                member=asked.member,
                category=turn.recommender.category(decision.need),
                state=decision.reason.value,
                hold=decision.hold.value if decision.hold else None,
                at=asked.at,
                gain=decision.gain,
            )
        )
    if decision.reason is Reason.PUSHED:
        turn.desk.count_answer(group.channel, group.account)
