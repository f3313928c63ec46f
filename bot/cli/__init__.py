"""The command line. Each command lives in its own module and is imported only when it runs."""

from __future__ import annotations

from bot.cli.app import main

__all__ = ["main"]
