from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from catalog.schedule import check_schedule, interval
from core.settings import SettingsError
from tests.catalog.feeds import catalog_settings, supplier

HTTP = {"kind": "http", "url": "https://example.com/feed"}


@pytest.mark.parametrize("text", ["", "every 30m", "every 12 h", "0 7 * * mon-fri", "*/15 8-20/2 1,15 jan-mar sun"])
def test_schedules(text: str) -> None:
    check_schedule(text)


def test_intervals() -> None:
    assert interval("every 30m") == timedelta(minutes=30)
    assert interval("every 12 h") == timedelta(hours=12)
    assert interval("0 7 * * mon-fri") is interval("") is None


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("0 9 * * 0", "not a number"),
        ("0 9 * * 1-5", "not a number"),
        ("daily", "is not a schedule"),
        ("every 0m", "is not a schedule"),
        ("60 9 * * *", "between 0 and 59"),
        ("0 9 * * fri-mon", "backwards"),
        ("0 9 ? * *", "day of the month"),
    ],
)
def test_wrong_schedules_say_what_to_write(text: str, advice: str) -> None:
    with pytest.raises(SettingsError, match=advice):
        supplier(schedule=text)


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"id": "Big Orchard"}, r"suppliers\[0\].id"),
        ({"source": {"kind": "ftp"}}, r"suppliers\[0\].source"),
        ({"source": {"kind": "csv", "path": "a.csv", "separator": ";"}}, r"source.csv.separator: unknown key"),
        ({"source": {"kind": "csv", "path": "a.csv", "encoding": "klingon"}}, "auto, utf-8 or gb18030"),
        ({"source": HTTP | {"url": "ftp://example.com"}}, "not an HTTP address"),
        ({"source": HTTP | {"url": "https://me:secret@example.com/"}}, "give them as a header"),
        ({"source": HTTP | {"headers": {"X-Key": "plain"}}}, "secrets do not belong into this file"),
        ({"source": HTTP | {"headers": {"X Key": "env:FEED_KEY"}}}, "not a header's name"),
        ({"source": HTTP | {"headers": {"X-Key": "env:BROKEN_KEY"}}}, "control character"),
        ({"source": HTTP | {"paging": {"kind": "scroll"}}}, "paging"),
        ({"fields": {"id": "sku", "title": "name"}}, "where price come"),
        ({"fields": {"id": "a", "title": "b", "price": "c", "colour": "d"}}, "fields.colour"),
        ({"fields": {"id": "a", "title": {"map": {}}, "price": "c"}}, "neither a column nor a default"),
        ({"fields": {"id": "a", "title": "b", "price": {"column": "c", "format": "cent"}}}, "price.format"),
        ({"fields": {"id": "a", "title": "b", "price": "c", "unit": {"column": "d", "split": ","}}}, "unit.split"),
        ({"time_zone": "Asia/Atlantis"}, "Asia/Shanghai"),
        ({"max_gone_share": 2}, "max_gone_share"),
    ],
)
def test_wrong_settings_name_their_place(values: dict[str, Any], fault: str) -> None:
    values.setdefault("source", {"kind": "csv", "path": "a.csv"})
    with pytest.raises(SettingsError, match=fault) as caught:
        catalog_settings(values, FEED_KEY="s3cret", BROKEN_KEY="s3cret\r\nX: y")
    assert "s3cret" not in str(caught.value)
    assert ":secret" not in str(caught.value)


def test_two_suppliers_may_not_share_an_id() -> None:
    source = {"kind": "csv", "path": "a.csv"}
    with pytest.raises(SettingsError, match="'orchard' is given twice"):
        catalog_settings({"source": source}, {"source": source})


def test_paths_count_from_the_settings_file() -> None:
    settings = catalog_settings({"source": {"kind": "csv", "path": "feeds/a.csv"}}, base=Path("/etc/shop"))
    assert settings.suppliers[0].source.path == Path("/etc/shop/feeds/a.csv")  # type: ignore[union-attr]
