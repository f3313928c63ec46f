"""``qianqun train needs`` and ``qianqun eval needs``: labelled lines in, a model or tables out."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from bot.cli.session import execute, out
from bot.settings import load_settings
from catalog.aliases import AliasTable
from core.settings import SettingsError
from core.text import Normaliser
from recommender.evaluation import judge, table
from recommender.labelled import COMPLAINT, NONE, PRAISE, LabelError, LabelledLine, read_labelled
from recommender.lexicon import Lexicon
from recommender.need_model import NeedModel, NeedModelError, load_model, packaged_text, read_model
from recommender.need_report import Heard, comparison, hear, reliability_table, several_found
from recommender.need_rules import packaged_rules
from recommender.needs import NeedReader, Reading
from recommender.screen_report import Both, heard, screen_table
from recommender.screening import PACKAGED as PACKAGED_SCREEN
from recommender.screening import packaged_screen
from recommender.segmentation import Segmenter

TALK_FILE = "talk.jsonl"
TRAINING_FILES = ("needs.jsonl", "needs_fresh.jsonl", "needs_more.jsonl", "needs_later.jsonl", "needs_free.jsonl")
"""What the packaged model is made of, in the source tree's ``tests/data``; ``needs_test.jsonl`` only judges."""
OPINION_FILES = ("opinions.jsonl",)
"""What it learns besides for the questions about praise and complaints alone."""
PACKAGED, OFF = "packaged", "rules"


class _Words:
    """The lexicon that lines are read with: the project's lists and the alias table, no catalogue."""

    def __init__(self) -> None:
        aliases = tuple(AliasTable.load())
        self.normaliser = Normaliser({alias: word for alias, word, kind in aliases if kind == "emoji"})
        self.lexicon = Lexicon(aliases)
        self.segmenter = Segmenter(self.lexicon)

    def read(self, lines: Sequence[LabelledLine], model: NeedModel | None) -> list[Reading]:
        """Read every line with a model or without one."""
        reader = NeedReader(self.lexicon, self.segmenter, packaged_rules(), model)
        return [reader.read(self.normaliser(line.text)) for line in lines]

    def hear(self, lines: Sequence[LabelledLine], readings: Sequence[Reading]) -> list[Heard]:
        """Put readings beside the labels of their lines."""
        return [hear(line, reading, self._canonical) for line, reading in zip(lines, readings, strict=True)]

    def _canonical(self, word: str) -> str:
        return self.lexicon.canonical(self.normaliser(word).text)


def train_needs(data: list[Path], opinions: list[Path], talk: list[Path], target: Path, screen: Path | None) -> int:
    """Learn the model from labelled files and write it; then the screen, if a file for it is named."""

    async def work() -> int:
        folder = Path("tests", "data")
        everyday = talk or ([] if data else [folder / TALK_FILE])
        judging = opinions or ([] if data else [folder / name for name in OPINION_FILES])
        _train(data or [folder / name for name in TRAINING_FILES], judging, everyday, target, screen)
        return 0

    return execute(work)


def _train(
    paths: Sequence[Path], opinions: Sequence[Path], everyday: Sequence[Path], target: Path, screen: Path | None
) -> None:
    from recommender import need_training  # noqa: PLC0415 - scikit-learn weighs 100 MB

    for option, file in (("--out", target), ("--screen", screen)):
        if file is not None and not file.parent.is_dir():  # said before a minute of training, not after it
            raise SettingsError(option, [(option, f"{file} cannot be written: {file.parent} is no folder")])
    lines = _labelled(paths)
    words = _Words()
    look = partial(
        need_training.examples_of,
        normalise=words.normaliser,
        segmenter=words.segmenter,
        lexicon=words.lexicon,
        rules=packaged_rules(),
    )
    made = {"data": {path.name: fingerprint(path) for path in (*paths, *opinions, *everyday)}}
    talk = _labelled(everyday, NONE) if everyday else []
    judging = _labelled(opinions) if opinions else []
    try:
        training = need_training.train(look(lines), look(talk), made, look(judging))
        _write(target, training.text, "--out")
        if screen is not None:
            _train_screen(words, [*lines, *talk], training.text, made, screen)
    except need_training.TrainingError as error:
        raise SettingsError("--data", [("--data", str(error))]) from None
    header, thresholds = training.document["made"], training.document["thresholds"]
    expected = header["expected"]
    out().print(f"{target}: {len(lines)} lines, {header['needs']} with a need", markup=False)
    out().print(f"keep from {thresholds['keep']}, rescue from {thresholds['rescue']}", markup=False)
    out().print(f"praise from {thresholds[PRAISE]}, complaint from {thresholds[COMPLAINT]}", markup=False)
    out().print(f"held-out folds: precision {expected['precision']}, recall {expected['recall']}", markup=False)


