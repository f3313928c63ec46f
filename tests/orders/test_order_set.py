"""How well order replies are read, on lines labelled without sight of the parser.

The test split was never read while tuning.
"""

from __future__ import annotations

import pytest

from tests.orders.evaluation import FILES, evaluate, item_ids, lines, scenes

APPLIED_AT_ONCE = 0.95
TRAPS = 1 / 3


@pytest.mark.parametrize("split", FILES)
def test_no_order_is_applied_that_nobody_placed(split: str, capsys: pytest.CaptureFixture[str]) -> None:
    score = evaluate(split)
    with capsys.disabled():
        print(f"\n\nOrder lines, {split}\n{score.table()}")  # noqa: T201 - the table is the point
    shown = "\n".join(score.failures) if split == "tune" else "lines of this split are not shown"
    assert score.applied_wrongly == 0, shown
    assert score.applied_at_once >= APPLIED_AT_ONCE, shown


def test_the_lines_fit_their_scenes_and_halves() -> None:
    rows = {split: list(lines(split)) for split in FILES}
    everything = [row for split in rows for row in rows[split]]
    assert len(everything) >= 400
    assert len({row["id"] for row in everything}) == len(everything)
    assert sum(row["expect"] != "applied" for row in everything) >= TRAPS * len(everything)
    for split, half in rows.items():
        assert {row["split"] for row in half} == {split}
        assert {row["expect"] for row in half} == {"applied", "ask", "ignored"}
    for row in everything:
        assert row["scene"] in scenes()
        edits = [edit for option in [row.get("edits", []), *row.get("or", [])] for edit in option]
        assert {edit["item"] for edit in edits} <= item_ids(row).keys()
