"""The language that a segment is defined in: a rule over what a group is, from text to yes or no. Pure.

    小区 = 阳光小区 and not 品类 = 水果
    members >= 50 and (宠物 in (猫, 狗) or topic ~ "猫奴|铲屎")

The grammar; words in capitals are explained below it:

    rule    = every { "or" every }
    every   = one { "and" one }
    one     = "not" one | "(" rule ")" | test
    test    = ATTRIBUTE ( "=" | "!=" ) VALUE
            | ATTRIBUTE [ "not" ] "in" "(" VALUE { "," VALUE } ")"
            | ATTRIBUTE "~" VALUE                                    a regular expression, found somewhere
            | ATTRIBUTE ( "<" | "<=" | ">" | ">=" ) NUMBER

ATTRIBUTE is one of ``ATTRIBUTES`` by its English or its Chinese name, or the key of a free label (宠物, pet). VALUE is
a word, or anything between quotes, in which a doubled quote stands for one; "and", "or", "not" and "in" need quotes to
be values. Full-width signs are read like plain ones. A value of a label means itself and whatever is below it: 水果 is
also 水果/浆果. ``not`` binds most tightly, then ``and``, then ``or``.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from groups.segments.terms import (
    ATTRIBUTES,
    ORDERING,
    All,
    AttributeKind,
    Comparison,
    Not,
    Operator,
    Rule,
    Some,
    attribute_of,
    every,
    some,
)

MAX_LENGTH = 2_000
"""Characters in a rule; nobody reads a longer one."""
MAX_DEPTH = 20
"""Parentheses and "not" inside each other."""
_PATTERN_LENGTH = 200
_REPETITIONS = 6
_KEY_LENGTH = 32


_CALLED = {called: name for name, attribute in ATTRIBUTES.items() for called in (name, *attribute.names)}
_TRADITIONAL = str.maketrans("區類羣團長級別數帳號間暱稱帐社", "区类群团长级别数账号间昵称账小")
"""Other ways of writing the Chinese names, for the suggestion in an error."""
_ALLOWED = {
    AttributeKind.VALUES: (Operator.IS, Operator.IS_NOT, Operator.IN),
    AttributeKind.TEXT: (Operator.IS, Operator.IS_NOT, Operator.IN, Operator.LIKE),
    AttributeKind.NUMBER: (Operator.IS, Operator.IS_NOT, Operator.IN, *sorted(ORDERING)),
    AttributeKind.NAMES: (Operator.LIKE,),
}


class RuleError(ValueError):
    """A rule cannot be read; ``position`` is the number of the character, from 1."""

    def __init__(self, position: int, text: str) -> None:
        self.position = position
        super().__init__(f"character {position}: {text}")


def read_rule(text: str) -> Rule:
    """Read a rule; raise ``RuleError`` saying where it breaks off and what was expected there."""
    if len(text) > MAX_LENGTH:
        raise RuleError(MAX_LENGTH + 1, f"the rule is {len(text)} characters long, at most {MAX_LENGTH} are read")
    return _Reader(_tokens(text)).whole()


def write_rule(rule: Rule) -> str:
    """Write a rule so that reading it gives the same rule again."""
    match rule:
        case Comparison():
            values = [_written(value) for value in rule.values]
            right = f"({', '.join(values)})" if rule.operator is Operator.IN else values[0]
            return f"{rule.attribute} {rule.operator} {right}"
        case Not():
            return f"not {_bracketed(rule.rule)}"
        case All():
            return " and ".join(map(_bracketed, rule.rules))
        case Some():
            return " or ".join(
                f"({write_rule(one)})" if isinstance(one, Some) else write_rule(one) for one in rule.rules
            )


_SIGNS = str.maketrans("（）＝，！＜＞～", "()=,!<>~")
_SPACE = re.compile(r"\s*")
_SIGN = re.compile(r"<=|>=|!=|[=<>~(),]")
_WORD = re.compile(r"""[^\s()=!<>~,"'“”]+""")
_QUOTES = {'"': '"', "'": "'", "“": "”"}
_KEYWORDS = frozenset({"and", "or", "not", "in"})


