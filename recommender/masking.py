"""A message with its known words replaced by one letter each, so that rules about needs read like sentences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

from core.text import NormalText
from recommender.lexicon import Lexicon, Word, WordKind
from recommender.segmentation import Segmenter

PAUSES = frozenset(",.。!;:~…\n …—-()[]\"'|/<>「」『』《》")
"""Characters that are a pause where they stand alone."""

GLUED_VERBS = frozenset("没缺囤屯蹲拼团")
"""In front of a goods word these are words of their own, whatever the dictionary joins (没油, 囤米)."""


class Token(NamedTuple):
    """One word of the uniform text and where it stands there; ``word`` is what the lexicon knows of it."""

    text: str
    start: int
    end: int
    word: Word | None

    @property
    def is_goods(self) -> bool:
        """Tell whether the word names something sold."""
        return self.word is not None and self.word.kind is WordKind.GOODS


_token = partial(tuple.__new__, Token)
"""Makes a token of its four values: the class itself takes three times as long, and every word is one."""


@dataclass(slots=True)
class MaskedText:
    """``mask`` is what rules see, ``shown`` the same token by token.

    Nothing changes one, but every message has it, and a frozen one takes twice as long to make.
    ``owner[i]`` is the index of the token that mask character i stands for.
    """

    text: NormalText
    tokens: tuple[Token, ...]
    mask: str
    owner: Sequence[int]
    shown: Sequence[str] = ()

    def tokens_between(self, start: int, end: int) -> list[Token]:
        """Return the tokens that mask characters ``start`` to ``end`` stand for, in order."""
        return [self.tokens[index] for index in sorted(set(self.owner[start:end]))]

    def with_tokens(self, tokens: Sequence[Token]) -> MaskedText:
        """Return the same message with other words; joined they must be its text."""
        return _laid_out(self.text, tokens)

    def part(self, low: int, high: int) -> MaskedText:
        """Return mask characters ``low`` to ``high`` as a message of their own; no word may be cut in two."""
        if low >= high:
            return MaskedText(replace(self.text, text="", starts=(), ends=(), emoji=()), (), "", ())
        first, last = self.owner[low], self.owner[high - 1]
        start, end = self.tokens[first].start, self.tokens[last].end
        text = replace(
            self.text,
            text=self.text.text[start:end],
            starts=self.text.starts[start:end],
            ends=self.text.ends[start:end],
            emoji=(),
        )
        tokens = tuple(
            token._replace(start=token.start - start, end=token.end - start) for token in self.tokens[first : last + 1]
        )
        owner = [index - first for index in self.owner[low:high]]
        return MaskedText(text, tokens, self.mask[low:high], owner, self.shown[first : last + 1])

    @property
    def spelt_out(self) -> str:
        """Return the mask with attributes in their own words: they are the judgement in an opinion (不新鲜, 真甜)."""
        attribute = WordKind.ATTRIBUTE
        if attribute not in self.mask:
            return self.mask
        return "".join(
            token.word.kind
            if token.word is not None and token.word.kind is not attribute
            else ","
            if token.text in PAUSES
            else token.text
            for token in self.tokens
        )

    def has(self, kind: WordKind) -> bool:
        """Tell whether a word of this kind is in the message."""
        return kind in self.mask


def mask_text(text: NormalText, segmenter: Segmenter, lexicon: Lexicon) -> MaskedText:
    """Cut the body and replace every known word by the letter of its kind and every pause by a comma."""
    return mask_words(text, segmenter.cut(text.text), lexicon)


def mask_words(text: NormalText, words: Iterable[str], lexicon: Lexicon) -> MaskedText:
    """Do the same for a body that is cut into ``words`` already."""
    tokens: list[Token] = []
    start, known = 0, lexicon.get
    for piece in words:
        end, word = start + len(piece), known(piece)
        if word is None and piece[0] in GLUED_VERBS and (goods := _goods(piece[1:], lexicon)) is not None:
            tokens += _token((piece[0], start, start + 1, known(piece[0]))), _token((piece[1:], start + 1, end, goods))
        else:
            tokens.append(_token((piece, start, end, word)))
        start = end
    return _laid_out(text, tokens)


def _laid_out(text: NormalText, tokens: Sequence[Token]) -> MaskedText:
    shown = [word.kind if word is not None else "," if piece in PAUSES else piece for piece, _, _, word in tokens]
    owner: list[int] = []
    for place, piece in enumerate(shown):
        if len(piece) == 1:
            owner.append(place)
        else:
            owner += [place] * len(piece)
    return MaskedText(text, tuple(tokens), "".join(shown), owner, shown)


def _goods(piece: str, lexicon: Lexicon) -> Word | None:
    word = lexicon.get(piece)
    return word if word is not None and word.kind is WordKind.GOODS else None
