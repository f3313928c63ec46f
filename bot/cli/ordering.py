"""``qianqun orders …``: what can be done with orders from the command line."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from bot.cli.session import execute, opened_database, out, report
from core.clock import SystemClock
from core.settings import SettingsError
from core.text import Normaliser
from groups import repository as group_store
from groups.people import audit
from groups.people.audit import Look
from groups.segments.effects import effects_of
from groups.segments.matching import Segments
from groups.segments.settings import Packing
from orders import exporting, repository
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


def list_offers(config: Path) -> int:
    """Print every offer, newest first."""

    async def work() -> int:
        async with opened_database(config) as (_, database), database.reading() as session:
            rows = await repository.overview(session)
        for row in rows:
            out().print(
                f"{row.id:>6}  {row.state:<10} {row.kind:<7} {row.created_at:%Y-%m-%d}  {row.title}", markup=False
            )
        if not rows:
            out().print("no offers yet", style="dim")
        return 0

    return execute(work)


def export(wanted: str, config: Path, *, form: str, folder: Path) -> int:
    """Write one offer's order book into files; who exported is kept in the offer's history."""

    async def work() -> int:
        if form not in {"xlsx", "csv"}:
            raise SettingsError("--format", [("--format", f"{form!r} is not a format; write xlsx or csv")])
        now = SystemClock().now()
        async with opened_database(config) as (settings, database), database.transaction() as session:
            rows = await repository.overview(session)
            found = next((row for row in rows if wanted in {str(row.id), row.title}), None)
            if found is None:
                known = ", ".join(f"{row.id} {row.title}" for row in rows[:10]) or "none"
                raise SettingsError("OFFER", [("OFFER", f"there is no offer {wanted!r}; the newest are: {known}")])
            offer = (await repository.load(session, [found.id]))[found.id]
            topics = await group_store.topics(session, offer.group_ids)
            packing = await _packing(session, offer.group_ids, Segments(settings.segments))
            event = {"offer_id": offer.id, "what": "exported", "detail": {"form": form}, "said_by": "console"}
            await repository.add_events(session, [{**event, "inbox_id": None, "at": now}])
            look = Look(audit.OPERATOR, "exported_orders", detail={"offer": offer.id, "form": form})
            await audit.write(session, look, now)
        if form == "xlsx":
            name = f"{exporting.file_name(offer, now, settings.zone)}.xlsx"
            files = {name: exporting.export_xlsx(offer, now, settings.zone, topics, packing)}
        else:
            files = exporting.export_csv(offer, now, settings.zone, topics, packing)
        _write(files, folder)
        return 0

    return execute(work)


async def _packing(session: AsyncSession, group_ids: Sequence[int], segments: Segments) -> Packing:
    """Return what the packing sheet is ordered by, as in the offer's first group."""
    keys = await group_store.rooms(session, group_ids[:1])
    states = await group_store.load(session, list(keys.values()))
    return next((effects_of(state, segments).packing for state in states.values()), Packing.BUILDING)


def _write(files: dict[str, bytes], folder: Path) -> None:
    """Write files beside each other and name each; they hold names and rooms, so only this user may read them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = folder / name
        path.touch(mode=0o600)
        _ = path.write_bytes(content)
        out().print(str(path), markup=False)


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
    out().print(f"{found['header']} {found['title']}".strip(), style="bold", markup=False)
    for entry in found["entries"]:
        items = "；".join(map(_in_words, entry["items"])) or "—"
        out().print(f"{entry['index']:>3}. {entry['name'] or '—'}: {items}", markup=False)
    for left in found["left_out"]:
        out().print(f"     line {left['row']}, {left['reason']}: {left['text']}", style="dim", markup=False)


def _in_words(item: dict[str, Any]) -> str:
    quantity = "?" if item["quantity"] is None else item["quantity"]
    note = f"（{item['note']}）" if item["note"] else ""
    return f"{item['text'] or '·'} × {quantity}{item['unit']}{note}"
