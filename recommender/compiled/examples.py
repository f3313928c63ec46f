"""One small example of each compiled stage, to load or compile all of its functions before they are needed."""

from __future__ import annotations

from recommender.compiled.batch import Batch
from recommender.compiled.cutting import Cutter


def _cutting() -> object:
    cutter = Cutter.of({"草莓": 5, "草": 2}, 10)
    return cutter.cut(Batch.of(["草莓\r\nok"]))


STAGES = {"cutting": _cutting}
