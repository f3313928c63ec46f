"""From a message to a decision: read it, find products, ask whether the bot may speak.

Nothing here touches the database or sends; the message path stores what is decided in its one commit.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from core.outcomes import Hold, Outcome, Reason
from core.text import NormalText
from groups.state import GroupState, LabelKind, LabelSource
from recommender.dialogue import in_context, utterance_of
from recommender.lexicon import Lexicon
from recommender.memory import GroupMemory
from recommender.need_model import usable_model
from recommender.need_rules import packaged_rules
from recommender.needs import Need, NeedReader, Reading
from recommender.policy import Level, Situation, may_push
from recommender.ranking import Candidate, Place, choose, find
from recommender.segmentation import Segmenter
from recommender.settings import RecommenderSettings
from recommender.shelf import CatalogueProduct, Shelf, catalogue_words
from recommender.wording import push_text, reasons_of

_OFFER_MARKS = ("元", "块", "¥", "￥", "包邮", "接龙", "开团", "/斤", "/箱", "/盒")


@dataclass(frozen=True, slots=True)
class Asked:
    """One message as the recommender sees it; ``name`` and ``leader`` are what the push calls member and leader."""

    member: str
    name: str
    text: NormalText
    at: datetime
    mentioned: bool = False
    by_leader: bool = False
    leader: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a message came to.

    ``picks`` are the products that go out (or would have, when ``hold`` says why not); ``reasons`` say why each was
    chosen. ``text`` is the push in words, once the products have their codes; empty unless pushed or suggested.
    """

    outcome: Outcome
    reason: Reason
    reading: Reading
    need: Need | None = None
    picks: tuple[Candidate, ...] = ()
    hold: Hold | None = None
    text: str = ""
    reasons: tuple[str, ...] = ()


