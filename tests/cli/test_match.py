"""``qianqun match``: the bare retrieval over a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run

PRODUCTS = "id,title,price\np1,丹东草莓 3斤,59\np2,五常大米 10斤,49\np3,儿童防晒霜 50g,39\np4,草莓酸奶 12杯,29\n"


@pytest.fixture
def products(tmp_path: Path) -> Path:
    path = tmp_path / "products.csv"
    path.write_text(PRODUCTS, encoding="utf-8")
    return path


def test_text(run: Run, products: Path) -> None:
    ended = run("match", "--catalog", products, "--top", 1, "草莓", "大米")
    assert ended.code == 0
    lines = ended.out.splitlines()
    assert lines[0] == "草莓"
    assert "草莓" in lines[1]
    assert lines[2] == "大米"
    assert "五常大米 10斤" in lines[3]
    assert "p2" in lines[3]


def test_json_lines_from_standard_input(run: Run, products: Path) -> None:
    ended = run("match", "--catalog", products, "--format", "jsonl", "-", text="儿童防晒\n\n🍓\nzzz\n")
    assert ended.code == 0
    found = [json.loads(line) for line in ended.out.splitlines()]
    assert [one["query"] for one in found] == ["儿童防晒", "🍓", "zzz"]
    assert found[0]["results"][0]["id"] == "p3"
    assert {result["id"] for result in found[1]["results"][:2]} == {"p1", "p4"}
    for one in found:
        scores = [result["score"] for result in one["results"]]
        assert scores == sorted(scores, reverse=True)
        assert all(set(result) == {"id", "title", "score"} for result in one["results"])


def test_no_query_reads_standard_input(run: Run, products: Path) -> None:
    assert run("match", "--catalog", products, "--format", "jsonl", text="大米").out.count("\n") == 1


def test_a_file_with_a_byte_order_mark_and_broken_bytes(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "products.csv"
    path.write_bytes(b"\xef\xbb\xbfid,title\np1," + "草莓".encode() + b"\xff\n")
    assert "p1" in run("match", "--catalog", path, "草莓").out


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read"),
        ("", "id and title missing"),
        ("id,name\n1,草莓\n", "title missing"),
        ('id,title\n1,"' + "长" * 1_100_000, "is not a CSV file"),
    ],
)
def test_a_bad_file_is_named(run: Run, tmp_path: Path, content: str | None, said: str) -> None:
    path = tmp_path / "products.csv"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    ended = run("match", "--catalog", path, "草莓")
    assert ended.code == 2
    assert said in ended.err
    assert "products.csv" in ended.err


def test_a_row_with_too_few_fields_goes_in_without_a_title(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "products.csv"
    path.write_text("id,title\np1\np2,草莓\n", encoding="utf-8")
    assert "p2" in run("match", "--catalog", path, "草莓").out


def test_an_empty_catalogue_finds_nothing(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "products.csv"
    path.write_text("id,title\n", encoding="utf-8")
    ended = run("match", "--catalog", path, "--format", "jsonl", "草莓")
    assert json.loads(ended.out) == {"query": "草莓", "results": []}


@pytest.mark.parametrize("options", [["--format", "xml"], ["--top", "0"], ["--top", "many"]])
def test_a_bad_option_is_named(run: Run, products: Path, options: list[str]) -> None:
    ended = run("match", "--catalog", products, *options, "草莓")
    assert ended.code == 2
    assert options[0] in ended.err
