"""The catalogue's part of the settings: suppliers, where their feeds are, what their columns mean."""

from __future__ import annotations

import codecs
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, Field, SecretStr, field_validator, model_validator

from catalog.schedule import check_schedule
from core.settings import ConfigPath, Secret, Section

FieldName = Literal[
    "id",
    "title",
    "category",
    "brand",
    "specification",
    "unit",
    "price",
    "currency",
    "price_tiers",
    "stock",
    "limit_per_member",
    "minimum_quantity",
    "neighbourhoods",
    "on_sale_from",
    "on_sale_to",
    "link",
    "image",
    "keywords",
]
REQUIRED_FIELDS: tuple[FieldName, ...] = ("id", "title", "price")
_SPLIT_FIELDS = frozenset({"neighbourhoods", "keywords", "price_tiers"})
_DATE_FIELDS = frozenset({"on_sale_from", "on_sale_to"})

MEGABYTE = 1024 * 1024


class FieldRule(Section):
    """How one of our fields is read from a supplier's row."""

    column: str = Field(default="", description="Their column, or a dotted path into their object (price.amount).")
    split: str = Field(default="", description="What stands between the items of a list; empty = any of | , 、 ;")
    map: dict[str, str] = Field(
        default_factory=dict,
        description="Their word to ours; for price_tiers their key to quantity or price. An empty result means empty.",
    )
    default: str | int | float | list[str] | None = Field(
        default=None, description="Used when their value is missing or empty."
    )
    format: str = Field(
        default="", description="Dates: strptime pattern, unix or unix_ms. Prices: fen for hundredths. Else empty."
    )

    @model_validator(mode="after")
    def _has_an_origin(self) -> FieldRule:
        if not self.column and self.default is None:
            raise ValueError("names neither a column nor a default; write one of them")
        return self


def _rule_from_text(value: object) -> object:
    return {"column": value} if isinstance(value, str) else value


Rule = Annotated[FieldRule, BeforeValidator(_rule_from_text)]
"""A rule, or only the column's name."""


class _FileSource(Section):
    path: ConfigPath = Field(description="The file; relative to the settings file.")


class _TextSource(_FileSource):
    encoding: str = Field(
        default="auto", description="auto (UTF-8, UTF-16 with a mark, or GB 18030), or the name of an encoding."
    )

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str) -> str:
        if value != "auto":
            try:
                "x".encode(codecs.lookup(value).name)
            except LookupError:
                raise ValueError(f"{value!r} is not an encoding; write auto, utf-8 or gb18030") from None
        return value


class CsvSource(_TextSource):
    """A CSV file with a header row; read row by row, any size."""

    kind: Literal["csv"]
    delimiter: str = Field(default=",", min_length=1, max_length=1, description="One character; \\t for tabs.")
    header_row: int = Field(default=1, ge=1, le=100, description="The row with the column names.")


class JsonLinesSource(_TextSource):
    """A file with one JSON object per line; read line by line, any size."""

    kind: Literal["jsonl"]


class JsonSource(_TextSource):
    """A JSON file; read whole, so its size is limited."""

    kind: Literal["json"]
    items: str = Field(default="", description="Dotted path to the list (data.items); empty = the document itself.")
    max_bytes: int = Field(default=50 * MEGABYTE, gt=0, description="Largest file, in bytes.")


class XlsxSource(_FileSource):
    """A sheet of an Excel workbook; read row by row."""

    kind: Literal["xlsx"]
    sheet: str = Field(default="", description="Name of the sheet; empty = the first.")
    header_row: int = Field(default=1, ge=1, le=100, description="The row with the column names.")
    max_unpacked_bytes: int = Field(
        default=200 * MEGABYTE, gt=0, description="Largest size of the unpacked workbook; guards against zip bombs."
    )


class PageNumbers(Section):
    """Pages by number; the first empty page (or, with a size, short page) is the last."""

    kind: Literal["page"]
    parameter: str = Field(default="page", min_length=1, description="Query parameter with the page's number.")
    start: int = Field(default=1, ge=0, description="Number of the first page.")
    size_parameter: str = Field(default="", description="Query parameter with the page's size; empty = not sent.")
    size: int = Field(default=0, ge=0, description="Items per page; 0 = unknown, read until an empty page.")


class NextLink(Section):
    """Each page names the next one's address."""

    kind: Literal["next"]
    path: str = Field(default="", description="Dotted path to the address; empty = the Link header's rel=next.")


class Cursor(Section):
    """Each page carries a mark to ask for the next one."""

    kind: Literal["cursor"]
    parameter: str = Field(default="cursor", min_length=1, description="Query parameter with the mark.")
    path: str = Field(min_length=1, description="Dotted path to the next mark; none or empty = last page.")


Paging = Annotated[PageNumbers | NextLink | Cursor, Field(discriminator="kind")]


