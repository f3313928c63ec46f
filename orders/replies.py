"""Reads free-text replies: 草莓2份, +1, 再来一份, 改成3份, 不要了, 帮我妈也来一份. Pure.

A message is first cut into known pieces (``scanning``). What is no order is put aside by rules (``refusals``), and so
is whatever has unknown text beside its names and numbers: an order that nobody placed is worse than a question.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache

from core.outcomes import Outcome, Reason
from core.text import NormalText
from orders.answers import answer_to
from orders.deciding import ask, decide, ignored
from orders.edits import Change, Edit, Missing, Reading
from orders.naming import Names, fold, words_of
from orders.quantities import MOST, units
from orders.refusals import refusal_of
from orders.scanning import Kind, grammar
from orders.sentence import Clause, Sentence, is_quiet, is_unknown
from orders.state import Item, OfferState
from orders.table import Table
from orders.wishes import Mode, Wish, may_be_part_of_a_name, unknown_length, wishes_of

LONGEST = 800
"""Characters; nobody types a longer reply, and lists that long are 接龙."""
_LISTS_KEPT = 256
_MONEY = re.compile("[元块¥.]")
_ASIDE = 8
"""Characters of unknown text in other clauses that a reply without a name may have beside it: 看着真不错，来两盒."""
_MOST_WITHOUT_UNIT = 9
"""加20 is money more often than an order."""

_PAYABLE = frozenset({OfferState.OPEN, OfferState.CLOSED, OfferState.SUCCEEDED, OfferState.ARRIVED})
"""In these states money is owed for what was ordered."""


class ReplyReader:
    """Reads replies against what lies on the table.

    ``goods`` are words for goods of any kind, so that 牛奶2盒 is no order of 牛奶巧克力; ``aliases`` are (alias, word,
    kind) as ``catalog.aliases`` yields them; ``uniform`` makes a title uniform as the messages are.
    """

    def __init__(
        self,
        goods: Mapping[str, str] | frozenset[str],
        aliases: Iterable[tuple[str, str, str]],
        uniform: Callable[[str], str] = fold,
    ) -> None:
        self.words = words_of(goods, aliases, uniform)
        """What is known of goods; ``entries.read_entry`` takes it too."""
        self.uniform = uniform
        self._listed = lru_cache(maxsize=_LISTS_KEPT)(self._build)

    def read(self, text: NormalText, table: Table) -> Reading:
        """Return what a message says to the order book. Never raises."""
        if not text.text or not (table.offers or table.doubt):
            return ignored()
        if len(text.text) > LONGEST:
            return ignored(Reason.TOO_LONG)
        said = Sentence(text, table, self._names(table))
        if table.doubt is not None and (answer := answer_to(said, table.doubt)):
            return answer
        if reason := refusal_of(said.sketch):
            return ignored(reason)
        reading = _paid(said) or _ditto(said) or _noted(said) or _wished(said) or _unknown_goods(said) or ignored()
        return _while_open(said, reading)

    def _names(self, table: Table) -> Names:
        there = [offer for offer in table.offers if offer.state is not OfferState.DRAFT]
        return self._listed(tuple((item.id, item.code, item.title) for offer in there for item in offer.on_list))

    def _build(self, listed: tuple[tuple[int, str, str], ...]) -> Names:
        items = [Item(number, 0, 0, code, title) for number, code, title in listed]
        return Names(items, self.words, self.uniform)


def _while_open(said: Sentence, reading: Reading) -> Reading:
    """Return the reading, or that it comes after the closing when it is only about offers that are closed."""
    options = (reading.edits, *(reading.doubt.options if reading.doubt else ()))
    items = {edit.item for option in options for edit in option}
    if items and not items & said.orderable:
        return Reading(Outcome.ASK, Reason.AFTER_CLOSING)
    return reading


def _wished(said: Sentence) -> Reading | None:
    """Read what is wanted, changed or taken back."""
    everything = wishes_of(said)
    wishes = [wish for wish in everything if not _just_mentioned(said, wish)]
    if not wishes or any(wish.other for wish in wishes):
        return None
    if any(wish.garbled for wish in wishes):
        return _garbled(said, wishes)
    bare = [(wish.whom, wish.mode) for wish in wishes if not wish.named]
    if len(bare) != len(set(bare)) or any(not _may_be_bare(said, wish) for wish in wishes):
        return None
    reading = decide(said, wishes)
    if reading is None or reading.outcome is not Outcome.ORDER:
        return reading
    return _confirmed(said, reading, left_over=_left_over(said, everything, wishes))


def _confirmed(said: Sentence, reading: Reading, *, left_over: bool) -> Reading:
    """Return an order, or the question whether it is one."""
    if not left_over and not said.hearsay:
        return reading
    reason = Reason.UNCLEAR_ITEM if left_over else Reason.CONFIRM_ALL
    return ask(said, reason, Missing.CONFIRMATION, (reading.edits,))


def _left_over(said: Sentence, everything: list[Wish], wishes: list[Wish]) -> bool:
    """Tell whether a clause with an order also names something without a number: 草莓 蓝莓 2."""
    dropped = [wish for wish in everything if wish.named and wish not in wishes]
    return any(
        wish.tokens[0] in clause.tokens and other.tokens[0] in clause.tokens
        for clause in said.clauses
        for wish in dropped
        for other in wishes
        if other.tokens
    )


def _just_mentioned(said: Sentence, wish: Wish) -> bool:
    """Tell whether a name is only mentioned: 草莓好吃, or 想要草莓, which is a need."""
    if wish.mode is not Mode.PLAIN or wish.quantity is not None:
        return False
    wished = any(token.text in {"想", "我想", "想要"} for token in said.tokens)
    loud = [token for token in said.tokens if not is_quiet(token)]
    if all(token.kind is Kind.CODE and token.text.startswith("#") for token in loud):
        wish.wanted = True  # #1 #3
    return not wish.wanted or (wished and wish.named)


def _may_be_bare(said: Sentence, wish: Wish) -> bool:
    """Tell whether a wish without a name can be one: nothing unknown in its clause, and more than a number."""
    if wish.named:
        return True
    clause = next((c for c in said.clauses if wish.tokens and wish.tokens[0] in c.tokens), None)
    if clause is None or any(token.kind is Kind.OTHER for token in said.tokens):
        return False
    if any(is_unknown(token) or token.kind is Kind.FIGURE for token in clause.tokens) or clause.words("ditto"):
        return False
    if wish.mode in {Mode.CANCEL, Mode.REFUSE, Mode.LESS}:
        return said.understood or not _said_of_anything(clause)
    if wish.mode is Mode.TOTAL and any(word.text == "换" for word in clause.words("set")):
        return False
    return _is_bare_order(said, clause, wish)


def _is_bare_order(said: Sentence, clause: Clause, wish: Wish) -> bool:
    """Tell whether 两份, 来2, +1 stand so much by themselves that they are an order."""
    number = wish.quantity
    if wish.described or (wish.mode is Mode.PLAIN and clause.words("not_but", "but")):
        return False
    if number is not None and not number.unit and not number.sign and (number.value or 0) > _MOST_WITHOUT_UNIT:
        return False
    if unknown_length(said) > (_ASIDE if wish.wanted or wish.mode is not Mode.PLAIN else 0):
        return False
    if wish.wanted or wish.mode is not Mode.PLAIN or number is None:
        return True
    if number.sign == "+":
        return number.value is None or number.value <= MOST
    return bool(number.unit) and _is_its_unit(said, number.unit)


def _is_its_unit(said: Sentence, unit: str) -> bool:
    """Tell whether a number all by itself counts what is on offer: 两盒 of what is sold by the box."""
    sold = {
        units().canonical(said.items[item].unit) for item in said.table.quoted or said.table.bare if item in said.items
    }
    return unit in sold or unit in units().generic


def _said_of_anything(clause: Clause) -> bool:
    """Tell 算了 from 取消: it is said of much else, so that nothing unknown may be around it."""
    weak = frozenset(grammar()["alone"]["cancel"].split())
    return all(word.text in weak for word in clause.words("cancel"))


def _garbled(said: Sentence, wishes: list[Wish]) -> Reading | None:
    """Ask when only a little text beside a name and a number is unknown: it may be another thing, or another's wish."""
    complete = all(wish.named and wish.quantity is not None and wish.quantity.value is not None for wish in wishes)
    complete = complete and all(len(wish.tokens[0].text) > 1 for wish in wishes)
    if not (complete and may_be_part_of_a_name(said)):
        return None
    reading = decide(said, wishes)
    if reading is None or not reading.edits:
        return reading
    return ask(said, Reason.UNCLEAR_ITEM, Missing.CONFIRMATION, (reading.edits,))


