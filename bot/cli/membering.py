"""``qianqun members``: hand somebody their data, or delete it, from the command line."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path

import typer
from sqlmodel.ext.asyncio.session import AsyncSession

from bot import disclosing, personal
from bot.cli.session import execute, opened_database, out
from core import inbox
from core.clock import SystemClock
from core.database import Database, is_unavailable
from core.personal import Person
from core.settings import SettingsError
from groups.people import audit
from groups.people import personal as group_data
from groups.people.audit import Look
from groups.state import MemberKey

_TRIES = 3


@dataclass(frozen=True, slots=True)
class Whom:
    """Whom a command means: a contact id, and the account that knows them where that is not plain."""

    contact: str
    channel: str = ""
    account: str = ""


def export(whom: Whom, config: Path, *, form: str, folder: Path) -> int:
    """Write everything that is kept about somebody into one file; the audit log keeps that it was done."""

    async def work() -> int:
        if form not in {"xlsx", "json"}:
            raise SettingsError("--format", [("--format", f"{form!r} is not a format; write xlsx or json")])
        now = SystemClock().now()
        async with opened_database(config) as (settings, database), database.transaction() as session:
            person = await _person(session, whom)
            sheets = await personal.export(session, person)
            rows = sum(len(sheet.rows) for sheet in sheets)
            look = Look(audit.OPERATOR, "exported", about=_key(person), detail={"form": form, "rows": rows})
            await audit.write(session, look, now)
        content = disclosing.workbook(sheets, settings.zone) if form == "xlsx" else disclosing.as_json(sheets).encode()
        name = re.sub(r"[^\w-]", "_", person.contact_id)[:60]
        path = folder / f"{name}.{form}"
        await asyncio.to_thread(_write, path, content)
        out().print(f"{path}: {rows} rows", markup=False)
        return 0

    return execute(work)


def erase(whom: Whom, config: Path, *, sure: bool) -> int:
    """Delete what is kept about somebody; asks first unless ``sure``.

    The bot may run meanwhile. The person's inbox rows are emptied first, in the order of their ids: a lane that decides
    about one of them holds its lock (``inbox.pending``), so that what it decided is committed before the rest is
    looked for; and a lane that comes later finds the row done and leaves it out. Chains and offers are locked in the
    order in which lanes lock them; should they lock each other out all the same, it is tried again. What lanes remember
    is dropped with the note that is committed in the same transaction (``inbox.tell_lanes``).
    """

    async def work() -> int:
        async with opened_database(config) as (_, database):
            async with database.reading() as session:
                person = await _person(session, whom)
            where = f"{person.channel}/{person.account}, {len(person.group_ids)} group(s)"
            if not sure and not typer.confirm(f"Delete everything about {person.contact_id} ({where})?"):
                out().print("nothing was deleted")
                return 0
            erased = await _erase(database, _key(person))
        for kind, count in erased.counts.items():
            out().print(f"{kind}: {count}", markup=False)
        out().print(f"deleted, receipt {erased.receipt}", markup=False)
        return 0

    return execute(work)


async def _erase(database: Database, key: MemberKey) -> personal.Erased:
    for attempt in range(1, _TRIES + 1):
        now = SystemClock().now()
        try:
            async with database.transaction() as session:
                person = await personal.person_of(session, key)
                erased = await personal.erase(session, person, Look(audit.OPERATOR, "erased", about=key), now)
                await inbox.tell_lanes(session, now)
        except Exception as error:
            if attempt == _TRIES or not is_unavailable(error):
                raise
            await asyncio.sleep(attempt)
        else:
            return erased
    raise AssertionError("the last attempt returns or raises")


async def _person(session: AsyncSession, whom: Whom) -> Person:
    """Return who is meant; raise ``SettingsError`` for somebody unknown, or known to several accounts."""
    found = await group_data.accounts_with(session, whom.contact)
    if whom.channel and whom.account:
        found = [MemberKey(whom.channel, whom.account, whom.contact)]
    fitting = [key for key in found if whom.channel in {"", key.channel} and whom.account in {"", key.account}]
    if len(fitting) > 1:
        known = ", ".join(f"--channel {key.channel} --account {key.account}" for key in fitting)
        raise SettingsError(
            "CONTACT", [("CONTACT", f"{whom.contact!r} is known to several accounts; add one of: {known}")]
        )
    person = await personal.person_of(session, fitting[0]) if fitting else None
    if person is None or not await personal.is_known(session, person):
        where = "".join(
            f" --{name} {value}" for name, value in (("channel", whom.channel), ("account", whom.account)) if value
        )
        raise SettingsError(
            "CONTACT",
            [
                (
                    "CONTACT",
                    f"nothing is kept about {whom.contact!r}{where}; write the contact id as the channel has it "
                    "(wxid_…), not a name; for somebody who only wrote in private, also --channel and --account",
                )
            ],
        )
    return person


def _write(path: Path, content: bytes) -> None:
    """Write a file that only this user may read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    _ = path.write_bytes(content)


def _key(person: Person) -> MemberKey:
    return MemberKey(person.channel, person.account, person.contact_id)
