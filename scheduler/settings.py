"""The scheduler's section of the settings file."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from core.settings import Section
from scheduler.plans import parse_schedule


class SchedulerSettings(Section):
    """When the bot does what nobody asked for at that moment, and how hard it tries."""

    timezone: str = Field(
        default="Asia/Shanghai", description="IANA name of the zone in which all times of day here are read."
    )
    digest_time: str = Field(default="20:30", description="When leaders get the day's unmet needs, HH:MM.")
    relabel_time: str = Field(
        default="09:10", description="When every group's labels are looked at again and leaders told, HH:MM."
    )
    housekeeping: str = Field(
        default="every 10m",
        description="How often expired products, stuck messages and old records are seen to: every 10m, HH:MM or cron.",
    )
    retention_days: int = Field(
        default=30, ge=1, le=3650, description="Days that the record of finished or failed work is kept."
    )
    stuck_sending_seconds: int = Field(
        default=600,
        ge=60,
        le=86_400,
        description="Seconds after which a message whose sending was never confirmed counts as unknown.",
    )
    tick_seconds: float = Field(default=5, gt=0, le=60, description="Seconds between two looks for due work.")
    lease_seconds: int = Field(
        default=120,
        ge=3,
        le=86_400,
        description="Seconds after which the work of a process that went silent may be taken over by another.",
    )
    max_attempts: int = Field(default=5, ge=1, le=100, description="Tries before a piece of work counts as failed.")
    retry_seconds: int = Field(
        default=30, ge=1, le=3600, description="Seconds until the second try; doubled for each further one, up to 1 h."
    )
    parallel_jobs: int = Field(default=4, ge=1, le=64, description="Jobs that one process runs at the same time.")
    stop_seconds: float = Field(
        default=10, ge=0, le=600, description="Seconds that running jobs get to finish when the program stops."
    )

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            _ = ZoneInfo(value)
        except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
            raise ValueError(f"{value!r} is not an IANA time zone; write for example Asia/Shanghai") from None
        return value

    @field_validator("digest_time", "relabel_time")
    @classmethod
    def _time_of_day(cls, value: str) -> str:
        if ":" not in value:
            raise ValueError(f"{value!r} is not a time of day; write HH:MM, for example 20:30")
        _ = parse_schedule(value, ZoneInfo("UTC"))
        return value

    @field_validator("housekeeping")
    @classmethod
    def _schedule(cls, value: str) -> str:
        _ = parse_schedule(value, ZoneInfo("UTC"))
        return value

    @property
    def zone(self) -> ZoneInfo:
        """Return the zone that ``timezone`` names."""
        return ZoneInfo(self.timezone)