def _train_screen(
    words: _Words, lines: Sequence[LabelledLine], model: str, made: Mapping[str, Any], target: Path
) -> None:
    """Learn what the reader hears with the new model; empty and overlong lines teach nothing."""
    from recommender.screen_training import Seen, train_screen  # noqa: PLC0415 - scikit-learn weighs 100 MB

    readings = words.read(lines, read_model(model, str(target), packaged_rules()))
    seen = [
        Seen(reading.masked.mask, line.template, heard(reading))
        for line, reading in zip(lines, readings, strict=True)
        if reading.masked.mask
    ]
    training = train_screen(seen, {**made, "need_model": _digest(model.encode())})
    _write(target, training.text, "--screen")
    expected = training.document["made"]["expected"]
    out().print(f"{target}: a need from {training.document['thresholds']['need']}", markup=False)
    out().print(f"held-out folds: precision {expected['precision']}, recall {expected['recall']}", markup=False)


def _write(target: Path, text: str, option: str) -> None:
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SettingsError(option, [(option, f"{target} cannot be written: {error.strerror}")]) from None


def fingerprint(path: Path) -> str:
    """Return what the header of a model tells its data by."""
    return _digest(path.read_bytes())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def eval_needs(files: list[Path], *, model: str, against: str, screen: bool, talk: bool) -> int:
    """Judge the reading of needs on labelled files and print the tables; ``talk``: lines of no class are none."""

    async def work() -> int:
        chosen = _model(model, "--model")
        other = _model(against, "--against") if against else None
        lines = _labelled(files, NONE if talk else "")
        words = _Words()
        readings = words.read(lines, chosen)
        told = words.hear(lines, readings)
        out().print(
            f"{len(lines)} lines, {sum(line.active for line in lines)} with a need; read by {model}", markup=False
        )
        out().print(table(judge(one.judged for one in told)), markup=False)
        needs, found, extra = several_found(told)
        if needs:
            out().print(f"several needs in a line: {found} of {needs} found with class and object, {extra} too many")
        out().print(reliability_table(told), markup=False)
        if against:
            others = words.hear(lines, words.read(lines, other))
            out().print(comparison(told, others, (model, against)), markup=False)
        if screen:
            out().print(_screened(readings), markup=False)
        return 0

    return execute(work)


def _screened(readings: Sequence[Reading]) -> str:
    """Return the table that holds the packaged screen against the reader."""
    screen = packaged_screen()
    if screen is None:
        raise SettingsError(PACKAGED_SCREEN, [("--screen", "cannot be used; the log says why")])
    return screen_table([Both(reading, screen.glance(reading.masked.mask)) for reading in readings], screen)


def _labelled(paths: Sequence[Path], label: str = "") -> list[LabelledLine]:
    """Read labelled files; ``label`` is the class of lines that state none."""
    try:
        lines = read_labelled(paths, label)
    except LabelError as error:
        raise SettingsError(error.file, [(f"row {error.row}" if error.row else "file", str(error))]) from None
    if not lines:
        raise SettingsError(", ".join(map(str, paths)), [("file", "has no line")])
    return lines


def _model(name: str, option: str) -> NeedModel | None:
    """Return the model that an option names: packaged, rules (none), a model file, or a settings file's."""
    if name.endswith(".toml"):
        setting = load_settings(Path(name), os.environ).recommender.need_model
        name = {"": PACKAGED, "off": OFF}.get(setting, setting)
    if name == OFF:
        return None
    try:
        if name == PACKAGED:
            return read_model(packaged_text(), PACKAGED, packaged_rules())
        return load_model(Path(name), packaged_rules())
    except NeedModelError as error:
        raise SettingsError(name, [(option, str(error))]) from None