def _paid(said: Sentence) -> Reading | None:
    """Read 已付, alone or beside what was ordered."""
    if not any(token.kind is Kind.WORD and token.role == "paid" for token in said.tokens):
        return None
    # after the closing nothing can be ordered, yet that is when most people pay
    lines = said.table.lines()
    offers = {one.id for one in said.table.offers if one.state in _PAYABLE and any(k.item in one.items for k in lines)}
    named = [token for token in said.tokens if token.kind in {Kind.ITEM, Kind.CODE}]
    if named:
        meant = frozenset[int]().union(*(token.items for token in named))
        offers &= {said.items[item].offer_id for item in meant if item in said.items}
    figures = [token.text for token in said.tokens if token.kind is Kind.FIGURE]
    if not said.understood or any(not _MONEY.search(figure) for figure in figures):
        return ignored()
    ordering = _wished(said) if any(token.kind is Kind.QUANTITY for token in said.tokens) else None
    if ordering is not None and ordering.edits:
        offers |= {said.items[edit.item].offer_id for edit in ordering.edits if edit.item in said.items}
        return replace(ordering, paid=tuple(sorted(offers)))
    if not offers:
        return ignored()
    return Reading(Outcome.ORDER, Reason.PAYMENT_CLAIMED, paid=tuple(sorted(offers)))


