"""The glance: nothing is lost by its signs, its file is checked, and its weights are those of the training."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.cli.learning import OPINION_FILES, TALK_FILE, TRAINING_FILES, fingerprint
from core.outcomes import Outcome
from core.text import Normaliser
from recommender import needs, screening
from recommender.labelled import NONE, read_labelled
from recommender.need_model import PACKAGED as NEED_MODEL
from recommender.need_model import NeedModelError
from recommender.need_rules import packaged_rules
from recommender.needs import NeedReader, Reading
from recommender.screen_report import Both, heard, screen_table
from recommender.screen_training import Seen, train_screen
from recommender.screening import PACKAGED, Screen, Sign, packaged_screen, read_screen, runs
from tests.recommender.conftest import DATA

MODELS = DATA.parent.parent / "recommender" / "data"
FILES = (*TRAINING_FILES, *OPINION_FILES, "needs_test.jsonl")
TEXT = (MODELS / PACKAGED).read_text(encoding="utf-8")
PIECES = [
    *"想买要没了吗?,的也还有哪里谁天冷热客人来家快递坏团拼蹲求推荐一两斤块便宜+1加我同算PNABG",
    *(
        "大米",
        "草莓",
        "电影",
        "宝宝",
        "无糖",
        "今天",
        "以内",
        "生日",
        "搬家",
        "不用了",
        "见底",
        "开学",
        "怎么选",
        "降温",
        "物流",
    ),
]


@pytest.fixture(scope="module")
def screen() -> Screen:
    found = packaged_screen()
    assert found is not None
    return found


@pytest.fixture(scope="module")
def readings(judging_reader: NeedReader, normaliser: Normaliser) -> list[Reading]:
    lines = [*read_labelled(DATA / name for name in FILES), *read_labelled([DATA / TALK_FILE], NONE)]
    return [judging_reader.read(normaliser(line.text)) for line in lines]


def _is_talk(reading: Reading, *, waiting: bool) -> bool:
    """Tell whether a reading leaves nothing: no need, no opinion, nothing that a later message could be about."""
    if reading.outcome in {Outcome.NEED, Outcome.OPINION} or reading.loose or reading.objects or reading.mentions:
        return False
    return not waiting or not (reading.joins or reading.refines or reading.withdraws)


@pytest.mark.parametrize("waiting", [False, True])
def test_no_labelled_line_is_lost(screen: Screen, readings: list[Reading], *, waiting: bool) -> None:
    lost = [
        reading.masked.mask
        for reading in readings
        if screen.glance(reading.masked.mask).talk(others=waiting, own=waiting)
        and not _is_talk(reading, waiting=waiting)
    ]
    assert lost == []
    assert sum(screen.glance(reading.masked.mask).talk(others=waiting, own=waiting) for reading in readings) > 100


@settings(max_examples=600)
@given(raw=st.lists(st.sampled_from(PIECES), min_size=1, max_size=12).map("".join), waiting=st.booleans())
def test_nothing_made_of_telling_words_is_lost(
    judging_reader: NeedReader, normaliser: Normaliser, screen: Screen, raw: str, *, waiting: bool
) -> None:
    reading = judging_reader.read(normaliser(raw))
    if screen.glance(reading.masked.mask).talk(others=waiting, own=waiting):
        assert _is_talk(reading, waiting=waiting)


@pytest.mark.parametrize(
    ("mask", "signs"),
    [
        ("天气不错", Sign(0)),
        ("G还有吗?", Sign.GOODS),
        ("家里要来客人了", Sign.HINT),
        ("我也要", Sign.JOINING),
        ("收到", Sign(0)),
        ("收到了", Sign.WITHDRAWAL),
        ("要A的", Sign.NARROWING),
        ("要A的" * 10, Sign(0)),
        ("谁能推荐好点的补习班", Sign.WORDING),
    ],
)
def test_signs(screen: Screen, mask: str, signs: Sign) -> None:
    assert screen.glance(mask).signs == signs


def test_a_need_is_joined_by_others_and_taken_back_by_whose_it_is(screen: Screen) -> None:
    joining, withdrawal = screen.glance("我也要"), screen.glance("已经买了")
    assert joining.talk(others=False, own=True)
    assert not joining.talk(others=True, own=False)
    assert withdrawal.talk(others=True, own=False)
    assert not withdrawal.talk(others=False, own=True)


def test_certainty_tells_needs_from_talk(screen: Screen, readings: list[Reading]) -> None:
    needs = [screen.glance(reading.masked.mask).certainty >= screen.need for reading in readings if heard(reading)]
    others = [screen.glance(reading.masked.mask).certainty >= screen.need for reading in readings if not heard(reading)]
    assert sum(needs) / len(needs) > 0.9
    assert sum(others) / len(others) < 0.2
    below = [screen.glance(reading.masked.mask).certainty < screen.sure_talk for reading in readings if heard(reading)]
    assert sum(below) / len(below) <= 0.005


def test_the_table_counts_losses(screen: Screen, readings: list[Reading]) -> None:
    both = [Both(reading, screen.glance(reading.masked.mask)) for reading in readings[-605:]]
    rows = {row[:34].strip(): row[34:].split()[0] for row in screen_table(both, screen).splitlines()[1:]}
    assert rows["lost: needs"].startswith("0/")
    assert rows["read in full"] == f"{sum(not one.glance.talk(others=False, own=False) for one in both)}/605"


def test_runs_are_counted_with_the_ends() -> None:
    assert list(runs("要G")) == ["^", "^要", "^要G", "要", "要G", "要G$", "G", "G$", "$"]


def test_the_packaged_screen_was_made_from_the_lines_and_the_model_as_they_are() -> None:
    made = json.loads(TEXT)["made"]
    assert made["data"] == {name: fingerprint(DATA / name) for name in (*TRAINING_FILES, *OPINION_FILES, TALK_FILE)}
    assert made["need_model"] == fingerprint(MODELS / NEED_MODEL), (
        "run `qianqun train needs --out recommender/data/need_model.json --screen recommender/data/screen_model.json`"
    )


def test_trained_weights_give_the_sums_of_scikit_learn(readings: list[Reading]) -> None:
    seen = [Seen(one.masked.mask, one.masked.mask[:6], heard(one)) for one in readings[::4] if one.masked.mask]
    training = train_screen(seen, {"data": {}})
    assert train_screen(seen, {"data": {}}).text == training.text
    made = read_screen(training.text, "trained", packaged_rules())
    theirs = training.scores([one.mask for one in seen])
    for one, score in zip(seen, theirs.tolist(), strict=True):
        expected = screening.squashed(made.slope * score + made.offset)
        assert made.glance(one.mask).certainty == pytest.approx(expected, abs=1e-6)


def _cut(document: dict[str, Any]) -> None:
    del document["weights"]


Damage = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("damage", "place"),
    [
        (lambda document: document.update(format=0), "format"),
        (lambda document: document.update(features=99), "features"),
        (_cut, "weights"),
        (lambda document: document["weights"].update({"想买草莓": 1.0}), "weights.想买草莓"),
        (lambda document: document["weights"].update({"想": "viel"}), "weights.想"),
        (lambda document: document["thresholds"].pop("need"), "thresholds.need"),
        (lambda document: document["lengths"].pop("8"), "lengths.8"),
        (lambda document: document.update(bias=float("nan")), "bias"),
    ],
)
def test_a_damaged_file_is_refused_with_its_place(damage: Damage, place: str) -> None:
    document = json.loads(TEXT)
    damage(document)
    with pytest.raises(NeedModelError, match=re.escape(place)) as refused:
        read_screen(json.dumps(document), "mine.json", packaged_rules())
    assert refused.value.place == place
    assert "train needs" in str(refused.value)


@pytest.mark.parametrize("text", ["", "[]", "{"])
def test_what_is_no_screen_is_refused(text: str) -> None:
    with pytest.raises(NeedModelError):
        read_screen(text, "mine.json", packaged_rules())


@pytest.fixture
def fresh() -> Iterator[None]:
    packaged_screen.cache_clear()
    yield
    packaged_screen.cache_clear()


@pytest.mark.usefixtures("fresh")
def test_an_unusable_screen_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screening, "FEATURES", 99)
    with capture_logs() as logs:
        assert packaged_screen() is None
        assert packaged_screen() is None
    assert [log["event"] for log in logs] == ["screen_model_unusable"]
    assert logs[0]["consequence"] == "every message is read in full"


def test_short_is_what_the_reader_takes_for_short() -> None:
    assert screening.SHORT == needs._LONGEST_REFINEMENT
    assert screening.LENGTHS[-1] == needs.LONGEST_NEED


def test_an_empty_message_is_talk(screen: Screen) -> None:
    assert screen.glance("").talk(others=True, own=True)
