from __future__ import annotations

import asyncio
import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from catalog import repository
from catalog.models import GONE, INTERRUPTED, ON_SALE
from catalog.report import SyncProgress
from catalog.service import CatalogService, SyncBusyError, UnknownSupplierError
from catalog.sync import SyncLostError
from core.clock import ManualClock
from core.database import Database
from core.settings import read_document, validate
from tests.catalog.feeds import product_rows, service, stored, write_csv, write_lines


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    return tmp_path / "feed.csv"


@pytest.fixture
def catalog(database: Database, clock: ManualClock, tmp_path: Path) -> CatalogService:
    return service(database, clock, tmp_path)


async def test_new_changed_unchanged_and_gone(catalog: CatalogService, clock: ManualClock, feed: Path) -> None:
    rows = product_rows(4)
    write_csv(feed, rows)
    first = await catalog.sync("orchard")
    assert (first.state, first.new, first.changed, first.unchanged, first.gone) == ("done", 4, 0, 0, 0)
    assert sorted(first.changed_ids) == [product.id for product in (await stored(catalog)).values()]

    clock.advance(3600)
    rows[1]["price"] = "8.8"
    write_csv(feed, rows[:3])
    second = await catalog.sync("orchard")
    assert (second.new, second.changed, second.unchanged, second.gone) == (0, 1, 2, 1)
    products = await stored(catalog)
    assert second.changed_ids == [products["P1"].id, products["P3"].id]
    assert [products[key].version for key in ("P0", "P1", "P3")] == [1, 2, 2]
    assert [products[key].state for key in ("P0", "P1", "P3")] == [ON_SALE, ON_SALE, GONE]
    assert products["P1"].changed_at == products["P3"].gone_at == clock.now()
    assert products["P1"].first_seen_at == products["P0"].changed_at == first.started_at


async def test_what_was_gone_comes_back_under_its_id(catalog: CatalogService, feed: Path) -> None:
    write_csv(feed, product_rows(3))
    await catalog.sync("orchard")
    before = await stored(catalog)
    write_csv(feed, product_rows(2))
    await catalog.sync("orchard")
    write_csv(feed, product_rows(3))
    report = await catalog.sync("orchard")
    after = await stored(catalog)
    assert report.changed_ids == [before["P2"].id]
    assert (after["P2"].state, after["P2"].gone_at, after["P2"].version) == (ON_SALE, None, 3)


async def test_three_broken_rows_among_a_thousand(catalog: CatalogService, feed: Path) -> None:
    rows = product_rows(1000)
    write_csv(feed, rows)
    await catalog.sync("orchard")
    rows[10]["price"] = "面议"
    rows[500]["title"] = ""
    rows[999]["stock"] = "lots"
    rows[3]["price"] = "1.1"
    write_csv(feed, rows)
    report = await catalog.sync("orchard")
    assert (report.state, report.rows, report.broken, report.changed, report.gone) == ("done", 1000, 3, 1, 0)
    assert [(fault.row, fault.product_id, fault.field) for fault in report.faults] == [
        (12, "P10", "price"),
        (502, "P500", "title"),
        (1001, "P999", "stock"),
    ]
    assert str(report.faults[0]) == "row 12 (P10), price: 「面议」 is not a price; write a number such as 59.9"
    products = await stored(catalog)
    assert [products[key].state for key in ("P10", "P500", "P999")] == [ON_SALE] * 3
    assert str(products["P10"].price) == "9.90"
    (run, _) = await catalog.runs("orchard")
    assert (run.broken, run.faults[1]["field"]) == (3, "title")


async def test_of_two_rows_with_one_id_the_first_counts(catalog: CatalogService, feed: Path) -> None:
    rows = product_rows(2)
    write_csv(feed, [*rows, {**rows[0], "title": "late"}])
    report = await catalog.sync("orchard")
    assert (report.new, report.broken) == (2, 1)
    assert "second time" in report.faults[0].text
    assert (await stored(catalog))["P0"].title == rows[0]["title"]


