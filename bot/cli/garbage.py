"""When the collector of reference cycles runs: not at a start, then seldom, and not over what a command started with.

A start makes some hundred thousand objects that stay (modules, classes, patterns, products) and hardly any cycles. To
walk over them again and again took a fifth of its time, and now and then a tenth of a second of the running bot.
"""

from __future__ import annotations

import gc

_YOUNG = 50_000
"""So many objects more than before are looked at for garbage; Python's own 700 are one message's."""
_EARLY = 4 * _YOUNG
"""The same until everything stands: more than the parts are made of, and an end to it for a million rows."""


def spare() -> None:
    """Collect nothing for now. Called before anything is imported: imports make half of what is made at a start."""
    gc.disable()


def resume() -> None:
    """Collect again, but not over what was imported; called when a command has all its modules and begins its work."""
    if not gc.isenabled():
        gc.freeze()
        gc.set_threshold(_EARLY)
        gc.enable()


def settle(*, thorough: bool = False) -> None:
    """Leave everything that exists now out of later collections; called when the parts stand and the shelf is full.

    Does so once in the life of a process: what refers to itself and is left out is never freed. ``thorough`` first
    frees what of that is garbage already: 0.1 s, for a process that runs for months.
    """
    if gc.get_threshold()[0] != _YOUNG:
        if thorough:
            gc.unfreeze()
            gc.collect()
        gc.freeze()
        gc.set_threshold(_YOUNG)
