"""``qianqun eval match`` and ``qianqun train match`` as people run them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from recommender.second_look import FEATURES
from tests.cli.conftest import Run

PRODUCTS = "id,title\np1,丹东草莓 3斤\np2,草莓味牙膏\np3,纯牛奶 整箱\np4,不粘牛奶锅\np5,五常大米 10斤\np6,草莓干 500g\n"
QUERIES = [
    {"query": "草莓", "graded": {"p1": 3}, "about": "plain", "split": "train"},
    {"query": "牛奶", "graded": {"p3": 3}, "about": "plain", "split": "test"},
    {"query": "大米", "graded": {"p5": 3, "gone": 2}, "about": "other", "split": "test"},
]


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    catalog, queries = tmp_path / "products.csv", tmp_path / "queries.jsonl"
    catalog.write_text(PRODUCTS, encoding="utf-8")
    queries.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in QUERIES), encoding="utf-8")
    return catalog, queries


def test_quality_with_intervals_by_kind_of_query(run: Run, files: tuple[Path, Path]) -> None:
    ended = run("eval", "match", "--catalog", files[0], "--queries", files[1])
    assert ended.code == 0
    row = next(line for line in ended.out.splitlines() if "all" in line and "[" in line)
    assert [part.strip() for part in row.split("│")[1:4]] == ["all", "3", "1.000 [1.000, 1.000]"]
    assert "1 graded ids are not in the catalogue (gone, …)" in ended.out


def test_two_ways_pairwise_and_all_of_them(run: Run, files: tuple[Path, Path]) -> None:
    ended = run("eval", "match", "--catalog", files[0], "--queries", files[1], "--against", "grams", "--ablation")
    assert ended.code == 0
    assert "full against others" in ended.out
    assert all(name in ended.out for name in ("grams", "no-sounds", "first-step"))


def test_no_interval_is_cut_off_in_a_narrow_window(
    run: Run, files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    ended = run("eval", "match", "--catalog", files[0], "--queries", files[1], "--ablation")
    assert "…" not in ended.out.replace("(gone, …)", "")


def test_one_split_only(run: Run, files: tuple[Path, Path]) -> None:
    ended = run("eval", "match", "--catalog", files[0], "--queries", files[1], "--split", "train")
    assert "│ all     │ 1 " in ended.out


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (("--split", "dev"), "no query is of 'dev'; there are test, train"),
        (("--against", "best"), "is no way of ranking; there are full, first-step"),
        (("--with", "none.json"), "cannot be read"),
    ],
)
def test_what_is_wrong_is_said(run: Run, files: tuple[Path, Path], changed: tuple[str, str], said: str) -> None:
    ended = run("eval", "match", "--catalog", files[0], "--queries", files[1], *changed)
    assert ended.code == 2
    assert said in ended.err


def test_a_broken_row_is_named(run: Run, files: tuple[Path, Path]) -> None:
    files[1].write_text('{"query": "草莓", "graded": {"p1": 9}}\n', encoding="utf-8")
    ended = run("eval", "match", "--catalog", files[0], "--queries", files[1])
    assert ended.code == 2
    assert "row 1, graded: 'p1' has the grade 9" in ended.err


def test_queries_of_another_catalogue(run: Run, files: tuple[Path, Path]) -> None:
    files[1].write_text('{"query": "草莓", "graded": {"x1": 3}}\n', encoding="utf-8")
    ended = run("eval", "match", "--catalog", files[0], "--queries", files[1])
    assert ended.code == 2
    assert "none of the ids is in the catalogue (the first is 'x1')" in ended.err


def test_trained_weights_can_be_measured(run: Run, files: tuple[Path, Path], tmp_path: Path) -> None:
    weights = tmp_path / "weights.json"
    ended = run("train", "match", "--catalog", files[0], "--queries", files[1], "--out", weights)
    assert ended.code == 0
    assert "loss" in ended.out
    document = json.loads(weights.read_text(encoding="utf-8"))
    assert set(document["weights"]) == set(FEATURES)
    assert "1 of queries.jsonl (train)" in document["trained_from"]
    measured = run("eval", "match", "--catalog", files[0], "--queries", files[1], "--against", weights)
    assert measured.code == 0
    assert weights.name in measured.out


def test_a_catalogue_alone_trains_too(run: Run, files: tuple[Path, Path], tmp_path: Path) -> None:
    ended = run("train", "match", "--catalog", files[0], "--out", tmp_path / "weights.json")
    assert ended.code == 0


def test_weights_that_cannot_be_written(run: Run, files: tuple[Path, Path], tmp_path: Path) -> None:
    ended = run("train", "match", "--catalog", files[0], "--out", tmp_path / "no" / "weights.json")
    assert ended.code == 2
    assert "cannot be written" in ended.err
