"""Texts side by side, as compiled code wants them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
        bounds = np.zeros(len(texts) + 1, np.int64)
        np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)), out=bounds[1:])
        return cls(codes, bounds)

    def __len__(self) -> int:
        return len(self.bounds) - 1
