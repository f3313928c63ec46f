"""One benchmark in a process of its own, so that no heap weighs on the next one."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context

from benchmarks.report import Options, Report
from core import logs
from core.settings import LoggingSettings


def run_apart(name: str, options: Options) -> Report:
    """Run a benchmark in a fresh interpreter and return its report; raises what it raises."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(run_here, name, options).result()


def run_here(name: str, options: Options) -> Report:
    """Run a benchmark in this interpreter."""
    logs.configure(LoggingSettings(level="error"))
    report: Report = import_module(f"benchmarks.{name}").run(options)
    return report
