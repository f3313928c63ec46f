"""What the linear model sees of a message: features that a person can read, in one pass. Pure.

A feature is a name, ``family:value``, that a message has or has not:

========  =========================================================================================
``rule``  a trigger that hit (``trigger:share_noun``), blocked or not; its class; the blocker that
          stopped it; every blocker that applies to the whole message; opinions, hints, joining
``list``  a word list or sign of the rules: ``where``, ``used_up``, …; ``/goods``: in a clause with goods
``mask``  1- to 3-grams over the words of the mask: ``想买 G`` (goods and other known words are letters)
``pair``  a word and goods of one clause, whatever stands between: ``还有<G``, ``G<没了``
``char``  1- to 3-grams over the characters of the mask, ``^`` and ``$`` at its ends
``much``  2- to 4-grams over the same with every quantity as ``Q`` (来两斤G is 来QG), where one is in them
``sign``  length, clauses, question mark, figures, prices, how many goods and where the last stands
========  =========================================================================================

All of them see the mask and not the message, so that no product earns a weight: what is learned about
草莓 holds for a product that the catalogue brings tomorrow.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence

from recommender.constraints import UNITS
from recommender.hits import Hit
from recommender.masking import MaskedText
from recommender.need_rules import NeedRules, Remark

FEATURES = 1
"""Raised whenever a feature comes to mean something else: a model made for other features is not used."""

MARKED = ("char", "mask", "pair")
"""The families that are cut out of every mask; where there is a compiler, ``compiled.need_weights`` does it."""
LONGEST_STRETCH = 3
LONGEST_GRAM = 3
_LENGTHS = (4, 8, 12, 16, 24, 36, 60)
_MOST_COUNTED = 4
_PRICE = re.compile(r"\d+(?:\.\d+)?\s*(?:元|块|/|一斤|一箱|一盒|¥)|[一二三四五六七八九十]+块|¥\d|折")
_QUANTITY = re.compile(
    rf"(?:\d+(?:\.\d+)?|[一两俩二三四五六七八九十百半几仨]+)(?:多|来)?[大小整]?(?:{'|'.join((*UNITS, *'棵兜捆碗盆'))})"
)
_MAY_BE_MUCH = re.compile(r"[\d一两俩二三四五六七八九十百半几仨]")
"""Found in every text with a quantity."""
_FIGURE = re.compile(r"\d")
_ONLY_GOODS = frozenset("GABP,的和")


def feature_names(masked: MaskedText, hits: Sequence[Hit], rules: NeedRules) -> set[str]:
    """Return the features of a message; ``hits`` are its triggers'."""
    names = set(_few(masked, hits, rules))
    for family, values in {**_cut(masked), "much": _much(masked.mask)}.items():
        names.update(f"{family}:{value}" for value in values)
    return names


class FeatureTable:
    """The features that a model weighs, by family: most of a message's are of none, and then their names are not made.

    ::

        char ─► 想买  4711        mask ─► 想买 G  812        few ─► rule:hits:1  7
                买G   4712                G 吗    813               sign:price   96
    """

    def __init__(self, vocabulary: Mapping[str, int]) -> None:
        self._few = vocabulary
        self._many: dict[str, dict[str, int]] = {}
        for name, number in vocabulary.items():
            family, _, value = name.partition(":")
            self._many.setdefault(family, {})[value] = number

    def ids(self, masked: MaskedText, hits: Sequence[Hit], rules: NeedRules) -> list[int]:
        """Return the numbers of a message's features that the model weighs, in ascending order."""
        return sorted({*self.few(masked, hits, rules), *self._known(_cut(masked))})

    def few(self, masked: MaskedText, hits: Sequence[Hit], rules: NeedRules) -> list[int]:
        """Return the same without the families that are cut out of every mask, in any order."""
        few = self._few
        found = {few[name] for name in _few(masked, hits, rules) if name in few}
        found.update(self._known({"much": _much(masked.mask)}))
        return list(found)

    def _known(self, values: Mapping[str, set[str]]) -> list[int]:
        found: list[int] = []
        for family, ones in values.items():
            known = self._many.get(family, {})
            found += [known[value] for value in known.keys() & ones]
        return found


def _few(masked: MaskedText, hits: Sequence[Hit], rules: NeedRules) -> list[str]:
    """Return the features that are worked out one by one, by their names."""
    return [*_rule_features(masked, hits, rules), *_sign_features(masked), *_list_features(masked.mask, rules)]


def _cut(masked: MaskedText) -> dict[str, set[str]]:
    """Return the values of the features that are cut out of every mask, by family."""
    words = ["^", *masked.shown, "$"]
    return {
        "mask": set(_grams(words, 1, LONGEST_GRAM)),
        "pair": set(_pairs(words)),
        "char": _stretches(f"^{masked.mask}$", 1, LONGEST_STRETCH),
    }


