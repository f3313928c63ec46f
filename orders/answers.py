"""Reads an answer to the question that is open for the speaker: 对, 不是, 两盒, A3, 大果, 第二个. Pure."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from functools import cache
from importlib.resources import files

from core.outcomes import Outcome, Reason
from orders.amounts import amount_of
from orders.deciding import ask, ordered
from orders.edits import Change, Doubt, Edit, Missing, Reading
from orders.quantities import Quantity, one_of
from orders.refusals import refusal_of
from orders.scanning import Kind, Token
from orders.sentence import Sentence, is_quiet

Option = tuple[Edit, ...]
_LONGEST = 60
_BESIDE = frozenset({"verb", "set", "me_too", "each"})


@cache
def _yes_and_no() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Return patterns of a whole message that says yes, no, or yes to taking orders back."""
    words = tomllib.loads(files("orders").joinpath("data", "answers.toml").read_text(encoding="utf-8"))
    ends = rf"[\s,.。!~]*(?:{one_of(frozenset(words['ends'].split()))}[\s,.。!~]*)*+"
    yes, no = (one_of(frozenset(words[name].split())) for name in ("yes", "no"))
    cancel = one_of(frozenset(words["cancel"].split()))
    said = [rf"(?:{yes}{ends}){{1,4}}", rf"(?:{no}{ends}){{1,4}}", rf"(?:{yes}{ends}){{0,3}}{cancel}{ends}"]
    first, second, third = (re.compile(rf"{ends}{pattern}\Z") for pattern in said)
    return first, second, third


def answer_to(said: Sentence, doubt: Doubt) -> Reading | None:
    """Return what the message answers to the question, None when it is no answer to it."""
    if len(said.text.text) > _LONGEST or "?" in said.text.text:
        return None
    return _yes_or_no(said, doubt) or _chosen_by_word(said, doubt)


def _yes_or_no(said: Sentence, doubt: Doubt) -> Reading | None:
    """Read 对, 不是; 取消 says yes to a question about taking orders back."""
    text = said.text.text
    yes, no, cancels = _yes_and_no()
    if cancels.match(text) and _takes_back(doubt):
        return _chosen(said, doubt, doubt.options[0])
    if no.match(text):
        return Reading(Outcome.IGNORED, Reason.NEGATED, answers=True)
    return _chosen(said, doubt, doubt.options[0]) if yes.match(text) and _one_to_confirm(doubt) else None


def _chosen_by_word(said: Sentence, doubt: Doubt) -> Reading | None:
    """Read a number, a name, a code or a place in the list of choices, with nothing beside that could change it."""
    numbers = [token for token in said.tokens if token.kind is Kind.QUANTITY]
    names = [token for token in said.tokens if token.kind in {Kind.ITEM, Kind.CODE}]
    rest = [t for t in said.tokens if t not in numbers and t not in names and not is_quiet(t)]
    if refusal_of(said.sketch) or any(t.kind is not Kind.WORD or t.role not in _BESIDE for t in rest):
        return None
    if doubt.missing is Missing.QUANTITY and len(numbers) == 1 and doubt.options:
        return _counted(said, doubt, numbers[0], names)
    option = _picked(said, doubt, names, numbers) if names or doubt.missing is not Missing.QUANTITY else None
    if option is not None and names and len(numbers) == 1 and (number := numbers[0].quantity) is not None:
        return _filled(said, doubt, option, number, again=True)
    return _chosen(said, doubt, option) if option is not None else None


def _one_to_confirm(doubt: Doubt) -> bool:
    return len(doubt.options) == 1 and doubt.missing is not Missing.QUANTITY and bool(doubt.options[0])


def _takes_back(doubt: Doubt) -> bool:
    """Tell whether the question is whether to take orders back, so that 取消 says yes to it."""
    return _one_to_confirm(doubt) and all(edit.change is Change.CANCEL for edit in doubt.options[0])


def _counted(said: Sentence, doubt: Doubt, number: Token, names: list[Token]) -> Reading | None:
    """Fill in the number that was asked for; a name beside it must be of the item in question."""
    option = doubt.options[0]
    if names and not any(edit.item in names[0].items for edit in option):
        return None
    return _filled(said, doubt, option, number.quantity, again=False) if number.quantity is not None else None


def _filled(said: Sentence, doubt: Doubt, option: Option, number: Quantity, *, again: bool) -> Reading | None:
    """Put a number into the edits without one (``again``: into all), or ask once more what is wrong with it."""
    edits: list[Edit] = []
    for edit in option:
        open_here = edit.quantity is None and not (edit.change is Change.CANCEL and len(option) > 1)
        if not (open_here or (again and len(option) == 1)):
            edits.append(edit)
            continue
        item = said.items.get(edit.item)
        if item is None:
            return None
        amount = amount_of(item, number, pointed=True)
        if isinstance(amount, Reason):
            return ask(said, amount, Missing.QUANTITY, (tuple(replace(e, quantity=None) for e in option),))
        edits.append(replace(edit, quantity=amount))
    return replace(ordered(edits), answers=True)


def _picked(said: Sentence, doubt: Doubt, names: list[Token], numbers: list[Token]) -> Option | None:
    """Return the option that a name, a code or a place in the list of choices means, None if it is not one."""
    if names:
        meant = frozenset.intersection(*(token.items for token in names))
        found = [option for option in doubt.options if any(edit.item in meant for edit in option)]
        return found[0] if len(found) == 1 else None
    number = numbers[0].quantity if len(numbers) == 1 else None
    if number is None or number.unit or number.sign or number.value is None or len(doubt.options) < 2:
        return None
    coded = said.names.coded(str(number.value))
    found = [option for option in doubt.options if any(edit.item in coded for edit in option)]
    if found:
        return found[0] if len(found) == 1 else None
    place = int(number.value)
    return doubt.options[place - 1] if 1 <= place <= len(doubt.options) and number.value == place else None


def _chosen(said: Sentence, doubt: Doubt, option: Option) -> Reading:
    """Apply an option, or ask for the number it still lacks."""
    if any(edit.quantity is None and edit.change is not Change.CANCEL for edit in option):
        return replace(ask(said, Reason.IMPRECISE_QUANTITY, Missing.QUANTITY, (option,)), answers=False)
    return replace(ordered(option), answers=True)
