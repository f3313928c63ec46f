"""The second step of matching: the first step's best titles, looked at as a reader would. Pure besides the artefact.

Each title gets a handful of features between -1 and 1 (``FEATURES``); their weighted sum orders the titles. The
weights come from ``data/match_weights.json``, which ``qianqun train match`` writes; ``PRIOR`` is what holds without it,
and what training starts from.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from operator import mul
from pathlib import Path

import structlog

from recommender.index import TermStatistics
from recommender.lexicon import Lexicon, WordKind
from recommender.placing import Placing, Wanted, pieces, placed
from recommender.price_wishes import PriceWish, popularity
from recommender.query import Query
from recommender.terms import amounts

_log = structlog.get_logger(__name__)

PRIOR: Mapping[str, float] = {
    "text": 5.0,
    "coverage": 6.0,
    "weakest": 1.0,
    "head": 1.0,
    "modifier": -1.5,
    "ending": 0.2,
    "order": 0.3,
    "phrase": 0.8,
    "tight": 0.3,
    "early": 0.5,
    "share": 0.8,
    "amount": 0.8,
    "price": 1.0,
    "popularity": 0.3,
}
FEATURES = tuple(PRIOR)
"""In the order of feature vectors.

text        the first step's score against the best title's
coverage    how much of the query the title has, each word by its rarity; other forms count for less
weakest     the word of the query that the title has least of
head        whether it has what is asked for, the query's head
modifier    it has the head only in front of something else (牛奶 in 牛奶锅)
ending      the head ends a phrase of the title
order       words of the query that follow each other there follow each other here
phrase      the longest stretch of the query that the title has unbroken
tight       how close together the matched words stand
early       how near to its start the title says what is asked for
share       how much of the title was asked for
amount      1 when a stated amount is met, -1 when the title states another one
price       1 within a stated price bound, the further beyond it the nearer to -1; without one but asked for something
            cheap: 1 for the cheapest title, 0 for the dearest
popularity  how often the product was ordered, log-scaled; 0 when that is not known
"""
FORMAT = 1
_ARTEFACT = "match_weights.json"
_KEPT_TITLES = 5_000
_MADE_INTO = frozenset(
    "味锅盒袋机架干酱粉油糖饼杯包柄套壳膜器盆碗刀刷布夹垫罩盖绳带贴灯线座柜箱桶瓶糕面醋皂露霜液膏精泥肠酥汁"
)
"""A character right behind goods that makes something else of them."""


class WeightsError(Exception):
    """A file of weights cannot be used; the text names the file and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Found:
    """A title that the first step found: its place in the index, its score there, and its uniform texts.

    ``further`` is what else is known of the product: brand, category, keywords; empty when there is nothing. ``price``
    is in yuan, ``orders`` how many orders there were of it; None when it is not known.
    """

    place: int
    score: float
    title: str
    further: str = ""
    price: float | None = None
    orders: int | None = None


