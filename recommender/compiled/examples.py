"""One small example of each compiled stage, to load or compile all of its functions before they are needed."""

from __future__ import annotations

import re

import numpy as np

from core.text import NormalText
from recommender.bits import every
from recommender.compiled.batch import Batch
from recommender.compiled.cutting import Cutter
from recommender.compiled.gates import Looker
from recommender.compiled.need_weights import CutWeights
from recommender.compiled.newest import CompiledNewest
from recommender.compiled.path import Path
from recommender.compiled.placing import placed
from recommender.compiled.screening import Screener
from recommender.compiled.text_index import CompiledIndex
from recommender.compiled.wanted import Wanted as WantedGoods
from recommender.compiled.workspace import Workspace
from recommender.gates import Gate
from recommender.lexicon import Lexicon
from recommender.masking import MaskedText
from recommender.placing import Wanted
from recommender.query import QueryWord
from recommender.screening import LENGTHS, Screen, Sign, SignTable


def _cutting() -> object:
    cutter = Cutter.of({"草莓": 5, "草": 2}, 10)
    return cutter.cut(Batch.of(["草莓\r\nok"]))


def _searching() -> object:
    cutter = Cutter.of({"草莓": 5, "草": 2}, 10)
    texts = [f"草莓草 {'香' * (number % 9)} 5kg" for number in range(1_000)]  # more terms than a new vocabulary holds
    index = CompiledIndex.build([*texts, *map(chr, range(0x4E00, 0x5800))], cutter, keep_words=True)
    index.weighed({"草莓": 1.0}, np.arange(2))
    return index.top({"草莓": 1.0, "5kg": 1.0}, 3)


def _placing() -> object:
    wanted = Wanted.of("草莓", (QueryWord("草莓", {"士多啤梨": 0.9}),), [1.0], 0)
    return placed(wanted, ["丹东草莓"], ["水果"])


def _filing() -> object:
    cutter = Cutter.of({"草莓": 5, "草": 2}, 10)
    newest = CompiledNewest(CompiledIndex.build(["草莓"], cutter), cutter)
    newest.add("草莓 5kg")
    return newest.scores({"草莓": 1.0})


def _glancing() -> object:
    cutter = Cutter.of({"草莓": 5, "草": 2}, 10)
    batch = Batch.of(["草莓 ok"])
    return _screener(cutter).glances(batch, cutter.cut(batch))


def _reading() -> object:
    gate = Gate()
    gate.finder([0], [re.compile("草|香.莓")])
    masked = MaskedText(NormalText("草莓", "草莓", (0, 1), (1, 2)), (), "草莓", (0, 0), ("草莓",))
    return Looker.of(gate).looks(["草莓"]), CutWeights.of({"char:草": 0}, [[1.0]]).sums([masked], [[0]])


def _path() -> object:
    """Walk a text to its query and to what is found; each is a part of the next."""
    cutter = Cutter.of({"草莓": 5, "草": 2}, 10)
    wanted = WantedGoods.of(Lexicon(), cutter, lambda word: np.array([(1, len(word))], np.int64))
    path, room = Path(str, range(0x10000), cutter, _screener(cutter), wanted, 0.5), Workspace()
    path.walk(["草莓 ok"], room)
    postings = CompiledIndex.build(["草莓"], cutter).postings
    return path.answer(["草莓 ok"], postings, every(1), room)


def _screener(cutter: Cutter) -> Screener:
    signs = SignTable({"G": 1}, ((Sign.GOODS, 1),))
    screen = Screen(0.0, {"G": 1.0}, [0.0] * len(LENGTHS), 1.0, 0.0, 0.0, 0.5, signs, {})
    return Screener.of(screen, Lexicon(), cutter)


STAGES = {"cutting": _cutting, "glancing": _glancing, "reading": _reading, "searching": _searching, "placing": _placing}
"""What the bot runs with every message."""
FURTHER = {"filing": _filing, "path": _path}
"""What it runs when the catalogue changes, and what decides by itself, in benchmarks: loaded when it is first used."""
