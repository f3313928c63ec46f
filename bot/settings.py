"""The whole settings document: the sections of all packages, read from one TOML file and the environment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from bot.channels.local.settings import LocalSettings
from bot.channels.wechaty.settings import WechatySettings
from catalog.settings import CatalogSettings
from core.settings import DatabaseSettings, LoggingSettings, Section, SettingsError, read_document, validate
from groups.segments.settings import SegmentSettings, check_segments
from groups.settings import GroupsSettings
from orders.settings import OrdersSettings
from recommender.settings import RecommenderSettings
from scheduler.settings import SchedulerSettings

ENVIRONMENT_PREFIX = "QIANQUN__"
"""``QIANQUN__DATABASE__URL`` replaces ``database.url``: the key path in capitals, joined by two underscores."""


class PacingSettings(Section):
    """How slowly one account speaks. WeChat publishes no limits; these are careful."""

    enabled: bool = Field(default=True, description="False sends at once: for demos and tests only.")
    per_minute: int = Field(default=10, ge=1, description="Most messages of an account in any 60 seconds.")
    unasked_per_day: int = Field(default=200, ge=0, description="Most unasked messages of an account in 24 hours.")
    unasked_per_group_per_day: int = Field(
        default=2, ge=0, description="Most unasked messages in one group in 24 hours."
    )
    between_groups: tuple[float, float] = Field(
        default=(3.0, 8.0), description="Seconds between two groups, at random."
    )
    before_answer: tuple[float, float] = Field(default=(1.0, 4.0), description="Seconds before an answer, at random.")
    gather_receipts: float = Field(
        default=2.0, ge=0, description="Seconds in which receipts of one group are gathered into one message."
    )
    warm_up_days: float = Field(
        default=7, ge=0, description="Days in which a new account only has a third of its caps."
    )
    failures_to_stop: int = Field(default=5, ge=1, description="Failed sends in a row after which the account stops.")

    @field_validator("between_groups", "before_answer")
    @classmethod
    def _ordered(cls, span: tuple[float, float]) -> tuple[float, float]:
        if not 0 <= span[0] <= span[1]:
            raise ValueError("write the shorter time first, both at least 0, for example [3, 8]")
        return span


class ChannelsSettings(Section):
    """Ways into a chat; those that are left out are not started."""

    local: LocalSettings | None = Field(default=None, description="The chat page in the browser.")
    wechaty: WechatySettings | None = Field(default=None, description="A Wechaty gateway.")


class Settings(Section):
    """Everything an admin can set."""

    timezone: str = Field(default="Asia/Shanghai", description="IANA time zone of quiet hours, digests and dates.")
    database: DatabaseSettings = Field(default=DatabaseSettings())
    logging: LoggingSettings = Field(default=LoggingSettings())
    catalog: CatalogSettings = Field(default=CatalogSettings())
    groups: GroupsSettings = Field(default=GroupsSettings())
    segments: tuple[SegmentSettings, ...] = Field(
        default=(), description="Groups with something in common, and what is different for them."
    )
    orders: OrdersSettings = Field(default=OrdersSettings())
    recommender: RecommenderSettings = Field(default=RecommenderSettings())
    scheduler: SchedulerSettings = Field(default=SchedulerSettings())
    pacing: PacingSettings = Field(default=PacingSettings())
    channels: ChannelsSettings = Field(default=ChannelsSettings())

    @model_validator(mode="before")
    @classmethod
    def _one_time_zone(cls, document: Any) -> Any:
        """Let the scheduler follow the top-level time zone unless it has its own."""
        if isinstance(document, dict) and _is_zone(document.get("timezone")):
            scheduler = {"timezone": document["timezone"], **(document.get("scheduler") or {})}
            return {**document, "scheduler": scheduler}
        return document

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        if not _is_zone(name):
            raise ValueError(f"{name!r} is no IANA time zone; write for example Asia/Shanghai")
        return name

    @field_validator("segments")
    @classmethod
    def _stand_together(cls, segments: tuple[SegmentSettings, ...]) -> tuple[SegmentSettings, ...]:
        check_segments(segments)
        return segments

    @property
    def zone(self) -> ZoneInfo:
        """Return the time zone."""
        return ZoneInfo(self.timezone)


def _is_zone(name: object) -> bool:
    try:
        return isinstance(name, str) and bool(ZoneInfo(name))
    except (KeyError, ValueError, OSError):
        return False


def load_settings(path: Path, environment: Mapping[str, str]) -> Settings:
    """Read the settings file; raise ``SettingsError`` naming every fault by its key path."""
    document = _with_environment(read_document(path), environment, str(path))
    return validate(Settings, document, source=str(path), base=path.resolve().parent, environment=environment)


def _with_environment(document: dict[str, Any], environment: Mapping[str, str], source: str) -> dict[str, Any]:
    """Return the document with the keys replaced that the environment names."""
    for name, value in sorted(environment.items()):
        if not name.startswith(ENVIRONMENT_PREFIX):
            continue
        *sections, key = name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__")
        place = document
        for section in sections:
            inner = place.setdefault(section, {})
            if not isinstance(inner, dict):
                raise SettingsError(
                    source, [(name, f"{section} is no section, so the variable has nothing to replace")]
                )
            place = inner
        place[key] = value
    return document
