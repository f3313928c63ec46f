"""Judges how order replies are read, on lines labelled without sight of the parser.

``python -m tests.orders.evaluation --split tune`` prints the lines that fail. Of the test split only counts are
printed, so that nobody tunes on it.
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from catalog.aliases import AliasTable
from core.outcomes import Outcome, Reason
from core.text import Normaliser
from orders.book import By, ring_up
from orders.edits import Change, Doubt, Edit, Missing, Reading
from orders.quoting import quoted_items
from orders.replies import ReplyReader
from orders.state import Item, Line, LineKey, Offer, OfferKind, OfferState
from orders.table import Table
from recommender.lexicon import packaged_goods

DATA = Path(__file__).parent / "data"
FILES = {"tune": "order_lines.jsonl", "test": "order_lines_test.jsonl"}
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SPEAKER = "speaker"
Row = dict[str, Any]


class Verdict(StrEnum):
    """How a reading compares with the label."""

    APPLIED_RIGHTLY = "applied rightly"
    ASKED_RIGHTLY = "asked rightly"
    IGNORED_RIGHTLY = "ignored rightly"
    OTHER_REASON = "asked for another reason"
    NOTE_LOST = "applied without its note"
    ASKED = "asked about a clear order"
    MISSED = "missed"
    SILENT = "silent where a question was due"
    ASKED_TALK = "asked about talk"
    APPLIED_WRONGLY = "applied wrongly"


RIGHT = frozenset({Verdict.APPLIED_RIGHTLY, Verdict.ASKED_RIGHTLY, Verdict.IGNORED_RIGHTLY})


@dataclass(frozen=True, slots=True)
class Score:
    """What became of the lines of one split."""

    counts: Counter[Verdict]
    orders: int
    orders_applied: int
    talk: int
    talk_ignored: int
    failures: tuple[str, ...] = field(default=(), repr=False)

    @property
    def applied_wrongly(self) -> int:
        """Return how many orders were applied that nobody placed, or otherwise than they were."""
        return self.counts[Verdict.APPLIED_WRONGLY]

    @property
    def applied_at_once(self) -> float:
        """Return the share of true orders that were applied without a question."""
        return self.orders_applied / self.orders

    @property
    def left_alone(self) -> float:
        """Return the share of lines that are no order at all and got no word."""
        return self.talk_ignored / self.talk

    def table(self) -> str:
        """Return the counts as lines of text."""
        rows = [f"  {verdict.value:<34}{self.counts[verdict]:>5}" for verdict in Verdict]
        rows.append(f"  {'true orders applied at once':<34}{self.applied_at_once:>7.1%} of {self.orders}")
        rows.append(f"  {'talk left alone':<34}{self.left_alone:>7.1%} of {self.talk}")
        return "\n".join(rows)


@cache
def reader() -> tuple[Normaliser, ReplyReader]:
    """Build what the program builds (``bot.bootstrap``)."""
    aliases = tuple(AliasTable.load())
    normaliser = Normaliser({alias: word for alias, word, kind in aliases if kind == "emoji"})
    return normaliser, ReplyReader(packaged_goods(), aliases)


@cache
def scenes() -> Mapping[str, Any]:
    """Return what lies on the table, scene by scene."""
    return tomllib.loads((DATA / "scenes.toml").read_text(encoding="utf-8"))


def lines(split: str) -> Iterator[Row]:
    """Yield the labelled lines of a split."""
    for line in (DATA / FILES[split]).read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


def evaluate(split: str) -> Score:
    """Read every line of a split and compare."""
    normaliser, replies = reader()
    counts: Counter[Verdict] = Counter()
    orders, talk = Counter[bool](), Counter[bool]()
    failures: list[str] = []
    for row in lines(split):
        ids = item_ids(row)
        table = table_of(row, normaliser)
        reading = replies.read(normaliser(row["said"]), table)
        verdict = judge(row, effect_of(reading, table), ids)
        counts[verdict] += 1
        if row["expect"] == "applied" and "also" not in row:
            orders[verdict in {Verdict.APPLIED_RIGHTLY, Verdict.NOTE_LOST}] += 1
        if row["expect"] == "ignored" and "also" not in row:
            talk[verdict is Verdict.IGNORED_RIGHTLY] += 1
        if verdict not in RIGHT:
            failures.append(_failure(row, verdict, reading, ids))
    return Score(counts, orders.total(), orders[True], talk.total(), talk[True], tuple(failures))


def item_ids(row: Row) -> dict[str, int]:
    """Return the id of each item of the row's scene by its key."""
    offers = scenes()[row["scene"]]["offers"]
    return {
        item.get("key", item["code"]): 10 * number + place
        for number, offer in enumerate(offers, start=1)
        for place, item in enumerate(offer["items"], start=1)
    }


