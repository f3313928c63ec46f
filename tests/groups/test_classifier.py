"""The category model: trained with scikit-learn, read as plain numbers, calibrated, silent where it knows little."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from structlog.testing import capture_logs

from groups.labels.classifier import OTHER, PACKAGED, CategoryModel, CategoryModelError, CategoryReader, grams, load
from groups.labels.classifier_training import Example, Trained, catalogue_examples, packaged_examples, train_model
from groups.labels.weighing import Spoken, Unsure, judge
from groups.settings import SegmentationSettings

BOUNDS = SegmentationSettings()


@pytest.fixture(scope="module")
def trained() -> Trained:
    """The model trained anew on the packaged texts."""
    return train_model(packaged_examples())


@pytest.fixture(scope="module")
def model() -> CategoryModel:
    return load(PACKAGED)


def test_there_are_enough_texts_each_once_of_every_category() -> None:
    examples = packaged_examples()
    assert len(examples) >= 1_000
    assert len({example.text for example in examples}) == len(examples)
    counts = {example.category: 0 for example in examples}
    for example in examples:
        counts[example.category] += 1
    assert min(counts.values()) >= 30


def test_reading_comes_to_the_probabilities_of_scikit_learn(trained: Trained, tmp_path: Path) -> None:
    trained.write(tmp_path / "model.json")
    ours = load(tmp_path / "model.json")
    texts = [example.text for example in packaged_examples()]
    texts += ["", "🍓", "没见过的词", "草莓草莓草莓 蓝莓", "Ａｐｐｌｅ 苹果 5斤", "x" * 500, "纯牛奶 " * 100]
    assert np.abs(ours.probabilities(texts) - trained.pipeline.predict_proba(texts)).max() < 1e-6
    assert np.allclose(ours.probabilities(texts).sum(axis=1), 1)
    assert ours.probabilities([]).shape == (0, len(ours.classes))


def test_the_packaged_model_is_the_one_that_training_gives(trained: Trained, model: CategoryModel) -> None:
    assert list(model.classes) == trained.document["classes"]
    assert set(model.vocabulary) == set(trained.document["features"])
    texts = [example.text for example in packaged_examples()]
    drift = np.abs(model.probabilities(texts) - trained.pipeline.predict_proba(texts)).max()
    assert drift < 0.03, "train again: qianqun groups train --output groups/labels/data/category_model.json"


def test_unseen_texts_are_read_right_and_as_surely_as_it_says(
    trained: Trained, capsys: pytest.CaptureFixture[str]
) -> None:
    """Five folds; nearly every text names goods that no other one names, so this is the hardest case."""
    quality = trained.quality
    wrong = [(pair, count) for pair, count in quality.confusion.most_common() if pair[0] != pair[1]]
    with capsys.disabled():
        print(f"\ncategories, cross-validated: {quality.accuracy:.3f} right")  # noqa: T201 - the tables are the point
        print(_confusion(trained))  # noqa: T201
        print("most confused: " + "，".join(f"{true}→{taken} {count}" for (true, taken), count in wrong[:12]))  # noqa: T201
        for one in quality.bins:
            print(f"sure {one.confidence:.2f}   right {one.right:.2f}   of {one.texts}")  # noqa: T201
    assert quality.accuracy >= 0.68
    assert min(quality.per_class.values()) >= 0.45
    about_eight = [one for one in quality.bins if 0.7 <= one.confidence < 0.9]
    texts = sum(one.texts for one in about_eight)
    assert 0.74 <= sum(one.right * one.texts for one in about_eight) / texts <= 0.86
    error = sum(abs(one.right - one.confidence) * one.texts for one in quality.bins) / sum(
        one.texts for one in quality.bins
    )
    assert error <= 0.06


def _confusion(trained: Trained) -> str:
    """Return the table: a row for each true class, a column for each it was taken for."""
    classes = trained.document["classes"]
    counts = trained.quality.confusion
    head = "true\\taken".ljust(12) + " ".join(f"{place:>3}" for place in range(len(classes)))
    rows = [
        f"{place:>2} {name}".ljust(12, "\u3000")[:8].ljust(10)
        + " ".join(f"{counts[name, other] or '·':>3}" for other in classes)
        for place, name in enumerate(classes)
    ]
    return "\n".join([head, *rows])


def test_titles_of_the_demo_are_read_though_it_never_saw_them(model: CategoryModel) -> None:
    lines = Path("bot/demo/catalogue/mengya.jsonl").read_text(encoding="utf-8").splitlines()
    titles = [(row["title"], row["category"].partition("/")[0]) for row in map(json.loads, lines)]
    read = model.probabilities([title for title, _ in titles]).argmax(axis=1)
    right = [model.classes[place] == top for place, (_, top) in zip(read, titles, strict=True)]
    assert np.mean(right) >= 0.8


def test_the_operators_titles_are_learned_from_and_none_drowns_the_others() -> None:
    titles = [(f"星际矿石{number}号", "矿石/星际") for number in range(1_000)]
    titles += [("", "矿石"), ("无类目", ""), *((f"孤品{number}", "孤品") for number in range(5))]
    examples = catalogue_examples(titles)
    assert sum(example.category == "矿石" for example in examples) == 400
    made = train_model([*_few(), *examples])
    assert made.left_out == {"孤品": 5}
    best = made.document["classes"][made.pipeline.predict_proba(["星际矿石"])[0].argmax()]
    assert best == "矿石"


def _few() -> list[Example]:
    return [example for example in packaged_examples() if example.category in {"水果", "宠物"}]


def test_two_classes_are_trained_and_read_as_well(tmp_path: Path) -> None:
    made = train_model(_few())
    made.write(tmp_path / "model.json")
    assert made.document["classes"] == ["宠物", "水果"]
    (chances,) = load(tmp_path / "model.json").probabilities(["猫粮"])
    assert chances[0] > 0.8
    assert made.quality.accuracy > 0.9


def test_too_few_texts_are_refused() -> None:
    with pytest.raises(ValueError, match="at least two categories need 20 texts each"):
        train_model([Example("草莓", "水果"), Example("猫粮", "宠物")])


def test_reading_imports_no_scikit_learn() -> None:
    script = "import sys, bot.segmentation, bot.bootstrap; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "sklearn" not in done.stdout.split()


@pytest.mark.parametrize("text", ["\x00" * 65_536, "栋" * 65_536, "🍀" * 65_536, "a1" * 32_768])
def test_a_text_of_64_kb_is_cut(text: str, model: CategoryModel) -> None:
    assert len(grams(text)) <= 240
    assert np.isfinite(model.probabilities([text])).all()


# A file that is none.


def _document(**values: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(PACKAGED.read_text(encoding="utf-8"))
    return {**document, **values}


DAMAGED: dict[str, Callable[[], str]] = {
    "not there": lambda: "",
    "cut off": lambda: PACKAGED.read_text(encoding="utf-8")[:1000],
    "no JSON": lambda: "\x00\x01",
    "no object": lambda: "[]",
    "another form": lambda: json.dumps(_document(form=99)),
    "no classes": lambda: json.dumps(_document(classes=[])),
    "a class that is not there": lambda: json.dumps(_document(features={"草": [1.0, 99, 0.5]})),
    "a weight without its class": lambda: json.dumps(_document(features={"草": [1.0, 3]})),
    "not a number": lambda: json.dumps(_document(features={"草": [1.0, 3, float("nan")]})),
    "words for numbers": lambda: json.dumps(_document(intercept=["viel"])),
    "too few intercepts": lambda: json.dumps(_document(intercept=[0.0])),
    "no calibration": lambda: json.dumps(_document(calibration={})),
    "frozen": lambda: json.dumps(_document(calibration={"temperature": 0})),
}


@pytest.mark.parametrize("write", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_file_is_named_and_the_packaged_model_is_used_and_that_said_once(
    write: Callable[[], str], tmp_path: Path
) -> None:
    path = tmp_path / "own.json"
    if text := write():
        path.write_text(text, encoding="utf-8")
    with pytest.raises(CategoryModelError, match=r"own\.json.*qianqun groups train"):
        load(path)
    reader = CategoryReader(path)
    with capture_logs() as logs:
        assert reader.model.classes == load(PACKAGED).classes
        assert reader.model is reader.model
    (said,) = logs
    assert str(path) in said["error"]


# What a group's needs and orders add up to.


def _spoken(model: CategoryModel, **said: list[str]) -> list[Spoken]:
    texts = [(member, text) for member, listed in said.items() for text in listed]
    rows = model.probabilities([text for _, text in texts])
    return [Spoken(member, row if model.knows(text) else None) for (member, text), row in zip(texts, rows, strict=True)]


FRUIT = ["草莓", "蓝莓", "车厘子", "苹果", "橙子", "葡萄"]


def test_a_group_that_asks_for_fruit_is_a_fruit_group(model: CategoryModel) -> None:
    judged = judge(_spoken(model, a=FRUIT, b=FRUIT[:3], c=FRUIT[2:]), None, model.classes, BOUNDS)
    assert (judged.unsure, judged.best, judged.people) == (None, "水果", 3)
    assert judged.shares is not None
    assert judged.shares["水果"].share >= 0.6
    assert OTHER not in judged.shares


@pytest.mark.parametrize(
    ("said", "unsure"),
    [
        ({}, Unsure.TOO_FEW_NEEDS),
        ({"a": FRUIT[:2], "b": FRUIT[:2], "c": FRUIT[:2]}, Unsure.TOO_FEW_NEEDS),
        ({"a": FRUIT * 9, "b": FRUIT * 9}, Unsure.TOO_FEW_PEOPLE),
        ({"a": ["zzz"] * 9, "b": ["qqq"] * 9, "c": FRUIT[:2]}, Unsure.NOTHING_KNOWN),
        (
            {"a": ["草莓", "洗衣液", "猫粮"], "b": ["拖鞋", "铅笔", "酱油"], "c": ["排骨", "牛奶", "口红"]},
            Unsure.NOTHING_STANDS_OUT,
        ),
        (
            {"a": ["快递", "家政保洁", "拼车"], "b": ["停水通知", "开锁", "租房"], "c": ["保险", "驾校"]},
            Unsure.NOTHING_STANDS_OUT,
        ),
    ],
)
def test_too_little_evidence_gives_a_reason_and_no_category(
    said: dict[str, list[str]], unsure: Unsure, model: CategoryModel
) -> None:
    judged = judge(_spoken(model, **said), None, model.classes, BOUNDS)
    assert judged.unsure is unsure
    assert all(support.share < BOUNDS.enter_confidence for support in (judged.shares or {}).values())


def test_one_person_who_always_asks_does_not_make_the_group(model: CategoryModel) -> None:
    said = {"a": ["猫粮"] * 200, "b": FRUIT, "c": FRUIT, "d": FRUIT, "e": FRUIT}
    judged = judge(_spoken(model, **said), None, model.classes, BOUNDS)
    assert judged.best == "水果"


def test_the_confidence_of_a_group_is_the_chance_of_its_next_need(
    model: CategoryModel, capsys: pytest.CaptureFixture[str]
) -> None:
    """Made-up groups with a known share of fruit; the confidence is set against the share of the needs to come."""
    dice = np.random.default_rng(7)
    by_category: dict[str, list[str]] = {}
    for example in packaged_examples():
        by_category.setdefault(example.category, []).append(example.text)
    others = [name for name in by_category if name not in {"水果", OTHER}]
    pairs = []
    for share in np.linspace(0, 1, 11):
        for _ in range(20):
            drawn = ["水果" if dice.random() < share else str(dice.choice(others)) for _ in range(60)]
            spoken = _spoken(
                model, **{f"m{number}": [str(dice.choice(by_category[name]))] for number, name in enumerate(drawn[:40])}
            )
            judged = judge(spoken, None, model.classes, BOUNDS)
            said = judged.shares["水果"].share if judged.shares and "水果" in judged.shares else 0.0
            pairs.append((said, drawn[40:].count("水果") / 20))
    table = np.array(pairs)
    lines = []
    for low in (0.0, 0.2, 0.4, 0.6, 0.8):
        inside = table[(table[:, 0] >= low) & (table[:, 0] < low + 0.2)]
        sure, came = inside.mean(axis=0)
        lines.append(f"groups: sure {sure:.2f}   share of the next needs {came:.2f}   of {len(inside)}")
        assert abs(sure - came) <= 0.1
    with capsys.disabled():
        print("\n" + "\n".join(lines))  # noqa: T201
