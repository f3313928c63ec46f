"""From a supplier's row to a product, or to the list of its faults. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from decimal import Decimal
from functools import lru_cache, partial
from hashlib import blake2b
from typing import Any, get_args
from zoneinfo import ZoneInfo

from catalog import values
from catalog.feed import ProductInput, RawRow, RowFault, look_up
from catalog.settings import REQUIRED_FIELDS, FieldName, FieldRule, SupplierSettings

MAPPING_VERSION = 1
"""Raise it when the same row would give another product, so that unchanged feeds are read again once."""

_LENGTHS = {"id": 128, "title": 200, "category": 64, "brand": 64, "specification": 128, "unit": 16}
_ADDRESS_LENGTH = 2048
_ITEM_LENGTH = 64
_EMPTY_STOCK = "write a whole number, 0 for sold out, or nothing for unknown"
_EMPTY_LIMIT = "write a whole number, or nothing for no limit"
_EMPTY_MINIMUM = "write a whole number, or nothing for one"
_NO_RULE = FieldRule(default="")
_REMEMBERED = 4096  # texts a column; a few hundred kB
_DISTINCT = frozenset({"id", "title", "link", "image"})  # different in every row

Reader = Callable[[Any], Any]


class RowMapper:
    """Reads rows of one supplier's feed by the rules in the settings.

    Most columns repeat few values over a long feed, so what a text means is remembered: a feed of 100,000 rows is
    read in a third of the time.
    """

    def __init__(self, supplier: SupplierSettings) -> None:
        rules: dict[FieldName, FieldRule] = dict(supplier.fields)
        self._explicit = bool(rules)
        if not rules:
            rules = {name: FieldRule(column=name) for name in get_args(FieldName)}
        self._rules = rules
        self._currency = supplier.currency
        zone = ZoneInfo(supplier.time_zone)
        self._fields = [_Field(name, rule, _reader(name, rule, zone)) for name, rule in rules.items()]
        tier_rule = rules.get("price_tiers", _NO_RULE)
        read_tiers = partial(values.tiers, split=tier_rule.split, keys=tier_rule.map)
        self._tiers, self._known_tiers = read_tiers, lru_cache(_REMEMBERED)(read_tiers)
        hundredths = rules["price"].format == "fen"
        self._amount = lru_cache(_REMEMBERED)(partial(values.amount, hundredths=hundredths))

    def column_faults(self, columns: tuple[str, ...]) -> list[str]:
        """Say which mapped columns a table's header lacks or has twice."""
        faults = []
        for name, rule in self._rules.items():
            if rule.column and columns.count(rule.column) > 1:
                faults.append(f"the column {values.shown(rule.column)} ({name}) is there twice; rename one")
            wanted = rule.default is None and (self._explicit or name in REQUIRED_FIELDS)
            if wanted and rule.column not in columns:
                faults.append(f"there is no column {values.shown(rule.column)} ({name})")
        return faults

    def read(self, row: RawRow) -> ProductInput | list[RowFault]:
        """Return the row's product, or every fault of the row."""
        if row.fault:
            return [RowFault(row.number, self._product_id(row), "", row.fault)]
        found: dict[str, Any] = {}
        faults: list[tuple[str, str]] = []
        for field in self._fields:
            try:
                value = field.read(row.values)
            except ValueError as error:
                faults.append((field.name, str(error)))
            else:
                if value is not None:
                    found[field.name] = value
        named = {name for name, _ in faults}
        lacking = [name for name in REQUIRED_FIELDS if not found.get(name) and name not in named]
        faults.extend((name, "is empty; it is required") for name in lacking)
        if not faults:
            try:
                return self._product(found)
            except _FieldError as error:
                faults.append((error.field, str(error)))
        product_id = found.get("id", "")
        return [RowFault(row.number, product_id, name, text) for name, text in faults]

    def _product_id(self, row: RawRow) -> str:
        field = next(field for field in self._fields if field.name == "id")
        try:
            return str(field.read(row.values) or "")
        except ValueError:
            return ""

    def _product(self, found: dict[str, Any]) -> ProductInput:
        currency = found.get("currency", self._currency)
        price = self._price(found["price"], currency)
        minimum, limit = found.get("minimum_quantity", 1), found.get("limit_per_member")
        if limit is not None and limit < minimum:
            raise _FieldError(
                "limit_per_member", f"is {limit}, below the minimum quantity {minimum}; correct one of them"
            )
        start, end = found.get("on_sale_from"), found.get("on_sale_to")
        if start is not None and end is not None and end <= start:
            raise _FieldError("on_sale_to", "is not after on_sale_from; correct one of them")
        return ProductInput(
            supplier_product_id=found["id"],
            title=found["title"],
            category=found.get("category", ""),
            brand=found.get("brand", ""),
            specification=found.get("specification", ""),
            unit=found.get("unit", ""),
            price=price,
            currency=currency,
            price_tiers=self._price_tiers(found.get("price_tiers"), price, currency),
            stock=found.get("stock"),
            limit_per_member=limit,
            minimum_quantity=minimum,
            neighbourhoods=found.get("neighbourhoods", ()),
            on_sale_from=start,
            on_sale_to=end,
            link=found.get("link", ""),
            image=found.get("image", ""),
            keywords=found.get("keywords", ()),
        )

    def _price(self, text: str, currency: str) -> Decimal:
        try:
            return self._amount(text, currency)
        except ValueError as error:
            raise _FieldError("price", str(error)) from None

    def _price_tiers(self, value: Any, price: Decimal, currency: str) -> tuple[tuple[int, Decimal], ...]:
        """Read the tiers; each must be cheaper than what stands before it, else it is a total and not a unit price."""
        if value is None:
            return ()
        try:
            tiers = self._known_tiers(value, currency) if isinstance(value, str) else self._tiers(value, currency)
        except ValueError as error:
            raise _FieldError("price_tiers", str(error)) from None
        before = price
        for quantity, tier_price in tiers:
            if tier_price > before:
                text = f"{tier_price} from {quantity} on is above {before}; write the price for one, not the total"
                raise _FieldError("price_tiers", text)
            before = tier_price
        return tuple(tiers)


