"""A leader's 不推 and 置顶: what a group never shows, and what it shows first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.stages.turn import Turn
from core.templates import render
from groups import changes as happened
from groups.service import WordResult
from groups.state import GroupState, LabelSource, ProductRule, RuleKind
from groups.talk.speech import title
from groups.talk.words import WordKind
from recommender.ranking import is_meant
from recommender.shelf import Item

_MOST_RULES = 200
"""Rules that a leader may set in one group: each is compared with every product that fits a need."""
_MOST_LISTED = 10
_KINDS = {
    WordKind.EXCLUDE: RuleKind.EXCLUDED,
    WordKind.INCLUDE: RuleKind.EXCLUDED,
    WordKind.PIN: RuleKind.PINNED,
    WordKind.UNPIN: RuleKind.PINNED,
}
_SETS = frozenset({WordKind.EXCLUDE, WordKind.PIN})
_Answer = tuple[str, dict[str, Any]]
"""A template and what it says."""


@dataclass(frozen=True, slots=True)
class _Meant:
    """What an object means: one product by its id, or all whose title or key has the text; ``shown`` says it back."""

    shown: str
    product_id: int = 0
    text: str = ""


async def prefer(turn: Turn, result: WordResult) -> None:
    """Set or drop a rule of the group, and say how many products on sale it meets."""
    group, word = turn.group_of(result), result.passed_on
    if group is None or word is None:
        return
    kind = _KINDS[word.kind]
    if not word.object:
        template, values = _listed(turn, group, kind, word.kind)
    elif word.kind in _SETS:
        template, values = await _set(turn, group, kind, word.object)
    else:
        template, values = await _drop(turn, group, kind, word.object)
    where = title(group, private=result.private)
    turn.answer(render("recommender", template, group=where, kind=kind.value, **values), private=result.private)


async def _set(turn: Turn, group: GroupState, kind: RuleKind, said: str) -> _Answer:
    own = [rule for rule in group.rules if rule.source == LabelSource.LEADER]
    if len(own) >= _MOST_RULES:
        return "rules_full", {"most": _MOST_RULES}
    meant = await _meant(turn, group, said)
    rule = ProductRule(kind, LabelSource.LEADER, meant.product_id, meant.text)
    other = RuleKind.PINNED if kind == RuleKind.EXCLUDED else RuleKind.EXCLUDED
    changes: list[happened.Change] = [
        happened.ProductRuleRemoved(group.key, one) for one in own if one == rule._replace(kind=other)
    ]
    if rule not in own:
        changes.append(happened.ProductRuleSet(group.key, rule))
    await turn.desk.apply(changes)
    met = [item for item in turn.recommender.shelf.items if _meets(rule, item) and item.on_sale(turn.message.at)]
    return "rule_set", {"what": meant.shown, "count": len(met)}


async def _drop(turn: Turn, group: GroupState, kind: RuleKind, said: str) -> _Answer:
    meant = await _meant(turn, group, said)
    same = [
        rule
        for rule in group.rules
        if rule.kind == kind
        and (rule.product_id, rule.text.lower()) in {(meant.product_id, meant.text.lower()), (0, said.lower())}
    ]
    own = [rule for rule in same if rule.source == LabelSource.LEADER]
    if not own:
        fixed = bool(same)
        known = _said(turn, group, kind)
        return "rule_missing", {"what": meant.shown, "fixed": fixed, "known": known[:_MOST_LISTED]}
    await turn.desk.apply([happened.ProductRuleRemoved(group.key, rule) for rule in own])
    return "rule_dropped", {"what": meant.shown}


def _listed(turn: Turn, group: GroupState, kind: RuleKind, word: WordKind) -> _Answer:
    known = _said(turn, group, kind)
    shown, more = known[:_MOST_LISTED], max(0, len(known) - _MOST_LISTED)
    return "rules", {"known": shown, "more": more, "setting": word in _SETS}


async def _meant(turn: Turn, group: GroupState, said: str) -> _Meant:
    """Read a code that the group has seen (A3), a supplier's number (qingguo/QG1001), or words of titles."""
    said = " ".join(said.split())
    await turn.desk.orders.look([group.id or 0])
    for offer in turn.desk.orders.in_group(group.id or 0):  # newest first
        for item in offer.items.values():
            if item.code.lower() == said.lower():
                return _Meant(item.title, item.product_id) if item.product_id else _Meant(item.title, text=item.title)
    keys = (item for item in turn.recommender.shelf.items if "/" in said and item.key.lower() == said.lower())
    found = next(keys, None)
    return _Meant(found.title, text=found.key) if found is not None else _Meant(said, text=said)


def _meets(rule: ProductRule, item: Item) -> bool:
    return item.id == rule.product_id if rule.product_id else is_meant(item, rule.text)


def _said(turn: Turn, group: GroupState, kind: RuleKind) -> list[str]:
    """Return the group's rules of a kind as people read them."""
    names: list[str] = []
    for rule in group.rules:
        item = turn.recommender.shelf.get(rule.product_id) if rule.product_id else None
        if rule.kind == kind:
            names.append(item.title if item is not None else rule.text)
    return list(dict.fromkeys(name for name in names if name))
