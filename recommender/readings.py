"""What a message was read as: needs, opinions, and what it says to earlier messages."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.outcomes import Outcome, Reason
from recommender.constraints import NOTHING_STATED, Constraints
from recommender.masking import MaskedText
from recommender.need_rules import Trigger


class NeedClass(StrEnum):
    """The shapes a need comes in."""

    WHERE_TO_BUY = "where_to_buy"
    WANT = "want"
    RUN_OUT = "run_out"
    ADVICE = "advice"
    GROUP_BUY = "group_buy"
    JOINING = "joining"
    IMPLICIT = "implicit"


@dataclass(frozen=True, slots=True)
class Need:
    """What somebody wants.

    ``terms`` are the objects in their kept form, the first one the main one; ``modifiers`` are goods words in front
    of it (牛奶 in 牛奶锅). ``known`` is false when the object is a word of no list. ``strength`` is how sure we are of
    it, 0 to 1: the model's probability, or without a model what the rule's wording is worth. ``rule`` names the rule
    that matched; ``evidence`` is its span in the raw text.
    """

    need_class: NeedClass
    terms: tuple[str, ...]
    constraints: Constraints
    known: bool
    strength: float
    rule: str
    evidence: tuple[int, int]
    modifiers: tuple[str, ...] = ()


@dataclass(slots=True)
class Reading:
    """What one message says by itself. Nobody changes one: every message has it, and a frozen one takes thrice as long.

    ``need`` is the first of ``needs``: a message may state several. ``certainty`` is how sure the model is that it
    states any, None where it was not asked. The fields after it are for conversations: a trigger that lacks its
    object, the goods of a message that only names goods, all goods mentioned (a quotation's when it points at that),
    and whether the message as a whole joins, narrows down or takes back a need. ``opinion_about`` are the goods that
    praise or a complaint is about.
    """

    outcome: Outcome
    reason: Reason
    masked: MaskedText
    need: Need | None = None
    needs: tuple[Need, ...] = ()
    certainty: float | None = None
    opinion_about: tuple[str, ...] = ()
    loose: Trigger | None = None
    objects: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    constraints: Constraints = NOTHING_STATED
    joins: bool = False
    refines: bool = False
    withdraws: bool = False
