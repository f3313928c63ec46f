"""Words that mean the same: regional names, brands, emoji, slips. Pure besides reading the files."""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

KINDS = ("regional", "homophone", "pinyin", "emoji", "brand", "abbreviation", "plural-kind")
_KEYS = frozenset({"word", "kind", "also"})
_TABLE_START = "[[alias]]"
_VARIATION_SELECTOR = "\ufe0f"


@dataclass(frozen=True, slots=True)
class AliasFault:
    """What is wrong with one table of a file. ``row`` is its line, 0 for the file as a whole."""

    file: str
    row: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}, row {self.row}: {self.text}" if self.row else f"{self.file}: {self.text}"


class AliasFileError(Exception):
    """Alias files cannot be used; ``faults`` holds every fault of every file."""

    def __init__(self, faults: Sequence[AliasFault]) -> None:
        self.faults = list(faults)
        super().__init__(f"{len(faults)} fault(s) in alias files\n" + "\n".join(f"  {fault}" for fault in faults))


@dataclass(frozen=True, slots=True)
class Override:
    """A word that stood for ``before`` in an earlier file and stands for ``after`` since ``file``."""

    alias: str
    before: str
    after: str
    file: str


@dataclass(frozen=True, slots=True)
class _Entry:
    row: int
    word: str
    kind: str
    also: tuple[str, ...]


@dataclass(slots=True)
class _Words:
    """The table while it is built: normal form of an alias to (alias, word, kind); spelling of every word."""

    aliases: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    overrides: list[Override] = field(default_factory=list)


def normal(word: str) -> str:
    """Return the form in which words are compared: full width, case and the emoji's variation mark do not count."""
    return unicodedata.normalize("NFKC", word).replace(_VARIATION_SELECTOR, "").strip().casefold()


class AliasTable:
    """Looks words up. Build it with ``load``; it does not change afterwards."""

    def __init__(self, words: _Words) -> None:
        self._aliases = words.aliases
        self._words = words.words
        self.overrides = tuple(words.overrides)
        """What later files changed about earlier ones."""
        self._forms: dict[str, list[str]] = {key: [spelling] for key, spelling in self._words.items()}
        for alias, word, _ in self._aliases.values():
            self._forms[normal(word)].append(alias)

    @classmethod
    def load(cls, alias_files: Sequence[Path] = (), *, packaged: bool = True) -> AliasTable:
        """Read the project's own table, then ``alias_files``; a later file wins. Raises ``AliasFileError``."""
        texts: list[tuple[str, str]] = []
        faults: list[AliasFault] = []
        if packaged:
            own = files("catalog").joinpath("data/aliases.toml")
            texts.append(("catalog/data/aliases.toml", own.read_text(encoding="utf-8")))
        for path in alias_files:
            try:
                texts.append((str(path), path.read_text(encoding="utf-8-sig")))
            except OSError as error:
                faults.append(AliasFault(str(path), 0, f"cannot be read: {error.strerror}; correct alias_files"))
            except UnicodeDecodeError:
                faults.append(AliasFault(str(path), 0, "is not UTF-8; save it as UTF-8"))
        words = _Words()
        for name, text in texts:
            entries, found = _parse(name, text)
            faults.extend(found)
            faults.extend(_add(words, name, entries))
        if faults:
            raise AliasFileError(faults)
        return cls(words)

    def canonical(self, word: str) -> str | None:
        """Return the word that ``word`` stands for, itself if it is one, None if the table does not know it."""
        key = normal(word)
        if key in self._aliases:
            return self._aliases[key][1]
        return self._words.get(key)

    def kind(self, alias: str) -> str | None:
        """Return why ``alias`` means its word (see the head of the packaged file), None if it is no alias."""
        entry = self._aliases.get(normal(alias))
        return entry[2] if entry else None

    def all_forms(self, word: str) -> tuple[str, ...]:
        """Return the canonical word and all its aliases; only ``word`` if the table does not know it."""
        found = self.canonical(word)
        return (word,) if found is None else tuple(self._forms[normal(found)])

    def __iter__(self) -> Iterator[tuple[str, str, str]]:
        """Yield (alias, word, kind) for every alias."""
        return iter(self._aliases.values())

    def __len__(self) -> int:
        return len(self._aliases)

    def __contains__(self, word: str) -> bool:
        return self.canonical(word) is not None


