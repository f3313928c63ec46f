"""Taking a person out of a chain: out of what is kept of it, and out of messages that show it. Pure.

WeChat sends the whole list with every edit, so the lines of somebody who was deleted come again with the next snapshot.
They are known by a keyed hash and are no order any more.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from core.personal import REDACTED, Traces, keyed_mark
from orders.chains.chain import Chain
from orders.chains.kept import Kept, KeptEntry, plain
from orders.chains.xml import read_message


def without_lines(text: str, traces: Traces) -> str | None:
    """Return the message of a chain without the person's entries; None when the text is no chain.

    In the client's own record an entry is tied to its author by counted characters: that one is emptied whole.
    """
    if not _may_be(text):
        return None
    chain = read_message(text)
    if chain is None:
        return None
    touched = [entry for entry in chain.entries if _is_theirs(entry.author, entry.body, traces)]
    if chain.text != text:
        own = touched or chain.creator == traces.person.contact_id or traces.touches(text)
        return REDACTED if own else text
    cleaned = text
    for entry in sorted(touched, key=lambda entry: entry.span.start, reverse=True):
        cleaned = cleaned[: entry.span.start] + REDACTED + cleaned[entry.span.end :]
    return "\n".join(REDACTED if traces.touches(line) else line for line in cleaned.split("\n"))


def without_person(kept: Kept, traces: Traces) -> Kept:
    """Return what is kept of a chain without the person's entries; a hash of each lets it be known again."""
    person = traces.person
    theirs = [entry for entry in kept.entries if _is_kept_of(entry, traces)]
    said = {text for entry in theirs for text in entry.said}
    said |= {plain(text) for name, text in kept.last if name in person.telling}
    cleaned = tuple(_cleaned(entry, traces) for entry in kept.entries if entry not in theirs)
    changed = cleaned != kept.entries
    return replace(
        kept,
        header=traces.clean(kept.header),
        title=traces.clean(kept.title),
        creator="" if kept.creator == person.contact_id else kept.creator,
        entries=cleaned,
        last=tuple(
            (traces.clean(name), traces.clean(text))
            for name, text in kept.last
            if name not in person.telling and plain(text) not in said
        ),
        seen={sender: number for sender, number in kept.seen.items() if sender != person.contact_id},
        fresh=() if changed else kept.fresh,  # places in a list that is another now
        freshener="" if kept.freshener == person.contact_id else kept.freshener,
        gone=tuple(dict.fromkeys([*kept.gone, *sorted(line_mark(person.secret, text) for text in said)])),
    )


def line_mark(secret: bytes, text: str) -> str:
    """Return the keyed hash by which a deleted line is known when it comes again."""
    return keyed_mark(secret, "chain", text)[:32]


def still_standing(chain: Chain, secret: bytes, gone: Collection[str]) -> Chain:
    """Return a snapshot without the lines of deleted people."""
    entries = tuple(entry for entry in chain.entries if line_mark(secret, plain(entry.body)) not in gone)
    return chain if len(entries) == len(chain.entries) else replace(chain, entries=entries)


def texts_of(kept: Kept, contact_id: str) -> set[str]:
    """Return everything a contact's entries ever said, folded."""
    return {text for entry in kept.entries if contact_id in {entry.member, entry.author} for text in entry.said}


def _may_be(text: str) -> bool:
    return any(sign in text for sign in ("接龙", "接龍", "Note", "note", "NOTE", "solitaire"))


def _is_theirs(author: str, body: str, traces: Traces) -> bool:
    return author == traces.person.contact_id or plain(body) in traces.person.words or traces.touches(body)


def _is_kept_of(entry: KeptEntry, traces: Traces) -> bool:
    person = traces.person
    if person.contact_id in {entry.member, entry.author}:
        return True
    return entry.member.removeprefix("~") in person.telling or entry.name in person.telling


def _cleaned(entry: KeptEntry, traces: Traces) -> KeptEntry:
    """Return somebody else's entry as it may stay."""
    items = tuple(one._replace(text=traces.clean(one.text), note=traces.clean(one.note)) for one in entry.items)
    said_by = "" if entry.said_by == traces.person.contact_id else entry.said_by
    return replace(
        entry,
        name=traces.clean(entry.name),
        member=traces.clean(entry.member) if entry.member.startswith("~") else entry.member,
        said_by=said_by,
        items=items,
        said=tuple(traces.clean(text) for text in entry.said),
    )
