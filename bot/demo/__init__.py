"""The demo: made-up suppliers, rooms and a conversation, and the settings that bring them together."""

from __future__ import annotations

from pathlib import Path

from bot.settings import Settings
from core.settings import read_document, validate

FOLDER = Path(__file__).parent
SCRIPT = FOLDER / "script.jsonl"


def demo_settings(folder: Path, port: int) -> Settings:
    """Return the demo's settings with its database in ``folder`` and the chat page on ``port``."""
    document = {**read_document(FOLDER / "demo.toml"), **read_document(FOLDER / "suppliers.toml")}
    document["database"] = {"url": f"sqlite:///{folder}/demo.db"}
    local = document["channels"]["local"]
    document["channels"] = {"local": {**local, "port": port, **read_document(FOLDER / "rooms.toml")}}
    return validate(Settings, document, source=str(FOLDER / "demo.toml"), base=FOLDER)
