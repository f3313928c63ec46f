"""Reading one message: does it state a need, and which? Pure; what came before is for ``dialogue``."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from core.outcomes import Outcome, Reason
from core.text import NormalText
from recommender.clauses import goods_phrases, heads_of, kept_form
from recommender.constraints import Constraints, read_constraints
from recommender.hits import Hit, blocker_of, find_hits
from recommender.lexicon import Lexicon, WordKind
from recommender.masking import MaskedText, mask_text
from recommender.need_rules import NeedRules, Trigger
from recommender.segmentation import Segmenter

LONGEST_NEED = 240
"""Characters; what is longer is an article or an advertisement, not a member's need."""
_UNKNOWN_STRENGTH = 0.75
_MENTION_STRENGTH = 0.8
_AROUND_STRENGTH = 0.95
"""An object found beside its trigger is a little less sure than one inside it."""

_FILLER = re.compile(r"[AGPBl-sxm0-9的那个这种就是呀啊呢吧哈哦捏,!?~用吃过炖节码段号一两款式]|软软|大大|小小")
_LONGEST_BARE = 16
_LONGEST_LOOSE = 18
_LONGEST_REFINEMENT = 20
_MOST_BESIDE_GOODS = 3
"""Characters beside goods and their attributes in a message that only names goods."""


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
    of it (牛奶 in 牛奶锅). ``known`` is false when the object is a word of no list. ``strength`` is how sure the
    wording makes us, 0 to 1. ``rule`` names the rule that matched; ``evidence`` is its span in the raw text.
    """

    need_class: NeedClass
    terms: tuple[str, ...]
    constraints: Constraints
    known: bool
    strength: float
    rule: str
    evidence: tuple[int, int]
    modifiers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What one message says by itself.

    The fields after ``need`` are for conversations: a trigger that lacks its object, the goods of a message that only
    names goods, all goods mentioned (a quotation's when it points at that), and whether the message as a whole joins,
    narrows down or takes back a need.
    """

    outcome: Outcome
    reason: Reason
    masked: MaskedText
    need: Need | None = None
    opinion_about: tuple[str, ...] = ()
    loose: Trigger | None = None
    objects: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    constraints: Constraints = field(default_factory=Constraints)
    joins: bool = False
    refines: bool = False
    withdraws: bool = False


