"""From hits and the model to needs: the rules say what is wanted, the model how sure that is. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from itertools import compress
from typing import TYPE_CHECKING, NamedTuple

from core.outcomes import Reason
from recommender.clauses import goods_phrases, heads_of, kept_form
from recommender.constraints import Constraints, read_constraints
from recommender.hits import Hit, Phrase, find_hits, wanted_phrases
from recommender.masking import MaskedText
from recommender.need_features import FeatureTable
from recommender.need_model import HEADS, NEED, NO_SUMS, PRAISE, NeedModel
from recommender.need_rules import NeedRules, Trigger
from recommender.opinions import opinion_of
from recommender.readings import Need, NeedClass
from recommender.several import clause_spans, groups_of, one_clause, parts_of

if TYPE_CHECKING:
    from recommender.compiled.need_weights import CutWeights

_UNKNOWN_STRENGTH = 0.75
"""What an object of no list takes from the certainty: nobody confirmed that the word names goods."""
_AROUND_STRENGTH = 0.95
"""An object found beside its trigger is a little less sure than one inside it."""
_KEEP_UNKNOWN = 0.5
"""Neither rules nor model know whether a word of no list is sold (轮椅, 后脑勺). From here on such a need counts for
the digest; for a push it is too weak unless the model is far surer."""
RESCUED = "model"
"""The rule that a need names when only the model heard it."""


Seen = tuple[Collection[int], Sequence[float]]
"""Features that the model weighs, by number, and by head what all others come to."""


class Judgement(NamedTuple):
    """The needs of a message, the first one the main one.

    ``certainty`` is None where no model was asked: there is none, or nothing sold is named. ``opinion`` is the model's.
    """

    needs: tuple[Need, ...] = ()
    certainty: float | None = None
    opinion: Reason | None = None


class NeedJudge:
    """Decides what the hits of a message amount to; without a model the rules are believed.

    ``compiled`` tells that there is a compiler.
    """

    def __init__(self, rules: NeedRules, model: NeedModel | None, *, compiled: bool) -> None:
        self._rules = rules
        self._model = model
        self._features = FeatureTable(model.vocabulary if model is not None else {})
        self._cut = _cut_weights(model) if compiled and model is not None else None

    def seen_in(self, masks: Sequence[MaskedText], hits: Sequence[Sequence[Hit]]) -> Iterator[Seen | None]:
        """Return what the model sees of messages, to be handed in again; None where it is not asked."""
        asked = [self._asked(masked, found) for masked, found in zip(masks, hits, strict=True)]
        seen = iter(self._seen(list(compress(masks, asked)), list(compress(hits, asked))))
        return (next(seen) if one else None for one in asked)

    def _asked(self, masked: MaskedText, hits: Sequence[Hit]) -> bool:
        if self._model is None:
            return False
        wanting = "G" in masked.mask or any(hit.blocker is None for hit in hits)
        return wanting or opinion_of(masked.spelt_out, self._rules) is not None

    def __call__(
        self,
        masked: MaskedText,
        hits: Sequence[Hit],
        constraints: Constraints,
        *,
        mentioned: bool,
        seen: Seen | None,
    ) -> Judgement:
        """Judge a message; what is addressed to the bot is not vetoed, since the member waits for an answer."""
        free = [hit for hit in hits if hit.blocker is None]
        model = self._model
        if model is None or seen is None:
            found = self._needs(masked, free, constraints) if free else ()
            return Judgement(tuple(map(self._filled, found)))
        certainty = model.certainty(*seen)
        needs: tuple[Need, ...] = ()
        least = model.keep if any(hit.known for hit in free) else min(model.keep, _KEEP_UNKNOWN)
        if free and (mentioned or certainty >= least):
            needs = self._needs(masked, free, constraints)
            one = NeedClass(model.need_class(*seen)) if len(needs) == 1 else None
            needs = tuple(_as_sure_as(need, certainty, one or need.need_class) for need in needs)
            return Judgement(tuple(map(self._filled, needs)), certainty)
        rescue = not free and certainty >= model.rescue and not self._final(masked.mask)
        opinion = model.opinion(*seen, least=certainty if rescue else 0.0)
        if opinion is not None:  # what no rule heard is rather what it more surely is: 面包干得很
            return Judgement((), certainty, Reason.PRAISE if opinion == PRAISE else Reason.COMPLAINT)
        if rescue:
            needs = self._rescued(masked, constraints, model, NeedClass(model.need_class(*seen)), certainty)
        return Judgement(tuple(map(self._filled, needs)), certainty)

    def _seen(self, masks: Sequence[MaskedText], hits: Sequence[Sequence[Hit]]) -> list[Seen]:
        """Return of messages the features that the model weighs, and by head the sums of all others."""
        features = self._features.ids if self._cut is None else self._features.few
        found = [features(masked, one, self._rules) for masked, one in zip(masks, hits, strict=True)]
        if self._cut is None:
            return [(ids, NO_SUMS) for ids in found]
        return [((), sums) for sums in self._cut.sums(masks, found)]

    def _final(self, mask: str) -> bool:
        return any(blocker.final for blocker in self._rules.found.blockers(mask))

    def _needs(self, masked: MaskedText, free: Sequence[Hit], constraints: Constraints) -> tuple[Need, ...]:
        """Return a need for each thing that the hits speak of, the one that tells most first."""
        main = self._telling(masked, constraints, free)
        if len(free) == 1 or one_clause(masked.mask):
            return (main,)
        groups = groups_of(masked, free)
        if len(groups) == 1:
            return (main,)
        needs = []
        for group, part in zip(groups, parts_of(masked, groups), strict=True):
            need = self._telling(masked, read_constraints(part), group)
            alone = self._alone(part, need)
            if alone is not None:
                needs.append(alone)
        first = next((need for need in needs if need.terms == main.terms), None)
        if first is None or len(needs) == 1:
            return (main,)
        return (first, *(need for need in needs if need is not first))

    def _alone(self, part: MaskedText, need: Need) -> Need | None:
        """Return a need as its part of the message states it, or None when the part alone states none."""
        hits = find_hits(part, self._rules)
        if not need.known or not any(hit.blocker is None for hit in hits):
            return None
        model = self._model
        if model is None:
            return need
        (seen,) = self._seen((part,), (hits,))
        if model.certainty(*seen) < model.keep:
            return None
        return replace(need, need_class=NeedClass(model.need_class(*seen)))

    def _telling(self, masked: MaskedText, constraints: Constraints, hits: Sequence[Hit]) -> Need:
        """Return the class that tells most, with the objects of the surest shape."""
        surest = max(hits, key=_strength)
        first = min(hits, key=lambda hit: self._rules.order[hit.trigger.need_class])
        if not first.known and surest.known:
            first = surest
        return _need(masked, constraints, surest, first.trigger)

    def _filled(self, need: Need) -> Need:
        """Return a need for what is kept in the vessels that it says are empty: whose 米缸 is, needs 大米."""
        if need.need_class is not NeedClass.RUN_OUT or self._rules.holds.keys().isdisjoint(need.terms):
            return need
        return replace(need, terms=tuple(dict.fromkeys(self._rules.holds.get(term, term) for term in need.terms)))

    def _rescued(
        self,
        masked: MaskedText,
        constraints: Constraints,
        model: NeedModel,
        need_class: NeedClass,
        certainty: float,
    ) -> tuple[Need, ...]:
        """Return a need for the goods of the clause that sounds most like one."""
        best: tuple[float, list[Phrase], tuple[int, int]] | None = None
        clauses = [(span, wanted_phrases(masked, *span, self._rules)) for span in clause_spans(masked.mask)]
        if not any(phrases for _, phrases in clauses):  # what looks like the purpose only is all there is
            clauses = [(span, goods_phrases(masked, *span)) for span, _ in clauses]
        for (low, high), phrases in clauses:
            if not phrases:
                continue
            score = model.score(NEED, *self._seen((masked.part(low, high),), ((),))[0])
            if best is None or score > best[0]:
                best = score, phrases, (low, high)
        if best is None:
            return ()
        _, phrases, (low, high) = best
        first, last = masked.tokens[masked.owner[low]], masked.tokens[masked.owner[high - 1]]
        evidence = masked.text.raw_span(first.start, last.end)
        return (
            Need(need_class, heads_of(phrases), constraints, True, certainty, RESCUED, evidence, _modifiers(phrases)),
        )


def _cut_weights(model: NeedModel) -> CutWeights:
    from recommender.compiled.need_weights import CutWeights  # noqa: PLC0415 - numba, which may be missing

    return CutWeights.of(model.vocabulary, [model.heads[name].weights for name in HEADS])


def _strength(hit: Hit) -> float:
    """Return how sure the shape and the object of a hit make us."""
    sure = 1.0 if hit.trigger.inside else _AROUND_STRENGTH
    return hit.trigger.strength * (sure if hit.known else _UNKNOWN_STRENGTH)


def _need(masked: MaskedText, constraints: Constraints, hit: Hit, telling: Trigger) -> Need:
    """Return the need that a hit states, under the class and the name of the trigger that tells most."""
    start, end = hit.span
    first = masked.tokens[masked.owner[start]]
    last = masked.tokens[masked.owner[max(start, end - 1)]]
    return Need(
        need_class=NeedClass(telling.need_class),
        terms=heads_of(hit.objects),
        constraints=constraints,
        known=hit.known,
        strength=_strength(hit),
        rule=telling.name,
        evidence=masked.text.raw_span(first.start, last.end),
        modifiers=_modifiers(hit.objects),
    )


def _modifiers(phrases: Sequence[Phrase]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(kept_form(token) for phrase in phrases for token in phrase[:-1]))


def _as_sure_as(need: Need, certainty: float, need_class: NeedClass) -> Need:
    return replace(need, need_class=need_class, strength=certainty * (1.0 if need.known else _UNKNOWN_STRENGTH))
