"""Reading one message: does it state a need, and which? Pure; what came before is for ``dialogue``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from itertools import compress
from typing import Any

from core.outcomes import Outcome, Reason
from core.text import NormalText
from recommender.clauses import goods_phrases, heads_of, kept_form
from recommender.constraints import NOTHING_STATED, Constraints, StatedGate, read_constraints
from recommender.hits import Hit, blocker_of, find_hits
from recommender.judging import RESCUED, Judgement, NeedJudge, Seen
from recommender.lexicon import Lexicon, WordKind
from recommender.masking import MaskedText, mask_words
from recommender.need_model import NeedModel
from recommender.need_rules import NeedRules, Remark, Trigger
from recommender.opinions import judged_goods, opinion_of
from recommender.readings import Need, NeedClass, Reading
from recommender.segmentation import Segmenter
from recommender.slips import COST, Slips

__all__ = ["LONGEST_NEED", "Need", "NeedClass", "NeedReader", "Reading"]

LONGEST_NEED = 240
"""Characters; what is longer is an article or an advertisement, not a member's need."""
_MENTION_STRENGTH = 0.8

_FILLER = re.compile(r"[AGPBl-sxm0-9的那个这种就是呀啊呢吧哈哦捏,!?~用吃过炖节码段号一两款式]|软软|大大|小小")
_LONGEST_BARE = 16
_LONGEST_LOOSE = 18
_LONGEST_REFINEMENT = 20
_UNKNOWN_BESIDE = 1
"""Characters that are neither stated nor a known word beside it, in a clause that narrows a need down."""
_MAY_HINT = frozenset({Reason.TALK, Reason.QUESTION})
_MOST_BESIDE_GOODS = 3
"""Characters beside goods and their attributes in a message that only names goods."""


