"""``qianqun train needs`` and ``qianqun eval needs``: labelled lines in, a model or tables out."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from bot.cli.session import execute, out
from bot.settings import load_settings
from catalog.aliases import AliasTable
from core.settings import SettingsError
from core.text import Normaliser
from recommender.evaluation import judge, table
from recommender.labelled import NONE, LabelError, LabelledLine, read_labelled
from recommender.lexicon import Lexicon
from recommender.need_model import NeedModel, NeedModelError, load_model, packaged_text, read_model
from recommender.need_report import Heard, comparison, hear, reliability_table, several_found
from recommender.need_rules import packaged_rules
from recommender.needs import NeedReader
from recommender.segmentation import Segmenter

TALK_FILE = "talk.jsonl"
TRAINING_FILES = ("needs.jsonl", "needs_fresh.jsonl", "needs_more.jsonl", "needs_later.jsonl")
"""What the packaged model is made of, in the source tree's ``tests/data``; ``needs_test.jsonl`` only judges."""
PACKAGED, OFF = "packaged", "rules"


class _Words:
    """The lexicon that lines are read with: the project's lists and the alias table, no catalogue."""

    def __init__(self) -> None:
        aliases = tuple(AliasTable.load())
        self.normaliser = Normaliser({alias: word for alias, word, kind in aliases if kind == "emoji"})
        self.lexicon = Lexicon(aliases)
        self.segmenter = Segmenter(self.lexicon)

    def hear(self, lines: Sequence[LabelledLine], model: NeedModel | None) -> list[Heard]:
        """Read every line with a model or without one."""
        reader = NeedReader(self.lexicon, self.segmenter, packaged_rules(), model)
        return [hear(line, reader.read(self.normaliser(line.text)), self._canonical) for line in lines]

    def _canonical(self, word: str) -> str:
        return self.lexicon.canonical(self.normaliser(word).text)


def train_needs(data: list[Path], talk: list[Path], target: Path) -> int:
    """Learn the model from labelled files and write it."""

    async def work() -> int:
        folder = Path("tests", "data")
        everyday = talk or ([] if data else [folder / TALK_FILE])
        _train(data or [folder / name for name in TRAINING_FILES], everyday, target)
        return 0

    return execute(work)


def _train(paths: Sequence[Path], everyday: Sequence[Path], target: Path) -> None:
    from recommender import need_training  # noqa: PLC0415 - scikit-learn weighs 100 MB

    lines = _labelled(paths)
    words = _Words()
    look = partial(
        need_training.examples_of,
        normalise=words.normaliser,
        segmenter=words.segmenter,
        lexicon=words.lexicon,
        rules=packaged_rules(),
    )
    made = {"data": {path.name: fingerprint(path) for path in (*paths, *everyday)}}
    try:
        training = need_training.train(look(lines), look(_labelled(everyday, NONE)) if everyday else [], made)
        target.write_text(training.text, encoding="utf-8")
    except need_training.TrainingError as error:
        raise SettingsError("--data", [("--data", str(error))]) from None
    except OSError as error:
        raise SettingsError("--out", [("--out", f"{target} cannot be written: {error.strerror}")]) from None
    header, thresholds = training.document["made"], training.document["thresholds"]
    expected = header["expected"]
    out.print(f"{target}: {len(lines)} lines, {header['needs']} with a need", markup=False)
    out.print(f"keep from {thresholds['keep']}, rescue from {thresholds['rescue']}", markup=False)
    out.print(f"held-out folds: precision {expected['precision']}, recall {expected['recall']}", markup=False)


def fingerprint(path: Path) -> str:
    """Return what the header of a model tells its data by."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def eval_needs(files: list[Path], *, model: str, against: str) -> int:
    """Judge the reading of needs on labelled files and print the tables."""

    async def work() -> int:
        chosen = _model(model, "--model")
        other = _model(against, "--against") if against else None
        lines = _labelled(files)
        words = _Words()
        heard = words.hear(lines, chosen)
        out.print(
            f"{len(lines)} lines, {sum(line.active for line in lines)} with a need; read by {model}", markup=False
        )
        out.print(table(judge(one.judged for one in heard)), markup=False)
        needs, found, extra = several_found(heard)
        if needs:
            out.print(f"several needs in a line: {found} of {needs} found with class and object, {extra} too many")
        out.print(reliability_table(heard), markup=False)
        if against:
            out.print(comparison(heard, words.hear(lines, other), (model, against)), markup=False)
        return 0

    return execute(work)


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
