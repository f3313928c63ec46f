"""``qianqun warmup``: compiled code made before it is needed."""

from __future__ import annotations

from compileall import compile_dir
from pathlib import Path

from bot.cli.session import execute, out
from core.clock import monotonic
from recommender.compiled import readiness

PACKAGES = ("bot", "scheduler", "recommender", "orders", "groups", "catalog", "core")
_ROOT = Path(__file__).parents[2]


def warm(*, anew: bool) -> int:
    """Load or compile every stage and say how long each took; 1 when compiled code cannot be used here."""

    async def work() -> int:
        if anew:
            out.print(f"dropped {readiness.drop_code()} files of compiled code")
        _keep_bytecode(_ROOT)
        if not readiness.ready():
            out.print("compiled code cannot be used here (the log says why); everything works without it, slower")
            return 1
        from recommender.compiled.examples import FURTHER  # noqa: PLC0415 - numba, known to be there now

        for name, seconds in {**readiness.warmed(), **readiness.timed(FURTHER)}.items():
            out.print(f"{name:<12} {seconds:.2f} s", markup=False)
        return 0

    return execute(work)


def _keep_bytecode(root: Path) -> None:
    """Write the bytecode of our modules beside them, also where Python is told to write none: half a second a start."""
    began = monotonic()
    kept = [compile_dir(root / package, quiet=2) for package in PACKAGES]
    if all(kept):
        out.print(f"{'bytecode':<12} {monotonic() - began:.2f} s", markup=False)
    else:
        out.print(f"bytecode cannot be kept in {root}: every start compiles the modules, half a second", markup=False)
