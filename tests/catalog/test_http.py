from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from catalog.report import SyncReport
from catalog.service import CatalogService
from core.clock import ManualClock
from core.database import Database
from tests.catalog.feeds import catalog_settings, product_rows, stored

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
MEGABYTE = 1024 * 1024


class Shop:
    """A supplier's server: answers with ``handler`` and remembers what it was asked."""

    def __init__(self) -> None:
        self.requests: list[web.Request] = []
        self.handler: Handler | None = None
        self.server = TestServer(web.Application(), shutdown_timeout=0.1)
        self.server.app.router.add_route("*", "/{path:.*}", self._answer)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        assert self.handler is not None
        return await self.handler(request)


@pytest_asyncio.fixture
async def shop() -> AsyncIterator[Shop]:
    shop = Shop()
    await shop.server.start_server()
    yield shop
    await shop.server.close()


@pytest.fixture
def catalog(database: Database, clock: ManualClock, shop: Shop) -> Callable[..., CatalogService]:
    def build(path: str = "/feed", **source: Any) -> CatalogService:
        url = str(shop.server.make_url("/")).rstrip("/") + path
        document = {"source": {"kind": "http", "url": url, "retries": 0, **source}}
        return CatalogService(catalog_settings(document, FEED_KEY="s3cret"), database, clock)

    return build


async def sync(catalog: CatalogService) -> SyncReport:
    report = await catalog.sync("orchard")
    assert "s3cret" not in report.error
    return report


def answering(document: Any, **headers: str) -> Handler:
    async def handler(_: web.Request) -> web.StreamResponse:
        return web.json_response(document, headers=headers)

    return handler


async def test_one_document_with_a_secret_header(catalog: Any, shop: Shop) -> None:
    shop.handler = answering({"data": {"items": product_rows(2500)}})
    report = await sync(catalog(items="data.items", headers={"X-Key": "env:FEED_KEY"}))
    assert (report.state, report.new) == ("done", 2500)
    assert [request.headers["X-Key"] for request in shop.requests] == ["s3cret"]


async def test_an_unchanged_feed_is_not_read_again(catalog: Any, shop: Shop, database: Database) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        if request.headers.get("If-None-Match") == '"v1"':
            return web.Response(status=304)
        return web.json_response(product_rows(3), headers={"ETag": '"v1"'})

    shop.handler = handler
    assert (await sync(catalog())).new == 3
    second = await sync(catalog())
    assert (second.state, second.not_modified, second.rows, second.gone) == ("done", True, 0, 0)
    third = await sync(catalog())
    assert third.not_modified
    # Other settings may read the same feed in another way, so it is fetched whole.
    fourth = await sync(catalog(max_bytes=MEGABYTE))
    assert (fourth.not_modified, fourth.unchanged) == (False, 3)


async def test_an_etag_is_not_kept_when_products_were_kept(catalog: Any, shop: Shop) -> None:
    shop.handler = answering(product_rows(40), ETag='"v1"')
    await sync(catalog())
    shop.handler = answering(product_rows(10), ETag='"v2"')
    assert (await sync(catalog())).gone_refused
    await sync(catalog())
    assert "If-None-Match" not in shop.requests[2].headers


async def by_page(request: web.Request) -> web.StreamResponse:
    page, size = int(request.query["page"]), 10
    rows = product_rows(25)[(page - 1) * size : page * size]
    return web.json_response({"items": rows, "next": None})


async def test_pages_by_number(catalog: Any, shop: Shop) -> None:
    shop.handler = by_page
    assert (await sync(catalog(items="items", paging={"kind": "page"}))).new == 25
    assert [request.query["page"] for request in shop.requests] == ["1", "2", "3", "4"]
    shop.requests.clear()
    paging = {"kind": "page", "size": 10, "size_parameter": "per_page"}
    assert (await sync(catalog("/feed?shop=7", items="items", paging=paging))).unchanged == 25
    assert [dict(request.query) for request in shop.requests] == [
        {"shop": "7", "per_page": "10", "page": page} for page in ("1", "2", "3")
    ]


async def test_pages_by_link(catalog: Any, shop: Shop) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        page = int(request.query.get("p", "0"))
        following = f"/feed?p={page + 1}" if page < 2 else None
        return web.json_response({"items": product_rows(5, first=page * 5), "links": {"next": following}})

    shop.handler = handler
    report = await sync(catalog(items="items", paging={"kind": "next", "path": "links.next"}))
    assert (report.new, len(shop.requests)) == (15, 3)


async def test_pages_by_link_header(catalog: Any, shop: Shop) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        page = int(request.query.get("p", "0"))
        headers = {"Link": f'<?p={page + 1}>; rel="next"'} if page < 2 else {}
        return web.json_response(product_rows(5, first=page * 5), headers=headers)

    shop.handler = handler
    assert (await sync(catalog(paging={"kind": "next"}))).new == 15


