"""What is kept on disk between two starts: cutters and compiled code, and what happens when it is damaged."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from recommender.compiled.batch import Batch
from recommender.compiled.cutting import Cutter
from recommender.compiled.kept import kept_cutter
from recommender.compiled.packed import packed
from recommender.compiled.trie import CELL
from recommender.segmentation import Segmenter

_TEXT = ["想买霸王花干货，还有没有"]
_WORDS = ["霸王花", "霸王花干货"]


def _cut(cutter: Cutter) -> list[str]:
    return cutter.cut(Batch.of(_TEXT)).texts(_TEXT)[0]


def test_a_kept_cutter_is_the_one_that_was_made(tmp_path: Path) -> None:
    made = kept_cutter(_WORDS, tmp_path)
    (file,) = tmp_path.iterdir()
    kept = kept_cutter(_WORDS, tmp_path)
    assert _cut(kept) == _cut(made)
    assert "霸王花干货" in _cut(kept)
    assert np.array_equal(kept.trie.cells, made.trie.cells)
    assert file.stat().st_mtime_ns == next(tmp_path.iterdir()).stat().st_mtime_ns


def test_a_kept_cutter_is_the_file_itself_until_something_is_written_into_it(tmp_path: Path) -> None:
    made = kept_cutter(_WORDS, tmp_path)
    kept, again = kept_cutter(_WORDS, tmp_path), kept_cutter(_WORDS, tmp_path)
    (file,) = tmp_path.iterdir()
    content = file.read_bytes()
    kept.trie.cells["weight"][0] = -1.0
    assert file.read_bytes() == content
    assert np.array_equal(again.trie.cells, made.trie.cells)


def test_a_cutter_in_use_outlives_its_file(tmp_path: Path) -> None:
    made = _cut(kept_cutter(_WORDS, tmp_path))
    kept = kept_cutter(_WORDS, tmp_path)
    for file in tmp_path.iterdir():
        file.unlink()
    assert _cut(kept) == made


def test_other_words_have_a_cutter_of_their_own_and_old_ones_go(tmp_path: Path) -> None:
    for number in range(6):
        assert (
            f"霸王花{'干' * number}货"
            in kept_cutter([f"霸王花{'干' * number}货"], tmp_path)
            .cut(Batch.of([f"霸王花{'干' * number}货"]))
            .texts([f"霸王花{'干' * number}货"])[0]
        )
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.parametrize(
    "damage", ["empty", "cut off", "cut off later", "no arrays", "other arrays", "nodes that lead nowhere"]
)
def test_a_damaged_cutter_is_said_once_and_made_again(tmp_path: Path, damage: str) -> None:
    sound = _cut(kept_cutter(_WORDS, tmp_path))
    (file,) = tmp_path.iterdir()
    if damage.startswith("cut off"):
        file.write_bytes(file.read_bytes()[: 10_000_000 if damage == "cut off later" else 1_000_000])
    elif damage in {"empty", "no arrays"}:
        file.write_text("草莓" * 40 if damage == "no arrays" else "")
    else:
        numbers, cells = np.zeros(0x110000, np.int32), np.zeros(2_000, CELL)
        numbers[ord("霸")], cells["base"][:4] = 1, 1_999
        other = [np.zeros(3)] * 3 if damage == "other arrays" else [numbers, cells.view(np.int64), np.zeros(1)]
        packed(other).tofile(file)
    with capture_logs() as logs:
        assert _cut(kept_cutter(_WORDS, tmp_path)) == sound
        assert _cut(kept_cutter(_WORDS, tmp_path)) == sound
    assert [(log["event"], log["file"]) for log in logs] == [("cutter_damaged", str(file))]


def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path: Path) -> None:
    missing = tmp_path / "gone"
    with capture_logs() as logs:
        assert "霸王花" in _cut(kept_cutter(["霸王花"], missing))
    assert [log["event"] for log in logs] == ["cutter_not_kept"]


def test_jieba_cuts_alike_where_there_is_no_compiler() -> None:
    plain, compiled = (Segmenter(_WORDS, compiled=wanted) for wanted in (False, True))
    assert plain.cutter is None
    assert compiled.cutter is not None
    texts = [*_TEXT, "", "5kg大米\r\n😀 abc"]
    assert plain.cut_all(texts) == compiled.cut_all(texts)
    assert plain.cut(_TEXT[0]) == compiled.cut(_TEXT[0])
    assert plain.knowing(["还有没有"]).cut(_TEXT[0]) == compiled.knowing(["还有没有"]).cut(_TEXT[0])
    assert compiled.knowing(_WORDS) is compiled


_PROGRAM = """
import sys
from recommender.compiled import readiness
import one
from recommender.compiled import examples
examples.STAGES = {"one": lambda: one.twice(4)}
print(readiness.ready(), one.twice(21))
"""
_MODULE = """
from recommender.compiled.jit import compiled

@compiled
def twice(number):
    return number * 2
"""


def test_damaged_code_is_said_once_and_compiled_again(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text(_MODULE)
    cache = tmp_path / "cache"
    python_path = os.pathsep.join((str(tmp_path), str(Path(__file__).parents[3])))
    environment = {**os.environ, "PYTHONPATH": python_path, "XDG_CACHE_HOME": str(cache)}
    environment.pop("NUMBA_CACHE_DIR", None)

    def run() -> str:
        command = [sys.executable, "-c", _PROGRAM]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=120).stdout

    assert run() == "True 42\n"
    kept = sorted(cache.rglob("*.nbi"))
    assert len(kept) == 1
    kept[0].write_bytes(b"\x80\x04nonsense")
    said = run()
    assert said.count("compiled_code_damaged") == 1
    assert said.endswith("True 42\n")
    assert run() == "True 42\n"
    assert len(list(cache.glob("qianqun/compiled-*"))) == 1
