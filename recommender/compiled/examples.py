"""One small example of each compiled stage, to load or compile all of its functions before they are needed."""

from __future__ import annotations

import numpy as np

from recommender.compiled.batch import Batch
from recommender.compiled.cutting import Cutter
from recommender.compiled.text_index import CompiledIndex


def _cutting() -> object:
    cutter = Cutter.of({"草莓": 5, "草": 2}, 10)
    return cutter.cut(Batch.of(["草莓\r\nok"]))


def _searching() -> object:
    cutter = Cutter.of({"草莓": 5, "草": 2}, 10)
    texts = [f"草莓草 {'香' * (number % 9)} 5kg" for number in range(1_000)]  # more terms than a new vocabulary holds
    index = CompiledIndex.build([*texts, *map(chr, range(0x4E00, 0x5800))], cutter, keep_words=True)
    index.weighed({"草莓": 1.0}, np.arange(2))
    return index.top({"草莓": 1.0, "5kg": 1.0}, 3)


STAGES = {"cutting": _cutting, "searching": _searching}