def _parse(name: str, text: str) -> tuple[list[_Entry], list[AliasFault]]:
    """Return the file's tables that have the right form, and the faults of the others."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return [], [AliasFault(name, 0, f"is not valid TOML: {error}")]
    tables = document.pop("alias", [])
    faults = [AliasFault(name, 0, f"unknown key {key!r}; only [[alias]] tables belong here") for key in document]
    if not isinstance(tables, list):
        return [], [*faults, AliasFault(name, 0, "alias is not a list of tables; write [[alias]]")]
    starts = [number for number, line in enumerate(text.splitlines(), 1) if line.strip().startswith(_TABLE_START)]
    rows = starts if len(starts) == len(tables) else list(range(1, len(tables) + 1))
    entries = []
    for row, table in zip(rows, tables, strict=True):
        fault = _form_fault(table)
        if fault:
            faults.append(AliasFault(name, row, fault))
        else:
            entries.append(_Entry(row, table["word"].strip(), table["kind"], tuple(a.strip() for a in table["also"])))
    return entries, faults


def _form_fault(table: Any) -> str:
    """Say what is wrong with the form of a table; empty if nothing is."""
    if not isinstance(table, dict):
        return "is not a table; write [[alias]] with word, kind and also"
    unknown = sorted(set(table) - _KEYS)
    if unknown:
        return f"unknown key {unknown[0]!r}; a table has word, kind and also"
    return _word_fault(table.get("word"), table.get("kind"), table.get("also"))


def _word_fault(word: Any, kind: Any, also: Any) -> str:
    if not isinstance(word, str) or not normal(word):
        return "word is empty; write the word that the aliases stand for"
    if kind not in KINDS:
        return f"kind of {word!r} is {kind!r}; write one of {', '.join(KINDS)}"
    if not isinstance(also, list) or not also:
        return f'also of {word!r} is empty; write a list such as ["西红柿"]'
    if any(not isinstance(alias, str) or not normal(alias) for alias in also):
        return f"also of {word!r} holds something empty or not text; remove it"
    return ""


def _add(words: _Words, name: str, entries: Sequence[_Entry]) -> list[AliasFault]:
    """Put one file's tables into the table, over what earlier files said; return conflicts within the file."""
    given: dict[str, tuple[str, str, _Entry]] = {}
    faults = []
    for entry in entries:
        for alias in entry.also:
            key = normal(alias)
            before = given.get(key)
            if key == normal(entry.word):
                faults.append(AliasFault(name, entry.row, f"{alias!r} is an alias of itself; remove it from also"))
            elif before is not None and normal(before[2].word) != normal(entry.word):
                text = (
                    f"{alias!r} stands for {entry.word!r} and, in row {before[2].row}, for {before[2].word!r}; keep one"
                )
                faults.append(AliasFault(name, entry.row, text))
            elif before is None:
                given[key] = (alias, entry.kind, entry)
    faults.extend(_circles(name, given))
    if faults:
        return faults
    _override(words, name, entries, given)
    return []


def _circles(name: str, given: dict[str, tuple[str, str, _Entry]]) -> list[AliasFault]:
    """Report words that are themselves aliases: a circle has no canonical word, and a chain hides it."""
    faults = []
    for alias, _, entry in given.values():
        above = given.get(normal(entry.word))
        if above is None:
            continue
        top = above[2].word
        if normal(top) == normal(alias):
            text = f"{alias!r} and {entry.word!r} stand for each other (also row {above[2].row}); keep one direction"
        else:
            text = f"{entry.word!r} is itself an alias of {top!r} (row {above[2].row}); write {top!r} as the word"
        faults.append(AliasFault(name, entry.row, text))
    return faults


def _override(words: _Words, name: str, entries: Sequence[_Entry], given: dict[str, tuple[str, str, _Entry]]) -> None:
    """Lay one file over the earlier ones.

    A word that an earlier file knows as an alias keeps its meaning: what is added to it goes to its canonical word.
    Only an alias that the file names itself moves.
    """
    for entry in entries:
        key = normal(entry.word)
        earlier = words.aliases.get(key)
        if earlier is None:
            words.words.setdefault(key, entry.word)
            continue
        turned = given.get(normal(earlier[1]))
        if turned is not None and normal(turned[2].word) == key:  # the file swaps the word and its alias
            del words.aliases[key]
            words.words[key] = entry.word
    for key, (alias, kind, entry) in given.items():
        word = _current(words, normal(entry.word))
        if normal(word) == key:  # by way of what the file says before, it stands for itself already
            continue
        before = words.words.pop(key, "") or _current(words, key)
        if before and normal(before) != normal(word):
            words.overrides.append(Override(alias, before, word, name))
        if normal(before) == key:  # a word becomes an alias, and takes its own aliases along
            for other, (spelling, target, why) in list(words.aliases.items()):
                if normal(target) == key:
                    words.aliases[other] = (spelling, word, why)
        words.aliases[key] = (alias, word, kind)


def _current(words: _Words, key: str) -> str:
    """Return the canonical word as it stands, empty if there is none."""
    return words.aliases[key][1] if key in words.aliases else words.words.get(key, "")
