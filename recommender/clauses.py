"""Clauses of a masked message and the goods phrases in them. Pure."""

from __future__ import annotations

from recommender.masking import MaskedText, Token

_CLAUSES_BEFORE = 2
"""How far in front of its trigger an object may stand."""


def kept_form(token: Token) -> str:
    """Return the form a word is kept in."""
    return token.word.canonical if token.word else token.text


def heads_of(phrases: list[list[Token]]) -> tuple[str, ...]:
    """Return the heads of phrases, each once."""
    return tuple(dict.fromkeys(kept_form(phrase[-1]) for phrase in phrases))


def goods_phrases(masked: MaskedText, low: int, high: int) -> list[list[Token]]:
    """Return the goods phrases of a stretch of the mask; neighbours of one category are a list, not one phrase."""
    phrases: list[list[Token]] = []
    previous = -2
    for place in range(low, high):
        if masked.mask[place] != "G" or not masked.tokens[masked.owner[place]].is_goods:
            continue
        token = masked.tokens[masked.owner[place]]
        if place == previous + 1 and phrases and not _same_category(phrases[-1][-1], token):
            phrases[-1].append(token)
        else:
            phrases.append([token])
        previous = place
    return phrases


def _same_category(one: Token, other: Token) -> bool:
    return bool(one.word and other.word and one.word.category and one.word.category == other.word.category)


def clauses_around(mask: str, span: tuple[int, int]) -> list[tuple[int, int]]:
    """Return the clauses in which a trigger's object is looked for, in the order of trust."""
    start = mask.rfind(",", 0, span[0] + 1) + 1
    end = _clause_end(mask, max(span[1] - 1, span[0]))
    clauses = [(start, end)]
    low = start
    for _ in range(_CLAUSES_BEFORE):
        if low <= 0:
            break
        high = low - 1
        low = mask.rfind(",", 0, high) + 1
        clauses.append((low, high))
    if end < len(mask):
        clauses.append((end + 1, _clause_end(mask, end + 1)))
    return clauses


def blocker_scopes(mask: str, span: tuple[int, int]) -> dict[str, str]:
    """Return the stretches that blockers look at."""
    start = mask.rfind(",", 0, span[0] + 1) + 1
    end = _clause_end(mask, max(span[1] - 1, span[0]))
    before = mask.rfind(",", 0, max(start - 1, 0)) + 1
    after = _clause_end(mask, end + 1) if end < len(mask) else end
    return {
        "clause": mask[start:end],
        "before": mask[before:end],
        "around": mask[before:after],
        "message": mask,
    }


def _clause_end(mask: str, place: int) -> int:
    end = mask.find(",", place)
    return len(mask) if end < 0 else end