async def test_pages_by_cursor(catalog: Any, shop: Shop) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        start = int(request.query.get("after", "0"))
        mark = start + 5 if start < 10 else ""
        return web.json_response({"items": product_rows(5, first=start), "meta": {"mark": mark}})

    shop.handler = handler
    paging = {"kind": "cursor", "parameter": "after", "path": "meta.mark"}
    assert (await sync(catalog(items="items", paging=paging))).new == 15


@pytest.mark.parametrize(
    ("handler", "source", "error"),
    [
        (
            answering({"items": product_rows(5)}),
            {"paging": {"kind": "page"}, "items": "items"},
            "page 2 repeats an earlier page",
        ),
        (by_page, {"paging": {"kind": "page"}, "items": "items", "max_pages": 2}, "more than 2 pages; raise max_pages"),
        (
            answering({"items": product_rows(5), "next": "http://other.invalid/feed"}),
            {"paging": {"kind": "next", "path": "next"}, "items": "items"},
            "continues at another server, other.invalid",
        ),
        (answering({"code": 40001, "msg": "bad key"}), {"items": "data"}, "no list at 'data' (top level: code, msg)"),
    ],
)
async def test_a_feed_that_leads_astray_removes_nothing(
    catalog: Any, shop: Shop, handler: Handler, source: dict[str, Any], error: str
) -> None:
    shop.handler = answering(product_rows(30))
    await sync(catalog())
    shop.handler = handler
    report = await sync(catalog(**source))
    assert (report.state, report.gone) == ("failed", 0)
    assert error in report.error


async def test_a_server_error_is_tried_again(catalog: Any, shop: Shop, clock: ManualClock) -> None:
    async def handler(_: web.Request) -> web.StreamResponse:
        if len(shop.requests) < 3:
            return web.Response(status=500 if len(shop.requests) == 1 else 429, headers={"Retry-After": "20"})
        return web.json_response(product_rows(3))

    shop.handler = handler
    before = clock.now()
    assert (await sync(catalog(retries=3))).new == 3
    assert (clock.now() - before).total_seconds() > 40
    shop.requests.clear()
    report = await sync(catalog(retries=1))
    assert report.error.endswith("/feed answers 429; ask the supplier (2 attempts)")


@pytest.mark.parametrize(("status", "advice"), [(401, "secrets"), (403, "may read"), (404, "url"), (418, "supplier")])
async def test_a_refusal_is_not_tried_again(catalog: Any, shop: Shop, status: int, advice: str) -> None:
    async def handler(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text="s3cret")

    shop.handler = handler
    report = await sync(catalog("/feed?key=s3cret", retries=3, headers={"X-Key": "env:FEED_KEY"}))
    assert f"/feed answers {status}; " in report.error
    assert advice in report.error
    assert len(shop.requests) == 1


async def test_a_feed_that_hangs_is_given_up(catalog: Any, shop: Shop) -> None:
    async def handler(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(30)
        return web.Response()

    shop.handler = handler
    report = await sync(catalog(timeout_s=0.1, retries=1))
    assert "gave no answer within 0.1 s; check the server, or raise timeout_s (2 attempts)" in report.error
    report = await sync(catalog(timeout_s=10, total_timeout_s=0.2, retries=5))
    assert "was not read within 0.2 s; raise total_timeout_s" in report.error


async def test_a_feed_that_drips_is_given_up(catalog: Any, shop: Shop) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        while True:
            await answer.write(b" ")
            await asyncio.sleep(0.02)

    shop.handler = handler
    report = await sync(catalog(timeout_s=5, total_timeout_s=0.3))
    assert "was not read within 0.3 s" in report.error


@pytest.mark.parametrize("announced", [True, False])
async def test_fifty_megabytes_are_refused_early(catalog: Any, shop: Shop, announced: bool) -> None:
    sent = 0

    async def handler(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        answer = web.StreamResponse()
        if announced:
            answer.content_length = 50 * MEGABYTE
        await answer.prepare(request)
        for _ in range(50):
            await answer.write(b" " * MEGABYTE)
            sent += 1
        return answer

    shop.handler = handler
    report = await sync(catalog(max_bytes=5 * MEGABYTE, retries=3))
    assert f"than the {5 * MEGABYTE} allowed; raise max_bytes" in report.error
    assert sent < 25  # what the sockets hold counts as sent
    assert len(shop.requests) == 1


async def test_a_packed_bomb_is_refused_while_it_is_unpacked(catalog: Any, shop: Shop) -> None:
    bomb = gzip.compress(b"[" + b" " * 50 * MEGABYTE + b"]")

    async def handler(_: web.Request) -> web.StreamResponse:
        return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})

    shop.handler = handler
    report = await sync(catalog(max_bytes=MEGABYTE))
    assert len(bomb) < MEGABYTE
    assert f"answers more than the {MEGABYTE} allowed" in report.error


