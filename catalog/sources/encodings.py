"""Which encoding a supplier's text file is in."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import BinaryIO

from catalog.feed import SourceError

_PIECE = 1024 * 1024
_STRAY_SHARE = 0.02
"""Above this share of undecodable among non-ASCII characters the encoding is wrong; below, single bytes are damaged."""


def detect_encoding(stream: BinaryIO, wanted: str, path: Path) -> str:
    """Return the codec to open the file with and rewind the stream; raise ``SourceError`` if none fits.

    ``auto`` tries a byte order mark, UTF-8 and GB 18030 in this order: text in the latter is practically never valid
    in the former, while the reverse happens.
    """
    start = stream.read(4)
    stream.seek(0)
    if wanted == "auto" and start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    candidates = ("utf-8-sig", "gb18030") if wanted == "auto" else (wanted,)
    for codec in candidates:
        share = _stray_share(stream, codec)
        stream.seek(0)
        if share <= _STRAY_SHARE:
            return "utf-8-sig" if codec.lower() in {"utf-8", "utf8"} else codec
    raise SourceError(f"{path} is not in {' or '.join(candidates)}; set source.encoding to the supplier's encoding")


def _stray_share(stream: BinaryIO, codec: str) -> float:
    decoder = codecs.getincrementaldecoder(codec)(errors="replace")
    stray = others = 0
    while True:
        piece = stream.read(_PIECE)
        text = decoder.decode(piece, final=not piece)
        if not text.isascii():
            bad = text.count("\ufffd")
            stray += bad
            others += len(text) - len(text.encode("ascii", errors="ignore")) - bad
        if not piece:
            return stray / (stray + others) if stray else 0.0