async def test_a_truncated_feed_does_not_empty_the_shop(catalog: CatalogService, feed: Path) -> None:
    write_csv(feed, product_rows(40))
    await catalog.sync("orchard")
    write_csv(feed, product_rows(19))
    report = await catalog.sync("orchard")
    assert (report.state, report.gone) == ("done", 0)
    assert "21 of 40 products are not in the feed and were kept" in report.gone_refused
    assert "raise max_gone_share" in report.gone_refused
    write_csv(feed, product_rows(20))
    assert (await catalog.sync("orchard")).gone == 20


async def test_a_small_shop_may_change_wholly_but_not_to_nothing(catalog: CatalogService, feed: Path) -> None:
    write_csv(feed, product_rows(20))
    await catalog.sync("orchard")
    write_csv(feed, [])
    assert "more than 50%" in (await catalog.sync("orchard")).gone_refused
    write_csv(feed, product_rows(1))
    assert (await catalog.sync("orchard")).gone == 19


async def test_with_a_share_of_one_everything_may_go(database: Database, clock: ManualClock, tmp_path: Path) -> None:
    catalog = service(database, clock, tmp_path, {"source": {"kind": "csv", "path": "feed.csv"}, "max_gone_share": 1.0})
    write_csv(tmp_path / "feed.csv", product_rows(40))
    await catalog.sync("orchard")
    write_csv(tmp_path / "feed.csv", [])
    assert (await catalog.sync("orchard")).gone == 40


async def test_rows_that_cannot_be_read_at_all_keep_missing_products(
    database: Database, clock: ManualClock, tmp_path: Path
) -> None:
    catalog = service(database, clock, tmp_path, {"source": {"kind": "jsonl", "path": "feed.jsonl"}})
    write_lines(tmp_path / "feed.jsonl", product_rows(3))
    await catalog.sync("orchard")
    with (tmp_path / "feed.jsonl").open("r+b") as stream:
        stream.truncate((tmp_path / "feed.jsonl").stat().st_size - 10)
    report = await catalog.sync("orchard")
    assert (report.broken, report.gone) == (1, 0)
    assert "could not be read at all" in report.gone_refused


