"""``qianqun orders …``: what can be done with orders from the command line."""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

from bot.cli.session import out, report
from core.settings import SettingsError
from core.text import Normaliser
from orders.chains.chain import Chain
from orders.chains.goods import Goods
from orders.chains.xml import read_message


class NoChainError(Exception):
    """A text holds no 接龙; the message says what one looks like."""

    def __init__(self, source: str) -> None:
        super().__init__(
            f"{source}: this is no 接龙. Its first line is #接龙, #Group Note or 【…】接龙, below it stand "
            "numbered lines; a quoted or forwarded one does not count. Paste the whole message, text or XML."
        )


def parse(file: str, form: str) -> int:
    """Read one pasted chain and print its header, its entries and what was left out."""
    if form not in {"text", "jsonl"}:
        return report(SettingsError("--format", [("--format", f"{form!r} is not a format; write text or jsonl")]))
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        return report(SettingsError(file, [("FILE", f"cannot be read: {error.strerror}")]))
    chain = read_message(data.decode("utf-8-sig", errors="replace"))
    if chain is None:
        return report(NoChainError("standard input" if file == "-" else file))
    found = _as_values(chain)
    if form == "jsonl":
        sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
    else:
        _print(found)
    return 0


def _as_values(chain: Chain) -> dict[str, Any]:
    goods = Goods.of(Normaliser(), menu=chain.menu)
    entries = []
    for entry in chain.entries:
        said = goods.read(entry.body)
        items = [
            {"text": one.text, "quantity": _number(one.quantity), "unit": one.unit, "note": one.note}
            for one in said.items
        ]
        entries.append({"index": entry.index, "name": said.name, "items": items})
    left_out = [{"row": left.row, "text": left.text, "reason": left.reason.value} for left in chain.left_out]
    return {"header": chain.header, "title": chain.title, "entries": entries, "left_out": left_out}


def _number(quantity: Decimal | None) -> int | float | None:
    if quantity is None:
        return None
    return int(quantity) if quantity == quantity.to_integral_value() else float(quantity)


def _print(found: dict[str, Any]) -> None:
    out.print(f"{found['header']} {found['title']}".strip(), style="bold", markup=False)
    for entry in found["entries"]:
        items = "；".join(map(_in_words, entry["items"])) or "—"
        out.print(f"{entry['index']:>3}. {entry['name'] or '—'}: {items}", markup=False)
    for left in found["left_out"]:
        out.print(f"     line {left['row']}, {left['reason']}: {left['text']}", style="dim", markup=False)


def _in_words(item: dict[str, Any]) -> str:
    quantity = "?" if item["quantity"] is None else item["quantity"]
    note = f"（{item['note']}）" if item["note"] else ""
    return f"{item['text'] or '·'} × {quantity}{item['unit']}{note}"
