"""``qianqun orders parse``: one pasted chain."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.orders.chain_messages import chain_xml

CHAIN = """#接龙
周末水果
 1. 草莓 3斤 59.9元
 2. 苹果 5元
例 小美 草莓2份

1. 小美 草莓2份 少冰
2. 阿强 苹果1.5斤，送到3栋
3.
"""
FOUND = {
    "header": "#接龙",
    "title": "周末水果",
    "entries": [
        {"index": 1, "name": "小美", "items": [{"text": "草莓", "quantity": 2, "unit": "份", "note": "少冰"}]},
        {"index": 2, "name": "阿强", "items": [{"text": "苹果", "quantity": 1.5, "unit": "斤", "note": "送到3栋"}]},
    ],
    "left_out": [
        {"row": 3, "text": "1. 草莓 3斤 59.9元", "reason": "menu"},
        {"row": 4, "text": "2. 苹果 5元", "reason": "menu"},
        {"row": 5, "text": "例 小美 草莓2份", "reason": "example"},
        {"row": 9, "text": "3.", "reason": "empty"},
    ],
}


def test_json_lines(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "chain.txt"
    path.write_text("\ufeff" + CHAIN, encoding="utf-8")
    ended = run("orders", "parse", path, "--format", "jsonl")
    assert ended.code == 0
    assert [json.loads(line) for line in ended.out.splitlines()] == [FOUND]


@pytest.mark.parametrize("arguments", [[], ["-"]])
def test_standard_input(run: Run, arguments: list[str]) -> None:
    ended = run("orders", "parse", *arguments, "--format", "jsonl", text=CHAIN)
    assert json.loads(ended.out) == FOUND


def test_xml(run: Run) -> None:
    ended = run(
        "orders", "parse", "--format", "jsonl", text="wxid_a1:\n" + chain_xml("#接龙\n晚餐", [("u1", "小美 2份")])
    )
    found = json.loads(ended.out)
    assert (found["title"], [entry["name"] for entry in found["entries"]]) == ("晚餐", ["小美"])


def test_text(run: Run) -> None:
    ended = run("orders", "parse", text=CHAIN)
    assert ended.code == 0
    lines = ended.out.splitlines()
    assert lines[0] == "#接龙 周末水果"
    assert "小美" in lines[1]
    assert "2份" in lines[1]
    assert "line 9, empty" in ended.out


@pytest.mark.parametrize("text", ["", "我们来 #接龙 吧", "「a：#接龙\n1. b」\n- - - - - -\n+1", "<msg>"])
def test_no_chain_is_said_clearly(run: Run, text: str) -> None:
    ended = run("orders", "parse", "--format", "jsonl", text=text)
    assert ended.code == 2
    assert "standard input" in ended.err
    assert "接龙" in ended.err
    assert ended.out == ""


def test_a_missing_file_and_a_bad_format_are_named(run: Run, tmp_path: Path) -> None:
    ended = run("orders", "parse", tmp_path / "none.txt")
    assert ended.code == 2
    assert "none.txt" in ended.err
    ended = run("orders", "parse", "--format", "xml", text=CHAIN)
    assert ended.code == 2
    assert "--format" in ended.err
