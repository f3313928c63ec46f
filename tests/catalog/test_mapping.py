from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from catalog.feed import ProductInput, RawRow, RowFault
from catalog.mapping import RowMapper, fingerprint
from tests.catalog.feeds import supplier

PLAIN = {"id": "A1", "title": "草莓", "price": "59.9"}


def read(row: dict[str, Any], **settings: Any) -> ProductInput | list[RowFault]:
    return RowMapper(supplier(**settings)).read(RawRow(7, row))


def product(row: dict[str, Any], **settings: Any) -> ProductInput:
    found = read(row, **settings)
    assert isinstance(found, ProductInput), found
    return found


def faults(row: dict[str, Any], **settings: Any) -> list[RowFault]:
    found = read(row, **settings)
    assert isinstance(found, list), found
    return found


def test_a_row_under_our_own_names_needs_no_mapping() -> None:
    found = product(
        PLAIN | {"price_tiers": "2:55|3:52.5", "stock": "", "on_sale_to": "2026/11/22", "keywords": "莓,红"}
    )
    assert found.price == Decimal("59.90")
    assert found.price_tiers == ((2, Decimal(55)), (3, Decimal("52.50")))
    assert found.stock is None
    assert found.on_sale_to == datetime(2026, 11, 22, 16, tzinfo=UTC)
    assert found.keywords == ("莓", "红")
    assert found.minimum_quantity == 1


def test_a_mapping_names_columns_paths_words_and_defaults() -> None:
    fields = {
        "id": "sku",
        "title": "names.0",
        "price": {"column": "cost.fen", "format": "fen"},
        "category": {"column": "kind", "map": {"F": "水果"}},
        "unit": {"column": "unit", "default": "份"},
        "stock": {"column": "state", "map": {"有货": "", "缺货": "0"}},
        "neighbourhoods": {"column": "areas", "split": "/", "map": {"全城": ""}},
        "on_sale_from": {"column": "from", "format": "%d.%m.%Y"},
    }
    row = {
        "sku": 12,
        "names": ["草莓", "strawberry"],
        "cost": {"fen": 5990},
        "kind": "F",
        "state": "缺货",
        "areas": "阳光小区/全城",
        "from": "22.11.2026",
    }
    found = product(row, fields=fields)
    assert (found.supplier_product_id, found.title, found.price) == ("12", "草莓", Decimal("59.90"))
    assert (found.category, found.unit, found.stock) == ("水果", "份", 0)
    assert found.neighbourhoods == ("阳光小区",)
    assert found.on_sale_from == datetime(2026, 11, 21, 16, tzinfo=UTC)
    assert product(row | {"state": "有货"}, fields=fields).stock is None


def test_dates_follow_the_suppliers_time_zone() -> None:
    found = product(PLAIN | {"on_sale_from": "2026-11-22"}, time_zone="UTC")
    assert found.on_sale_from == datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("change", "field", "advice"),
    [
        ({"id": ""}, "id", "required"),
        ({"title": "  "}, "title", "required"),
        ({"price": None}, "price", "required"),
        ({"price": "面议"}, "price", "write a number such as 59.9"),
        ({"price": True}, "price", "is true"),
        ({"title": "长" * 201}, "title", "shorten it"),
        ({"title": ["草莓"]}, "title", "dotted path"),
        ({"stock": "many"}, "stock", "0 for sold out"),
        ({"stock": "-3"}, "stock", "0 for sold out"),
        ({"stock": "1.5"}, "stock", "whole number"),
        ({"limit_per_member": "0"}, "limit_per_member", "nothing for no limit"),
        ({"limit_per_member": "1", "minimum_quantity": "2"}, "limit_per_member", "below the minimum"),
        ({"price_tiers": "2:110"}, "price_tiers", "not the total"),
        ({"on_sale_from": "2026-11-23", "on_sale_to": "2026-11-21"}, "on_sale_to", "not after on_sale_from"),
        ({"on_sale_to": "someday"}, "on_sale_to", "write 2026-11-22"),
        ({"link": "javascript:alert(1)"}, "link", "https://"),
        ({"currency": "yuan"}, "currency", "three letters"),
        ({"brand": "岭上\ufffd"}, "brand", "source.encoding"),
    ],
)
def test_a_broken_cell_is_named_with_what_to_do(change: dict[str, Any], field: str, advice: str) -> None:
    (fault,) = faults(PLAIN | change)
    assert (fault.row, fault.field) == (7, field)
    assert fault.product_id == ("" if field == "id" else "A1")
    assert advice in fault.text


def test_every_fault_of_a_row_is_reported() -> None:
    found = faults({"id": "A1", "title": "", "price": "面议", "stock": "x", "link": "y"})
    assert {fault.field for fault in found} >= {"title", "stock", "link"}


def test_a_remembered_text_is_not_confused_with_a_number_or_a_truth_value() -> None:
    mapper = RowMapper(supplier())
    for stock, expected in (("1", 1), (1, 1), (1.0, 1), ("1", 1)):
        found = mapper.read(RawRow(1, PLAIN | {"stock": stock}))
        assert isinstance(found, ProductInput)
        assert found.stock == expected
    assert isinstance(mapper.read(RawRow(1, PLAIN | {"stock": True})), list)


def test_a_header_that_lacks_columns_is_one_fault_each() -> None:
    mapper = RowMapper(supplier(fields={"id": "编号", "title": "品名", "price": "售价", "unit": "单位"}))
    found = mapper.column_faults(("编号", "品名", "品名", "价格", "单位"))
    assert len(found) == 2
    assert "「品名」 (title) is there twice" in found[0]
    assert "no column 「售价」 (price)" in found[1]


def test_the_fingerprint_changes_with_any_field() -> None:
    base = fingerprint(product(PLAIN))
    changes = {
        "title": "蓝莓",
        "category": "水果",
        "brand": "a",
        "specification": "a",
        "unit": "盒",
        "price": "59.91",
        "currency": "USD",
        "price_tiers": "2:50",
        "stock": "0",
        "limit_per_member": "9",
        "minimum_quantity": "2",
        "neighbourhoods": "a",
        "on_sale_from": "2026-01-01",
        "on_sale_to": "2026-01-01",
        "link": "http://a.b",
        "image": "http://a.b",
        "keywords": "a",
    }
    marks = {name: fingerprint(product(PLAIN | {name: value})) for name, value in changes.items()}
    assert len({base, *marks.values()}) == len(changes) + 1
    assert fingerprint(product(PLAIN | {"price": "￥59.90"})) == base
