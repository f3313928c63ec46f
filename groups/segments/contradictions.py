"""Rules that can never hold, and rules that are the same in other words. Pure.

A rule is brought to a form in which "not" stands before single facts only. Then one way through its choices is looked
for that holds together; what an attribute allows (one topic, a level from 0 to 4) is taken into account.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from groups.segments.terms import (
    All,
    AttributeKind,
    Comparison,
    Not,
    Operator,
    Rule,
    Some,
    attribute_of,
    covers,
    equal,
)

_MOST_STEPS = 2_000
"""Choices that are tried before a rule counts as one that can hold; a rule that people write needs a few dozen."""

_OPPOSITE = {
    Operator.LESS: Operator.AT_LEAST,
    Operator.AT_LEAST: Operator.LESS,
    Operator.MORE: Operator.AT_MOST,
    Operator.AT_MOST: Operator.MORE,
}


class Fact(NamedTuple):
    """One comparison with a single value, true or not; of orderings only <= and >= are left."""

    attribute: str
    operator: Operator
    value: str
    true: bool


@dataclass(frozen=True, slots=True)
class _Choice:
    """All of these (``every``), or one of them."""

    parts: tuple[Fact | _Choice, ...]
    every: bool


def can_hold(rule: Rule) -> bool:
    """Return whether some group could meet a rule; true also when that was not found out in ``_MOST_STEPS``."""
    return _Search().finds([_plain(rule, true=True)], ())


def normal_form(rule: Rule) -> str:
    """Return the same text for rules that are the same but for order, repetition, brackets and ways of saying not."""
    return _said(_plain(rule, true=True))


def _plain(rule: Rule, *, true: bool) -> Fact | _Choice:
    match rule:
        case Not():
            return _plain(rule.rule, true=not true)
        case All() | Some():
            parts = [_plain(one, true=true) for one in rule.rules]
            return _choice(parts, every=isinstance(rule, All) is true)
        case Comparison():
            return _facts(rule, true=true)


def _facts(test: Comparison, *, true: bool) -> Fact | _Choice:
    attribute, operator = test.attribute, test.operator
    if operator in _OPPOSITE:
        operator = operator if true else _OPPOSITE[operator]
        number = int(test.values[0])
        if operator is Operator.LESS:
            operator, number = Operator.AT_MOST, number - 1
        elif operator is Operator.MORE:
            operator, number = Operator.AT_LEAST, number + 1
        return Fact(attribute, operator, str(number), true=True)
    if operator is Operator.LIKE:
        return Fact(attribute, operator, test.values[0], true)
    true = true is not (operator is Operator.IS_NOT)
    facts = [Fact(attribute, Operator.IS, value.casefold(), true) for value in test.values]
    return _choice(facts, every=not true)


def _choice(parts: Sequence[Fact | _Choice], *, every: bool) -> Fact | _Choice:
    """Join parts; what is joined the same way inside them is laid open, and nothing stands twice or out of order."""
    flat: dict[str, Fact | _Choice] = {}
    for part in parts:
        inner = part.parts if isinstance(part, _Choice) and part.every is every else (part,)
        flat.update((_said(one), one) for one in inner)
    ordered = tuple(flat[key] for key in sorted(flat))
    return ordered[0] if len(ordered) == 1 else _Choice(ordered, every)


def _said(part: Fact | _Choice) -> str:
    if isinstance(part, Fact):
        return f"{'' if part.true else 'not '}{part.attribute} {part.operator} {part.value!r}"
    return f"{'every' if part.every else 'some'}({', '.join(map(_said, part.parts))})"


class _Search:
    """Looks for one way through the choices; counts its steps."""

    def __init__(self) -> None:
        self._steps = 0

    def finds(self, pending: list[Fact | _Choice], held: tuple[Fact, ...]) -> bool:
        """Return whether everything pending can hold beside what is held already."""
        self._steps += 1
        if self._steps > _MOST_STEPS:
            return True
        facts = list(held)
        open_choices: list[_Choice] = []
        rest = list(pending)
        while rest:
            part = rest.pop()
            if isinstance(part, Fact):
                facts.append(part)
            elif part.every:
                rest += part.parts
            else:
                open_choices.append(part)
        if not _agree(facts):
            return False
        if not open_choices:
            return True
        first, *others = open_choices
        return any(self.finds([part, *others], tuple(facts)) for part in first.parts)


def _agree(facts: Sequence[Fact]) -> bool:
    """Return whether facts can all be true of one group."""
    by_attribute: defaultdict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        by_attribute[fact.attribute].append(fact)
    agreeing = {
        AttributeKind.VALUES: _values_agree,
        AttributeKind.TEXT: _texts_agree,
        AttributeKind.NUMBER: _numbers_agree,
        AttributeKind.NAMES: _patterns_agree,
    }
    return all(agreeing[attribute_of(name).kind](found) for name, found in by_attribute.items())


def _values(facts: Sequence[Fact], operator: Operator, *, true: bool) -> list[str]:
    return [fact.value for fact in facts if fact.operator is operator and fact.true is true]


def _values_agree(facts: Sequence[Fact]) -> bool:
    """A group may have several values, but not one that it must not have, or that is below such a one."""
    denied = _values(facts, Operator.IS, true=False)
    return not any(covers(no, yes) for yes in _values(facts, Operator.IS, true=True) for no in denied)


def _texts_agree(facts: Sequence[Fact]) -> bool:
    said = _values(facts, Operator.IS, true=True)
    if not _patterns_agree(facts) or any(not equal(said[0], one) for one in said):
        return False
    if not said or any(equal(said[0], no) for no in _values(facts, Operator.IS, true=False)):
        return not said
    if said[0].upper() != said[0]:
        return True  # values are compared without upper case, patterns with it: the topic may be written either way
    wanted = all(re.search(one, said[0]) for one in _values(facts, Operator.LIKE, true=True))
    return wanted and not any(re.search(one, said[0]) for one in _values(facts, Operator.LIKE, true=False))


def _patterns_agree(facts: Sequence[Fact]) -> bool:
    return set(_values(facts, Operator.LIKE, true=True)).isdisjoint(_values(facts, Operator.LIKE, true=False))


def _numbers_agree(facts: Sequence[Fact]) -> bool:
    attribute = attribute_of(facts[0].attribute)
    least = max([attribute.least, *map(int, _values(facts, Operator.AT_LEAST, true=True))])
    mosts = [int(value) for value in _values(facts, Operator.AT_MOST, true=True)]
    if attribute.most is not None:
        mosts.append(attribute.most)
    said = {int(value) for value in _values(facts, Operator.IS, true=True)}
    denied = {int(value) for value in _values(facts, Operator.IS, true=False)}
    if said:
        (number, *others) = said
        return not others and number not in denied and number >= least and all(number <= most for most in mosts)
    most = min(mosts, default=None)
    return most is None or any(number not in denied for number in range(least, min(most, least + len(denied)) + 1))