class NeedReader:
    """Reads messages with one lexicon; build it once."""

    def __init__(self, lexicon: Lexicon, segmenter: Segmenter, rules: NeedRules) -> None:
        self._lexicon = lexicon
        self._segmenter = segmenter
        self._rules = rules

    def read(self, text: NormalText, *, mentioned: bool = False) -> Reading:
        """Return what a message says; ``mentioned`` is true when it is addressed to the bot."""
        if len(text.text) > LONGEST_NEED:
            empty = MaskedText(text, (), "", ())
            return Reading(Outcome.IGNORED, Reason.TOO_LONG, empty)
        masked = mask_text(text, self._segmenter, self._lexicon)
        if not masked.mask:
            return Reading(Outcome.IGNORED, Reason.QUOTATION if text.quote else Reason.TALK, masked)
        if "G" not in masked.mask and not self._rules.cue.search(masked.mask):
            return self._talk(masked)
        constraints = read_constraints(masked)
        found = self._triggered(masked, constraints, mentioned=mentioned)
        if isinstance(found, Need):
            return Reading(Outcome.NEED, Reason.PUSHED, masked, found, constraints=constraints)
        return self._without_need(masked, constraints, found)

    def _triggered(self, masked: MaskedText, constraints: Constraints, *, mentioned: bool) -> Need | Reason | None:
        """Return the need, or why something that looked like one is none, or None where nothing did."""
        hits = find_hits(masked, self._rules)
        found = [self._need(masked, constraints, hit) for hit in hits if hit.blocker is None]
        if found:
            return self._telling(found)
        blocked = next((hit.blocker.reason for hit in hits if hit.blocker is not None), None)
        return self._addressed(masked, constraints) if blocked is None and mentioned else blocked

    def _telling(self, found: list[Need]) -> Need:
        """Return the class that tells most, with the objects of the surest shape."""
        surest = max(found, key=lambda need: need.strength)
        first = min(found, key=lambda need: self._rules.order[need.need_class])
        if not first.known and surest.known:
            return surest
        return replace(surest, need_class=first.need_class, rule=first.rule)

    def _need(self, masked: MaskedText, constraints: Constraints, hit: Hit) -> Need:
        start, end = hit.span
        first = masked.tokens[masked.owner[start]]
        last = masked.tokens[masked.owner[max(start, end - 1)]]
        modifiers = tuple(dict.fromkeys(kept_form(token) for phrase in hit.objects for token in phrase[:-1]))
        sure = 1.0 if hit.trigger.inside else _AROUND_STRENGTH
        return Need(
            need_class=NeedClass(hit.trigger.need_class),
            terms=heads_of(hit.objects),
            constraints=constraints,
            known=hit.known,
            strength=hit.trigger.strength * (sure if hit.known else _UNKNOWN_STRENGTH),
            rule=hit.trigger.name,
            evidence=masked.text.raw_span(first.start, last.end),
            modifiers=modifiers,
        )

    def _addressed(self, masked: MaskedText, constraints: Constraints) -> Need | None:
        """Goods named to the bot itself are a question for them."""
        goods = [token for token in masked.tokens if token.is_goods]
        if not goods or len(masked.mask) > 12:
            return None
        evidence = masked.text.raw_span(goods[0].start, goods[-1].end)
        terms = tuple(dict.fromkeys(kept_form(token) for token in goods))
        return Need(NeedClass.WANT, terms[-1:], constraints, True, _MENTION_STRENGTH, "addressed", evidence, terms[:-1])

    def _without_need(self, masked: MaskedText, constraints: Constraints, blocked: Reason | None) -> Reading:
        """Say what a message is that states no whole need."""
        mask = masked.mask
        rules = self._rules
        conversation = self._conversation(masked, constraints)
        conversation |= {
            "loose": self._loose(masked),
            "objects": self._bare_objects(masked),
            "mentions": self._mentions(masked),
        }
        judged = masked.spelt_out
        for opinion in rules.opinions:
            match = opinion.pattern.search(judged)
            if match and not (opinion.unless and opinion.unless.search(judged)):
                about = tuple(dict.fromkeys(kept_form(token) for token in masked.tokens if token.is_goods))
                return Reading(Outcome.OPINION, opinion.reason, masked, None, about, **conversation)
        reason = blocked or self._why_talk(masked)
        if reason in {Reason.TALK, Reason.QUESTION} and blocked is None and self._implicit(mask):
            return self._recorded(masked, constraints, conversation)
        return Reading(Outcome.IGNORED, reason, masked, None, **conversation)

    def _talk(self, masked: MaskedText) -> Reading:
        """Read a message in which no rule can find anything but a hint or an answer to somebody."""
        short = len(masked.mask) <= _LONGEST_REFINEMENT
        constraints = read_constraints(masked) if short else Constraints()
        conversation = self._conversation(masked, constraints)
        if self._implicit(masked.mask):
            return self._recorded(masked, constraints, conversation)
        reason = Reason.TALK if masked.text.quote is None else Reason.QUOTATION
        return Reading(Outcome.IGNORED, reason, masked, None, **conversation)

    def _conversation(self, masked: MaskedText, constraints: Constraints) -> dict[str, Any]:
        """Return the fields of a reading that say how it answers what was said before."""
        mask, rules = masked.mask, self._rules
        narrows = constraints.any and "G" not in mask and len(mask) <= _LONGEST_REFINEMENT
        return {
            "constraints": constraints,
            "joins": rules.joining.search(mask) is not None,
            "refines": narrows and rules.refinement.search(mask) is not None,
            "withdraws": rules.withdrawal.search(mask) is not None,
        }

    def _implicit(self, mask: str) -> bool:
        return any(pattern.search(mask) for pattern in self._rules.implicit)

    @staticmethod
    def _recorded(masked: MaskedText, constraints: Constraints, conversation: dict[str, Any]) -> Reading:
        need = Need(NeedClass.IMPLICIT, (), constraints, True, 0.0, "implicit", (0, len(masked.text.raw)))
        return Reading(Outcome.NEED, Reason.RECORDED, masked, need, **conversation)

    def _loose(self, masked: MaskedText) -> Trigger | None:
        """Return a trigger whose object may be in the member's message before or after this one."""
        mask = masked.mask
        if len(mask) > _LONGEST_LOOSE or "G" in mask or masked.has(WordKind.NOT_SOLD):
            return None
        for trigger in self._rules.loose:
            match = trigger.pattern.search(mask)
            if match is not None and blocker_of(mask, match.span(), self._rules, trigger.need_class) is None:
                return trigger
        return None

    def _bare_objects(self, masked: MaskedText) -> tuple[str, ...]:
        if "G" not in masked.mask or len(masked.mask) > _LONGEST_BARE:
            return ()
        if len(_FILLER.sub("", masked.mask)) > _MOST_BESIDE_GOODS:
            return ()
        return heads_of(goods_phrases(masked, 0, len(masked.mask)))

    def _mentions(self, masked: MaskedText) -> tuple[str, ...]:
        """Return all goods of the message, or of what it quotes and points at."""
        named = heads_of(goods_phrases(masked, 0, len(masked.mask)))
        quote = masked.text.quote
        if named or quote is None:
            return named
        words = [self._lexicon.get(piece) for piece in self._segmenter.cut(quote.text.lower())]
        return tuple(dict.fromkeys(word.canonical for word in words if word and word.kind is WordKind.GOODS))

    def _why_talk(self, masked: MaskedText) -> Reason:
        """Name the reason that explains best why talk stayed talk."""
        for blocker in self._rules.blockers:
            if blocker.applies(masked.mask):
                return blocker.reason
        if masked.text.quote is not None and not masked.has(WordKind.GOODS):
            return Reason.QUOTATION
        asks = masked.mask.rstrip(",").endswith(("?", "吗", "么", "呢"))
        return Reason.QUESTION if asks and masked.has(WordKind.GOODS) else Reason.TALK
