"""What patterns need, kept on disk: to work it out for all rules takes a fifth of a second at each start.

A file belongs to one set of patterns, to the source that works it out and to the version of Python, whose own parser
reads the patterns; its name is the digest of all three. What is damaged is said once and made again.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import structlog

from core.cache import cache_folder, keep
from recommender import necessities as source
from recommender.necessities import Alternative, know, necessities

_KEPT = 6
"""Files that stay: those of the last two versions, of the rules, of what constraints are read with, of the screen."""
_Needed = Mapping[str, Sequence[Alternative]]

_log = structlog.get_logger(__name__)


def recall_necessities(patterns: Iterable[str], folder: Path | None = None, *, closely: bool = False) -> None:
    """Let ``necessities`` know the answer for these patterns: read from disk, or worked out and kept there."""
    wanted = sorted(set(patterns))
    place = (folder or cache_folder()) / f"necessities-{_digest([*wanted, str(closely)])}.json"
    found = _read(place, wanted)
    if found is None:
        _keep({pattern: necessities(pattern, closely=closely) for pattern in wanted}, place)
    else:
        know(found, closely=closely)


def _digest(patterns: Sequence[str]) -> str:
    """Return what the name of a file says of its content."""
    digest = hashlib.sha256(sys.version.encode())
    digest.update(Path(source.__file__).read_bytes())
    digest.update("\n".join(patterns).encode())
    return digest.hexdigest()[:24]


def _read(place: Path, patterns: Sequence[str]) -> _Needed | None:
    try:
        document = json.loads(place.read_bytes())
        if list(document) != patterns:
            raise ValueError("it speaks of other patterns")
        return {pattern: tuple(map(_alternative, alternatives)) for pattern, alternatives in document.items()}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, AttributeError) as error:
        _log.warning("necessities_damaged", file=str(place), error=str(error), consequence="made again")
        return None


def _alternative(sets: Any) -> Alternative:
    """Return an alternative as it was; raise ``ValueError`` or ``TypeError`` for what is none."""
    found = tuple(frozenset(strings) for strings in sets)
    for strings in found:
        if not strings or not all(isinstance(text, str) and text for text in strings):
            raise ValueError("a set of strings is empty or holds something else")
    return found


def _keep(needed: _Needed, place: Path) -> None:
    """Write what was worked out; a full disk costs the next start a fifth of a second."""
    document = {
        pattern: [[sorted(strings) for strings in alternative] for alternative in alternatives]
        for pattern, alternatives in needed.items()
    }
    text = json.dumps(document, ensure_ascii=False)
    keep(place, lambda draft: draft.write_text(text, encoding="utf-8"), newest=_KEPT)
