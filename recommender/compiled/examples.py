"""One small example of each compiled stage, to load or compile all of its functions before they are needed."""

from __future__ import annotations

import numpy as np

from recommender.compiled.batch import Batch
from recommender.compiled.cutting import Cutter
from recommender.compiled.path import Path, Wanted, Workspace
from recommender.compiled.screening import Screener
from recommender.lexicon import Lexicon
from recommender.screening import LENGTHS, Screen, Sign, SignTable


def _cutting() -> object:
    cutter = Cutter.of({"草莓": 5, "草": 2}, 10)
    return cutter.cut(Batch.of(["草莓\r\nok"]))


def _path() -> object:
    """Glance at a text and walk it to its query; the glance is a part of the walk."""
    cutter, lexicon = Cutter.of({"草莓": 5, "草": 2}, 10), Lexicon()
    signs = SignTable({"G": 1}, ((Sign.GOODS, 1),))
    screener = Screener.of(
        Screen(0.0, {"G": 1.0}, [0.0] * len(LENGTHS), 1.0, 0.0, 0.0, 0.5, signs, {}), lexicon, cutter
    )
    wanted = Wanted.of(lexicon, cutter, lambda word: np.array([(1, len(word))], np.int64))
    batch = Batch.of(["草莓 ok"])
    screener.glances(batch, cutter.cut(batch))
    return Path(str, range(0x10000), cutter, screener, wanted, 0.5).step("草莓 ok", Workspace.of(1, 5))


STAGES = {"cutting": _cutting, "path": _path}
