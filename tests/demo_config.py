"""The demo as a settings file that a command can read: its shop and rooms, with a database of its own."""

from __future__ import annotations

from pathlib import Path

from bot.demo import FOLDER


def write_demo_config(folder: Path, *, extra: str = "", port: int = 0, url: str = "sqlite:///demo.db") -> Path:
    """Write ``config.toml`` into ``folder`` and return its path; ``extra`` is TOML that is put at the end."""
    parts = [(FOLDER / name).read_text(encoding="utf-8") for name in ("demo.toml", "suppliers.toml", "rooms.toml")]
    document = "\n".join(parts).replace("\n[[rooms]]", "\n[[channels.local.rooms]]")
    document = document.replace('path = "catalogue/', f'path = "{FOLDER}/catalogue/')
    document = document.replace("\n[channels.local]\n", f"\n[channels.local]\nport = {port}\n")
    path = folder / "config.toml"
    _ = path.write_text(f'{document}\n[database]\nurl = "{url}"\n{extra}\n', encoding="utf-8")
    return path
