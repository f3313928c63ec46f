"""``qianqun train needs`` and ``qianqun eval needs``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.cli.learning import fingerprint
from recommender.need_model import packaged_text
from recommender.need_rules import packaged_rules
from recommender.screening import read_screen
from tests.cli.conftest import Run
from tests.recommender.conftest import DATA

_LINES = [
    {"text": "有人拼车厘子吗", "class": "group_buy", "terms": ["车厘子"]},
    {"text": "家里大米见底了", "class": "run_out", "terms": ["大米"]},
    {
        "text": "家里酱油没了，另外求推荐好用的拖把",
        "class": "run_out",
        "terms": ["酱油"],
        "more": [{"class": "advice", "terms": ["拖把"]}],
    },
    {"text": "今天风好大", "class": "none", "trap": "talk"},
    {"text": "她说想买个锅", "class": "none", "trap": "reported_speech"},
]


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    path = tmp_path / "mine.jsonl"
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in _LINES), encoding="utf-8")
    return path


def test_eval_prints_classes_traps_and_certainty(run: Run, labelled: Path) -> None:
    ended = run("eval", "needs", labelled)
    assert ended.code == 0, ended.err
    assert "5 lines, 3 with a need; read by packaged" in ended.out
    row = next(line for line in ended.out.splitlines() if line.startswith("any need"))
    assert row.split()[2:] == ["3", "1.000", "0.439–1.000", "1.000", "0.439–1.000"]
    assert "trap reported_speech" in ended.out
    assert "several needs in a line: 2 of 2 found" in ended.out
    assert "mean difference between certainty and share of needs" in ended.out


def test_eval_compares_two_ways(run: Run, labelled: Path, tmp_path: Path) -> None:
    model = tmp_path / "model.json"
    model.write_text(packaged_text(), encoding="utf-8")
    ended = run("eval", "needs", labelled, "--model", model, "--against", "rules")
    assert ended.code == 0, ended.err
    assert f"{model} against rules, the same 5 lines" in ended.out
    assert "McNemar p = " in ended.out
    assert ended.out.count("difference") == 3


def test_eval_holds_the_screen_against_the_reader(run: Run, labelled: Path, tmp_path: Path) -> None:
    ended = run("eval", "needs", labelled, "--screen")
    assert ended.code == 0, ended.err
    rows = {line[:34].strip(): line[34:].split() for line in ended.out.splitlines()}
    assert rows["read in full"][0] == "4/5", "今天风好大 is talk"
    assert rows["lost: needs"][0] == "0/3"
    talk = tmp_path / "talk.jsonl"
    talk.write_text('{"text": "早上好"}\n', encoding="utf-8")
    assert run("eval", "needs", talk).code == 2
    assert run("eval", "needs", talk, "--talk").code == 0


def test_train_names_a_screen_it_cannot_write(run: Run, tmp_path: Path) -> None:
    ended = run("train", "needs", "--out", tmp_path / "model.json", "--screen", tmp_path / "none" / "screen.json")
    assert ended.code == 2
    assert "--screen" in ended.err


def test_eval_takes_the_model_of_a_settings_file(run: Run, labelled: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[recommender]\nneed_model = "off"\n', encoding="utf-8")
    ended = run("eval", "needs", labelled, "--model", config)
    assert ended.code == 0, ended.err
    assert "certainty: no model was asked" in ended.out


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ('{"text": "想买草莓", "class": "buying"}', "row 2, class: 'buying' is no class"),
        ('{"text": "想买草莓"}', "row 2, class: is missing"),
        ('{"text": ', "row 2, line: is no JSON"),
    ],
)
def test_eval_names_file_row_and_field_of_a_broken_line(run: Run, tmp_path: Path, row: str, said: str) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text('{"text": "早上好", "class": "none"}\n' + row + "\n", encoding="utf-8")
    ended = run("eval", "needs", path)
    assert ended.code == 2
    assert str(path) in ended.err
    assert said in ended.err


def test_eval_says_what_is_wrong_with_a_model(run: Run, labelled: Path, tmp_path: Path) -> None:
    model = tmp_path / "model.json"
    model.write_text(json.dumps(json.loads(packaged_text()) | {"features": 0}), encoding="utf-8")
    ended = run("eval", "needs", labelled, "--model", model)
    assert ended.code == 2
    assert "features" in ended.err
    assert "qianqun train needs" in ended.err


def test_eval_of_an_empty_file_is_a_fault(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text("\n", encoding="utf-8")
    ended = run("eval", "needs", path)
    assert (ended.code, "has no line" in ended.err) == (2, True)


def test_train_writes_a_model_that_eval_reads(run: Run, tmp_path: Path) -> None:
    some = tmp_path / "some.jsonl"
    rows = (DATA / "needs_more.jsonl").read_text(encoding="utf-8").splitlines()[::3]
    some.write_text("\n".join(rows), encoding="utf-8")
    model, screen = tmp_path / "model.json", tmp_path / "screen.json"
    talk = DATA / "talk.jsonl"
    trained = run("train", "needs", "--data", some, "--talk", talk, "--out", model, "--screen", screen)
    assert trained.code == 0, trained.err
    made = read_screen(screen.read_text(encoding="utf-8"), str(screen), packaged_rules()).made
    assert made["need_model"] == fingerprint(model)
    assert f"{len(rows)} lines" in trained.out
    judged = run("eval", "needs", DATA / "needs_test.jsonl", "--model", model, "--against", "rules")
    assert judged.code == 0, judged.err
    assert json.loads(model.read_text(encoding="utf-8"))["made"]["data"].keys() == {"some.jsonl", "talk.jsonl"}


def test_train_says_what_is_missing(run: Run, labelled: Path, tmp_path: Path) -> None:
    ended = run("train", "needs", "--data", labelled, "--out", tmp_path / "model.json")
    assert ended.code == 2
    assert "usable lines, at least" in ended.err
    assert not (tmp_path / "model.json").exists()


def test_train_names_a_file_it_cannot_read(run: Run, tmp_path: Path) -> None:
    ended = run("train", "needs", "--data", tmp_path / "none.jsonl", "--out", tmp_path / "model.json")
    assert ended.code == 2
    assert "none.jsonl" in ended.err