async def test_a_feed_that_fails_half_way_keeps_what_was_read(
    catalog: CatalogService, feed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_csv(feed, product_rows(1500))
    await catalog.sync("orchard")
    rows = product_rows(3000)
    rows[0]["price"] = "1"
    write_csv(feed, rows)

    def write_more(progress: SyncProgress) -> None:
        with feed.open("a", encoding="utf-8") as stream:
            stream.write(f"late{progress.rows},late,1,1\n")

    report = await catalog.sync("orchard", write_more)
    assert report.state == "failed"
    assert "written to while it was read" in report.error
    assert (report.gone, report.changed) == (0, 1)
    assert report.new >= 1500  # stored, and told to whoever listens
    assert (await catalog.runs("orchard"))[0].error == report.error


async def test_a_missing_column_is_one_clear_error(catalog: CatalogService, feed: Path) -> None:
    write_csv(feed, [{"id": "A", "name": "apple", "price": "5"}])
    report = await catalog.sync("orchard")
    assert (report.state, report.faults) == ("failed", [])
    assert "there is no column 「title」 (title); the feed's columns are id、name、price" in report.error


async def test_time_ends_a_sale_and_a_new_date_brings_it_back(
    catalog: CatalogService, clock: ManualClock, feed: Path
) -> None:
    row = {"id": "A", "title": "apple", "price": "5", "on_sale_from": "2026-11-23", "on_sale_to": "2026-11-24"}
    write_csv(feed, [row])
    await catalog.sync("orchard")
    zone = timedelta(hours=8)
    assert await on_sale(catalog, clock) == []
    clock.set(datetime(2026, 11, 23, tzinfo=UTC) - zone)
    assert await on_sale(catalog, clock) == ["A"]
    assert await catalog.expire(clock.now()) == []
    clock.set(datetime(2026, 11, 25, tzinfo=UTC) - zone)
    assert await on_sale(catalog, clock) == []
    (product,) = (await stored(catalog)).values()
    assert await catalog.expire(clock.now()) == [product.id]
    assert await catalog.expire(clock.now()) == []
    assert (await catalog.sync("orchard")).unchanged == 1  # the feed still has it; its time is over all the same
    write_csv(feed, [row | {"on_sale_to": "2026-11-30"}])
    assert (await catalog.sync("orchard")).changed_ids == [product.id]
    assert await on_sale(catalog, clock) == ["A"]


async def on_sale(catalog: CatalogService, clock: ManualClock) -> list[str]:
    return [product.supplier_product_id async for product in catalog.on_sale(clock.now())]


async def test_ended_products_do_not_count_as_vanishing(
    catalog: CatalogService, clock: ManualClock, feed: Path
) -> None:
    write_csv(feed, [row | {"on_sale_to": "2026-11-23"} for row in product_rows(30)])
    await catalog.sync("orchard")
    clock.advance(3 * 86400)
    write_csv(feed, [row | {"on_sale_to": ""} for row in product_rows(5, first=100)])
    report = await catalog.sync("orchard")
    assert (report.new, report.gone, report.gone_refused) == (5, 30, "")


async def test_products_of_a_supplier_no_longer_listed_expire(
    database: Database, clock: ManualClock, tmp_path: Path
) -> None:
    source = {"kind": "csv", "path": "feed.csv"}
    write_csv(tmp_path / "feed.csv", product_rows(2))
    both = service(database, clock, tmp_path, {"source": source}, {"id": "garden", "source": source})
    assert [report.new for report in await both.sync_all()] == [2, 2]
    assert await both.counts() == {"orchard": {ON_SALE: 2}, "garden": {ON_SALE: 2}}
    one = service(database, clock, tmp_path, {"source": source})
    assert len(await one.expire(clock.now())) == 2
    assert await one.counts() == {"orchard": {ON_SALE: 2}, "garden": {GONE: 2}}
    assert [report.changed for report in await both.sync_all()] == [0, 2]


async def test_products_are_listed_and_shown(catalog: CatalogService, feed: Path) -> None:
    write_csv(feed, [*product_rows(3), {"id": "X/1", "title": "100%_果汁", "price": "5", "stock": ""}])
    await catalog.sync("orchard")
    assert [product.supplier_product_id for product in await catalog.list_products(text="果汁")] == ["X/1"]
    assert [product.supplier_product_id for product in await catalog.list_products(text="%_")] == ["X/1"]
    first, second = await catalog.list_products(limit=2, supplier="orchard", state=ON_SALE)
    (third,) = await catalog.list_products(limit=1, after=second.id or 0)
    assert third.supplier_product_id == "P2"
    assert await catalog.show(first.id or 0) == first
    shown = await catalog.show("orchard/X/1")
    assert shown is not None
    assert shown.stock is None
    assert await catalog.show("orchard/none") is None
    assert await catalog.show(999) is None
    assert len(await catalog.products([1, 2, 999])) == 2


async def test_an_unknown_supplier_is_named(catalog: CatalogService) -> None:
    with pytest.raises(UnknownSupplierError, match="no supplier 'garden'; the settings have: orchard"):
        await catalog.sync("garden")


async def test_of_two_syncs_at_once_one_runs(catalog: CatalogService, feed: Path) -> None:
    write_csv(feed, product_rows(2500))
    results = await asyncio.gather(*(catalog.sync("orchard") for _ in range(4)), return_exceptions=True)
    busy = [result for result in results if isinstance(result, SyncBusyError)]
    assert len(busy) == 3
    assert "orchard is being synced since 2026-11-22T11:00:00" in str(busy[0])
    assert len(await stored(catalog)) == 2500
    assert len(await catalog.runs("orchard")) == 1


async def test_a_sync_that_is_busy_does_not_stop_the_others(
    database: Database, clock: ManualClock, tmp_path: Path
) -> None:
    source = {"kind": "csv", "path": "feed.csv"}
    catalog = service(database, clock, tmp_path, {"source": source}, {"id": "garden", "source": source})
    write_csv(tmp_path / "feed.csv", product_rows(2))
    await open_run(database, clock, owner="elsewhere/1/1")
    reports = await catalog.sync_all()
    assert [(report.supplier, report.state) for report in reports] == [("orchard", "busy"), ("garden", "done")]


async def open_run(database: Database, clock: ManualClock, owner: str) -> int:
    async with database.transaction() as session:
        run_id = await repository.begin_run(
            session,
            "orchard",
            owner=owner,
            feed_hash="",
            now=clock.now(),
            lease_until=clock.now() + timedelta(minutes=2),
        )
    assert run_id is not None
    return run_id


async def test_a_silent_run_of_another_machine_is_taken_over_when_its_lease_ends(
    catalog: CatalogService, database: Database, clock: ManualClock, feed: Path
) -> None:
    write_csv(feed, product_rows(2))
    run_id = await open_run(database, clock, owner="elsewhere/1/1")
    with pytest.raises(SyncBusyError, match="elsewhere/1/1"):
        await catalog.sync("orchard")
    clock.advance(121)
    assert (await catalog.sync("orchard")).state == "done"
    old = (await catalog.runs("orchard"))[1]
    assert (old.id, old.state) == (run_id, INTERRUPTED)


async def test_a_run_that_was_taken_over_writes_no_more(
    catalog: CatalogService, database: Database, clock: ManualClock, feed: Path
) -> None:
    write_csv(feed, product_rows(2500))

    def closed_by_another(_: SyncProgress) -> None:
        task = asyncio.get_running_loop().create_task(close())
        tasks.append(task)

    async def close() -> None:
        (run,) = await catalog.runs("orchard")
        async with database.transaction() as session:
            await repository.interrupt_run(session, run.id or 0, "taken over", clock.now())

    tasks: list[asyncio.Task[None]] = []
    with pytest.raises(SyncLostError, match="closed by another process"):
        await catalog.sync("orchard", closed_by_another)
    await asyncio.gather(*tasks)
    assert 1000 <= len(await stored(catalog)) < 2500
    assert (await catalog.sync("orchard")).state == "done"


async def test_a_cancelled_sync_says_so_and_can_be_repeated(catalog: CatalogService, feed: Path) -> None:
    write_csv(feed, product_rows(3500))
    started = asyncio.Event()
    task = asyncio.create_task(catalog.sync("orchard", lambda _: started.set()))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await catalog.runs("orchard"))[0].state == INTERRUPTED
    report = await catalog.sync("orchard")
    assert report.new + report.unchanged == 3500