def table_of(row: Row, normaliser: Normaliser) -> Table:
    """Lay the table of a row."""
    scene, ids = scenes()[row["scene"]], item_ids(row)
    offers = [_offer(number, offer) for number, offer in enumerate(scene["offers"], start=1)]
    for (item, whom), quantity in _standing(row, ids).items():
        offers[item // 10 - 1].lines[LineKey(item, SPEAKER, whom)] = Line(quantity, "说话的人", SPEAKER, 1)
    quote = row["quote"]["text"] if "quote" in row else None
    if quote is None and (inside := normaliser(row["said"]).quote) is not None:
        quote = inside.text
    return Table(
        offers=tuple(offers),
        member=SPEAKER,
        at=NOW,
        quoted=None if quote is None else quoted_items(quote, offers),
        bare=tuple(ids[key] for key in scene["bare"]),
        names=frozenset(scene["members"]),
        previous=tuple(
            Edit(ids[one["item"]], Change.ADD, Decimal(str(one["quantity"]))) for one in row.get("previous", [])
        ),
        doubt=_doubt(row["doubt"], ids) if "doubt" in row else None,
    )


def _offer(number: int, data: Mapping[str, Any]) -> Offer:
    state = OfferState(data.get("state", "open"))
    offer = Offer(
        number, 1, OfferKind(data.get("kind", "leader")), state, data["title"], "leader", "local", "a", (1,), NOW,
        closed_at=None if state is OfferState.OPEN else NOW,
    )  # fmt: skip
    for place, item in enumerate(data["items"], start=1):
        key = 10 * number + place
        offer.items[key] = Item(
            key, number, place, item["code"], item["title"], item["unit"], item.get("specification", ""),
            Decimal(str(item["price"])), limit_per_member=item.get("limit"),
        )  # fmt: skip
    return offer


def _doubt(data: Mapping[str, Any], ids: Mapping[str, int]) -> Doubt:
    options = tuple(tuple(_edit(one, ids) for one in option) for option in data["options"])
    return Doubt(Reason(data["reason"]), Missing(data["missing"]), options, data["said"])


def _edit(data: Mapping[str, Any], ids: Mapping[str, int]) -> Edit:
    quantity = None if data["quantity"] is None else Decimal(str(data["quantity"]))
    return Edit(ids[data["item"]], Change(data["change"]), quantity, data["for"], data.get("note", ""))


@dataclass(frozen=True, slots=True)
class Effect:
    """What a reading comes to once the book has had its say, which refuses what is closed or over a limit.

    ``book`` and ``notes`` are by item and whom it is for.
    """

    outcome: Outcome
    reason: Reason
    book: Mapping[tuple[int, str], Decimal]
    notes: Mapping[tuple[int, str], str]
    paid: bool


def effect_of(reading: Reading, table: Table) -> Effect:
    """Ring a reading up on the offers of its table."""
    outcome, reason = reading.outcome, reading.reason
    refused: list[Reason] = []
    applied = 0
    by = By(SPEAKER, "说话的人", SPEAKER, 1, NOW, names=table.own_names)
    for offer in table.offers:
        edits = [edit for edit in reading.edits if edit.item in offer.items]
        rung = ring_up(offer, edits, by, products={}, make_code=lambda taken: str(len(taken)))
        applied += len(rung.applied)
        refused += [one.reason for one in rung.refused]
    if outcome is Outcome.ORDER and refused and not applied:
        outcome, reason = Outcome.ASK, refused[0]
    mine = {(key.item, key.for_whom): line for offer in table.offers for key, line in offer.lines.items()}
    book = {key: line.quantity for key, line in mine.items() if line.quantity}
    return Effect(outcome, reason, book, {key: line.note for key, line in mine.items()}, bool(reading.paid))


def judge(row: Row, effect: Effect, ids: Mapping[str, int]) -> Verdict:
    """Compare what a line came to with its label."""
    allowed = {row["expect"], *row.get("also", [])}
    if effect.outcome is Outcome.ORDER:
        return _judge_applied(row, effect, ids) if "applied" in allowed else Verdict.APPLIED_WRONGLY
    if effect.outcome is Outcome.ASK:
        if "ask" not in allowed:
            return Verdict.ASKED if row["expect"] == "applied" else Verdict.ASKED_TALK
        return Verdict.ASKED_RIGHTLY if effect.reason in row.get("reason", [effect.reason]) else Verdict.OTHER_REASON
    if "ignored" in allowed:
        return Verdict.IGNORED_RIGHTLY
    return Verdict.MISSED if row["expect"] == "applied" else Verdict.SILENT


def _judge_applied(row: Row, effect: Effect, ids: Mapping[str, int]) -> Verdict:
    standing = _standing(row, ids)
    if row.get("paid"):
        return Verdict.APPLIED_RIGHTLY if effect.paid and effect.book == standing else Verdict.APPLIED_WRONGLY
    for option in [row["edits"], *row.get("or", [])]:
        wanted = [_edit(one, ids) for one in option]
        whom = [edit.for_whom for edit in wanted if edit.for_whom]
        book = {(item, _named(name, whom)): quantity for (item, name), quantity in effect.book.items()}
        if book == _after(standing, wanted):
            notes = {(item, _named(name, whom)): note for (item, name), note in effect.notes.items()}
            kept = all(_plain(edit.note) in _plain(notes.get((edit.item, edit.for_whom), "")) for edit in wanted)
            return Verdict.APPLIED_RIGHTLY if kept else Verdict.NOTE_LOST
    return Verdict.APPLIED_WRONGLY


def _standing(row: Row, ids: Mapping[str, int]) -> dict[tuple[int, str], Decimal]:
    """Return what the speaker has in the book before."""
    parts = ((key.partition("|"), quantity) for key, quantity in row.get("mine", {}).items())
    return {(ids[item], whom): Decimal(str(quantity)) for (item, _, whom), quantity in parts}


def _named(name: str, labels: Sequence[str]) -> str:
    """Return the name that the label has for whom it is for, where one contains the other: 王姐, 3栋王姐."""
    plain = _plain(name)
    same = (label for label in labels if plain and (plain in _plain(label) or _plain(label) in plain))
    return next(same, name)


def _after(standing: Mapping[tuple[int, str], Decimal], edits: Sequence[Edit]) -> dict[tuple[int, str], Decimal]:
    """Return what the label says stands in the book afterwards."""
    book = dict(standing)
    for edit in edits:
        key = edit.item, edit.for_whom
        had, said = book.get(key, Decimal(0)), edit.quantity
        if edit.change is Change.CANCEL:
            book[key] = Decimal(0) if said is None else had - said
        else:
            book[key] = (had if edit.change is Change.ADD else Decimal(0)) + (said or Decimal(0))
    return {key: quantity for key, quantity in book.items() if quantity > 0}


def _plain(text: str) -> str:
    return "".join(char for char in text.lower() if char.isalnum())


def _failure(row: Row, verdict: Verdict, reading: Reading, ids: Mapping[str, int]) -> str:
    keys = {number: key for key, number in ids.items()}
    read = "; ".join(
        f"{edit.change} {keys.get(edit.item)} {edit.quantity}" + (f" for {edit.for_whom}" if edit.for_whom else "")
        for edit in reading.edits
    )
    beside = {key: row[key] for key in ("quote", "mine", "previous", "doubt") if key in row}
    return (
        f"{row['id']} {row['class']}/{row['scene']} {row['said']!r} {beside or ''} {verdict}: "
        f"expected {row['expect']} {row.get('reason', '')}{row.get('edits', '')}, "
        f"read {reading.outcome}/{reading.reason} {read}"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the counts of a split, and of the tune split what fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", choices=sorted(FILES), default="tune")
    split = parser.parse_args(arguments).split
    score = evaluate(split)
    if split == "tune":
        sys.stdout.write("".join(line + "\n" for line in score.failures) + "\n")
    sys.stdout.write(f"Order lines, {split}\n{score.table()}\n")
    return 1 if score.applied_wrongly else 0


if __name__ == "__main__":
    raise SystemExit(main())
