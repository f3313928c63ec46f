"""What the rule of a segment is made of, and whether it holds of a group. Pure.

The language it is written in stands in ``groups.segments.rules``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum


class AttributeKind(Enum):
    """How many values an attribute has in one group, and how they are compared."""

    VALUES = "values"  # none, one or several, as labels are
    TEXT = "text"  # exactly one
    NUMBER = "number"  # exactly one, whole
    NAMES = "names"  # one for each member; patterns only


@dataclass(frozen=True, slots=True)
class Attribute:
    """What a rule may ask of every group; ``names`` are what it is called in a rule, the first one in errors too."""

    kind: AttributeKind
    names: tuple[str, ...]
    least: int = 0
    most: int | None = None


ATTRIBUTES: dict[str, Attribute] = {
    "neighbourhood": Attribute(AttributeKind.VALUES, ("小区",)),
    "category": Attribute(AttributeKind.VALUES, ("品类", "分类")),
    "person": Attribute(AttributeKind.VALUES, ("人群",)),
    "leader": Attribute(AttributeKind.VALUES, ("团长",)),
    "topic": Attribute(AttributeKind.TEXT, ("群名",)),
    "room": Attribute(AttributeKind.TEXT, ("房间",)),
    "channel": Attribute(AttributeKind.TEXT, ("通道",)),
    "account": Attribute(AttributeKind.TEXT, ("账号",)),
    "room_name": Attribute(AttributeKind.NAMES, ("群昵称",)),
    "level": Attribute(AttributeKind.NUMBER, ("级别",), 0, 4),
    "members": Attribute(AttributeKind.NUMBER, ("人数",), 0),
}
"""What every group has, by its name in code; every other word is the key of a free label."""

_FREE = Attribute(AttributeKind.VALUES, ())


class Operator(StrEnum):
    """How a test compares."""

    IS = "="
    IS_NOT = "!="
    IN = "in"
    LIKE = "~"
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="


ORDERING = frozenset({Operator.LESS, Operator.AT_MOST, Operator.MORE, Operator.AT_LEAST})


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison; several ``values`` only with ``in``."""

    attribute: str
    operator: Operator
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    rule: Rule


@dataclass(frozen=True, slots=True)
class All:
    """All of two or more; none of them is itself ``All``."""

    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one of two or more; none of them is itself ``Some``."""

    rules: tuple[Rule, ...]


Rule = Comparison | Not | All | Some
Values = tuple[str, ...] | int
"""What a group has of one attribute."""


def attribute_of(name: str) -> Attribute:
    """Return what is known of an attribute by its name in code or its key."""
    return ATTRIBUTES.get(name, _FREE)


def every(rules: Sequence[Rule]) -> Rule:
    """Return all of these rules as one; a single one stays itself."""
    flat = tuple(part for rule in rules for part in (rule.rules if isinstance(rule, All) else (rule,)))
    return flat[0] if len(flat) == 1 else All(flat)


def some(rules: Sequence[Rule]) -> Rule:
    """Return the choice between these rules as one; a single one stays itself."""
    flat = tuple(part for rule in rules for part in (rule.rules if isinstance(rule, Some) else (rule,)))
    return flat[0] if len(flat) == 1 else Some(flat)


def holds(rule: Rule, values_of: Callable[[str], Values]) -> bool:
    """Return whether a rule is true of the group whose attributes ``values_of`` tells by name."""
    match rule:
        case Comparison():
            return _test(rule, values_of(rule.attribute))
        case Not():
            return not holds(rule.rule, values_of)
        case All():
            return all(holds(one, values_of) for one in rule.rules)
        case Some():
            return any(holds(one, values_of) for one in rule.rules)


def covers(value: str, found: str) -> bool:
    """Return whether what was found is a value or below it (水果 covers 水果/浆果); upper case does not matter."""
    value, found = value.casefold(), found.casefold()
    return found == value or found.startswith(f"{value}/")


def equal(value: str, found: str) -> bool:
    """Return whether two values are the same but for upper case."""
    return value.casefold() == found.casefold()


def _test(test: Comparison, found: Values) -> bool:
    if isinstance(found, int):
        return _number(test, found)
    kind = attribute_of(test.attribute).kind
    if test.operator is Operator.LIKE:
        matching = sum(re.search(test.values[0], one) is not None for one in found)
        return believed(matching, len(found)) if kind is AttributeKind.NAMES else matching > 0
    same = covers if kind is AttributeKind.VALUES else equal
    met = any(same(value, one) for one in found for value in test.values)
    return met is not (test.operator is Operator.IS_NOT)


def believed(saying: int, everybody: int) -> bool:
    """Return whether room names are believed: at least three members, and three in ten, say the same."""
    return saying >= 3 and saying >= 0.3 * everybody


def _number(test: Comparison, found: int) -> bool:
    wanted = int(test.values[0])
    match test.operator:
        case Operator.IS | Operator.IN:
            return any(found == int(value) for value in test.values)
        case Operator.IS_NOT:
            return found != wanted
        case Operator.LESS:
            return found < wanted
        case Operator.AT_MOST:
            return found <= wanted
        case Operator.MORE:
            return found > wanted
        case Operator.AT_LEAST:
            return found >= wanted
        case Operator.LIKE:
            raise AssertionError("numbers have no pattern; the reader refuses it")
