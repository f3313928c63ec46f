"""What patterns need, kept on disk: to work it out for all rules takes a fifth of a second at each start."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from core.kept import kept, sources
from recommender.necessities import Alternative, Strings, know, necessities, sufficiencies


def recall_necessities(patterns: Iterable[str], folder: Path | None = None, *, closely: bool = False) -> None:
    """Let ``necessities`` and ``sufficiencies`` know the answer for these patterns, from disk where it is kept."""
    wanted = sorted(set(patterns))
    made_of = [*sources("recommender.necessities"), str(closely), *wanted]
    needed, enough = kept("necessities", made_of, lambda: _worked_out(wanted, closely=closely), folder)
    know(needed, enough, closely=closely)


def _worked_out(
    patterns: Sequence[str], *, closely: bool
) -> tuple[dict[str, Sequence[Alternative]], dict[str, Strings]]:
    needed = {one: necessities(one, closely=closely) for one in patterns}
    return needed, {one: sufficiencies(one) for one in patterns}
