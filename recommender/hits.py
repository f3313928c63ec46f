"""Where the triggers of the rules hit in one masked message, which objects they name, and what blocks them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from recommender.clauses import blocker_scopes, clauses_around, goods_phrases
from recommender.lexicon import WordKind
from recommender.masking import MaskedText, Token
from recommender.need_rules import NOUN, Blocker, NeedRules, Trigger

Phrase = list[Token]
"""An object phrase: modifiers, then the head."""

_UNKNOWN_TOKENS = 3
_LIST_AFTER = re.compile(rf"(?:[、和跟与及或]|还有|以及){NOUN}")


class Hit(NamedTuple):
    """One trigger that matched and found its object. ``span`` is in the mask; ``blocker`` is what makes it no need.

    ``known`` is false when the object is a word of no list.
    """

    trigger: Trigger
    span: tuple[int, int]
    objects: list[Phrase]
    known: bool
    blocker: Blocker | None


def find_hits(masked: MaskedText, rules: NeedRules) -> list[Hit]:
    """Return every match of every trigger that finds an object, in the order of the rules."""
    hits: list[Hit] = []
    possible = rules.possible.triggers if "G" in masked.mask else rules.possible.unknown
    for trigger in possible(masked.mask):
        for match in trigger.pattern.finditer(masked.mask):
            objects, known = _objects(masked, match, trigger, rules)
            if not objects or (trigger.consumed and _durable(objects, rules)):
                continue
            blocker = blocker_of(masked.mask, match.span(), rules, trigger.need_class)
            hits.append(Hit(trigger, match.span(), objects, known, blocker))
    return hits


def blocker_of(mask: str, span: tuple[int, int], rules: NeedRules, need_class: str = "") -> Blocker | None:
    """Return what in the clauses around a trigger makes it no need."""
    possible = rules.possible.blockers(mask)
    if not possible:
        return None
    stretches, whole = blocker_scopes(mask, span), rules.found.blockers(mask)
    for blocker in possible:
        stretch = stretches[blocker.scope]
        if need_class not in blocker.spares and (blocker in whole if stretch == mask else blocker.applies(stretch)):
            return blocker
    return None


def wanted_phrases(masked: MaskedText, low: int, high: int, rules: NeedRules) -> list[Phrase]:
    """Return the goods phrases of a stretch, without those that the wanted thing is only for."""
    phrases = goods_phrases(masked, low, high)
    if not rules.possible.purpose(masked.mask):
        return phrases
    return [phrase for phrase in phrases if not _is_purpose(masked, low, phrase, rules)]


def _objects(masked: MaskedText, match: re.Match[str], trigger: Trigger, rules: NeedRules) -> tuple[list[Phrase], bool]:
    """Return the object phrases of a match and whether they are known."""
    if trigger.takes_unknown:
        return list(_unknown_object(masked, match, rules)), False
    if not trigger.inside:
        return _objects_around(masked, match, rules), True
    start, after = match.span()
    while (more := _LIST_AFTER.match(masked.mask, after)) is not None:
        after = more.end()
    while after < len(masked.mask) and masked.mask[after] == "G":
        after += 1
    return wanted_phrases(masked, start, after, rules) or goods_phrases(masked, start, after)[:1], True


def _objects_around(masked: MaskedText, match: re.Match[str], rules: NeedRules) -> list[Phrase]:
    """Return the objects nearest to a trigger: in its clause, in the two before, in the next."""
    for low, high in clauses_around(masked.mask, match.span()):
        if phrases := wanted_phrases(masked, low, high, rules):
            return phrases
    return []


def _is_purpose(masked: MaskedText, low: int, phrase: Phrase, rules: NeedRules) -> bool:
    """Tell whether goods are only what the wanted thing is for (红烧肉 in 买五花肉做红烧肉)."""
    place = masked.owner.index(masked.tokens.index(phrase[0]))
    return rules.purpose.search(masked.mask, low, place) is not None


def _durable(phrases: list[Phrase], rules: NeedRules) -> bool:
    words = [phrase[-1].word for phrase in phrases]
    return all(word is not None and word.category.startswith(rules.durable) for word in words)


def _unknown_object(masked: MaskedText, match: re.Match[str], rules: NeedRules) -> Iterator[Phrase]:
    """Yield the name that a rule captured as one token, or nothing when it cannot be the name of goods."""
    start, end = match.span(match.lastgroup or 0)
    tokens = masked.tokens_between(start, end)
    if any(token.word is not None and token.word.kind in {WordKind.NOT_SOLD, WordKind.GOODS} for token in tokens):
        return
    words = [token for token in tokens if token.word is None]
    name = "".join(token.text for token in words).strip("的点些个")
    if len(name) < 2 or len(words) > _UNKNOWN_TOKENS or rules.not_a_name.search(name):
        return
    yield [Token(name, words[0].start, words[-1].end, None)]
