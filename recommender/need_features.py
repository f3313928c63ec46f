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
``said``  judgements of the rules, anywhere and, ``/goods``, in a clause with goods; how many speak for, how many
          against, and whether something spoils that; for opinions only
``sign``  length, clauses, question mark, figures, prices, how many goods and where the last stands
========  =========================================================================================

All of them see the mask and not the message, so that no product earns a weight: what is learned about
草莓 holds for a product that the catalogue brings tomorrow.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from recommender.constraints import UNITS
from recommender.hits import Hit
from recommender.masking import MaskedText
from recommender.need_rules import NeedRules, Remark, Side

FEATURES = 1
"""Raised whenever a feature comes to mean something else: a model made for other features is not used."""

MARKED = ("char", "mask", "pair")
"""The families that are cut out of every mask; where there is a compiler, ``compiled.need_weights`` does it."""
JUDGED = "said"
"""The family that only the questions about opinions ask for: what it tells of goods says nothing about wanting them."""
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
_MOST_JUDGED = 3
"""Judgements of one side that are counted."""
_FIGURE = re.compile(r"\d")
_ONLY_GOODS = frozenset("GABP,的和")
_FACTS = 10_000
"""Facts whose features are remembered."""
Fact = tuple[Any, ...]
"""A function that makes names of features, and what it makes them of."""


def feature_names(masked: MaskedText, hits: Sequence[Hit], rules: NeedRules) -> set[str]:
    """Return the features of a message; ``hits`` are its triggers'."""
    names = {name for make, *values in _facts(masked, hits, rules) for name in make(*values)}
    for family, values in {**_cut(masked), "much": _much(masked.mask)}.items():
        names.update(f"{family}:{value}" for value in values)
    return names


class FeatureTable:
    """The features that a model weighs, by family: most of a message's are of none, and then their names are not made.

    ::

        char ─► 想买  4711        mask ─► 想买 G  812        fact ─► (hit, share_noun, blocked)  7, 96, 113
                买G   4712                G 吗    813                (lists, where, end)         41, 58
    """

    def __init__(self, vocabulary: Mapping[str, int]) -> None:
        self._of_fact = lru_cache(_FACTS)(lambda make, *values: tuple(feature_ids(make(*values), vocabulary)))
        self._many: dict[str, dict[str, int]] = {}
        for name, number in vocabulary.items():
            family, _, value = name.partition(":")
            self._many.setdefault(family, {})[value] = number

    def ids(self, masked: MaskedText, hits: Sequence[Hit], rules: NeedRules) -> list[int]:
        """Return the numbers of a message's features that the model weighs, in ascending order."""
        return sorted({*self.few(masked, hits, rules), *self._known(_cut(masked))})

    def few(self, masked: MaskedText, hits: Sequence[Hit], rules: NeedRules) -> list[int]:
        """Return the same without the families that are cut out of every mask, in any order."""
        of_fact = self._of_fact
        found: set[int] = set()
        for fact in _facts(masked, hits, rules):
            found.update(of_fact(*fact))
        if much := _much(masked.mask):
            found.update(self._known({"much": much}))
        return list(found)

    def _known(self, values: Mapping[str, set[str]]) -> list[int]:
        found: list[int] = []
        for family, ones in values.items():
            known = self._many.get(family, {})
            found += [known[value] for value in known.keys() & ones]
        return found


def _facts(masked: MaskedText, hits: Sequence[Hit], rules: NeedRules) -> list[Fact]:
    """Return what is told of a message one by one: few facts are new, so that their features are known by now."""
    mask = masked.mask
    facts: list[Fact] = [
        (_hit_names, trigger.name, trigger.need_class, trigger.strength, known, blocker and blocker.name)
        for trigger, _, _, known, blocker in hits
    ]
    facts.append((_free_names, sum([hit.blocker is None for hit in hits])))
    if blockers := rules.found.blockers(mask):
        facts.append((_blocker_names, *[blocker.name for blocker in blockers]))
    if remarks := rules.found.remarks(mask):
        facts.append((_remark_names, *remarks))
    judged = masked.spelt_out
    for opinion in rules.possible.opinions(judged):
        if opinion.pattern.search(judged):
            spoilt = opinion.unless is not None and opinion.unless.search(judged) is not None
            facts.append((_opinion_names, opinion.reason.value, spoilt))
    facts += _judgements(judged, rules)
    if lists := rules.found.lists(mask):
        facts.append((_list_names, *lists))
        facts.append((_goods_list_names, *_lists_with_goods(mask, lists, rules)))
    facts.append(_signs(masked))
    return facts


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


