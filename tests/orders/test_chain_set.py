"""How well whole native chains are read, on cases labelled without sight of the parser."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from core.text import Normaliser
from orders.chains.chain import Chain
from orders.chains.goods import Goods, Said
from orders.chains.snapshots import Kept, LineChange, advance, same_chain
from orders.chains.xml import read_message
from orders.naming import Words
from orders.state import Item
from tests.orders.evaluation import reader

Case = dict[str, Any]
_CASES: list[Case] = [
    json.loads(line)
    for line in (Path(__file__).parent / "data" / "chains.jsonl").read_text(encoding="utf-8").splitlines()
]
_WHOLE = [case for case in _CASES if "entries" in case]
_TALK = [case for case in _CASES if not case["chain"]]
_SEQUENCES = [case for case in _CASES if "snapshots" in case]


@cache
def _words() -> tuple[Normaliser, Words]:
    normaliser, replies = reader()
    return normaliser, replies.words


def _named(cases: list[Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=[f"{case['id']} {case['about']}" for case in cases])


def _read(chain: Chain) -> list[Said]:
    normaliser, words = _words()
    goods = Goods.of(normaliser, menu=chain.menu, words=words)
    return [goods.read(entry.body) for entry in chain.entries]


@_named(_WHOLE)
def test_a_chain_is_taken_apart_as_labelled(case: Case) -> None:
    chain = read_message(case["text"])
    assert chain is not None
    assert (_bare(chain.header), _bare(chain.title)) == (_bare(case["header"]), _bare(case["title"]))
    assert [entry.index for entry in chain.entries] == [entry["index"] for entry in case["entries"]]
    left = [(_bare(line.text), line.reason.value) for line in chain.left_out if line.text.strip() != case["title"]]
    for line in case["left_out"]:
        assert (_bare(line["text"]), line["reason"]) in left
    if "authors" in case:
        assert [entry.author for entry in chain.entries] == case["authors"]


@_named(_WHOLE)
def test_the_entries_of_a_chain_say_what_is_labelled(case: Case) -> None:
    chain = read_message(case["text"])
    assert chain is not None
    for said, label in zip(_read(chain), case["entries"], strict=True):
        if case.get("loose_names"):  # a place beside the name may go to the note, but may not be lost
            kept = re.sub(r"[^\w-]", "", said.name + "".join(one.note for one in said.items))
            assert all(part in kept for part in re.findall(r"[\w-]+", label["name"])), said
        else:
            assert _bare(said.name) == _bare(label["name"])
        assert [_quantity(one.quantity) for one in said.items] == [item["quantity"] for item in label["items"]], said
        for one, item in zip(said.items, label["items"], strict=True):
            assert _same_thing(_bare(one.text), _bare(item["text"]), chain), said
            assert _bare(item["note"]) in _bare(one.note), said
            assert one.unit in {item["unit"], ""}, said


def _quantity(quantity: Decimal | None) -> float | None:
    return None if quantity is None else float(quantity)


def _bare(text: str) -> str:
    return "".join(text.split()).replace("接龍", "接龙").replace("（", "(").replace("）", ")")


def _same_thing(read: str, label: str, chain: Chain) -> bool:
    """Take a menu's title for its code, nothing for the thing in the title, and a title for a part of it."""
    codes = {item.code: _bare(item.title) for item in chain.menu}
    named = codes.get(label, label)
    return not read or read == label or read in named or named in read


@_named(_TALK)
def test_what_is_no_chain_is_left_alone(case: Case) -> None:
    assert read_message(case["text"]) is None


@_named(_SEQUENCES)
def test_the_book_after_each_snapshot_is_as_labelled(case: Case) -> None:
    items = [Item(n, 1, n, one["code"], one["title"], one["unit"]) for n, one in enumerate(case["items"], start=1)]
    codes = {item.id: item.code for item in items}
    members = {member: [name] for name, member in case.get("members", {}).items()}
    normaliser, words = _words()
    kept: Kept | None = None
    book: dict[tuple[str, str], Decimal] = {}
    for snapshot, label in zip(case["snapshots"], case["books"], strict=True):
        chain = read_message(snapshot["text"])
        if chain is not None:
            assert kept is None or same_chain(kept, chain)
            sender = snapshot["sender"]
            kept, changes, _ = advance(
                kept, chain, sender, members.get(sender, []), members, items=items, uniform=normaliser, words=words
            )
            _enter(book, changes, codes)
        assert {key: float(quantity) for key, quantity in book.items() if quantity} == {
            (_key(case, line), line["item"]): line["quantity"] for line in label
        }


def _enter(book: dict[tuple[str, str], Decimal], changes: tuple[LineChange, ...], codes: Mapping[int, str]) -> None:
    """Bring into the book what needs no question."""
    for change in changes:
        if change.doubt is None and change.item is not None and change.quantity is not None:
            book[change.member, codes[change.item]] = change.quantity


def _key(case: Case, line: Mapping[str, Any]) -> str:
    """Return the contact whose line a label means."""
    return str(line["author"]) if "author" in line else str(case["members"].get(line["name"], "~" + line["name"]))


def test_the_set_covers_what_the_description_lists() -> None:
    assert len(_CASES) >= 28
    assert len(_SEQUENCES) >= 8
    assert len(_TALK) >= 4