class SecondLook:
    """Orders a few titles by weighted features. ``cut`` segments uniform text, ``placing`` finds words in titles."""

    def __init__(
        self,
        lexicon: Lexicon,
        cut: Callable[[str], list[str]],
        weights: Mapping[str, float] = PRIOR,
        placing: Placing = placed,
    ) -> None:
        self._lexicon = lexicon
        self._cut = lru_cache(_KEPT_TITLES)(lambda text: tuple(cut(text)))
        self._placing = placing
        self.weights = weights
        self.fault = ""
        """Why the prior is in use instead of trained weights; empty when all is well."""

    @classmethod
    def load(
        cls, lexicon: Lexicon, cut: Callable[[str], list[str]], path: Path | None = None, placing: Placing = placed
    ) -> SecondLook:
        """Use the weights of a file, the packaged one by default; the prior where it is damaged (see ``fault``)."""
        try:
            return cls(lexicon, cut, read_weights(path), placing)
        except WeightsError as error:
            look = cls(lexicon, cut, placing=placing)
            look.fault = str(error)
            return look

    def with_weights(self, weights: Mapping[str, float]) -> SecondLook:
        """Return a second look with other weights."""
        return SecondLook(self._lexicon, lambda text: list(self._cut(text)), weights, self._placing)

    def ranked(self, query: Query, found: Sequence[Found], index: TermStatistics) -> list[tuple[int, float]]:
        """Return (place, score) of found titles, best first; scores are between 0 and 1."""
        weights = [self.weights[name] for name in FEATURES]
        most = sum(map(abs, weights))
        scored = []
        for one, features in zip(found, self.features(query, found, index), strict=True):
            total = sum(map(mul, weights, features)) / most
            scored.append((one.place, 1 / (1 + math.exp(4 - 8 * total))))
        return sorted(scored, key=lambda pair: -pair[1])  # stable: level titles stay as the first step had them

    def features(self, query: Query, found: Sequence[Found], index: TermStatistics) -> list[tuple[float, ...]]:
        """Return the features of each found title, in the order of ``FEATURES``."""
        best = max((one.score for one in found), default=0.0) or 1.0
        prices = PriceWish.of(query.text, [one.price for one in found])
        words = self._of_words(query, found, index)
        return [
            (one.score / best, *features, prices.met(one.price), popularity(one.orders))
            for one, features in zip(found, words, strict=True)
        ]

    def _of_words(self, query: Query, found: Sequence[Found], index: TermStatistics) -> list[tuple[float, ...]]:
        """Return the features that the words of titles have: all but the first and the last two."""
        if not query.words:  # signs and grammar only; nothing to look for but what the index found
            return [(0.0,) * (len(FEATURES) - 3)] * len(found)
        wanted = Wanted.of(query.text, query.words, [_worth(word.text, index) for word in query.words], query.head)
        bare = [one.title.replace(" ", "") for one in found]
        places = self._placing(wanted, bare, [one.further for one in found])
        features: list[tuple[float, ...]] = []
        for one, text, place in zip(found, bare, places, strict=True):
            role = self._role(text[place.start : place.end], one.title) if place.start >= 0 else (0.0, 0.0)
            amount = _amount(wanted.amounts, f"{one.title} {one.further}") if wanted.amounts else 0.0
            _, _, coverage, weakest, head, *others = place
            features.append((coverage, weakest, head, *role, *others, amount))
        return features

    def _role(self, head: str, title: str) -> tuple[float, float]:
        """Return how much the head only modifies what follows it, and whether it ends a phrase."""
        modifies = 1.0
        for phrase in title.split():
            at = phrase.find(head)
            while at >= 0:
                after = at + len(head)
                if after == len(phrase) or not "㐀" <= phrase[after] <= "鿿":
                    return 0.0, 1.0
                modifies = min(modifies, self._modifies(head, phrase, after))
                at = phrase.find(head, after)
        return modifies, 0.0

    def _modifies(self, head: str, phrase: str, after: int) -> float:
        """Tell how surely the head up to ``after`` only says what the following word is made of or for."""
        place = 0
        for token in self._cut(phrase):
            start, place = place, place + len(token)
            if place <= after:
                continue
            if start < after:
                return 1.0  # the head is only a part of a longer word: 鸡蛋 in 鸡蛋糕
            if token[0] in _MADE_INTO and len(token) == 1:
                return 1.0
            following, own = self._lexicon.get(token), self._lexicon.get(head)
            if following is None or following.kind is not WordKind.GOODS:
                return 0.0
            same = own is not None and own.category.split("/")[0] == following.category.split("/")[0]
            return 0.3 if same else 1.0
        return 0.0


def read_weights(path: Path | None = None) -> dict[str, float]:
    """Read a file of weights. Raises ``WeightsError`` when it is damaged or of another format."""
    source = path if path is not None else files("recommender").joinpath("data", _ARTEFACT)
    try:
        document = json.loads(source.read_text(encoding="utf-8"))
    except OSError as error:
        raise WeightsError(f"{source} cannot be read: {error.strerror}; train anew with qianqun train match") from None
    except ValueError as error:
        raise WeightsError(f"{source} is no JSON ({error}); train anew with qianqun train match") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise WeightsError(f"{source}: format is not {FORMAT}; train anew with qianqun train match")
    weights = document.get("weights")
    if not isinstance(weights, dict) or set(weights) != set(FEATURES):
        raise WeightsError(f"{source}: weights must name exactly {', '.join(FEATURES)}; train anew")
    for name, weight in weights.items():
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not math.isfinite(weight):
            raise WeightsError(f"{source}: the weight of {name} is {weight!r}, not a number; train anew")
    return {name: float(weights[name]) for name in FEATURES}


@cache
def packaged_weights() -> Mapping[str, float]:
    """Return the weights that come with the program; the prior, said once in the log, where they cannot be used."""
    try:
        return read_weights()
    except WeightsError as error:
        _log.error("match_weights_unusable", error=str(error), consequence="the built-in weights hold")
        return PRIOR


def _worth(word: str, index: TermStatistics) -> float:
    """Return how much a word of the query counts among its words: the mean rarity of its pieces."""
    if len(word) == 1 or word[0].isascii():
        return max(index.rarity(word), 0.5)
    pairs = pieces(word, 2)
    return max(sum(map(index.rarity, pairs)) / len(pairs), 0.5)


def _amount(asked: Mapping[str, set[float]], title: str) -> float:
    stated = amounts(title)
    shared = [unit for unit in asked if unit in stated]
    if not shared:
        return 0.0
    return 1.0 if any(asked[unit] & stated[unit] for unit in shared) else -1.0