class HttpSource(Section):
    """A JSON document behind HTTP(S), in one piece or in pages."""

    kind: Literal["http"]
    url: str = Field(description="Address of the feed; no password in it.")
    items: str = Field(default="", description="Dotted path to the list of items; empty = the document itself.")
    paging: Paging | None = Field(default=None, description="How further pages are asked for; none = one document.")
    headers: dict[str, Secret] = Field(default_factory=dict, description="Request headers, each env:NAME or file:PATH.")
    timeout_s: float = Field(default=20.0, gt=0, le=600, description="Longest wait for a connection or for more data.")
    total_timeout_s: float = Field(default=300.0, gt=0, le=7200, description="Longest time for all pages together.")
    max_bytes: int = Field(default=20 * MEGABYTE, gt=0, description="Largest answer, unpacked, per page.")
    max_pages: int = Field(default=1000, ge=1, description="More pages than this is a fault.")
    retries: int = Field(default=3, ge=0, le=10, description="Further attempts after server errors and timeouts.")

    @field_validator("url")
    @classmethod
    def _plain_address(cls, value: str) -> str:
        from yarl import URL  # noqa: PLC0415 - only a configured HTTP feed pays for it

        try:
            url = URL(value)
        except ValueError:
            raise ValueError("is not an address; write http://… or https://…") from None
        if url.scheme not in {"http", "https"} or not url.host:
            raise ValueError("is not an HTTP address; write http://… or https://…")
        if url.user or url.password:
            raise ValueError("holds a name or password; give them as a header: headers = {Authorization = 'env:NAME'}")
        return value

    @field_validator("headers")
    @classmethod
    def _sendable(cls, value: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name, secret in value.items():
            if not name.replace("-", "").replace("_", "").isalnum() or not name.isascii():
                raise ValueError(f"{name!r} is not a header's name")
            if not secret.get_secret_value().isprintable():
                raise ValueError(f"the secret for {name} has a line break or control character; store it in one line")
        return value


Source = Annotated[CsvSource | XlsxSource | JsonSource | JsonLinesSource | HttpSource, Field(discriminator="kind")]


class SupplierSettings(Section):
    """One supplier: where the feed is, what its columns mean, when it is read."""

    id: str = Field(pattern="^[a-z0-9][a-z0-9_-]{0,31}$", description="Short name used in commands and keys.")
    name: str = Field(min_length=1, max_length=64, description="Name that people read.")
    schedule: str = Field(
        default="", description='"every 30m", or cron with day names ("0 7 * * mon-fri"); empty = only by hand.'
    )
    source: Source
    fields: dict[FieldName, Rule] = Field(
        default_factory=dict, description="Our field to their column or rule; empty = they use our names."
    )
    time_zone: str = Field(default="Asia/Shanghai", description="Zone of dates that carry none.")
    currency: str = Field(default="CNY", pattern="^[A-Z]{3}$", description="Currency of prices that carry none.")
    max_gone_share: float = Field(
        default=0.5, ge=0, le=1, description="If a larger share of the products would vanish at once, none does."
    )

    @field_validator("schedule")
    @classmethod
    def _readable_schedule(cls, value: str) -> str:
        check_schedule(value)
        return value

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"{value!r} is not a time zone; write one such as Asia/Shanghai") from None
        return value

    @field_validator("fields")
    @classmethod
    def _complete(cls, value: dict[FieldName, FieldRule]) -> dict[FieldName, FieldRule]:
        missing = [name for name in REQUIRED_FIELDS if value and name not in value]
        if missing:
            raise ValueError(f"does not say where {', '.join(missing)} come(s) from; add a line for each")
        for name, rule in value.items():
            _check_rule(name, rule)
        return value


def _check_rule(name: FieldName, rule: FieldRule) -> None:
    if rule.split and name not in _SPLIT_FIELDS:
        raise ValueError(f"{name}.split: {name} is not a list; remove split")
    if name == "price" and rule.format not in {"", "fen"}:
        raise ValueError("price.format: write fen (hundredths) or nothing")
    if name in _DATE_FIELDS and rule.format and rule.format not in {"unix", "unix_ms"} and "%" not in rule.format:
        raise ValueError(f"{name}.format: write unix, unix_ms or a pattern such as %d.%m.%Y")
    if rule.format and name != "price" and name not in _DATE_FIELDS:
        raise ValueError(f"{name}.format: only prices and dates have a format; remove it")


class CatalogSettings(Section):
    """What is sold: the suppliers, and extra words for the alias table."""

    suppliers: tuple[SupplierSettings, ...] = Field(default=(), description="One [[catalog.suppliers]] table each.")
    alias_files: tuple[ConfigPath, ...] = Field(
        default=(), description="Further alias files in TOML; a later one wins over an earlier one."
    )

    @field_validator("suppliers")
    @classmethod
    def _distinct(cls, value: tuple[SupplierSettings, ...]) -> tuple[SupplierSettings, ...]:
        seen: set[str] = set()
        for supplier in value:
            if supplier.id in seen:
                raise ValueError(f"the id {supplier.id!r} is given twice; every supplier needs its own")
            seen.add(supplier.id)
        return value

    def supplier(self, supplier_id: str) -> SupplierSettings | None:
        """Return the supplier with this id, None if there is none."""
        return next((item for item in self.suppliers if item.id == supplier_id), None)


def feed_fingerprint(supplier: SupplierSettings) -> dict[str, Any]:
    """Return what decides how a feed is read; while it stays the same, an unchanged feed gives unchanged products."""
    document = supplier.model_dump(mode="json", include={"source", "fields", "time_zone", "currency"})
    document["source"].pop("headers", None)  # a new key does not change what the feed says
    return document
