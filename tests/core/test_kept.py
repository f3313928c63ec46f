"""What is kept on disk is what was made, and is made again where it is not."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from core.kept import kept, sources


class Maker:
    """Counts how often it is asked."""

    def __init__(self, made: object) -> None:
        self.made = made
        self.times = 0

    def __call__(self) -> object:
        self.times += 1
        return self.made


def test_what_was_made_is_read(tmp_path: Path) -> None:
    make = Maker({"草莓": frozenset({"红"}), "": (1, 2.5, None)})
    assert kept("fruit", ["a", b"b"], make, tmp_path) is make.made
    assert kept("fruit", ["a", b"b"], make, tmp_path) == make.made
    assert make.times == 1


@pytest.mark.parametrize("other", [["a"], ["a", "c"], ["ab"], ["a", "b", ""], ["b", "a"], ["a", "\ud83d"]], ids=repr)
def test_what_was_made_of_something_else_is_not(tmp_path: Path, other: list[str]) -> None:
    make = Maker(1)
    kept("fruit", ["a", "b"], make, tmp_path)
    kept("fruit", other, make, tmp_path)
    assert make.times == 2


def test_the_newest_six_of_a_kind_stay(tmp_path: Path) -> None:
    for number in range(9):
        kept("fruit", [str(number)], Maker(number), tmp_path)
    kept("tea", ["a"], Maker(0), tmp_path)
    assert sorted(path.name.partition("-")[0] for path in tmp_path.iterdir()) == [*["fruit"] * 6, "tea"]


def _cut(content: bytes) -> bytes:
    return content[:-1]


def _turned(content: bytes) -> bytes:
    return content[:-5] + bytes([content[-5] ^ 1]) + content[-4:]


def _of_another(_: bytes) -> bytes:
    content = pickle.dumps("other")
    return sha256(b"else").hexdigest().encode() + b"\n" + content


@pytest.mark.parametrize(
    "damage", [_cut, _turned, _of_another, lambda _: b"", lambda _: b"\xff\n", lambda _: b"\n\n"], ids=range(6)
)
def test_what_is_damaged_is_said_once_and_made_again(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    make = Maker(["草莓"] * 3)
    kept("fruit", ["a"], make, tmp_path)
    (file,) = tmp_path.iterdir()
    file.write_bytes(damage(file.read_bytes()))
    with capture_logs() as logs:
        assert kept("fruit", ["a"], make, tmp_path) == make.made
        assert kept("fruit", ["a"], make, tmp_path) == make.made
    assert [(log["event"], log["file"]) for log in logs] == [("fruit_damaged", str(file))]
    assert make.times == 2


def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path: Path) -> None:
    make = Maker("made")
    with capture_logs() as logs:
        assert kept("fruit", ["a"], make, tmp_path / "gone") == "made"
    assert [log["event"] for log in logs] == ["fruit_not_kept"]


def test_sources_are_the_text_of_modules() -> None:
    assert sources("core.kept", __name__)[1] == Path(__file__).read_bytes()
