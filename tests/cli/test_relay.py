"""``qianqun relay`` and ``qianqun orders``: a group-buy by hand, with no bot in the group."""

from __future__ import annotations

import csv
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from bot.cli.app import app
from bot.demo import FOLDER

CHAT = """林姐 2026/11/22 10:00
开团 周末水果
1. 丹东草莓 3斤 59.9元 限购5
2. 蓝莓 45元 库存3

小美 2026/11/22 10:05
草莓2份

老周 2026/11/22 10:06
蓝莓两盒，熟一点
"""
CHAIN = "#接龙\n周五午餐\n1. 小美 2份\n2. 老周 1份少饭\n"
GROUP = "阳光小区水果群"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    suppliers = FOLDER / "suppliers.toml"
    assert suppliers.exists()
    path = tmp_path / "config.toml"
    _ = path.write_text('[database]\nurl = "sqlite:///relay.db"\n', encoding="utf-8")
    return path


def run(*words: str, text: str | None = None) -> str:
    result = CliRunner().invoke(app, list(words), input=text)
    assert result.exit_code == 0, result.output
    return result.output


def relay(config: Path, text: str) -> str:
    return run("relay", GROUP, "--config", str(config), "--leader", "林姐", text=text)


def exported(config: Path, folder: Path, form: str) -> list[Path]:
    _ = run("orders", "export", "周末水果", "--config", str(config), "--format", form, "--folder", str(folder))
    return sorted(folder.iterdir())


def test_pasted_chat_becomes_the_order_book_and_pasting_it_again_orders_nothing_twice(
    config: Path, tmp_path: Path
) -> None:
    said = relay(config, CHAT)
    assert "贴回群里" in said
    assert "✓ 小美：丹东草莓 2 份，119.8 元" in said
    assert "✓ 老周：蓝莓 2 份，90 元（熟一点）" in said
    again = relay(config, CHAT + "\n老周 2026/11/22 10:08\n再来一份蓝莓\n")
    assert "共 3 份" in again
    assert "小美" not in again
    (book,) = exported(config, tmp_path / "sheets", "xlsx")
    sheets = load_workbook(BytesIO(book.read_bytes()))
    cells = [str(cell.value) for page in sheets for row in page.iter_rows() for cell in row if cell.value is not None]
    assert {"小美", "老周", "熟一点"} <= set(cells)
    tables = exported(config, tmp_path / "tables", "csv")
    assert len(tables) > 1
    rows = [row for path in tables for row in csv.reader(path.read_text(encoding="utf-8-sig").splitlines())]
    assert any("蓝莓" in cell for row in rows for cell in row)


def test_a_pasted_chain_is_the_leader_s(config: Path) -> None:
    said = relay(config, CHAIN)
    assert "✓ 小美：周五午餐 2 份" in said
    assert "✓ 老周：周五午餐 1 份（少饭）" in said
    assert "✓" not in relay(config, CHAIN)
    assert "open       chain" in run("orders", "list", "--config", str(config))


def test_what_is_wrong_is_named(config: Path, tmp_path: Path) -> None:
    words = ["orders", "export", "没有的团", "--config", str(config), "--folder", str(tmp_path)]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 2
    empty = CliRunner().invoke(app, ["relay", GROUP, "--config", str(config)], input=" \n")
    assert empty.exit_code == 2


def test_a_group_for_some_members_is_made_by_hand_with_the_text_and_the_list(config: Path) -> None:
    asked = "\n\n".join(f"{name} 2026/11/22 10:0{n}\n有驱蚊水吗" for n, name in enumerate(("小美", "老周", "陈姨")))
    said = relay(config, f"{asked}\n\n林姐 2026/11/22 10:10\n千群 拆群 驱蚊水\n\n林姐 2026/11/22 10:11\n同意\n")
    for fact in ("3 位群友", "不能自己建群", f"小美（{GROUP}）", f"陈姨（{GROUP}）", "退群", "退订"):
        assert fact in said
    assert "不能自己建群" not in relay(config, "林姐 2026/11/22 10:12\n同意\n"), "it is handed out once"
