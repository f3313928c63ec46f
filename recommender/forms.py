"""Other ways of writing a word of a query, and what a match by one of them is worth. Pure besides reading the files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache

from recommender.lexicon import packaged_list

Form = tuple[str, float]
"""Another way of writing a word and the share of the word's own weight that it counts for."""

_SYNONYM = 0.5
_TOWARDS = {
    "regional": 0.9,
    "homophone": 0.9,
    "pinyin": 0.9,
    "emoji": 0.9,
    "abbreviation": 0.8,
    "plural-kind": 0.5,
    "brand": 0.25,
}
"""From an alias to its word, by the kind of alias: whoever says a brand may want only that one."""
_BACK = {"regional": 0.8, "abbreviation": 0.6, "plural-kind": 0.5}
"""From a word to its aliases: titles are written with regional names too; slips and pinyin are in no title."""


class WordForms:
    """Looks up other forms. ``aliases`` are (alias, word, kind) of the alias table."""

    def __init__(
        self, aliases: Iterable[tuple[str, str, str]], synonyms: Sequence[Sequence[str]] | None = None
    ) -> None:
        self._forms: dict[str, dict[str, float]] = {}
        for forms in packaged_synonyms() if synonyms is None else synonyms:
            for form in forms:
                self._note(form, ((other, _SYNONYM) for other in forms if other != form))
        backward: dict[str, list[Form]] = {}
        for alias, word, kind in aliases:
            self._note(alias.lower(), [(word.lower(), _TOWARDS[kind])])
            if kind in _BACK:
                backward.setdefault(word.lower(), []).append((alias.lower(), _BACK[kind]))
        for word, forms_of_word in backward.items():
            self._note(word, forms_of_word)
        for alias, word, kind in aliases:
            if kind in _BACK:  # two regional names of one thing
                share = _TOWARDS[kind]
                others = backward.get(word.lower(), ())
                self._note(alias.lower(), ((form, worth * share) for form, worth in others if form != alias.lower()))

    def __iter__(self) -> Iterator[str]:
        return iter(self._forms)

    def of(self, word: str) -> Mapping[str, float]:
        """Return the other forms of a word as it stands in uniform text."""
        return self._forms.get(word, {})

    def _note(self, word: str, forms: Iterable[Form]) -> None:
        kept = self._forms.setdefault(word, {})
        for form, worth in forms:
            kept[form] = max(worth, kept.get(form, 0.0))


@cache
def packaged_synonyms() -> tuple[tuple[str, ...], ...]:
    """Return the project's own sets of words for the same thing."""
    return tuple(tuple(line.lower().split()) for line in packaged_list("synonyms.txt"))
