"""Peers are measured where the ``bench`` extra is installed, and tested there; the lock does not name them."""

from __future__ import annotations

from importlib.util import find_spec

_PEERS = ("bm25s", "jieba_next", "rjieba", "tantivy")
collect_ignore = [] if all(map(find_spec, _PEERS)) else ["test_peers.py"]
