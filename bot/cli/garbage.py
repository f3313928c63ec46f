"""When the collector of reference cycles runs: seldom, and not over what a command started with.

A start makes two million objects that stay (dictionaries, patterns, products) and hardly any cycles; walking over
them again and again took a fifth of its time, and a hiccup of 0.2 s now and then of the running bot.
"""

from __future__ import annotations

import gc

_YOUNG, _MIDDLE, _OLD = 50_000, 20, 20
"""Objects more than before at which the young are looked at, and how many such rounds make one over older ones."""


def spare() -> None:
    """Collect seldom in this process. Called first of all: half of what is made at a start is made by imports."""
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)


def settle() -> None:
    """Leave everything that exists now out of later collections; called when the parts stand and the shelf is full.

    Does so once in the life of a process: what refers to itself and is left out is never freed.
    """
    if not gc.get_freeze_count():
        gc.freeze()
