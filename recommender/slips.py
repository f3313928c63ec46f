"""Goods that somebody misspelt: 想买拖邪 for 拖鞋, 油话邦 for 油画棒, 买caomei for 草莓. Pure.

A slip of the input method leaves characters that no dictionary joins::

    想买 | 拖 | 邪          three words of the cutter
           └──┬──┘
           tuo xie  ──▶  拖鞋   sounds the same, one character in common

Only the project's own goods are compared, not a catalogue's hundred thousand names, so that looking stays cheap and
few words sound alike. Whether a slip was meant is not decided here: ``needs`` reads the message as if it were, and
believes it only where a rule then finds that it is what somebody asks for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache, lru_cache

from catalog.aliases import AliasTable
from recommender.clauses import kept_form
from recommender.lexicon import Lexicon, Word, WordKind, packaged_goods
from recommender.masking import MaskedText, Token
from recommender.sounds import LONGEST, SoundIndex, sound

COST = 0.85
"""What a need keeps of its strength when its object was only heard."""
Sound = tuple[str, ...]
"""Syllables, as ``sound`` folds them."""
_END: Sound = ()
_SHORTEST_TYPED = 5
"""Letters of a word that is tried as pinyin: shorter ones are too often English."""


class Slips:
    """Finds what may be misspelt goods. ``never`` are characters that no slip puts in place of another."""

    def __init__(self, lexicon: Lexicon, never: frozenset[str]) -> None:
        self._lexicon = lexicon
        self._never = never

    def mended(self, masked: MaskedText) -> tuple[MaskedText, frozenset[str]] | None:
        """Return the message with its slips read as the goods they sound like, and these; None without any."""
        text = masked.text.text
        slips: dict[int, tuple[Token, int]] = {}
        behind = 0
        for place, token in enumerate(masked.tokens):
            if token.word is not None and (len(token.text) > 1 or not token.is_goods):
                continue  # as written
            if place >= behind and may_begin(text, token.start) and (found := self._at(masked, place)):
                slips[place] = found
                behind = found[1]
        return _mended(masked, slips) if slips else None

    def _at(self, masked: MaskedText, place: int) -> tuple[Token, int] | None:
        """Return the longest slip that starts at a token, and the place of the token behind it."""
        tokens = masked.tokens
        first = tokens[place]
        if first.text.isascii():
            typed = len(first.text) >= _SHORTEST_TYPED and first.word is None and first.text.isalpha()
            word = self._goods(_sounds().typed(first.text)) if typed else None
            return None if word is None else (first._replace(word=word), place + 1)
        for text, behind in reversed(list(_runs(tokens, place))):
            word = self._goods(self._alike(text))
            if word is not None:
                return Token(text, first.start, first.start + len(text), word), behind
        return None

    def _alike(self, text: str) -> list[str]:
        """Return the goods that sound like a text and share a character with it, the likest first."""
        shared = []
        for word in _sounds().like(text):
            differing = [mine for mine, meant in zip(text, word, strict=True) if mine != meant]
            if len(differing) < len(text) and self._never.isdisjoint(differing):
                shared.append((len(differing), word))
        return [word for _, word in sorted(shared, key=lambda pair: pair[0])]

    def _goods(self, words: list[str]) -> Word | None:
        known = (self._lexicon.get(word) for word in words)
        return next((word for word in known if word is not None and word.kind is WordKind.GOODS), None)


def _mended(masked: MaskedText, slips: Mapping[int, tuple[Token, int]]) -> tuple[MaskedText, frozenset[str]]:
    tokens: list[Token] = []
    place = 0
    while place < len(masked.tokens):
        token, place = slips.get(place, (masked.tokens[place], place + 1))
        tokens.append(token)
    heard = frozenset(kept_form(token) for token, _ in slips.values())
    return masked.with_tokens(tokens), heard


def _runs(tokens: tuple[Token, ...], place: int) -> Iterator[tuple[str, int]]:
    """Yield the texts of two tokens and more that a slip may have left, and the place behind each.

    One of them is a single character, since a word that the dictionary knows is hardly a slip by itself; none is a
    known word but for goods of one character (油 of 油话邦).
    """
    text = ""
    single = False
    for behind in range(place, len(tokens)):
        token = tokens[behind]
        length = len(token.text)
        if token.word is not None and not (token.is_goods and length == 1):
            return
        text += token.text
        single = single or length == 1
        if len(text) > LONGEST:
            return
        if behind > place and single:
            yield text, behind + 1


def may_begin(text: str, start: int) -> bool:
    """Tell whether goods sound at their beginning as a text does from a place on; at most places none do."""
    following = _following(text[start : start + 2])
    return following is not None and (_END in following or sound(text[start + 2 : start + 3]) in following)


@lru_cache(maxsize=100_000)
def _following(pair: str) -> frozenset[Sound] | None:
    """Return how goods may go on that sound at their beginning as these two characters do, None where there are none.

    ``_END`` is among it where goods end there; so they may where letters were typed.
    """
    return frozenset((_END,)) if pair.isascii() else _openings().get(sound(pair))


@cache
def _openings() -> Mapping[Sound, frozenset[Sound]]:
    """Return by the sound of two characters what is behind them in goods of the same beginning: one sound, or none."""
    found: dict[Sound, set[Sound]] = {}
    for word in _words():
        if 1 < len(word) <= LONGEST and (heard := sound(word)):
            found.setdefault(heard[:2], set()).add(heard[2:3])
    return {opening: frozenset(following) for opening, following in found.items()}


@cache
def _sounds() -> SoundIndex:
    return SoundIndex(_words())


@cache
def _words() -> tuple[str, ...]:
    """Return the project's goods: its list, and what its aliases stand for."""
    return tuple(dict.fromkeys([*packaged_goods(), *(word.lower() for _, word, _ in AliasTable.load())]))
