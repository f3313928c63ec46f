"""Praise and complaints: how well they are told from what only looks like them, and what they are about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.cli.learning import OPINION_FILES
from core.outcomes import Outcome, Reason
from core.text import Normaliser
from orders.evidence import Bought
from recommender.evaluation import Verdict, judge, table
from recommender.labelled import COMPLAINT, PRAISE, read_labelled
from recommender.lexicon import Lexicon
from recommender.models import Opinion
from recommender.need_report import hear
from recommender.needs import NeedReader
from recommender.opinion_links import only_order
from tests.recommender.conftest import DATA

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
SEALED, TUNED_ON = "opinions_sealed.jsonl", "opinions_tune.jsonl"
FLOORS = {PRAISE: (0.87, 0.65), COMPLAINT: (0.90, 0.75)}
"""Of the sealed lines, precision and recall a little below what was measured."""


@pytest.fixture(scope="module")
def verdict(judging_reader: NeedReader, normaliser: Normaliser, lexicon: Lexicon) -> Verdict:
    lines = read_labelled([DATA / SEALED])
    readings = [judging_reader.read(normaliser(line.text)) for line in lines]
    heard = [
        hear(line, reading, lambda word: lexicon.canonical(normaliser(word).text))
        for line, reading in zip(lines, readings, strict=True)
    ]
    return judge(one.judged for one in heard)


@pytest.mark.parametrize("name", FLOORS)
def test_lines_that_nothing_was_tuned_on_stay_above_their_floor(
    verdict: Verdict, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        print(f"\n\nOpinions, sealed lines\n{table(verdict)}")  # noqa: T201 - the table is the point
    score = verdict.score(name)
    precision, recall = FLOORS[name]
    assert (score.precision >= precision, score.recall >= recall) == (True, True), score


def test_the_lines_for_judging_are_apart_from_those_for_training() -> None:
    files = [[DATA / name for name in OPINION_FILES], [DATA / TUNED_ON], [DATA / SEALED]]
    texts = [{line.text for line in read_labelled(paths)} for paths in files]
    assert sum(map(len, texts)) == len(set.union(*texts))


@pytest.mark.parametrize(
    ("text", "kind", "about"),
    [
        ("大米很香，煮粥一层油", Reason.PRAISE, ("大米",)),
        ("草莓到手烂了三颗", Reason.COMPLAINT, ("草莓",)),
        ("牛奶收到了，酸奶好喝又浓", Reason.PRAISE, ("酸奶",)),
        ("草莓和蓝莓都好吃，没一颗坏的", Reason.PRAISE, ("草莓", "蓝莓")),
        ("橘子酸得娃直摇头", Reason.COMPLAINT, ("橘子",)),
        ("橘子甜，又拿去送人了", Reason.PRAISE, ("橘子",)),
        ("少发了一包，你们看看", Reason.COMPLAINT, ()),
    ],
)
def test_an_opinion_is_about_what_its_judging_clause_names(
    judging_reader: NeedReader, normaliser: Normaliser, text: str, kind: Reason, about: tuple[str, ...]
) -> None:
    reading = judging_reader.read(normaliser(text))
    assert (reading.outcome, reading.reason, reading.opinion_about) == (Outcome.OPINION, kind, about)


def _opinion(member: str = "mei", group_id: int = 1) -> Opinion:
    return Opinion(inbox_id=1, group_id=group_id, member=member, kind="praise", about=[], at=NOW)


def _bought(title: str, *, days: float = 2, arrived: bool = False, group_id: int = 1, member: str = "mei") -> Bought:
    return Bought(group_id, member, title, NOW - timedelta(days=days), arrived)


@pytest.mark.parametrize(
    ("bought", "about"),
    [
        ([], ()),
        ([_bought("丹东草莓")], ("丹东草莓",)),
        ([_bought("丹东草莓"), _bought("丹东草莓", days=4)], ("丹东草莓",)),
        ([_bought("丹东草莓"), _bought("蓝莓")], ()),
        ([_bought("丹东草莓", arrived=True), _bought("蓝莓", days=0.1)], ("丹东草莓",)),
        ([_bought("丹东草莓", arrived=True), _bought("蓝莓", arrived=True)], ()),
        ([_bought("丹东草莓", days=15)], ()),
        ([_bought("丹东草莓", days=-1)], ()),
        ([_bought("丹东草莓", group_id=2)], ()),
        ([_bought("丹东草莓", group_id=7)], ("丹东草莓",)),
        ([_bought("丹东草莓", member="chen")], ()),
    ],
)
def test_an_opinion_without_goods_is_about_the_only_thing_that_was_ordered(
    bought: list[Bought], about: tuple[str, ...]
) -> None:
    assert only_order(_opinion(), bought, {7: 1}) == about
