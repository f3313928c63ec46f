"""The labelled room topics and room names of tests/data, and how well the rules read them."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from groups.labels.labelling import NameRules
from groups.labels.places import place_of
from groups.settings import GroupsSettings
from groups.state import LabelKind

DATA = Path(__file__).parents[1] / "data"
HALVES = ("tune", "held")


@dataclass
class Score:
    """Of one kind: how many read right, of those that say something, of those that say nothing; and the misses."""

    right: Counter[str] = field(default_factory=Counter)
    all: Counter[str] = field(default_factory=Counter)
    missed: list[tuple[str, Any, Any]] = field(default_factory=list)

    def note(self, text: str, wanted: Any, read: Any) -> None:
        part = "said" if wanted else "silent"
        self.all[part] += 1
        if wanted == read:
            self.right[part] += 1
        else:
            self.missed.append((text, wanted, read))

    def share(self, *parts: str) -> float:
        chosen = parts or ("said", "silent")
        return sum(self.right[part] for part in chosen) / max(1, sum(self.all[part] for part in chosen))


def rows(name: str, half: str) -> list[dict[str, Any]]:
    lines = (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [row for row in map(json.loads, lines) if row["half"] == half]


def topic_scores(half: str) -> dict[str, Score]:
    """Read every topic with the packaged rules and no configured neighbourhood."""
    rules = NameRules(GroupsSettings())
    scores = {"neighbourhood": Score(), "category": Score(), "person": Score()}
    for row in rows("topics", half):
        read: dict[LabelKind, list[str]] = {}
        for one in rules.topic(row["topic"]):
            read.setdefault(one.slot.kind, []).extend(one.values or ())
        scores["neighbourhood"].note(
            row["topic"], row["neighbourhood"], "、".join(read.get(LabelKind.NEIGHBOURHOOD, ()))
        )
        scores["category"].note(row["topic"], set(row["categories"]), set(read.get(LabelKind.CATEGORY, ())))
        scores["person"].note(row["topic"], set(row["persons"]), set(read.get(LabelKind.PERSON, ())))
    return scores


def name_scores(half: str) -> dict[str, Score]:
    """Read every room name."""
    scores = {kind: Score() for kind in ("neighbourhood", "zone", "building", "room")}
    for row in rows("room_names", half):
        place = place_of(row["name"])
        for kind, score in scores.items():
            score.note(row["name"], row[kind], getattr(place, kind))
    return scores
