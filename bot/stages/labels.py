"""The word 更新标签: look at a group again now, and say what that changed and why."""

from __future__ import annotations

from bot.segmentation import Segmentation
from bot.stages.turn import Turn
from groups.labels.segmenting import Occasion
from groups.service import WordResult
from groups.state import LabelCause
from groups.talk import speech


async def relabel(turn: Turn, result: WordResult) -> None:
    """Let labels change at once, as evidence stands; the leader asked for it."""
    group = turn.group_of(result)
    if group is None:
        raise AssertionError("groups pass this word on only for a group on the desk")
    settings = turn.groups.settings
    segmentation = Segmentation(settings, turn.groups.names, turn.groups.categories)
    (look,) = await segmentation.look(turn.desk.session, [group], Occasion(turn.desk.now, LabelCause.ASKED))
    await turn.desk.apply(look.changes)
    after = turn.group_of(result) or group
    turn.answer(speech.turned(after, look.turned, look.judgement, settings.segmentation), private=result.private)