class Recommender:
    """Understands messages with the words of the catalogue and matches them against what is on sale."""

    def __init__(self, settings: RecommenderSettings, zone: ZoneInfo, aliases: Iterable[tuple[str, str, str]]) -> None:
        self.settings = settings
        self.zone = zone
        self._aliases = tuple(aliases)
        self._lexicon = Lexicon(self._aliases)
        self._segmenter = Segmenter(self._lexicon)
        self._model = usable_model(settings.need_model)
        self._reader = NeedReader(self._lexicon, self._segmenter, packaged_rules(), self._model)
        self.shelf = Shelf.build((), self._segmenter, self._lexicon)

    def prepare(self, rows: Sequence[CatalogueProduct]) -> tuple[Lexicon, Shelf]:
        """Read the catalogue into a lexicon and a shelf; slow, may run in a thread. ``adopt`` takes the result."""
        lexicon = Lexicon(self._aliases, catalogue_words(rows))
        for word in lexicon:
            self._segmenter.add(word)
        return lexicon, Shelf.build(rows, self._segmenter, lexicon)

    def adopt(self, prepared: tuple[Lexicon, Shelf]) -> None:
        """Use a prepared catalogue from the next message on."""
        self._lexicon, self.shelf = prepared
        self._reader = NeedReader(self._lexicon, self._segmenter, packaged_rules(), self._model)

    def restock(self, changed: Sequence[CatalogueProduct], gone: Collection[int]) -> bool:
        """Take over changed prices, stock and dates at once; false when words changed and only ``prepare`` will do."""
        shelf = self.shelf.patched(changed, gone)
        if shelf is None:
            return False
        self.shelf = shelf
        return True

    def read(self, text: NormalText, *, mentioned: bool = False) -> Reading:
        """Return what one message says by itself."""
        return self._reader.read(text, mentioned=mentioned)

    def decide(self, asked: Asked, group: GroupState, memory: GroupMemory, account_answers: int) -> Decision:
        """Return what becomes of a message and note it in ``memory``."""
        settings = self.settings
        alone = self.read(asked.text, mentioned=asked.mentioned)
        if asked.by_leader and _is_offer(alone):
            memory.offered(tuple(token.word.canonical for token in alone.masked.tokens if token.word), asked.at)
            return Decision(Outcome.IGNORED, Reason.ADVERTISEMENT, replace(alone, need=None, needs=()))
        reading = in_context(alone, asked.member, asked.at, memory, settings)
        decision = self._answer(reading, asked, group, memory, account_answers)
        answered = decision.reason in {Reason.PUSHED, Reason.SUGGESTED}
        spoken_of = reading if decision.need is None else replace(reading, need=decision.need)
        left = utterance_of(spoken_of, asked.member, asked.at, answered=answered)
        if left is not None:
            memory.note(left)
        if answered and decision.need is not None:
            products = tuple(candidate.item.id for candidate in decision.picks)
            memory.answered(asked.member, decision.need.terms, products, asked.at)
        return decision

    def worded(self, decision: Decision, asked: Asked, codes: Mapping[int, str]) -> Decision:
        """Put a push into words; ``codes`` are by product what members type to order it."""
        if decision.need is None:
            return decision
        text = push_text(decision.need, asked.name, asked.leader, decision.picks, decision.reasons, codes)
        return replace(decision, text=text)

    def category(self, need: Need) -> str:
        """Return the category path of a need's main object, empty when its word is of no list."""
        word = self._lexicon.get(need.terms[0]) if need.terms else None
        return word.category if word is not None else ""

    def _answer(
        self, reading: Reading, asked: Asked, group: GroupState, memory: GroupMemory, account_answers: int
    ) -> Decision:
        need = reading.need
        if need is None or reading.reason is Reason.RECORDED:
            return Decision(reading.outcome, reading.reason, reading, need)
        place = self._place(group)
        need, candidates = self._answerable(reading.needs or (need,), place, asked.at)
        if not candidates:
            return Decision(Outcome.NEED, Reason.UNMET, reading, need)
        hidden = self._shown_lately(memory, asked.at)
        picks = tuple(choose(candidates, self.settings.max_products, hidden))
        threshold = self.settings.threshold if group.threshold is None else group.threshold
        situation = self._situation(asked, group, memory, need, picks or tuple(candidates[:1]), threshold)
        hold = may_push(
            replace(situation, hidden_only=not picks, account_answers=account_answers), self.settings, self.zone
        )
        if hold is not None:
            # whatever is uncertain is counted as unmet rather than held: the leader may want to sell it
            reason = Reason.UNMET if hold is Hold.BELOW_THRESHOLD else Reason.HELD
            return Decision(Outcome.NEED, reason, reading, need, picks, hold)
        reasons = reasons_of(need, picks, group.neighbourhoods, asked.at, self.zone)
        reason = Reason.SUGGESTED if group.level == Level.SUGGEST and not asked.mentioned else Reason.PUSHED
        return Decision(Outcome.NEED, reason, reading, need, picks, reasons=tuple(reasons))

    def _answerable(self, needs: Sequence[Need], place: Place, at: datetime) -> tuple[Need, list[Candidate]]:
        """Return the first of a message's needs that something fits, with what fits it; else the first of all."""
        for need in needs:
            if candidates := find(need, self.shelf, place, at, self._segmenter.cut):
                return need, candidates
        return needs[0], []

    def _situation(
        self,
        asked: Asked,
        group: GroupState,
        memory: GroupMemory,
        need: Need,
        picks: tuple[Candidate, ...],
        threshold: float,
    ) -> Situation:
        midnight = asked.at.astimezone(self.zone).replace(hour=0, minute=0, second=0, microsecond=0)
        answered = [memory.terms[term] for term in need.terms if term in memory.terms]
        return Situation(
            level=group.level,
            mentioned=asked.mentioned,
            paused=group.paused,
            unsubscribed=group.unsubscribed(asked.member),
            now=asked.at,
            score=picks[0].score,
            threshold=threshold,
            group_answers=memory.answers_on(midnight),
            member_answered_at=memory.members.get(asked.member),
            term_answered_at=max(answered, default=None),
        )

    def _shown_lately(self, memory: GroupMemory, at: datetime) -> set[int]:
        if not self.settings.limits:
            return set()
        since = at - timedelta(hours=self.settings.shown_again_hours)
        return {product for product, seen in memory.shown.items() if seen > since}

    def _place(self, group: GroupState) -> Place:
        return Place(
            neighbourhoods=group.neighbourhoods,
            categories=_binding_categories(group),
            excluded_ids=group.excluded_ids,
            excluded_texts=group.excluded_texts,
            pinned_ids=group.pinned_ids,
            pinned_texts=group.pinned_texts,
            forbidden_words=self.settings.forbidden_words,
        )


def _binding_categories(group: GroupState) -> tuple[str, ...]:
    """Return the categories that shut others out: those the configuration or the leader set.

    What was only guessed from a topic (水果群) does not forbid the group rice.
    """
    said = {LabelSource.CONFIGURATION, LabelSource.LEADER}
    named = {label.value for label in group.labels if label.kind is LabelKind.CATEGORY and label.source in said}
    return tuple(value for value in group.categories if value in named)


def _is_offer(reading: Reading) -> bool:
    """Tell whether a leader's message offers goods: it names some and says a price or opens a list."""
    text = reading.masked.text.text
    priced = any(mark in text for mark in _OFFER_MARKS) and any(character.isdigit() for character in text)
    return priced and any(token.is_goods for token in reading.masked.tokens)