def _judgements(judged: str, rules: NeedRules) -> Iterator[Fact]:
    """Yield what is said of goods in a mask that is spelt out."""
    found = rules.found.judgements(judged)
    sides = [rule.side for rule in found]
    blaming, spoilt = sides.count(Side.BLAMING), Side.SPOILING in sides
    yield (_side_names, min(sides.count(Side.PRAISING), _MOST_JUDGED), min(blaming, _MOST_JUDGED), spoilt)
    if found:
        goods = _goods_clauses(judged)
        yield (_judgement_names, *[rule.name for rule in found])
        yield (_goods_judgement_names, *[rule.name for rule in found if rule.pattern.search(goods)])


def _goods_clauses(mask: str) -> str:
    """Return the clauses of a mask that name goods."""
    return ",".join([clause for clause in mask.split(",") if "G" in clause])


def _lists_with_goods(mask: str, lists: Sequence[str], rules: NeedRules) -> Sequence[str]:
    """Return those of the lists of a mask that are in a clause with goods."""
    if "G" not in mask:
        return ()
    if "," not in mask:
        return lists
    goods = _goods_clauses(mask)
    return [name for name in lists if rules.lists[name].search(goods)]


def _judgement_names(*names: str) -> list[str]:
    return [f"{JUDGED}:{name}" for name in names]


def _goods_judgement_names(*names: str) -> list[str]:
    return [f"{JUDGED}:{name}/goods" for name in names]


def _side_names(praising: int, blaming: int, spoilt: bool) -> list[str]:
    names = [f"{JUDGED}:praising:{praising}", f"{JUDGED}:blaming:{blaming}"]
    if praising and blaming:
        names.append(f"{JUDGED}:both")
    elif praising or blaming:
        side = Side.PRAISING if praising else Side.BLAMING
        names.append(f"{JUDGED}:{side.value}/{'spoilt' if spoilt else 'alone'}")
    return names


def _list_names(*names: str) -> list[str]:
    return [f"list:{name}" for name in names]


def _goods_list_names(*names: str) -> list[str]:
    return [f"list:{name}/goods" for name in names]


def _hit_names(name: str, need_class: str, strength: float, known: bool, blocked_by: str | None) -> list[str]:
    stopped = "" if blocked_by is None else "/blocked"
    names = [
        f"rule:trigger:{name}{stopped}",
        f"rule:class:{need_class}{stopped}",
        f"rule:strength:{int(strength * 20) / 20}{stopped}",
    ]
    if blocked_by is not None:
        names.append(f"rule:blocked_by:{blocked_by}")
    elif not known:
        names.append("rule:unknown_object")
    return names


def _free_names(free: int) -> list[str]:
    return [f"rule:hits:{min(free, _MOST_COUNTED)}"]


def _blocker_names(*names: str) -> list[str]:
    return [f"rule:blocker:{name}" for name in names]


def _remark_names(*remarks: Remark) -> list[str]:
    return [f"rule:{remark.value}" for remark in remarks if remark is not Remark.CUE]


def _opinion_names(reason: str, spoilt: bool) -> list[str]:
    return [f"rule:opinion:{reason}{'/spoilt' if spoilt else ''}"]


def _signs(masked: MaskedText) -> Fact:
    """Return what ``_sign_names`` makes names of."""
    mask, text = masked.mask, masked.text.text
    inside = mask.strip(",")
    goods = mask.count("G")
    longest = max([len(token.text) for token in masked.tokens if token.is_goods], default=0) if goods else 0
    figure = _FIGURE.search(text) is not None
    return (
        _sign_names,
        bisect_left(_LENGTHS, len(mask)),
        min(inside.count(",") + 1, _MOST_COUNTED),
        min(goods, _MOST_COUNTED),
        min(longest, _MOST_COUNTED),
        goods and mask.rfind("G") >= inside.rfind(",") + 1,
        tuple([letter for letter in "NABP" if letter in mask]),
        "" if "?" not in mask else "end" if mask.endswith("?") else "inside",
        *("!" in text, figure),
        (figure or "块" in text or "折" in text) and _PRICE.search(text) is not None,
        goods and _ONLY_GOODS.issuperset(mask),
        masked.text.quote is not None,
    )


def _sign_names(
    step: int, clauses: int, goods: int, longest: int, last: bool, letters: Sequence[str], question: str, *others: bool
) -> list[str]:
    names = [f"sign:length:{_LENGTHS[step] if step < len(_LENGTHS) else 'long'}", f"sign:clauses:{clauses}"]
    names.append(f"sign:goods:{goods}")
    if goods:
        names += f"sign:goods_length:{longest}", f"sign:goods_in_last_clause:{last}"
    names += [f"sign:has:{letter}" for letter in letters]
    if question:
        names.append(f"sign:question:{question}")
    kinds = ("exclamation", "figure", "price", "only_goods", "quotation")
    return names + [f"sign:{kind}" for kind, has in zip(kinds, others, strict=True) if has]
