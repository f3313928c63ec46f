"""From a message to a decision: read it, find products, ask whether the bot may speak.

Nothing here touches the database or sends; the message path stores what is decided in its one commit.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain
from types import MappingProxyType
from zoneinfo import ZoneInfo

from core.outcomes import Hold, Outcome, Reason
from core.text import NormalText
from groups.people.profiles import Statement
from groups.segments.effects import Effects, own_effects
from groups.state import GroupState
from recommender.closer_look import CloserLook
from recommender.decisions import Asked, Decision
from recommender.dialogue import in_context, remember
from recommender.forms import WordForms
from recommender.gain import NO_RESULTS, Record, expected_gain
from recommender.glancer import Glancer, unread
from recommender.lexicon import Lexicon, WordKind
from recommender.memory import GroupMemory
from recommender.need_model import usable_model
from recommender.need_rules import packaged_rules
from recommender.needs import Need, NeedReader, Reading
from recommender.policy import Level, Situation, may_push
from recommender.price_wishes import popularity
from recommender.ranking import Candidate, Place, allowed, choose, find, foremost, in_order, may_fit
from recommender.screening import Glance
from recommender.segmentation import Segmenter
from recommender.settings import RecommenderSettings
from recommender.shelf import CatalogueProduct, Item, Shelf, bring_new_words, catalogue_words
from recommender.taste import Taste, bought, bought_by_title, personal_order, said
from recommender.wording import push_text, reasons_of

_STEPS_OF_POPULARITY = 4
"""A few orders more are chance: only from step to step does a product go before its equals."""
_AT_ONCE = 2_000
"""Changed products that are taken over while messages wait; each costs some 25 µs, and as much again to read."""
_OFFER_MARKS = ("元", "块", "¥", "￥", "包邮", "接龙", "开团", "/斤", "/箱", "/盒")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A catalogue read: the words that messages are understood with, and what is on the shelf."""

    lexicon: Lexicon
    segmenter: Segmenter
    shelf: Shelf
    glancer: Glancer | None


