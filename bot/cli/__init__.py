"""The command line. Each command lives in its own module and is imported only when it runs."""

from __future__ import annotations

import os

from bot.cli import garbage
from core.missing import without


def main() -> None:
    """Run the command line."""
    garbage.spare()
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # it would look for some in every package there is
    with without("rich"):  # structlog draws tracebacks with it, which our logs do not have
        import structlog  # noqa: F401, PLC0415
    from bot.cli import app  # noqa: PLC0415 - nothing is collected while it is imported

    app.main()
