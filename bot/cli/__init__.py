"""The command line. Each command lives in its own module and is imported only when it runs."""

from __future__ import annotations

from bot.cli import garbage


def main() -> None:
    """Run the command line."""
    garbage.spare()
    from bot.cli import app  # noqa: PLC0415 - nothing is collected while it is imported

    app.main()