def _ditto(said: Sentence) -> Reading | None:
    """Read 同上: the same as somebody else has just ordered."""
    words = [token for token in said.tokens if token.kind is Kind.WORD and token.role == "ditto"]
    loud = [token for token in said.tokens if not is_quiet(token)]
    if not words or any(token.kind is not Kind.WORD or token.role not in {"ditto", "verb", "me_too"} for token in loud):
        return None
    wanted = [edit for edit in said.table.previous if edit.change is not Change.CANCEL and edit.item in said.orderable]
    if not wanted:
        return ignored()
    edits, whom = [], said.whom_at(0)
    for edit in wanted:
        again = said.has_line(edit.item, whom)
        change = Change.SET if again else Change.ADD
        edits.append(Edit(edit.item, change, edit.quantity or Decimal(1), whom, said.note, said.spans(words), again))
    return Reading(Outcome.ORDER, Reason.RESTATED if any(e.restated for e in edits) else Reason.APPLIED, tuple(edits))


def _noted(said: Sentence) -> Reading | None:
    """Read a note alone (少饭, 送到3-502): it goes on the speaker's line, if there is one only."""
    notes = [token for token in said.tokens if token.kind is Kind.NOTE]
    if not notes or not all(is_quiet(token) for token in said.tokens):
        return None
    lines = [(key, line) for key, line in said.lines().items() if line.quantity > 0]
    if len(lines) != 1:
        return ignored()
    key, line = lines[0]
    edit = Edit(key.item, Change.SET, line.quantity, key.for_whom, said.note, said.spans(notes))
    return Reading(Outcome.ORDER, Reason.APPLIED, (edit,))


def _unknown_goods(said: Sentence) -> Reading | None:
    """Ask which item is meant when goods that are not on offer are ordered in answer to an offer."""
    others = [token for token in said.tokens if token.kind is Kind.OTHER]
    numbers = [token for token in said.tokens if token.kind is Kind.QUANTITY]
    if not others or not numbers or any(is_unknown(token) for token in said.tokens):
        return None
    clear = [wish for wish in wishes_of(said) if not wish.other and wish.named and wish.quantity is not None]
    reading = decide(said, clear) if clear else None
    if reading is not None and reading.edits:
        return ask(said, Reason.UNCLEAR_ITEM, Missing.CONFIRMATION, (reading.edits,))
    if said.table.quoted or said.table.doubt:
        return ask(said, Reason.UNCLEAR_ITEM, Missing.ITEM, ())
    return None
