"""Mentions as WeChat writes them: ``@name`` and a four-per-em space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

SEPARATOR = "\u2005"


def write(text: str, names: Sequence[str]) -> str:
    """Put mentions of ``names`` in front of ``text``."""
    return "".join(f"@{name}{SEPARATOR}" for name in names) + text


def find(text: str, names: Mapping[str, str], picked: Sequence[str] = ()) -> list[str]:
    """Return the ids mentioned in ``text``, in the order they stand there.

    ``names`` maps ids to shown names. A name typed by hand counts when it is followed by a space or the end;
    at one ``@`` the longest name wins, so that 小美妈 is not taken for 小美. ``picked`` (chosen from a list)
    decides between two people of the same name, and needs no space behind.
    """
    found: list[str] = []
    start = text.find("@")
    while start >= 0:
        here = [
            (len(name), member_id in picked, member_id)
            for member_id, name in names.items()
            if text.startswith(name, start + 1) and (member_id in picked or _ends(text, start + 1 + len(name)))
        ]
        if here:
            longest = max(here)[:2]
            found += [member_id for *rank, member_id in here if tuple(rank) == longest and member_id not in found]
        start = text.find("@", start + 1)
    return found


def _ends(text: str, position: int) -> bool:
    return position == len(text) or text[position].isspace()