@pytest.mark.parametrize("packing", ["gzip", "deflate"])
async def test_packed_answers_are_unpacked(catalog: Any, shop: Shop, packing: str) -> None:
    import zlib  # noqa: PLC0415 - only here

    content = json.dumps(product_rows(300)).encode()
    packed = gzip.compress(content) if packing == "gzip" else zlib.compress(content)

    async def handler(_: web.Request) -> web.StreamResponse:
        return web.Response(body=packed, headers={"Content-Encoding": packing})

    shop.handler = handler
    assert (await sync(catalog())).new == 300


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"text": "<html>login</html>", "content_type": "text/html"}, "does not answer JSON but text/html"),
        ({"text": '[{"id": 1'}, "does not answer JSON"),
        ({"body": b"\xff\xfe[]"}, "does not answer JSON"),
        ({"text": "[" * 50_000}, "nested too deeply"),
        ({"text": '"hello"'}, "not a list of items (top level: str)"),
        ({"body": b"xx", "headers": {"Content-Encoding": "gzip"}}, "does not unpack"),
        ({"body": gzip.compress(b"[]")[:-4], "headers": {"Content-Encoding": "gzip"}}, "ends early"),
        ({"body": b"xx", "headers": {"Content-Encoding": "br"}}, "packed with 'br'"),
    ],
)
async def test_a_wrong_answer_is_described(catalog: Any, shop: Shop, answer: dict[str, Any], error: str) -> None:
    async def handler(_: web.Request) -> web.StreamResponse:
        return web.Response(**answer)

    shop.handler = handler
    report = await sync(catalog())
    assert (report.state, report.rows) == ("failed", 0)
    assert error in report.error


async def test_other_charsets_are_heeded(catalog: Any, shop: Shop) -> None:
    async def handler(_: web.Request) -> web.StreamResponse:
        body = json.dumps(product_rows(1), ensure_ascii=False).encode("gb18030")
        return web.Response(body=body, headers={"Content-Type": "application/json; charset=gb18030"})

    shop.handler = handler
    service = catalog()
    await sync(service)
    assert (await stored(service))["P0"].title == "苹果 0 号"


@pytest.mark.parametrize(
    ("target", "error"),
    [
        ("/final", ""),
        ("/feed", "redirects more than 3 times"),
        ("http://other.invalid/feed", "redirects to another server, other.invalid"),
        ("", "redirects to nowhere"),
        ("javascript:alert(1)", "redirects to nowhere"),
    ],
)
async def test_redirects_stay_at_one_server(catalog: Any, shop: Shop, target: str, error: str) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        if request.path == "/final":
            return web.json_response(product_rows(1))
        return web.Response(status=302, headers={"Location": target})

    shop.handler = handler
    report = await sync(catalog(headers={"X-Key": "env:FEED_KEY"}))
    assert error in report.error
    assert report.new == (0 if error else 1)


async def test_nobody_at_the_address(database: Database, clock: ManualClock, unused_tcp_port: int) -> None:
    source = {"kind": "http", "url": f"http://127.0.0.1:{unused_tcp_port}/feed?key=s3cret", "retries": 1}
    report = await sync(CatalogService(catalog_settings({"source": source}), database, clock))
    assert f"http://127.0.0.1:{unused_tcp_port}/feed cannot be reached: " in report.error
    assert report.error.endswith("check the url (2 attempts)")


async def test_broken_items_are_named_by_their_place_over_all_pages(catalog: Any, shop: Shop) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        page = int(request.query["page"])
        rows: list[Any] = product_rows(10, first=page * 10) if page < 3 else []
        if page == 2:
            rows[4] = rows[4] | {"price": -1}
        return web.json_response(rows)

    shop.handler = handler
    report = await sync(catalog(paging={"kind": "page"}))
    assert [(fault.row, fault.product_id, fault.field) for fault in report.faults] == [(15, "P24", "price")]


async def test_a_killed_connection_leaves_whole_chunks(catalog: Any, shop: Shop) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        if request.query["page"] == "1":
            return web.json_response(product_rows(10))
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    shop.handler = handler
    service = catalog(paging={"kind": "page"}, retries=1)
    report = await sync(service)
    assert (report.state, report.new, report.gone) == ("failed", 10, 0)
    assert "broke off its answer; try again later (2 attempts)" in report.error
    assert len(await stored(service)) == 10


def test_the_settings_of_this_file_are_read_from_a_folder(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("s3cret\n", encoding="utf-8")
    source = {"kind": "http", "url": "http://127.0.0.1/", "headers": {"X-Key": "file:key"}}
    settings = catalog_settings({"source": source}, base=tmp_path)
    assert "s3cret" not in repr(settings)