class Recommender:
    """Understands messages with the words of the catalogue and matches them against what is on sale."""

    def __init__(self, settings: RecommenderSettings, zone: ZoneInfo, aliases: Iterable[tuple[str, str, str]]) -> None:
        self.settings = settings
        self.zone = zone
        self._aliases = tuple(aliases)
        self._lexicon = Lexicon(self._aliases)
        self._segmenter = Segmenter(self._lexicon, compiled=settings.compiled)
        model = usable_model(settings.need_model)
        self._reader = NeedReader(self._lexicon, self._segmenter, packaged_rules(), model)
        self._glancer: Glancer | None = None  # comes with the catalogue
        self.shelf = Shelf.build((), self._segmenter, self._lexicon)
        self._forms = WordForms(self._aliases)
        self._closer = self._closer_look()

    def prepare(self, rows: Sequence[CatalogueProduct], orders: Mapping[int, int] = MappingProxyType({})) -> Prepared:
        """Read the catalogue into words and a shelf; slow, may run in a thread. ``adopt`` takes the result.

        ``orders`` is by product id how often it was ordered so far.
        """
        lexicon = Lexicon(self._aliases, catalogue_words(rows))
        segmenter = self._segmenter.knowing(lexicon)
        shelf = Shelf.build(rows, segmenter, lexicon, orders)
        return Prepared(lexicon, segmenter, shelf, Glancer.of(lexicon, segmenter))

    def adopt(self, prepared: Prepared) -> None:
        """Use a prepared catalogue from the next message on."""
        self._lexicon, self._segmenter, self.shelf = prepared.lexicon, prepared.segmenter, prepared.shelf
        self._reader = self._reader.knowing(self._lexicon, self._segmenter)
        self._glancer = prepared.glancer
        self._closer = self._closer_look()

    def glances(self, texts: Sequence[NormalText]) -> Sequence[Glance | None]:
        """Glance at a batch of messages before any is read; None for each that is to be read in full."""
        return [None] * len(texts) if self._glancer is None else self._glancer(texts)

    def restock(self, changed: Sequence[CatalogueProduct], gone: Collection[int]) -> bool:
        """Take over changed, new and vanished products at once.

        Return whether that is all there is to do: false when it is time to ``prepare`` anew, because they are too many
        to be taken over between two messages, or many have come in the meantime, or they bring words that messages are
        not yet understood with.
        """
        if len(changed) > _AT_ONCE:
            self.shelf.take((), gone)
            return False
        reworded = self.shelf.take(changed, gone)
        return not bring_new_words(reworded, self._lexicon) and not self.shelf.index.overgrown

    def read(self, text: NormalText, *, mentioned: bool = False) -> Reading:
        """Return what one message says by itself."""
        return self._reader.read(text, mentioned=mentioned)

    def read_all(self, texts: Sequence[NormalText], mentioned: Sequence[bool]) -> list[Reading]:
        """Return what each of several messages says by itself; many at once cost less than one by one."""
        return self._reader.read_all(texts, mentioned)

    def decide(
        self,
        asked: Asked,
        group: GroupState,
        memory: GroupMemory,
        account_answers: int,
        *,
        taste: Taste = (),
        record: Record = NO_RESULTS,
        effects_of: Callable[[GroupState], Effects] = own_effects,
    ) -> Decision:
        """Return what becomes of a message and note it in ``memory``: all steps at once, for who has the taste."""
        reading = self.understand(asked, memory)
        decision = self.conclude(reading, asked, group, memory, account_answers, record=record, effects_of=effects_of)
        if taste and decision.shown:
            decision = self.personal(decision, asked, group, memory, taste, effects_of=effects_of)
        remember(decision, asked, memory)
        return decision

    def understand(
        self, asked: Asked, memory: GroupMemory, *, alone: Reading | None = None, glance: Glance | None = None
    ) -> Reading:
        """Return what a message says in its conversation: the first step, before anything of the speaker is read.

        ``alone`` is what it says by itself, where it was read with its batch. What is nothing but talk at a ``glance``
        is not read: no rule could find anything in it.
        """
        if only_talk(glance, memory, asked.member, mentioned=asked.mentioned):
            return unread(asked.text)
        if alone is None:
            alone = self.read(asked.text, mentioned=asked.mentioned)
        if asked.by_leader and _is_offer(alone):
            memory.offered(tuple(token.word.canonical for token in alone.masked.tokens if token.word), asked.at)
            nothing = replace(
                alone, need=None, needs=(), loose=None, mentions=()
            )  # that a later message could be about
            return replace(nothing, outcome=Outcome.IGNORED, reason=Reason.ADVERTISEMENT)
        return in_context(alone, asked.member, asked.at, memory, self.settings)

    def conclude(
        self,
        reading: Reading,
        asked: Asked,
        group: GroupState,
        memory: GroupMemory,
        account_answers: int,
        *,
        record: Record = NO_RESULTS,
        effects_of: Callable[[GroupState], Effects] = own_effects,
    ) -> Decision:
        """Return what becomes of a message that was understood, with its products in the order for everybody.

        ``record`` is what came of the group's earlier pushes, as of now; ``effects_of`` is asked only about a need.
        What is shown may be put into a ``personal`` order; then the caller lets ``dialogue.remember`` note it.
        """
        need = reading.need
        if need is None or reading.reason is Reason.RECORDED:
            return Decision(reading.outcome, reading.reason, reading, need)
        needs = reading.needs or (need,)
        if not any(may_fit(one, self.shelf) for one in needs):
            return Decision(Outcome.NEED, Reason.UNMET, reading, needs[0])
        effects = effects_of(group)
        place = self.place(effects)
        need, candidates = self._answerable(needs, reading, place, asked.at)
        if not candidates:
            return Decision(Outcome.NEED, Reason.UNMET, reading, need)
        hidden = self._shown_lately(memory, asked.at)
        picks = tuple(choose(candidates, self.settings.max_products, hidden))
        threshold = self.settings.threshold if effects.threshold is None else effects.threshold
        best = picks[0] if picks else candidates[0]
        gain = expected_gain(best.score, need.strength, threshold, record, self.settings.results, asked=asked.mentioned)
        situation = self._situation(
            *(asked, group, memory, need, effects, gain.value), hidden_only=not picks, account_answers=account_answers
        )
        hold = may_push(situation, self.settings, self.zone)
        if hold is not None:
            # whatever is uncertain is counted as unmet rather than held: the leader may want to sell it
            reason = Reason.UNMET if hold is Hold.BELOW_THRESHOLD else Reason.HELD
            return Decision(Outcome.NEED, reason, reading, need, picks, hold, gain=gain)
        reasons = reasons_of(need, picks, effects.neighbourhoods, asked.at, self.zone)
        reason = Reason.SUGGESTED if group.level == Level.SUGGEST and not asked.mentioned else Reason.PUSHED
        return Decision(
            Outcome.NEED,
            reason,
            reading,
            need,
            picks,
            reasons=tuple(reasons),
            wording=effects.wording,
            gain=gain,
            fitting=tuple(candidates),
        )

    def _situation(
        self,
        asked: Asked,
        group: GroupState,
        memory: GroupMemory,
        need: Need,
        effects: Effects,
        gain: float,
        *,
        hidden_only: bool,
        account_answers: int,
    ) -> Situation:
        answered = [memory.terms[term] for term in need.terms if term in memory.terms]
        return Situation(
            level=group.level,
            mentioned=asked.mentioned,
            paused=group.paused,
            unsubscribed=group.unsubscribed(asked.member),
            now=asked.at,
            gain=gain,
            hidden_only=hidden_only,
            group_answers=memory.answers_on(self._midnight(asked.at)),
            account_answers=account_answers,
            answers_cap=effects.answers_per_day,
            member_answered_at=memory.members.get(asked.member),
            term_answered_at=max(answered, default=None),
        )

    def personal(
        self,
        decision: Decision,
        asked: Asked,
        group: GroupState,
        memory: GroupMemory,
        taste: Taste,
        *,
        effects_of: Callable[[GroupState], Effects] = own_effects,
    ) -> Decision:
        """Return a decision to show products with those in front, among equals, that the asker's own tags speak for.

        Whether anything is shown was decided without them, so that only these few decisions need anybody's tags.
        """
        assert decision.need is not None  # noqa: S101 - nothing is shown without a need, for the type checker
        effects = effects_of(group)
        most, hidden = self.settings.max_products, self._shown_lately(memory, asked.at)
        near = foremost(decision.fitting, decision.need, most, hidden)
        picks = tuple(choose(personal_order(near, decision.need, self.place(effects), taste), most, hidden))
        reasons = reasons_of(decision.need, picks, effects.neighbourhoods, asked.at, self.zone)
        return decision._replace(picks=picks, reasons=tuple(reasons))

    def said(self, reading: Reading) -> Statement | None:
        """Return what a stated need says of its speaker, None when it says nothing of them."""
        if reading.need is None or reading.outcome is not Outcome.NEED:
            return None
        text = reading.masked.text
        heard = (text.text, text.quote.text if text.quote is not None else "")
        return said(reading.need, reading.constraints, heard, self._lexicon)

    def bought(self, product_id: int | None, title: str, heard: str) -> Statement | None:
        """Return what an order says of its buyer: of a product on the shelf, or by the leader's own title."""
        item = self.shelf.get(product_id) if product_id is not None else None
        if item is not None:
            return bought(item, heard)
        return bought_by_title(title, heard, self._segmenter.cut, self._lexicon)

    def worded(self, decision: Decision, asked: Asked, codes: Mapping[int, str]) -> Decision:
        """Put a push into words; ``codes`` are by product what members type to order it."""
        if decision.need is None:
            return decision
        text = push_text(
            decision.need, asked.name, asked.leader, decision.picks, decision.reasons, codes, decision.wording
        )
        return decision._replace(text=text)

    def requested(self, wanted: NormalText, effects: Effects, at: datetime) -> Decision:
        """Return what there is of something that a leader wants shown: read, filtered and ranked as a need is.

        ``effects`` are the group's. Nobody asks here whether the bot may speak. Without ``picks`` nothing fits.
        """
        reading = self.read(wanted, mentioned=True)
        if reading.need is None or reading.reason is Reason.RECORDED:
            reading = self.read(_plain_text(f"想买{wanted.text}"), mentioned=True)
        need = reading.need
        if need is None or reading.reason is Reason.RECORDED:
            return Decision(Outcome.COMMAND, Reason.UNMET, reading)
        candidates = self.fitting(need, wanted.text, self.place(effects), at)
        threshold = self.settings.threshold if effects.threshold is None else effects.threshold
        fitting = [candidate for candidate in candidates if candidate.score >= threshold]
        picks = tuple(choose(fitting, self.settings.max_products, ()))
        reasons = tuple(reasons_of(need, picks, effects.neighbourhoods, at, self.zone))
        reason = Reason.PUSHED if picks else Reason.UNMET
        return Decision(Outcome.COMMAND, reason, reading, need, picks, reasons=reasons)

    def shown_here(self, effects: Effects, at: datetime, first: Sequence[int] = ()) -> Iterator[Item]:
        """Go through every product that may be shown where these effects hold, the same for everybody, newest first.

        ``first`` are ids that stand before all others, in their order. Each product is looked at only when it is asked
        for: of 100,000 products a page costs as much as of 100.
        """
        place, head = self.place(effects), frozenset(first)
        leading = (item for product_id in first if (item := self.shelf.get(product_id)) is not None)
        others = (item for item in self.shelf.newest if item.id not in head)
        return (item for item in chain(leading, others) if allowed(item, place, None, at))

    def category(self, need: Need) -> str:
        """Return the category path of a need's main object, empty when its word is of no list."""
        return self.category_of(need.terms[0]) if need.terms else ""

    def category_of(self, goods: str) -> str:
        """Return the category path of a word for goods, empty when it is of no list."""
        word = self._lexicon.get(goods)
        return word.category if word is not None else ""

    def _answerable(
        self, needs: Sequence[Need], reading: Reading, place: Place, at: datetime
    ) -> tuple[Need, list[Candidate]]:
        """Return the first of a message's needs that something fits, with what fits it; else the first of all."""
        whole = len(needs) == 1 and (not needs[0].known or reading.masked.has(WordKind.GOODS))
        for need in needs:
            said = reading.masked.text.text if whole else "".join((*need.modifiers, *need.terms))
            if candidates := self.fitting(need, said, place, at):
                return need, candidates
        return needs[0], []

    def fitting(self, need: Need, said: str, place: Place, at: datetime) -> list[Candidate]:
        """Return what fits a need, best first; of equals what was ordered clearly more often, then the cheaper.

        ``said`` is the message; of several needs, or where the message only answers another (+1), the need's words.
        """
        fitting = find(need, self.shelf, place, at, self._segmenter.cut)
        if len(fitting) < 2:
            return fitting
        looked = self._closer.at(fitting, said)
        return in_order(looked, need, place, lambda item: round(_STEPS_OF_POPULARITY * popularity(item.orders)))

    def _closer_look(self) -> CloserLook:
        return CloserLook(self.shelf, self._forms, self._lexicon, self._segmenter)

    def _midnight(self, at: datetime) -> datetime:
        return at.astimezone(self.zone).replace(hour=0, minute=0, second=0, microsecond=0)

    def _shown_lately(self, memory: GroupMemory, at: datetime) -> set[int]:
        if not self.settings.limits:
            return set()
        since = at - timedelta(hours=self.settings.shown_again_hours)
        return {product for product, seen in memory.shown.items() if seen > since}

    def place(self, effects: Effects) -> Place:
        """Return what may be shown in a group with these effects."""
        return Place(
            neighbourhoods=effects.neighbourhoods,
            categories=effects.categories,
            excluded_ids=effects.excluded_ids,
            excluded_texts=effects.excluded_texts,
            also_excluded=effects.also_excluded,
            pinned_ids=effects.pinned_ids,
            pinned_texts=effects.pinned_texts,
            also_pinned=effects.also_pinned,
            forbidden_words=self.settings.forbidden_words,
        )


def _plain_text(text: str) -> NormalText:
    """Return a text that is uniform already as the reader takes it."""
    return NormalText(text, text, range(len(text)), range(1, len(text) + 1))


def only_talk(glance: Glance | None, memory: GroupMemory, member: str, *, mentioned: bool) -> bool:
    """Tell whether a message need not be read; one that addresses the bot is, and so is one nobody glanced at."""
    if glance is None or mentioned:
        return False
    if glance.bare:
        return True
    others, own = memory.waiting(member)
    return glance.talk(others=others, own=own)


def _is_offer(reading: Reading) -> bool:
    """Tell whether a leader's message offers goods: it names some and says a price or opens a list."""
    text = reading.masked.text.text
    priced = any(mark in text for mark in _OFFER_MARKS) and any(character.isdigit() for character in text)
    return priced and any(token.is_goods for token in reading.masked.tokens)