class NeedReader:
    """Reads messages with one lexicon; build it once. Without a model the rules decide alone."""

    def __init__(
        self, lexicon: Lexicon, segmenter: Segmenter, rules: NeedRules, model: NeedModel | None = None
    ) -> None:
        self._lexicon = lexicon
        self._segmenter = segmenter
        self._rules = rules
        self._stated = StatedGate(compiled=segmenter.cutter is not None)
        self._judge = NeedJudge(rules, model, compiled=segmenter.cutter is not None)
        self._slips = Slips(lexicon, rules.never_slips)

    def knowing(self, lexicon: Lexicon, segmenter: Segmenter) -> NeedReader:
        """Return a reader with other words; rules and model stay as they are laid out."""
        other = copy(self)
        other._lexicon, other._segmenter = lexicon, segmenter
        other._slips = Slips(lexicon, self._rules.never_slips)
        return other

    def read(self, text: NormalText, *, mentioned: bool = False) -> Reading:
        """Return what a message says; ``mentioned`` is true when it is addressed to the bot."""
        return self.read_all((text,), (mentioned,))[0]

    def read_all(self, texts: Sequence[NormalText], mentioned: Sequence[bool]) -> list[Reading]:
        """Return what each of several messages says; they are cut into words together."""
        heard = [text.text if len(text.text) <= LONGEST_NEED else "" for text in texts]
        cuts = self._segmenter.cut_all(heard)
        self._stated.look_ahead(heard)
        masks = [mask_words(text, words, self._lexicon) for text, words in zip(texts, cuts, strict=True)]
        self._look_ahead(masks)
        readings = [self._at_once(masked, mentioned=one) for masked, one in zip(masks, mentioned, strict=True)]
        open_ones = [reading is None for reading in readings]
        judged = iter(self._judged(list(compress(masks, open_ones)), list(compress(mentioned, open_ones))))
        return [next(judged) if reading is None else reading for reading in readings]

    def _look_ahead(self, masks: Sequence[MaskedText]) -> None:
        """Let the gate look at all masks at once, and at how opinions see them."""
        if self._segmenter.cutter is None:
            self._rules.gate.forget()
            return
        spelt = [masked.spelt_out for masked in masks if masked.has(WordKind.ATTRIBUTE)]
        self._rules.gate.look_ahead([*(masked.mask for masked in masks), *spelt])

    def _at_once(self, masked: MaskedText, *, mentioned: bool) -> Reading | None:
        """Return what a message says by its words alone, None where a rule may find something as it is written."""
        text = masked.text
        if len(text.text) > LONGEST_NEED:
            return Reading(Outcome.IGNORED, Reason.TOO_LONG, masked)
        if not masked.mask:
            return Reading(Outcome.IGNORED, Reason.QUOTATION if text.quote else Reason.TALK, masked)
        if "G" not in masked.mask and Remark.CUE not in self._rules.found.remarks(masked.mask):
            return self._talk(masked)
        return self._misspelt(masked, mentioned=mentioned)

    def _misspelt(self, masked: MaskedText, *, mentioned: bool) -> Reading | None:
        """Return the reading with slips mended, where a rule then finds that one of them is asked for."""
        mended = self._slips.mended(masked)
        if mended is None:
            return None
        masked, heard = mended
        (reading,) = self._judged((masked,), (mentioned,))
        if not any(need.rule != RESCUED and heard.intersection(need.terms) for need in reading.needs):
            return None
        needs = tuple(replace(need, strength=need.strength * COST) for need in reading.needs)
        return replace(reading, need=needs[0], needs=needs)

    def _judged(self, masks: Sequence[MaskedText], mentioned: Sequence[bool]) -> list[Reading]:
        """Return what messages say in which a rule may find something."""
        hits = [find_hits(masked, self._rules) for masked in masks]
        seen = self._judge.seen_in(masks, hits)
        return [
            self._read(masked, found, one, mentioned=addressed)
            for masked, found, one, addressed in zip(masks, hits, seen, mentioned, strict=True)
        ]

    def _read(self, masked: MaskedText, hits: Sequence[Hit], seen: Seen | None, *, mentioned: bool) -> Reading:
        """Return what a message says of which ``seen`` is what the model sees."""
        constraints = read_constraints(masked, self._stated.possible(masked.text.text))
        judged = self._judge(masked, hits, constraints, mentioned=mentioned, seen=seen)
        needs = judged.needs
        blocked = next((hit.blocker.reason for hit in hits if hit.blocker is not None), None)
        if not needs and mentioned and blocked is None and (addressed := self._addressed(masked, constraints)):
            needs = (addressed,)
        if needs:
            return Reading(
                Outcome.NEED,
                Reason.PUSHED,
                masked,
                needs[0],
                needs,
                certainty=judged.certainty,
                constraints=constraints,
            )
        return self._without_need(masked, constraints, blocked, judged)

    def _addressed(self, masked: MaskedText, constraints: Constraints) -> Need | None:
        """Goods named to the bot itself are a question for them."""
        goods = [token for token in masked.tokens if token.is_goods]
        if not goods or len(masked.mask) > 12:
            return None
        evidence = masked.text.raw_span(goods[0].start, goods[-1].end)
        terms = tuple(dict.fromkeys(kept_form(token) for token in goods))
        return Need(NeedClass.WANT, terms[-1:], constraints, True, _MENTION_STRENGTH, "addressed", evidence, terms[:-1])

    def _without_need(
        self, masked: MaskedText, constraints: Constraints, blocked: Reason | None, judged: Judgement
    ) -> Reading:
        """Say what a message is that states no whole need."""
        named = heads_of(goods_phrases(masked, 0, len(masked.mask))) if "G" in masked.mask else ()
        found: dict[str, Any] = {
            "certainty": judged.certainty,
            "loose": None if named else self._loose(masked),
            "objects": named if self._bare(masked) else (),
            "mentions": named or self._quoted(masked),
        }
        opinion = judged.opinion if judged.certainty is not None else opinion_of(masked.spelt_out, self._rules)
        if opinion is not None:
            about = judged_goods(masked, opinion, self._rules)
            return self._reading(Outcome.OPINION, opinion, masked, constraints, opinion_about=about, **found)
        reason = blocked or self._why_talk(masked)
        if reason in _MAY_HINT and blocked is None and self._hints(masked.mask):
            return self._recorded(masked, constraints, **found)
        return self._reading(Outcome.IGNORED, reason, masked, constraints, **found)

    def _talk(self, masked: MaskedText) -> Reading:
        """Read a message in which no rule can find anything but a hint or an answer to somebody."""
        short = len(masked.mask) <= _LONGEST_REFINEMENT
        constraints = read_constraints(masked, self._stated.possible(masked.text.text)) if short else NOTHING_STATED
        if self._hints(masked.mask):
            return self._recorded(masked, constraints)
        reason = Reason.TALK if masked.text.quote is None else Reason.QUOTATION
        return self._reading(Outcome.IGNORED, reason, masked, constraints)

    def _reading(
        self, outcome: Outcome, reason: Reason, masked: MaskedText, constraints: Constraints, **found: Any
    ) -> Reading:
        """Return a reading that also says how the message answers what was said before."""
        mask = masked.mask
        remarks = self._rules.found.remarks(mask)
        narrows = constraints.any and "G" not in mask and len(mask) <= _LONGEST_REFINEMENT
        return Reading(
            outcome,
            reason,
            masked,
            constraints=constraints,
            joins=Remark.JOINING in remarks,
            refines=narrows and self._only_states(mask),
            withdraws=Remark.WITHDRAWAL in remarks,
            **found,
        )

    def _only_states(self, mask: str) -> bool:
        """Tell whether a clause says nothing but what something should be like, or the whole message when."""
        rules, clauses = self._rules, mask.split(",")
        rests = [rules.stated_time.sub("", clause) for clause in clauses]
        stated = [rules.stated.search(rest) is not None for rest in rests]
        rests = [rules.beside.sub("", rules.stated.sub("", rest)) for rest in rests]
        if any(is_stated and len(rest) <= _UNKNOWN_BESIDE for is_stated, rest in zip(stated, rests, strict=True)):
            return True
        return not any(rests) and rules.wanted_by.search(mask) is not None

    def _hints(self, mask: str) -> bool:
        """Tell whether a message tells of what makes people need things."""
        return Remark.HINT in self._rules.found.remarks(mask) and self._rules.no_hint.search(mask) is None

    def _recorded(self, masked: MaskedText, constraints: Constraints, **found: Any) -> Reading:
        need = Need(NeedClass.IMPLICIT, (), constraints, True, 0.0, "implicit", (0, len(masked.text.raw)))
        return self._reading(Outcome.NEED, Reason.RECORDED, masked, constraints, need=need, needs=(need,), **found)

    def _loose(self, masked: MaskedText) -> Trigger | None:
        """Return a trigger whose object may be in the member's message before or after this one."""
        mask = masked.mask
        if len(mask) > _LONGEST_LOOSE or "G" in mask or masked.has(WordKind.NOT_SOLD):
            return None
        for trigger in self._rules.possible.loose(mask):
            match = trigger.pattern.search(mask)
            if match is not None and blocker_of(mask, match.span(), self._rules, trigger.need_class) is None:
                return trigger
        return None

    @staticmethod
    def _bare(masked: MaskedText) -> bool:
        """Tell whether a message only names goods."""
        mask = masked.mask
        return "G" in mask and len(mask) <= _LONGEST_BARE and len(_FILLER.sub("", mask)) <= _MOST_BESIDE_GOODS

    def _quoted(self, masked: MaskedText) -> tuple[str, ...]:
        """Return all goods of what a message quotes and points at."""
        quote = masked.text.quote
        if quote is None:
            return ()
        words = [self._lexicon.get(piece) for piece in self._segmenter.cut(quote.text.lower())]
        return tuple(dict.fromkeys(word.canonical for word in words if word and word.kind is WordKind.GOODS))

    def _why_talk(self, masked: MaskedText) -> Reason:
        """Name the reason that explains best why talk stayed talk."""
        for blocker in self._rules.found.blockers(masked.mask):
            return blocker.reason
        if masked.text.quote is not None and not masked.has(WordKind.GOODS):
            return Reason.QUOTATION
        asks = masked.mask.rstrip(",").endswith(("?", "吗", "么", "呢"))
        return Reason.QUESTION if asks and masked.has(WordKind.GOODS) else Reason.TALK
