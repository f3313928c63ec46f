"""Texts side by side, as compiled code wants them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Batch:
    """Code points of several texts in one array; text i is ``codes[bounds[i]:bounds[i + 1]]``::

        ["想买草莓", "好的"]   codes   想 买 草 莓 好 的
                               bounds  0           4     6

    ``codes`` is uint32, ``bounds`` int64 and one longer than there are texts.
    """

    codes: npt.NDArray[np.uint32]
    bounds: npt.NDArray[np.int64]

    @classmethod
    def of(cls, texts: Sequence[str]) -> Batch:
        """Lay texts side by side; any string will do, lone surrogates too."""
        codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)
        return cls(codes, np.fromiter(accumulate(map(len, texts), initial=0), np.int64, len(texts) + 1))

    def __len__(self) -> int:
        return len(self.bounds) - 1
