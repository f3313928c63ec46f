"""``qianqun warmup``: compiled code made before it is needed."""

from __future__ import annotations

from bot.cli.session import execute, out
from recommender.compiled import readiness


def warm(*, anew: bool) -> int:
    """Load or compile every stage and say how long each took; 1 when compiled code cannot be used here."""

    async def work() -> int:
        if anew:
            out.print(f"dropped {readiness.drop_code()} files of compiled code")
        if not readiness.ready():
            out.print("compiled code cannot be used here (the log says why); everything works without it, slower")
            return 1
        from recommender.compiled.examples import FURTHER  # noqa: PLC0415 - numba, known to be there now

        for name, seconds in {**readiness.warmed(), **readiness.timed(FURTHER)}.items():
            out.print(f"{name:<12} {seconds:.2f} s", markup=False)
        return 0

    return execute(work)
