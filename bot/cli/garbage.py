"""When the collector of reference cycles runs: seldom, and not over what a command started with.

A start makes some hundred thousand objects that stay (dictionaries, patterns, products) and hardly any cycles. To
walk over them again and again took a fifth of its time, and now and then a tenth of a second of the running bot.
"""

from __future__ import annotations

import gc

_YOUNG = 50_000
"""So many objects more than before are looked at for garbage; Python's own 700 are one message's."""


def spare() -> None:
    """Collect seldom in this process. Called first of all: half of what is made at a start is made by imports."""
    gc.set_threshold(_YOUNG)


def settle(*, thorough: bool = False) -> None:
    """Leave everything that exists now out of later collections; called when the parts stand and the shelf is full.

    Does so once in the life of a process: what refers to itself and is left out is never freed. ``thorough`` first
    frees what of that is garbage already: 0.1 s, for a process that runs for months.
    """
    if not gc.get_freeze_count():
        if thorough:
            gc.collect()
        gc.freeze()
