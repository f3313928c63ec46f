"""Rules and model together: how well, how sure, several needs in a message, and what opinions are about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from core.messages import Quote
from core.outcomes import Outcome, Reason
from core.text import Normaliser
from recommender.dialogue import in_context, utterance_of
from recommender.evaluation import ANY, judge, table
from recommender.intervals import mcnemar, wilson
from recommender.judging import RESCUED
from recommender.labelled import PASSIVE, read_labelled
from recommender.lexicon import Lexicon
from recommender.memory import GroupMemory
from recommender.need_report import (
    Heard,
    calibration_error,
    comparison,
    hear,
    reliability,
    reliability_table,
    several_found,
)
from recommender.needs import NeedReader, Reading
from recommender.settings import RecommenderSettings
from tests.recommender.conftest import DATA, lines

FLOORS = {
    ANY: (0.90, 0.83),
    "advice": (0.91, 0.76),
    "group_buy": (0.68, 0.70),
    "run_out": (0.76, 0.72),
    "where_to_buy": (0.78, 0.79),
    "want": (0.79, 0.68),
}
"""Of the lines for judging, a little below what was measured."""


@pytest.fixture(scope="module")
def heard(judging_reader: NeedReader, normaliser: Normaliser, lexicon: Lexicon) -> list[Heard]:
    return _heard(judging_reader, normaliser, lexicon)


def _heard(reader: NeedReader, normaliser: Normaliser, lexicon: Lexicon) -> list[Heard]:
    judging = read_labelled([DATA / "needs_test.jsonl"])
    return [
        hear(line, reader.read(normaliser(line.text)), lambda word: lexicon.canonical(normaliser(word).text))
        for line in judging
    ]


@pytest.mark.parametrize("name", FLOORS)
def test_lines_that_nothing_was_tuned_on_stay_above_their_floor(heard: list[Heard], name: str) -> None:
    score = judge(one.judged for one in heard).score(name)
    precision, recall = FLOORS[name]
    assert (score.precision >= precision, score.recall >= recall) == (True, True), score


def test_the_model_hears_far_more_than_the_rules_alone_and_is_wrong_less_often(
    heard: list[Heard],
    reader: NeedReader,
    normaliser: Normaliser,
    lexicon: Lexicon,
    capsys: pytest.CaptureFixture[str],
) -> None:
    alone = _heard(reader, normaliser, lexicon)
    with capsys.disabled():
        print(f"\n\nNeeds, lines for judging\n{table(judge(one.judged for one in heard))}")  # noqa: T201 - the table is the point
        print(f"{reliability_table(heard)}\n{comparison(heard, alone, ('model', 'rules'))}")  # noqa: T201
    with_model, by_rules = (judge(one.judged for one in way).score(ANY) for way in (heard, alone))
    assert with_model.recall >= by_rules.recall + 0.2
    assert with_model.precision >= by_rules.precision
    better = sum(a.active == a.line.active and b.active != b.line.active for a, b in zip(heard, alone, strict=True))
    worse = sum(b.active == b.line.active and a.active != a.line.active for a, b in zip(heard, alone, strict=True))
    assert mcnemar(better, worse) < 0.01


def test_a_certainty_of_four_fifths_is_right_four_times_in_five(heard: list[Heard]) -> None:
    steps = reliability(heard)
    assert calibration_error(steps) <= 0.08
    around = [step for step in steps if 0.7 <= step.low < 0.9]
    low, high = wilson(sum(step.needs for step in around), sum(step.lines for step in around))
    assert low <= 0.8 <= high
    sure = next(step for step in steps if step.high == 1.0)
    assert sure.needs / sure.lines >= 0.93
    unsure = next(step for step in steps if step.low == 0.0)
    assert unsure.needs / unsure.lines <= 0.1


def test_objects_are_right_when_a_need_is_found(heard: list[Heard]) -> None:
    assert judge(one.judged for one in heard).terms_right >= 0.95


def test_everyday_talk_is_left_alone(judging_reader: NeedReader, normaliser: Normaliser) -> None:
    answered = []
    for row in lines("talk.jsonl"):
        need = judging_reader.read(normaliser(row["text"])).need
        if need is not None and need.need_class.value not in PASSIVE:
            answered.append(row["text"])
    assert answered == []


def _needs(reading: Reading) -> list[tuple[str, tuple[str, ...]]]:
    return [(need.need_class.value, need.terms) for need in reading.needs]


@pytest.mark.parametrize(
    ("text", "needs"),
    [
        ("家里大米没了，另外哪里能买到艾草", [("run_out", ("大米",)), ("where_to_buy", ("艾草",))]),
        ("有人拼车厘子吗？还有求推荐个好用的拖把", [("group_buy", ("车厘子",)), ("advice", ("拖把",))]),
        ("想买点排骨和玉米炖汤", [("want", ("排骨", "玉米"))]),
        ("家里没酱油了，想买点酱油", [("run_out", ("酱油",))]),
    ],
)
def test_several_needs_in_one_message(
    judging_reader: NeedReader, normaliser: Normaliser, text: str, needs: list[tuple[str, tuple[str, ...]]]
) -> None:
    reading = judging_reader.read(normaliser(text))
    found = _needs(reading)
    assert reading.need == reading.needs[0]
    assert sorted(terms for _, terms in found) == sorted(terms for _, terms in needs)
    if len(needs) > 1:
        assert sorted(found) == sorted(needs)


def test_each_of_several_needs_has_its_own_constraints(judging_reader: NeedReader, normaliser: Normaliser) -> None:
    reading = judging_reader.read(normaliser("想买两箱牛奶，另外求推荐一百以内的拖把"))
    by_object = {need.terms: need.constraints for need in reading.needs}
    assert by_object[("牛奶",)].quantity == 2
    assert by_object[("牛奶",)].price_max is None
    assert by_object[("拖把",)].price_max == 100
    assert by_object[("拖把",)].quantity is None


def test_lines_with_several_needs_are_mostly_taken_apart(heard: list[Heard]) -> None:
    needs, found, extra = several_found(heard)
    assert needs >= 30
    assert found >= 0.55 * needs
    assert extra <= 0.15 * needs


def test_the_model_rescues_a_need_that_no_trigger_knows(
    reader: NeedReader, judging_reader: NeedReader, normaliser: Normaliser
) -> None:
    text = normaliser("榨菜丝给我十包，出差带")
    assert reader.read(text).need is None
    need = judging_reader.read(text).need
    assert need is not None
    assert (need.rule, need.terms, need.constraints.quantity) == (RESCUED, ("榨菜",), 10)
    assert "榨菜" in text.raw[slice(*need.evidence)]
    assert need.strength >= 0.5


def test_the_model_vetoes_a_trigger_in_talk(
    reader: NeedReader, judging_reader: NeedReader, normaliser: Normaliser
) -> None:
    text = normaliser("酸奶到手就剩三天保质期，这合适吗")
    assert reader.read(text).need is not None
    reading = judging_reader.read(text)
    assert reading.need is None
    assert reading.certainty is not None
    assert reading.certainty < 0.7


def test_what_is_addressed_to_the_bot_is_not_vetoed(judging_reader: NeedReader, normaliser: Normaliser) -> None:
    assert judging_reader.read(normaliser("酸奶到手就剩三天保质期，这合适吗"), mentioned=True).need is not None


@pytest.mark.parametrize("text", ["", "😀😀😀", "🍓" * 200, "想买" * 120, "，，，", "G", "想买G", "草莓" * 5000])
def test_odd_messages_are_read_without_a_fault(judging_reader: NeedReader, normaliser: Normaliser, text: str) -> None:
    assert judging_reader.read(normaliser(text)).outcome in {Outcome.IGNORED, Outcome.NEED, Outcome.OPINION}


class Talk:
    """A group in which opinions are heard; returns what the last line was read as."""

    def __init__(self, reader: NeedReader, normaliser: Normaliser) -> None:
        self._reader, self._normaliser = reader, normaliser
        self._memory, self._at = GroupMemory(), datetime(2026, 5, 1, 4, tzinfo=UTC)

    def hear(self, member: str, text: str, quote: Quote | None = None) -> Reading:
        self._at += timedelta(seconds=20)
        said = replace(self._normaliser(text), quote=quote)
        reading = in_context(self._reader.read(said), member, self._at, self._memory, RecommenderSettings())
        left = utterance_of(reading, member, self._at, answered=False)
        if left is not None:
            self._memory.note(left)
        return reading


@pytest.fixture
def talk(judging_reader: NeedReader, normaliser: Normaliser) -> Talk:
    return Talk(judging_reader, normaliser)


@pytest.mark.parametrize(
    ("text", "reason", "about"),
    [
        ("这个牛排嫩得很，娃吃了两块，真好吃", Reason.PRAISE, ("牛排",)),
        ("昨天的草莓坏了两盒，一点不甜", Reason.COMPLAINT, ("草莓",)),
        ("鸡蛋碎了五个，箱子都湿了", Reason.COMPLAINT, ("鸡蛋",)),
    ],
)
def test_praise_and_complaint_are_about_their_goods(
    talk: Talk, text: str, reason: Reason, about: tuple[str, ...]
) -> None:
    reading = talk.hear("小美", text)
    assert (reading.outcome, reading.reason, reading.opinion_about) == (Outcome.OPINION, reason, about)


def test_a_complaint_without_goods_is_about_what_the_member_named_before(talk: Talk) -> None:
    talk.hear("小美", "昨天的橙子到了")
    talk.hear("阿芳", "今天中午吃饺子")
    reading = talk.hear("小美", "送货太慢了，差评")
    assert (reading.reason, reading.opinion_about) == (Reason.COMPLAINT, ("橙子",))


def test_a_complaint_without_goods_is_about_what_it_quotes(talk: Talk) -> None:
    talk.hear("小美", "昨天的橙子到了")
    reading = talk.hear("小美", "送货太慢了，差评", Quote("团长", "今天的牛奶送出了"))
    assert reading.opinion_about == ("牛奶",)


def test_a_complaint_out_of_the_blue_is_about_nothing(talk: Talk) -> None:
    reading = talk.hear("小美", "送货太慢了，差评")
    assert (reading.outcome, reading.opinion_about) == (Outcome.OPINION, ())


@pytest.mark.parametrize(
    ("right", "total", "low", "high"),
    [(0, 0, 0.0, 1.0), (0, 10, 0.0, 0.278), (8, 10, 0.490, 0.943), (950, 1000, 0.935, 0.962), (10, 10, 0.722, 1.0)],
)
def test_intervals_are_wilsons(right: int, total: int, low: float, high: float) -> None:
    assert wilson(right, total) == pytest.approx((low, high), abs=0.001)


@pytest.mark.parametrize(("first", "second", "p"), [(0, 0, 1.0), (5, 5, 1.0), (10, 2, 0.0386), (0, 8, 0.0078)])
def test_two_ways_are_compared_exactly(first: int, second: int, p: float) -> None:
    assert mcnemar(first, second) == pytest.approx(p, abs=0.0001)
