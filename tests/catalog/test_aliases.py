from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from catalog.aliases import AliasFileError, AliasTable


def write(path: Path, *tables: tuple[str, str, list[str]]) -> Path:
    text = "# words\n\n"
    for word, kind, also in tables:
        text += f'[[alias]]\nword = "{word}"\nkind = "{kind}"\nalso = {also}\n\n'
    path.write_text(text, encoding="utf-8")
    return path


def own(*files: Path) -> AliasTable:
    return AliasTable.load(files, packaged=False)


def test_the_packaged_table_loads_and_answers() -> None:
    table = AliasTable.load()
    assert len(table) > 100
    assert table.canonical("西红柿") == table.canonical("番茄") == "番茄"
    assert table.canonical("🍓") == "草莓"
    assert table.canonical("随便什么") is None
    assert "西红柿" in table.all_forms("番茄")
    assert table.all_forms("随便什么") == ("随便什么",)
    assert all(table.canonical(alias) == word and table.kind(alias) == kind for alias, word, kind in table)
    assert all(table.canonical(word) == word for _, word, _ in table)


def test_width_case_and_the_emoji_mark_do_not_count(tmp_path: Path) -> None:
    table = own(write(tmp_path / "a.toml", ("辣椒", "emoji", ["🌶️"]), ("纸尿裤", "brand", ["ABC"])))
    assert table.canonical("🌶") == table.canonical("🌶️") == "辣椒"
    assert table.canonical("ａｂｃ") == table.canonical("abc ") == "纸尿裤"


def test_a_later_file_adds_moves_and_turns_words(tmp_path: Path) -> None:
    first = write(
        tmp_path / "a.toml",
        ("番茄", "regional", ["西红柿", "洋柿子"]),
        ("车厘子", "regional", ["樱桃"]),
        ("红薯", "regional", ["地瓜", "番薯"]),
    )
    second = write(
        tmp_path / "b.toml",
        ("西红柿", "regional", ["番柿"]),  # an alias as the word: goes to the canonical word
        ("樱桃", "regional", ["车厘子"]),  # turned round
        ("凉薯", "regional", ["地瓜"]),  # taken away
    )
    table = own(first, second)
    assert table.canonical("番柿") == table.canonical("西红柿") == "番茄"
    assert table.canonical("车厘子") == table.canonical("樱桃") == "樱桃"
    assert table.canonical("地瓜") == "凉薯"
    assert table.canonical("番薯") == "红薯"
    assert {(item.alias, item.before, item.after) for item in table.overrides} == {
        ("车厘子", "车厘子", "樱桃"),
        ("地瓜", "红薯", "凉薯"),
    }
    assert set(table.all_forms("樱桃")) == {"樱桃", "车厘子"}


def test_a_word_that_becomes_an_alias_takes_its_own_along(tmp_path: Path) -> None:
    first = write(tmp_path / "a.toml", ("红薯", "regional", ["地瓜", "番薯"]))
    table = own(first, write(tmp_path / "b.toml", ("薯类", "plural-kind", ["红薯"])))
    assert {table.canonical(word) for word in ("红薯", "地瓜", "番薯", "薯类")} == {"薯类"}
    assert set(table.all_forms("地瓜")) == {"薯类", "红薯", "地瓜", "番薯"}


@pytest.mark.parametrize(
    ("tables", "row", "text"),
    [
        (
            [("番茄", "regional", ["柿子"]), ("柿饼", "regional", ["柿子"])],
            8,
            "'柿子' stands for '柿饼' and, in row 3, for '番茄'",
        ),
        ([("番茄", "regional", ["番茄"])], 3, "alias of itself"),
        ([("番茄", "regional", ["西红柿"]), ("西红柿", "regional", ["番茄"])], 3, "stand for each other"),
        (
            [("番茄", "regional", ["西红柿"]), ("西红柿", "regional", ["番柿"])],
            8,
            "'西红柿' is itself an alias of '番茄'",
        ),
        (
            [("番茄", "regional", ["西红柿"]), ("番柿", "regional", ["番茄"]), ("西红柿", "regional", ["番柿"])],
            8,
            "'番柿' is itself an alias of '西红柿' (row 13)",
        ),
        ([("", "regional", ["西红柿"])], 3, "word is empty"),
        ([("番茄", "regional", ["西红柿", " "])], 3, "something empty"),
        ([("番茄", "regional", [])], 3, "also of '番茄' is empty"),
        ([("番茄", "nickname", ["西红柿"])], 3, "write one of regional"),
    ],
)
def test_faults_name_file_and_row(
    tmp_path: Path, tables: list[tuple[str, str, list[str]]], row: int, text: str
) -> None:
    path = write(tmp_path / "words.toml", *tables)
    with pytest.raises(AliasFileError) as caught:
        own(path)
    assert any(str(fault).startswith(f"{path}, row {row}: ") and text in fault.text for fault in caught.value.faults)


_WORD = st.sampled_from("甲乙丙丁戊己")
_FILE = st.dictionaries(_WORD, _WORD, min_size=1, max_size=5)
"""What each alias stands for; where that is an alias of the same file, the entry is left out (it would be refused)."""


@settings(max_examples=200)
@given(st.lists(_FILE, min_size=2, max_size=4))
@example([{"甲": "乙", "己": "丁"}, {"丁": "甲", "乙": "己"}])  # a circle by way of two files
def test_over_any_files_a_word_stands_for_one_that_stands_for_itself(said: list[dict[str, str]]) -> None:
    """Circles within a file are refused; over several files they end at one word, the later file's."""
    with TemporaryDirectory() as folder:
        files = [
            write(
                Path(folder) / f"{number}.toml",
                *((word, "regional", [alias]) for alias, word in meant.items() if word not in meant),
            )
            for number, meant in enumerate(said)
        ]
        table = own(*files)
    for alias, word, _ in table:
        assert alias != word
        assert table.canonical(alias) == word == table.canonical(word)
        assert table.kind(word) is None
        assert {alias, word} <= set(table.all_forms(alias))
    assert all(table.canonical(alias) is not None for meant in said for alias in meant if meant[alias] not in meant)


def test_every_fault_of_every_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text("[[alias", encoding="utf-8")
    (tmp_path / "other.toml").write_text('[[aliases]]\nword = "a"\n', encoding="utf-8")
    (tmp_path / "latin.toml").write_bytes(b"# \xff")
    (tmp_path / "extra.toml").write_text(
        '[[alias]]\nword = "a"\nkind = "brand"\nalso = ["b"]\nnote = ""\n', encoding="utf-8"
    )
    names = ("missing", "broken", "other", "latin", "extra")
    with pytest.raises(AliasFileError, match=r"5 fault\(s\) in alias files") as caught:
        AliasTable.load([tmp_path / f"{name}.toml" for name in names])
    for part in ("cannot be read", "not valid TOML", "unknown key 'aliases'", "is not UTF-8", "unknown key 'note'"):
        assert part in str(caught.value)
