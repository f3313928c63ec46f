"""The model's file: read, refused when damaged or outdated, and the same sums as scikit-learn's."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.cli.learning import OPINION_FILES, TALK_FILE, TRAINING_FILES, fingerprint
from core.text import Normaliser
from recommender.hits import find_hits
from recommender.labelled import read_labelled
from recommender.lexicon import Lexicon
from recommender.masking import mask_text
from recommender.need_features import FeatureTable, feature_ids, feature_names
from recommender.need_model import (
    NEED,
    PACKAGED,
    NeedModel,
    NeedModelError,
    load_model,
    packaged_text,
    read_model,
    squashed,
    usable_model,
)
from recommender.need_rules import packaged_rules
from recommender.need_training import Training, TrainingError, examples_of, train
from recommender.segmentation import Segmenter
from recommender.service import Recommender
from recommender.settings import RecommenderSettings
from tests.recommender.conftest import DATA, SHANGHAI

Damage = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def training(normaliser: Normaliser, segmenter: Segmenter, lexicon: Lexicon) -> Training:
    """A model of a third of the lines: enough to compare sums, quick to make."""
    lines = read_labelled(DATA / name for name in TRAINING_FILES)[::3]
    return train(examples_of(lines, normaliser, segmenter, lexicon, packaged_rules()), (), {"data": {}})


def test_a_models_table_finds_the_features_that_their_names_do(
    normaliser: Normaliser, segmenter: Segmenter, lexicon: Lexicon
) -> None:
    model, rules = usable_model(""), packaged_rules()
    assert model is not None
    table, weighed = FeatureTable(model.vocabulary), 0
    for line in read_labelled(DATA / name for name in TRAINING_FILES)[::7]:
        masked = mask_text(normaliser(line.text), segmenter, lexicon)
        hits = find_hits(masked, rules)
        ids = table.ids(masked, hits, rules)
        assert ids == feature_ids(feature_names(masked, hits, rules), model.vocabulary)
        weighed += len(ids)
    assert weighed > 1_000


@pytest.fixture
def fresh() -> Iterator[None]:
    """Forget which models were read, so that a fault is said again."""
    usable_model.cache_clear()
    yield
    usable_model.cache_clear()


def _packaged() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(packaged_text())
    return document


def test_scores_are_those_of_scikit_learn(training: Training) -> None:
    model = read_model(training.text, "trained", packaged_rules())
    for name, fitted in training.fitted.items():
        theirs = fitted.scores([example.counts(judgements=True) for example in training.examples])
        ours = [model.heads[name].score(model.ids(example.names)) for example in training.examples]
        assert max(abs(a - b) for a, b in zip(theirs, ours, strict=True)) < 1e-6, name


def test_certainties_are_those_of_the_calibration(training: Training) -> None:
    model = read_model(training.text, "trained", packaged_rules())
    fitted = training.fitted[NEED]
    scores = fitted.scores([example.counts(judgements=True) for example in training.examples])
    for example, expected in zip(training.examples, fitted.certainty(scores), strict=True):
        assert model.certainty(model.ids(example.names)) == pytest.approx(expected, abs=1e-9)


def test_training_twice_gives_the_same_file(
    training: Training, normaliser: Normaliser, segmenter: Segmenter, lexicon: Lexicon
) -> None:
    lines = read_labelled(DATA / name for name in TRAINING_FILES)[::3]
    again = train(examples_of(lines, normaliser, segmenter, lexicon, packaged_rules()), (), {"data": {}})
    assert again.text == training.text


def test_the_packaged_model_was_made_from_the_labelled_lines_as_they_are() -> None:
    made = _packaged()["made"]["data"]
    now = {name: fingerprint(DATA / name) for name in (*TRAINING_FILES, *OPINION_FILES, TALK_FILE)}
    assert made == now, "the lines have changed: run `qianqun train needs --out recommender/data/need_model.json`"


def test_the_packaged_model_is_small_and_holds_no_zero_weight() -> None:
    text = packaged_text()
    assert len(text.encode()) < 400_000
    weights = [
        weight
        for head in _packaged()["heads"].values()
        for family in head["weights"].values()
        for weight in family.values()
    ]
    assert all(weights)


def test_no_product_has_earned_a_weight(lexicon: Lexicon) -> None:
    """Goods are letters in the mask; a weight for 草莓 would be one for the lines that happen to name it."""
    goods = [word for word in lexicon if len(word) > 1 and (found := lexicon.get(word)) and found.kind.value == "G"]
    words = {
        word for head in _packaged()["heads"].values() for gram in head["weights"]["mask"] for word in gram.split(" ")
    }
    assert words & set(goods) == set()


def test_it_says_why(training: Training) -> None:
    model = read_model(training.text, "trained", packaged_rules())
    why = model.why({"rule:hits:0", "char:G", "never seen"}, most=2)
    assert len(why) <= 2
    assert all(name in model.vocabulary for name, _ in why)
    assert [abs(weight) for _, weight in why] == sorted((abs(weight) for _, weight in why), reverse=True)


def _without_heads(document: dict[str, Any]) -> None:
    del document["heads"]


def _without_a_head(document: dict[str, Any]) -> None:
    del document["heads"]["want"]


def _word_for_a_number(document: dict[str, Any]) -> None:
    document["heads"]["need"]["weights"]["char"]["G"] = "viel"


def _infinite(document: dict[str, Any]) -> None:
    document["heads"]["need"]["bias"] = float("inf")


def _older(document: dict[str, Any]) -> None:
    document["features"] = 0


def _other_format(document: dict[str, Any]) -> None:
    document["format"] = 99


def _rule_that_is_gone(document: dict[str, Any]) -> None:
    document["heads"]["need"]["weights"]["rule"]["trigger:once_was"] = 1.0


def _list_that_is_gone(document: dict[str, Any]) -> None:
    document["heads"]["need"]["weights"]["list"]["once_was/goods"] = 1.0


def _threshold_beyond_one(document: dict[str, Any]) -> None:
    document["thresholds"]["keep"] = 1.5


DAMAGES: list[tuple[Damage, str, str]] = [
    (_without_heads, "heads", "is missing"),
    (_without_a_head, "heads.want", "has no weights"),
    (_word_for_a_number, "heads.need.weights.char.G", "not a finite number"),
    (_infinite, "heads.need.bias", "not a finite number"),
    (_older, "features", "this program reads"),
    (_other_format, "format", "is 99"),
    (_rule_that_is_gone, "rule:trigger:once_was", "outdated"),
    (_list_that_is_gone, "list:once_was/goods", "outdated"),
    (_threshold_beyond_one, "thresholds.keep", "is 1.5"),
]


@pytest.mark.parametrize(("damage", "place", "said"), DAMAGES, ids=lambda value: getattr(value, "__name__", None))
def test_a_damaged_or_outdated_model_is_refused_with_the_place(damage: Damage, place: str, said: str) -> None:
    document = _packaged()
    damage(document)
    with pytest.raises(NeedModelError) as caught:
        read_model(json.dumps(document), "mine.json", packaged_rules())
    assert "mine.json" in str(caught.value)
    assert place in caught.value.place
    assert said in caught.value.what
    assert "qianqun train needs" in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"format": 1}', "\x00" * 50])
def test_half_a_file_is_refused(text: str) -> None:
    with pytest.raises(NeedModelError, match=r"mine\.json"):
        read_model(text, "mine.json", packaged_rules())


@pytest.mark.usefixtures("fresh")
def test_a_damaged_model_is_said_once_and_the_rules_decide_alone(
    tmp_path: Path, aliases: list[tuple[str, str, str]], normaliser: Normaliser
) -> None:
    path = tmp_path / "mine.json"
    path.write_text("{ torn", encoding="utf-8")
    settings = RecommenderSettings(need_model=str(path))
    with capture_logs() as logs:
        first, _ = Recommender(settings, SHANGHAI, aliases), Recommender(settings, SHANGHAI, aliases)
    assert [(entry["log_level"], entry["event"]) for entry in logs] == [("error", "need_model_unusable")]
    assert str(path) in logs[0]["error"]
    reading = first.read(normaliser("有人拼车厘子吗"))
    assert reading.need is not None
    assert (reading.need.need_class.value, reading.certainty) == ("group_buy", None)


@pytest.mark.usefixtures("fresh")
def test_settings_choose_the_model(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text(packaged_text(), encoding="utf-8")
    assert usable_model("off") is None
    assert isinstance(usable_model(""), NeedModel)
    assert usable_model(str(path)) == load_model(path, packaged_rules())
    with pytest.raises(NeedModelError, match=re.escape(str(tmp_path / "none.json"))):
        load_model(tmp_path / "none.json", packaged_rules())


def test_nothing_to_learn_from_is_said(normaliser: Normaliser, segmenter: Segmenter, lexicon: Lexicon) -> None:
    lines = read_labelled([DATA / "needs.jsonl"])
    few = [line for line in lines if line.label != "advice"]
    with pytest.raises(TrainingError, match="class advice has 0 usable lines"):
        train(examples_of(few, normaliser, segmenter, lexicon, packaged_rules()), (), {})


def test_lines_that_rules_were_tuned_on_cannot_calibrate(
    normaliser: Normaliser, segmenter: Segmenter, lexicon: Lexicon
) -> None:
    lines = [line for line in read_labelled([DATA / "needs.jsonl"]) if line.rules_read]
    with pytest.raises(TrainingError, match="rules_read"):
        train(examples_of(lines, normaliser, segmenter, lexicon, packaged_rules()), (), {})


@pytest.mark.parametrize("score", [-1e9, -800.0, 0.0, 800.0, 1e9])
def test_the_logistic_function_is_safe(score: float) -> None:
    assert 0.0 <= squashed(score) <= 1.0


def test_the_packaged_file_is_named_in_its_errors() -> None:
    document = _packaged()
    document["features"] = 0
    with pytest.raises(NeedModelError, match=PACKAGED):
        read_model(json.dumps(document), PACKAGED, packaged_rules())


def test_the_running_bot_imports_no_scikit_learn() -> None:
    script = "import sys, bot.bootstrap, recommender.service\nprint('sklearn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
