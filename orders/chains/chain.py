"""What a chain is once it has been read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from orders.chains.menu import MenuItem
from orders.edits import Span


class Left(StrEnum):
    """Why a line of a chain is no order."""

    MENU = "menu"  # says what is offered
    EXAMPLE = "example"  # shows how to write
    NOTE = "note"  # says how, where and when
    EMPTY = "empty"  # a number that nobody has taken


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A line that is no order: its number (from 1), its text, why."""

    row: int
    text: str
    reason: Left


@dataclass(frozen=True, slots=True)
class Slot:
    """Where an entry stands: ``text[start:end]`` without its mark; ``author`` and ``at`` (unix time) if XML says so."""

    index: int
    start: int
    end: int
    author: str = ""
    at: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. ``body`` is what stands behind its mark, several lines perhaps; ``span`` where, in the chain's text.

    ``author`` is the contact who wrote it and ``at`` when (unix time), both empty unless XML says so.
    """

    index: int
    body: str
    span: Span
    author: str = ""
    at: int = 0


@dataclass(frozen=True, slots=True)
class Chain:
    """A snapshot of a chain. ``text`` is what people see of it, and what spans count in.

    ``header`` is the sign as written (#接龙), ``creator`` the contact who started it, empty unless XML says so.
    """

    header: str
    title: str
    text: str
    menu: tuple[MenuItem, ...] = ()
    entries: tuple[Entry, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    creator: str = ""