async def test_progress_grows_to_the_whole(catalog: CatalogService, feed: Path) -> None:
    write_csv(feed, product_rows(2500))
    seen: list[SyncProgress] = []
    await catalog.sync("orchard", seen.append)
    assert [progress.rows for progress in seen] == [1000, 2000, 2500]
    assert seen[-1].share == 1.0
    assert seen[-1].new == 2500


async def test_a_check_reads_without_storing(catalog: CatalogService, feed: Path) -> None:
    rows = product_rows(5)
    rows[2]["price"] = "?"
    write_csv(feed, rows)
    count, faults = await catalog.check("orchard")
    assert (count, [fault.row for fault in faults]) == (5, [4])
    assert await stored(catalog) == {}


async def test_the_demos_suppliers_load_without_a_fault(database: Database, clock: ManualClock) -> None:
    from catalog.settings import CatalogSettings  # noqa: PLC0415 - only here

    path = Path(__file__).parents[2] / "bot/demo/suppliers.toml"
    document: dict[str, Any] = read_document(path)["catalog"]
    settings = validate(CatalogSettings, document, source=str(path), base=path.parent)
    catalog = CatalogService(settings, database, clock)
    reports = await catalog.sync_all()
    assert [(report.supplier, report.state, report.faults) for report in reports] == [
        ("qingguo", "done", []),
        ("baihui", "done", []),
        ("mengya", "done", []),
    ]
    assert sum(report.new for report in reports) >= 300
    with (path.parent / "catalogue/qingguo.csv").open(encoding="utf-8") as stream:
        assert reports[0].new == len(list(csv.reader(stream))) - 1


@pytest.mark.postgres
async def test_expiry_does_not_wait_for_a_sync_that_writes(
    postgres: Database, clock: ManualClock, tmp_path: Path
) -> None:
    catalog = service(postgres, clock, tmp_path)
    write_csv(tmp_path / "feed.csv", [row | {"on_sale_to": "2026-11-23"} for row in product_rows(3)])
    await catalog.sync("orchard")
    clock.advance(3 * 86400)
    ids = [product.id or 0 for product in (await stored(catalog)).values()]
    async with postgres.transaction() as session:
        assert await repository.mark_gone(session, ids[:1], clock.now()) == ids[:1]
        assert await catalog.expire(clock.now()) == ids[1:]
