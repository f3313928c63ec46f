"""Praise and complaints: what the rules take a message for, and which of its goods it judges. Pure."""

from __future__ import annotations

from core.outcomes import Reason
from recommender.clauses import goods_phrases, heads_of
from recommender.masking import MaskedText
from recommender.need_rules import NeedRules, Side
from recommender.several import clause_spans

_SIDES = {Reason.PRAISE: Side.PRAISING, Reason.COMPLAINT: Side.BLAMING}


def opinion_of(judged: str, rules: NeedRules) -> Reason | None:
    """Return what the rules take a message for, by its mask that is spelt out: praise, complaint, or neither."""
    for opinion in rules.possible.opinions(judged):
        if opinion.pattern.search(judged) and not (opinion.unless and opinion.unless.search(judged)):
            return opinion.reason
    return None


def judged_goods(masked: MaskedText, opinion: Reason, rules: NeedRules) -> tuple[str, ...]:
    """Return the goods that an opinion is about, in their kept form.

    These are the heads of the clauses that judge so: of 鸡蛋碎了三个,豆浆好喝 the 鸡蛋 if it is a complaint. Where
    no such clause names any, they are those of the first that does: 草莓到了,一半是烂的.
    """
    first: tuple[str, ...] = ()
    judged: list[str] = []
    for low, high in clause_spans(masked.mask):
        goods = heads_of(goods_phrases(masked, low, high))
        first = first or goods
        if goods and _judges(masked.part(low, high).spelt_out, _SIDES[opinion], rules):
            judged += goods
    return tuple(dict.fromkeys(judged)) or first


def _judges(clause: str, side: Side, rules: NeedRules) -> bool:
    return any(rule.side is side for rule in rules.found.judgements(clause))