def _much(mask: str) -> set[str]:
    """Return the stretches around the quantities of a mask."""
    if _MAY_BE_MUCH.search(mask) is None:
        return set()
    counted, quantities = _QUANTITY.subn("Q", mask)
    return {value for value in _stretches(f"^{counted}$", 2, 4) if "Q" in value} if quantities else set()


def feature_ids(names: Iterable[str], vocabulary: Mapping[str, int]) -> list[int]:
    """Return the numbers of the features that a model weighs, in ascending order."""
    return sorted(vocabulary[name] for name in names if name in vocabulary)


def _grams(words: Sequence[str], shortest: int, longest: int) -> Iterator[str]:
    for length in range(shortest, longest + 1):
        for start in range(len(words) - length + 1):
            yield " ".join(words[start : start + length])


def _stretches(text: str, shortest: int, longest: int) -> set[str]:
    lengths = range(shortest, longest + 1)
    return {text[start : start + length] for length in lengths for start in range(len(text) - length + 1)}


def _pairs(words: Sequence[str]) -> Iterator[str]:
    """Yield every word that stands before the last or behind the first goods of its clause."""
    clause: list[str] = []
    for word in (*words[1:-1], ","):
        if word != ",":
            clause.append(word)
            continue
        if "G" in clause:
            first, last = clause.index("G"), len(clause) - 1 - clause[::-1].index("G")
            yield from (f"{before}<G" for before in clause[:last] if before != "G")
            yield from (f"G<{behind}" for behind in clause[first + 1 :] if behind != "G")
        clause.clear()


def _list_features(mask: str, rules: NeedRules) -> Iterator[str]:
    goods = mask if "," not in mask else ",".join(clause for clause in mask.split(",") if "G" in clause)
    for name in rules.found.lists(mask):
        yield f"list:{name}"
        if "G" in goods and (goods is mask or rules.lists[name].search(goods)):
            yield f"list:{name}/goods"


def _rule_features(masked: MaskedText, hits: Sequence[Hit], rules: NeedRules) -> Iterator[str]:
    free = 0
    for hit in hits:
        stopped = "" if hit.blocker is None else "/blocked"
        free += hit.blocker is None
        yield f"rule:trigger:{hit.trigger.name}{stopped}"
        yield f"rule:class:{hit.trigger.need_class}{stopped}"
        yield f"rule:strength:{int(hit.trigger.strength * 20) / 20}{stopped}"
        if hit.blocker is not None:
            yield f"rule:blocked_by:{hit.blocker.name}"
        elif not hit.known:
            yield "rule:unknown_object"
    yield f"rule:hits:{min(free, _MOST_COUNTED)}"
    mask = masked.mask
    for blocker in rules.found.blockers(mask):
        yield f"rule:blocker:{blocker.name}"
    judged = masked.spelt_out
    for opinion in rules.possible.opinions(judged):
        if opinion.pattern.search(judged):
            spoilt = opinion.unless is not None and opinion.unless.search(judged) is not None
            yield f"rule:opinion:{opinion.reason.value}{'/spoilt' if spoilt else ''}"
    for remark in rules.found.remarks(mask):
        if remark is not Remark.CUE:
            yield f"rule:{remark.value}"


def _sign_features(masked: MaskedText) -> Iterator[str]:
    mask, text = masked.mask, masked.text.text
    inside = mask.strip(",")
    step = bisect_left(_LENGTHS, len(mask))
    yield f"sign:length:{_LENGTHS[step] if step < len(_LENGTHS) else 'long'}"
    yield f"sign:clauses:{min(inside.count(',') + 1, _MOST_COUNTED)}"
    goods = mask.count("G")
    yield f"sign:goods:{min(goods, _MOST_COUNTED)}"
    if goods:
        longest = max([len(token.text) for token in masked.tokens if token.is_goods], default=0)
        yield f"sign:goods_length:{min(longest, _MOST_COUNTED)}"
        clause = inside.rfind(",") + 1
        yield f"sign:goods_in_last_clause:{mask.rfind('G') >= clause}"
    for letter in "NABP":
        if letter in mask:
            yield f"sign:has:{letter}"
    if "?" in mask:
        yield f"sign:question:{'end' if mask.endswith('?') else 'inside'}"
    if "!" in text:
        yield "sign:exclamation"
    if _FIGURE.search(text):
        yield "sign:figure"
    if _PRICE.search(text):
        yield "sign:price"
    if goods and _ONLY_GOODS.issuperset(mask):
        yield "sign:only_goods"
    if masked.text.quote is not None:
        yield "sign:quotation"
