"""What reads messages, built once a session: the dictionary takes a second to load."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from catalog.aliases import AliasTable
from core.text import Normaliser
from recommender.lexicon import Lexicon
from recommender.need_model import PACKAGED, packaged_text, read_model
from recommender.need_rules import packaged_rules
from recommender.needs import NeedReader, Reading
from recommender.segmentation import Segmenter
from recommender.service import Recommender
from recommender.settings import RecommenderSettings
from recommender.shelf import Shelf
from tests.recommender.wares import Ware, demo_wares

DATA = Path(__file__).parent.parent / "data"
SHANGHAI = ZoneInfo("Asia/Shanghai")

Read = Callable[[str], Reading]
Stock = Callable[[list[Ware]], Shelf]


def lines(name: str) -> list[dict[str, Any]]:
    """Return the rows of a labelled file."""
    return [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="session")
def aliases() -> list[tuple[str, str, str]]:
    return list(AliasTable.load())


@pytest.fixture(scope="session")
def normaliser(aliases: list[tuple[str, str, str]]) -> Normaliser:
    return Normaliser({alias: word for alias, word, kind in aliases if kind == "emoji"})


@pytest.fixture(scope="session")
def lexicon(aliases: list[tuple[str, str, str]]) -> Lexicon:
    return Lexicon(aliases)


@pytest.fixture(scope="session")
def segmenter(lexicon: Lexicon) -> Segmenter:
    return Segmenter(lexicon)


@pytest.fixture(scope="session")
def reader(lexicon: Lexicon, segmenter: Segmenter) -> NeedReader:
    return NeedReader(lexicon, segmenter, packaged_rules())


@pytest.fixture(scope="session")
def judging_reader(lexicon: Lexicon, segmenter: Segmenter) -> NeedReader:
    """Reads with the packaged model, as the running bot does; ``reader`` has the rules alone."""
    return NeedReader(lexicon, segmenter, packaged_rules(), read_model(packaged_text(), PACKAGED, packaged_rules()))


@pytest.fixture(scope="session")
def read(reader: NeedReader, normaliser: Normaliser) -> Read:
    """Reads one message by itself."""
    return lambda text: reader.read(normaliser(text))


@pytest.fixture(scope="session")
def stock(lexicon: Lexicon, segmenter: Segmenter) -> Stock:
    """Puts products on a shelf."""
    return lambda products: Shelf.build(products, segmenter, lexicon)


@pytest.fixture(scope="session")
def recommender(aliases: list[tuple[str, str, str]]) -> Recommender:
    """The whole recommender with the demo's catalogue; caps and quiet hours are off."""
    built = Recommender(RecommenderSettings(limits=False), SHANGHAI, aliases)
    built.adopt(built.prepare(demo_wares()))
    return built