class _Field:
    """Takes one field out of a row: None for missing and empty, ``ValueError`` for what cannot be read."""

    def __init__(self, name: FieldName, rule: FieldRule, reader: Reader) -> None:
        self.name = name
        self._column = rule.column
        self._path = tuple(rule.column.split(".")) if "." in rule.column else ()
        self._words = {} if name == "price_tiers" else rule.map  # there it renames keys
        self._default = rule.default if rule.default not in ("", []) else None
        self._reader = reader
        self._remembered = self._meaning if name in _DISTINCT else lru_cache(_REMEMBERED)(self._meaning)

    def read(self, row: Mapping[str, Any]) -> Any:
        """Return the field's value in this row."""
        raw = row.get(self._column)
        if raw is None and self._path:
            raw = look_up(row, self._path)
        # Only texts are remembered: 1, 1.0 and True would count as one.
        return self._remembered(raw) if type(raw) is str else self._meaning(raw)

    def _meaning(self, raw: Any) -> Any:
        value = raw.strip() if isinstance(raw, str) else raw
        if self._words and isinstance(value, (str, int, Decimal, float)):
            word = str(value).lower() if isinstance(value, bool) else values.plain(value)
            value = self._words.get(word, value)
        if value is None or value in ("", []):
            value = self._default
        return None if value is None else self._reader(value)


def fingerprint(product: ProductInput) -> str:
    """Return 32 hex digits that change when anything about the product does."""
    content = repr(
        (
            product.title,
            product.category,
            product.brand,
            product.specification,
            product.unit,
            str(product.price),
            product.currency,
            [(quantity, str(price)) for quantity, price in product.price_tiers],
            product.stock,
            product.limit_per_member,
            product.minimum_quantity,
            product.neighbourhoods,
            _stamp(product.on_sale_from),
            _stamp(product.on_sale_to),
            product.link,
            product.image,
            product.keywords,
        )
    )
    return blake2b(content.encode(), digest_size=16).hexdigest()


class _FieldError(ValueError):
    """A value that is only wrong beside another one."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


def _stamp(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat()


def _reader(name: FieldName, rule: FieldRule, zone: tzinfo) -> Reader:
    """Return what reads one field's value. Prices are only taken here: they wait for the currency."""
    readers: dict[FieldName, Reader] = {
        "price": values.plain,
        "price_tiers": lambda value: value,
        "currency": _currency,
        "stock": lambda value: values.whole(values.plain(value), 0, _EMPTY_STOCK),
        "limit_per_member": lambda value: values.whole(values.plain(value), 1, _EMPTY_LIMIT),
        "minimum_quantity": lambda value: values.whole(values.plain(value), 1, _EMPTY_MINIMUM),
        "on_sale_from": lambda value: values.instant(value, zone, form=rule.format),
        "on_sale_to": lambda value: values.instant(value, zone, form=rule.format, ends=True),
        "neighbourhoods": partial(_list, rule=rule),
        "keywords": partial(_list, rule=rule),
        "link": _address,
        "image": _address,
    }
    return readers[name] if name in readers else partial(_text, length=_LENGTHS[name])


def _address(value: Any) -> str:
    return values.address(values.plain(value), _ADDRESS_LENGTH)


def _text(value: Any, length: int) -> str:
    return values.limited(values.plain(value), length)


def _list(value: Any, rule: FieldRule) -> tuple[str, ...]:
    found = [rule.map.get(item, item) for item in values.items(value, rule.split)]
    return tuple(dict.fromkeys(values.limited(item, _ITEM_LENGTH) for item in found if item))


def _currency(value: Any) -> str:
    text = values.plain(value).upper()
    if len(text) != 3 or not text.isascii() or not text.isalpha():
        raise ValueError(f"{values.shown(text)} is not a currency; write three letters such as CNY")
    return text
