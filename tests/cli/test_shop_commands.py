"""``qianqun catalog``, ``check`` and ``sending``: what an operator asks of a configured bot."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from bot.demo import FOLDER
from tests.cli.conftest import Run
from tests.demo_config import write_demo_config

SUPPLIER = """
[[catalog.suppliers]]
id = "extra"
name = "临时"
source = {{ kind = "{kind}", path = "{path}" }}
"""


def add_supplier(folder: Path, content: str, kind: str = "csv") -> Path:
    feed = folder / "feed.csv"
    feed.write_text(content, encoding="utf-8")
    return write_demo_config(folder, extra=SUPPLIER.format(kind=kind, path=feed))


def test_sync_list_and_show(run: Run, config: Path) -> None:
    ended = run("catalog", "sync", "--config", config)
    assert ended.code == 0
    lines = [line for line in ended.out.splitlines() if "done" in line]
    assert [line.partition(":")[0] for line in lines] == ["qingguo", "baihui", "mengya"]
    assert sum(int(line.split(" rows")[0].split()[-1]) for line in lines) >= 300
    again = run("catalog", "sync", "--config", config, "qingguo")
    assert "0 new, 0 changed" in again.out
    listed = run("catalog", "list", "--config", config, "--text", "草莓", "--supplier", "qingguo").out
    assert "丹东99草莓" in listed
    assert "baihui" not in listed
    assert run("catalog", "list", "--config", config, "--limit", 1).out.count("on_sale") == 1
    shown = run("catalog", "show", "--config", config, "qingguo/QG1001")
    assert shown.code == 0
    assert "丹东99草莓" in shown.out
    assert "59.9" in shown.out


def test_show_by_our_id_and_a_product_that_is_not_there(run: Run, config: Path) -> None:
    run("catalog", "sync", "--config", config, "qingguo")
    assert "QG1001" in run("catalog", "show", "--config", config, "1").out
    for key in ("99999", "qingguo/none", "nobody"):
        ended = run("catalog", "show", "--config", config, key)
        assert ended.code == 2
        assert key in ended.err


def test_broken_rows_are_named_and_the_rest_goes_in(run: Run, tmp_path: Path) -> None:
    rows = [f"p{number},商品{number},9.9" for number in range(1, 998)]
    rows[10], rows[500], rows[996] = "p11,商品11,free", ",商品501,9.9", "p997,商品997,-1"
    config = add_supplier(tmp_path, "id,title,price\n" + "\n".join(rows) + "\n")
    ended = run("catalog", "sync", "--config", config, "extra")
    assert ended.code == 0
    assert "994 new" in ended.out
    assert "3 broken" in ended.out
    assert ended.out.count("price") >= 2
    for row in ("12", "502", "998"):
        assert row in ended.out


def test_a_feed_that_cannot_be_read_and_a_supplier_that_is_not_there(run: Run, tmp_path: Path) -> None:
    config = add_supplier(tmp_path, "id,title,price\n")
    (tmp_path / "feed.csv").unlink()
    ended = run("catalog", "sync", "--config", config, "extra")
    assert ended.code == 2
    assert "feed.csv" in ended.out + ended.err
    ended = run("catalog", "sync", "--config", config, "nobody")
    assert ended.code == 2
    assert "nobody" in ended.err


def test_check_finds_nothing_wrong(run: Run, config: Path) -> None:
    ended = run("check", "--config", config)
    assert ended.code == 0, ended.out
    for part in ("settings", "aliases", "database", "feed qingguo", "feed baihui", "feed mengya", "channel local"):
        assert any(line.startswith(part) and line.endswith(("ok", ")")) for line in ended.out.splitlines()), part


def fault(run: Run, config: Path, part: str, *said: str) -> None:
    ended = run("check", "--config", config)
    assert ended.code == 2
    text = ended.out + ended.err
    assert part in text
    for word in said:
        assert word in text, text


def test_check_names_an_unknown_key(run: Run, tmp_path: Path) -> None:
    fault(run, write_demo_config(tmp_path, extra="colour = 1"), "database.colour", "unknown key")


def test_check_names_a_wrong_type_and_every_other_fault(run: Run, tmp_path: Path) -> None:
    extra = '[pacing_x]\n[scheduler]\ntick_seconds = "soon"\n'
    fault(run, write_demo_config(tmp_path, extra=extra), "pacing_x", "scheduler.tick_seconds", "2 fault(s)")


def test_check_names_broken_toml(run: Run, tmp_path: Path) -> None:
    fault(run, write_demo_config(tmp_path, extra="= = ="), "not valid TOML", "line")


def test_check_names_a_settings_file_that_is_not_there(run: Run, tmp_path: Path) -> None:
    fault(run, tmp_path / "nothing.toml", "nothing.toml", "cannot be read")


def test_check_names_a_missing_secret(run: Run, tmp_path: Path) -> None:
    extra = '[channels.wechaty]\nendpoint = "127.0.0.1:1"\ntoken = "env:QIANQUN_NO_SUCH_TOKEN"'
    fault(run, write_demo_config(tmp_path, extra=extra), "channels.wechaty.token", "QIANQUN_NO_SUCH_TOKEN")


def test_check_names_a_database_that_cannot_be_used(run: Run, tmp_path: Path) -> None:
    (tmp_path / "folder.db").mkdir()
    fault(run, write_demo_config(tmp_path, url="sqlite:///folder.db"), "database", "folder.db")
    nobody = "postgresql://nobody@127.0.0.1:1/nothing"
    fault(run, write_demo_config(tmp_path, url=nobody), "database", "127.0.0.1:1", "server runs")


def test_check_names_a_broken_feed(run: Run, tmp_path: Path) -> None:
    config = add_supplier(tmp_path, "id,title,price\np1,草莓,free\n")
    fault(run, config, "feed extra", "1 broken row", "price")
    (tmp_path / "feed.csv").unlink()
    fault(run, config, "feed extra", "feed.csv")


def test_check_names_a_port_in_use(run: Run, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        fault(run, write_demo_config(tmp_path, port=port), "channel local", str(port), "channels.local.port")


def test_check_names_a_gateway_that_is_not_there(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_TOKEN", "insecure_00000000-0000-4000-8000-000000000000")
    extra = '[channels.wechaty]\nendpoint = "127.0.0.1:1"\ntoken = "env:GATEWAY_TOKEN"\ncall_timeout_s = 2'
    fault(run, write_demo_config(tmp_path, extra=extra), "channel wechaty", "port_closed")


def test_check_names_a_broken_alias_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "aliases.toml").write_text("草莓 = 1", encoding="utf-8")
    config = write_demo_config(tmp_path)
    document = config.read_text(encoding="utf-8")
    config.write_text(document.replace("[recommender]", '[catalog]\nalias_files = ["aliases.toml"]\n[recommender]', 1))
    fault(run, config, "aliases", "aliases.toml")


def test_check_wants_a_channel(run: Run, tmp_path: Path) -> None:
    config = tmp_path / "empty.toml"
    config.write_text("", encoding="utf-8")
    fault(run, config, "channels", "none is configured")


def test_the_kill_switch(run: Run, config: Path) -> None:
    assert "sending is on" in run("sending", "status", "--config", config).out
    assert run("sending", "stop", "--config", config, "--reason", "账号异常").code == 0
    stopped = run("sending", "status", "--config", config).out
    assert "账号异常" in stopped
    assert "sending is on" not in stopped
    assert run("sending", "resume", "--config", config).code == 0
    assert "stopped" not in run("sending", "status", "--config", config).out
    run("sending", "stop", "--config", config, "--account", "local/qianqun-bot")
    assert "local/qianqun-bot: stopped" in run("sending", "status", "--config", config).out


def test_the_demo_prints_its_conversation_and_ends(run: Run) -> None:
    ended = run("demo", "--script-only")
    assert ended.code == 0
    said = [json.loads(line) for line in (FOLDER / "script.jsonl").read_text(encoding="utf-8").splitlines()]
    for one in said:
        assert f"{one['member']}：{one['text']}" in ended.out
    assert "退订" in ended.out
    assert ended.out.count("元") >= 5
    assert "ignored" in ended.out
    assert ended.err == ""
