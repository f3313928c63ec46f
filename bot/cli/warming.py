"""``qianqun warmup``: what a start can keep for the next one, made before it is needed."""

from __future__ import annotations

from compileall import compile_dir
from pathlib import Path

from bot.cli.session import execute, out
from bot.demo import demo_settings
from bot.replay import scratch
from core import logs
from core.clock import monotonic
from recommender.compiled import readiness

PACKAGES = ("bot", "scheduler", "recommender", "orders", "groups", "catalog", "core")
_ROOT = Path(__file__).parents[2]


def warm(*, anew: bool) -> int:
    """Load or make all of it and say how long each took; 1 when compiled code cannot be used here."""

    async def work() -> int:
        settings = demo_settings(Path(), 0)
        logs.configure(settings.logging)
        if anew:
            out().print(f"dropped {readiness.drop_code()} files of compiled code")
        _keep_bytecode(_ROOT)
        if not readiness.ready():
            out().print("compiled code cannot be used here (the log says why); everything works without it, slower")
            return 1
        from recommender.compiled.examples import FURTHER  # noqa: PLC0415 - numba, known to be there now

        for name, seconds in {**readiness.warmed(), **readiness.timed(FURTHER)}.items():
            _say(name, seconds)
        began = monotonic()
        async with scratch(settings) as (parts, _):  # keeps dictionaries, what rules need, an empty database
            await parts.catalog.sync_all()
            await parts.storefront.fill()
        _say("start", monotonic() - began)
        return 0

    return execute(work)


def _keep_bytecode(root: Path) -> None:
    """Write the bytecode of our modules beside them, also where Python is told to write none: half a second a start."""
    began = monotonic()
    kept = [compile_dir(root / package, quiet=2) for package in PACKAGES]
    if all(kept):
        _say("bytecode", monotonic() - began)
    else:
        out().print(f"bytecode cannot be kept in {root}: every start compiles the modules, half a second", markup=False)


def _say(name: str, seconds: float) -> None:
    out().print(f"{name:<12} {seconds:.2f} s", markup=False)