@dataclass(frozen=True, slots=True)
class _Token:
    """``kind`` is sign, keyword, word, quoted or end; ``position`` counts from 1."""

    kind: str
    text: str
    position: int

    @property
    def named(self) -> str:
        return "the end of the rule" if self.kind == "end" else repr(self.text[:20])


def _uniform(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip()


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    plain = text.translate(_SIGNS)
    place = _SPACE.match(text, 0).end()  # type: ignore[union-attr]  # it matches nothing at the least
    while place < len(text):
        if text[place] in _QUOTES:
            end, value = _quoted(text, place)
            found.append(_Token("quoted", value, place + 1))
        elif sign := _SIGN.match(plain, place):
            end = sign.end()
            found.append(_Token("sign", sign[0], place + 1))
        elif word := _WORD.match(plain, place):
            end = word.end()
            said = _uniform(text[place:end])
            kind = "keyword" if said.lower() in _KEYWORDS else "word"
            found.append(_Token(kind, said.lower() if kind == "keyword" else said, place + 1))
        else:
            raise RuleError(place + 1, f"{text[place]!r} means nothing here; put values with such signs into quotes")
        place = _SPACE.match(text, end).end()  # type: ignore[union-attr]
    return [*found, _Token("end", "", len(text) + 1)]


def _quoted(text: str, start: int) -> tuple[int, str]:
    """Return where a quoted value ends and what it says; a doubled closing quote stands for one."""
    closing, value, place = _QUOTES[text[start]], "", start + 1
    while (end := text.find(closing, place)) >= 0:
        value += text[place:end]
        if text[end + 1 : end + 2] != closing:
            return end + 1, value
        value, place = value + closing, end + 2
    raise RuleError(start + 1, f"this quote is never closed; write {closing} behind the value")


class _Reader:
    """Reads tokens by recursive descent, never deeper than ``MAX_DEPTH``."""

    def __init__(self, tokens: Sequence[_Token]) -> None:
        self._tokens = tokens
        self._next = 0

    def whole(self) -> Rule:
        rule = self._some(0)
        if self._token.kind != "end":
            raise self._expected('"and", "or" or the end of the rule')
        return rule

    @property
    def _token(self) -> _Token:
        return self._tokens[self._next]

    def _expected(self, what: str) -> RuleError:
        return RuleError(self._token.position, f"expected {what}, found {self._token.named}")

    def _took(self, kind: str, text: str) -> bool:
        here = self._token.kind == kind and self._token.text == text
        self._next += here
        return here

    def _some(self, depth: int) -> Rule:
        rules = [self._every(depth)]
        while self._took("keyword", "or"):
            rules.append(self._every(depth))
        return some(rules)

    def _every(self, depth: int) -> Rule:
        rules = [self._one(depth)]
        while self._took("keyword", "and"):
            rules.append(self._one(depth))
        return every(rules)

    def _one(self, depth: int) -> Rule:
        if depth > MAX_DEPTH:
            raise RuleError(self._token.position, f'more than {MAX_DEPTH} "(" and "not" inside each other')
        if self._took("keyword", "not"):
            return Not(self._one(depth + 1))
        if self._took("sign", "("):
            rule = self._some(depth + 1)
            if not self._took("sign", ")"):
                raise self._expected('"and", "or" or ")"')
            return rule
        return self._test()

    def _test(self) -> Rule:
        name = self._attribute()
        negated = self._took("keyword", "not")
        operator = self._operator(name, negated=negated)
        if operator is not Operator.IN:
            return Comparison(name, operator, (self._value(name, operator),))
        if not self._took("sign", "("):
            raise self._expected('"(" and a list of values')
        values = [self._value(name, operator)]
        while self._took("sign", ","):
            values.append(self._value(name, operator))
        if not self._took("sign", ")"):
            raise self._expected('"," or ")"')
        test = Comparison(name, operator, tuple(dict.fromkeys(values)))
        return Not(test) if negated else test

    def _attribute(self) -> str:
        token = self._token
        name = _uniform(token.text.casefold())
        if token.kind != "word" or not name.isidentifier() or len(name) > _KEY_LENGTH:
            known = ", ".join(f"{name}/{one.names[0]}" for name, one in ATTRIBUTES.items())
            raise self._expected(f'"not", "(", one of {known}, or a key of your own')
        if name not in _CALLED and (meant := _nearly(name)):
            raise RuleError(token.position, f"{token.named} is no attribute; did you mean {meant}?")
        self._next += 1
        return _CALLED.get(name, name)

    def _operator(self, name: str, *, negated: bool) -> Operator:
        allowed = [Operator.IN] if negated else list(_ALLOWED[attribute_of(name).kind])
        if self._token.kind in {"sign", "keyword"} and self._token.text in allowed:
            self._next += 1
            return Operator(self._tokens[self._next - 1].text)
        raise self._expected(f"{' or '.join(allowed)} after {name}")

    def _value(self, name: str, operator: Operator) -> str:
        token = self._token
        if token.kind not in {"word", "quoted"}:
            hint = "; put it into quotes" if token.kind == "keyword" else ""
            raise self._expected(f"a value for {name}{hint}")
        if operator is Operator.LIKE:
            value, fault = token.text, pattern_fault(token.text)
        else:
            value, fault = _uniform(token.text), "" if _uniform(token.text) else "the value is empty"
        if attribute_of(name).kind is AttributeKind.NUMBER:
            if not (value.isascii() and value.isdigit() and len(value) <= 9):
                raise self._expected(f"a whole number for {name}")
            value = str(int(value))
        if fault:
            raise RuleError(token.position, fault)
        self._next += 1
        return value


def pattern_fault(pattern: str) -> str:
    """Return what is wrong with a regular expression, or nothing.

    A group that repeats, or many repetitions one after the other, may take for ever on a topic made for that.
    """
    if not pattern or len(pattern) > _PATTERN_LENGTH:
        return f"a pattern has 1 to {_PATTERN_LENGTH} characters"
    try:
        with warnings.catch_warnings(action="error"):  # what a later Python would read differently
            re.compile(pattern)
    except (re.error, OverflowError, Warning) as error:
        return f"{pattern[:40]!r} is not a regular expression: {error}; mask signs like ( with a backslash"
    bare = re.sub(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", "x", pattern, flags=re.DOTALL)
    if re.search(r"\)[*+{]", bare):
        return f"{pattern[:40]!r} repeats a group, which may take for ever; repeat single signs or sets [...] only"
    if any(len(re.findall(r"(?<!\()[*+?{]", branch)) > _REPETITIONS for branch in bare.split("|")):
        return f"{pattern[:40]!r} has more than {_REPETITIONS} of * + ? {{ in a row, which may take for ever"
    return ""


def _bracketed(rule: Rule) -> str:
    return f"({write_rule(rule)})" if isinstance(rule, All | Some) else write_rule(rule)


def _written(value: str) -> str:
    if _WORD.fullmatch(value.translate(_SIGNS)) and _uniform(value) == value and value.lower() not in _KEYWORDS:
        return value
    return '"' + value.replace('"', '""') + '"'


def _nearly(name: str) -> str:
    """Return the attribute that a word was probably meant to be, or nothing."""
    if (simplified := name.translate(_TRADITIONAL)) in _CALLED:
        return simplified
    turned = [called for called in _CALLED if sorted(called) == sorted(name)]
    close = difflib.get_close_matches(name, ATTRIBUTES, n=1, cutoff=0.75) if len(name) > 3 else []
    return next(iter([*turned, *close]), "")
