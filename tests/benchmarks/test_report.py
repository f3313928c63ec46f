"""What a run leaves behind: tables for a page, and which goals were met."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import __main__ as program
from benchmarks.report import ROOT, Options, Report, goals, markdown

REPORTS = [
    Report("search", "questions a second", [{"products": 10, "way": "ours"}], ["quiet | machine"], seconds=7),
    Report(
        "split",
        "lines a second",
        [
            {"characters": 15, "way": "ours", "lines/s": 900_000},
            {"characters": 15, "way": "peer a|b", "lines/s": 100, "ours is ×": 9_000.0, "goal ×": 50.0, "met": True},
            {"characters": 40, "way": "peer", "lines/s": 12.5, "ours is ×": 3.0, "goal ×": 80.0, "met": False},
        ],
    ),
]


def test_a_table_becomes_a_section_of_a_page() -> None:
    assert markdown(REPORTS[1]).splitlines() == [
        *("## split", "", "lines a second; the whole table took 0 s.", ""),
        "| characters | way | lines/s | ours is × | goal × | met |",
        "| ---: | --- | ---: | ---: | ---: | ---: |",
        "| 15 | ours | 900,000 |  |  |  |",
        r"| 15 | peer a\|b | 100 | 9,000 | 50 | yes |",
        "| 40 | peer | 12.5 | 3 | 80 | NO |",
        "",
    ]


def test_goals_are_told_with_the_missed_ones_first() -> None:
    summary = goals(REPORTS)
    assert summary.title == "1 of 2 goals and limits met"
    assert [(row["benchmark"], row["row"], row["measured"], row["met"]) for row in summary.rows] == [
        ("split", "40, peer", 3.0, False),
        ("split", "15, peer a|b", 9_000.0, True),
    ]


def test_tables_go_below_the_mark_and_what_people_wrote_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# Ours\n\nwritten by hand\n\n{program.TABLES}\nold figures\n", encoding="utf-8")
    found = {report.name: report for report in REPORTS}
    monkeypatch.setattr(program, "BENCHMARKS", dict.fromkeys(found, ""))
    monkeypatch.setattr(program, "run_apart", lambda name, options: found[name])
    kept = tmp_path / "kept" / "run.json"
    assert program.main(["--markdown", str(page), "--json", str(kept)]) == 0
    written = page.read_text(encoding="utf-8")
    assert written.startswith(f"# Ours\n\nwritten by hand\n\n{program.TABLES}\nPython 3.")
    assert "old figures" not in written
    assert written.index("## goals") < written.index("## search") < written.index("## split")
    assert '"met": false' in kept.read_text(encoding="utf-8")
    assert "1 of 2 goals" in capsys.readouterr().out


def test_a_benchmark_that_breaks_down_is_said_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(name: str, options: Options) -> Report:
        if name == "search":
            raise RuntimeError("no such disk")
        return REPORTS[1]

    monkeypatch.setattr(program, "BENCHMARKS", {"search": "", "split": ""})
    monkeypatch.setattr(program, "run_apart", run)
    assert program.main([]) == 1
    said = capsys.readouterr()
    assert "search: broke down: RuntimeError('no such disk')" in said.err
    assert "split: lines a second" in said.out


def test_the_page_has_the_mark_below_which_tables_are_written() -> None:
    assert (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8").count(program.TABLES) == 1
