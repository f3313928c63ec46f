from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.messages import Quote
from core.text import FOLDS, Mention, Normaliser, NormalText, strip_quote
from core.text_tables import kept_tables, tables_of

NORMALISER = Normaliser({"🍓": "草莓", "👶": "宝宝"})

CASES = [
    ("家里大米见底了", "家里大米见底了"),
    ("", ""),
    ("  \u3000 ", ""),
    ("ＡＢＣ１２３ ＋１ ➕1", "abc123 +1 +1"),
    ("1️⃣ ① ⑳ ❷ 🔟", "1 1 20 2 10"),
    ("🍓还有吗？", "草莓还有吗?"),
    ("🍓🍓🍓还有吗", "草莓还有吗"),
    ("🧻没了", "卷纸没了"),
    ("👶🏽的奶", "宝宝的奶"),
    ("好👍🏽❤️‍🔥👨‍👩‍👧‍👦吃", "好 吃"),
    ("可乐✖️2", "可乐×2"),
    ("🐿\u20e3", "松鼠"),
    ("車厘子還有嗎，乾淨點的", "车厘子还有吗,干净点的"),
    ("哈哈[捂脸][强]好的", "哈哈 好的"),
    ("哈哈〔捂脸〕", "哈哈"),
    ("[草莓]这样的留着", "[草莓]这样的留着"),
    ("[蛋糕]还有吗", "蛋糕还有吗"),
    ("看 https://a.example/x?b=1草莓好吃", "看 草莓好吃"),
    ("退\u200b订\ufeff", "退订"),
    ("要\u00a02份\u2003谢谢", "要 2份 谢谢"),
    ("一行\r\n\r\n  两行", "一行\n两行"),
    ("59.9 元 3 斤", "59.9 元 3 斤"),
    ("a@b.example 是邮箱", "a@b.example 是邮箱"),
    ("\ud800孤\udfff字\x00", "孤字"),
    ("大米㎏ m²", "大米kg m2"),
]


@pytest.mark.parametrize(("raw", "text"), CASES)
def test_text_becomes_uniform(raw: str, text: str) -> None:
    assert NORMALISER(raw).text == text


@pytest.mark.parametrize(
    ("raw", "names", "text"),
    [
        ("@小美\u2005草莓＋２", ["小美"], "草莓+2"),
        ("@Ann Li\u2005 来了", ["Ann Li"], "来了"),
        ("@小美 草莓", ["小美"], "草莓"),
        ("来@小美", ["小美"], "来"),
        ("＠小美，草莓还有吗", ["小美"], ",草莓还有吗"),
        ("@😂🍓\u2005草莓 @王姐\u2005", ["😂🍓", "王姐"], "草莓"),
        ("@ 谁", [], "@ 谁"),
    ],
)
def test_mentions_leave_the_text(raw: str, names: list[str], text: str) -> None:
    seen = NORMALISER(raw)
    assert [mention.name for mention in seen.mentions] == names
    assert seen.text == text
    for mention in seen.mentions:
        assert mention.name in raw[mention.start : mention.end]


def test_a_mention_spans_its_sign_and_the_mark_behind_it() -> None:
    assert NORMALISER("好 @小美\u2005来").mentions == (Mention("小美", 2, 6),)


def test_a_quotation_is_set_apart() -> None:
    raw = "「林姐：今天的草莓」\n- - - - - - - - -\n我要２份"
    seen = NORMALISER(raw)
    assert seen.quote == Quote("林姐", "今天的草莓")
    assert seen.text == "我要2份"
    assert raw[slice(*seen.raw_span(2, 3))] == "２"


def test_of_nested_quotations_only_the_newest_words_remain() -> None:
    raw = "「小美：「林姐：草莓」\n- - - - -\n要」\n- - - - -\n我也要"
    quote, body = strip_quote(raw)
    assert quote is not None
    assert quote.member == "小美"
    assert raw[body:] == "我也要"


@pytest.mark.parametrize("raw", ["「草莓」好吃", "「林姐：草莓」好吃", "他说「林姐：草莓」\n-----\n好"])
def test_brackets_in_talk_are_no_quotation(raw: str) -> None:
    assert strip_quote(raw) == (None, 0)


def test_an_emoji_word_points_to_the_whole_emoji() -> None:
    seen = NORMALISER("想要🍓️🍓呀")
    assert seen.text == "想要草莓呀"
    assert seen.emoji == ((2, 4, "草莓"),)
    assert seen.raw[slice(*seen.raw_span(2, 4))] == "🍓️"


def test_every_traditional_character_settles_in_one_pass() -> None:
    for start in range(0x3400, 0xA000, 500):
        text = NORMALISER("".join(chr(code) for code in range(start, min(start + 500, 0xA000)))).text
        assert NORMALISER(text).text == text


def test_every_code_point_settles_in_one_pass() -> None:
    for code in range(0x30000):
        once = NORMALISER(chr(code)).text
        assert NORMALISER(once).text == once, hex(code)


PARTS = st.sampled_from(
    [
        *"「」：:@[]()#*+.-/ \n\r\t看著乾坤裏麵發髮薴捂脸强蛋糕草莓a1ＡZ０",
        *("\u2005", "\u200b", "\u200d", "\ufe0f", "\u20e3", "\u202e", "\ud83c", "\u0301"),
        *("🍓", "👍", "🏽", "👶", "🏳️\u200d🌈", "🇨🇳", "①", "㎏", "ﷺ", "emm", "【", "…"),
        *("http://", "https://x", "www.", "a@b", "[捂脸]", "[蛋糕]", "〔强〕", "@小美\u2005"),
        *("「林姐：草莓」\n- - - - -\n", "\n-----\n", "」\n"),
    ]
)
CHAT = st.one_of(st.text(max_size=60), st.lists(PARTS, max_size=40).map("".join))


def _check(seen: NormalText) -> None:
    assert len(seen.starts) == len(seen.ends) == len(seen.text)
    assert list(seen.starts) == sorted(seen.starts)
    assert list(seen.ends) == sorted(seen.ends)
    assert all(0 <= start < end <= len(seen.raw) for start, end in zip(seen.starts, seen.ends, strict=True))
    for mention in seen.mentions:
        assert 0 <= mention.start < mention.end <= len(seen.raw)
    for start, end, name in seen.emoji:
        assert seen.text[start:end] == name


@settings(max_examples=600)
@given(CHAT)
def test_any_text_is_read_with_true_offsets_and_settles(raw: str) -> None:
    seen = NORMALISER(raw)
    _check(seen)
    again = NORMALISER(seen.text)
    assert again.text == seen.text
    assert not again.mentions
    assert again.quote is None


SIMPLE = st.sampled_from(
    [
        *"\n😂👍🏽想买草莓吗，。！？：；（）ＡＺ０９％～＋＃ａBz3 .．　、…「@/",
        "➕",
        "①",
        "🍓",
        "㎏",
        "車",
        "[捂脸]",
        "[[强]",
        "强]",
        "[蛋糕]",
        "\u2005",
    ]
)
LINES = st.one_of(CHAT, st.lists(SIMPLE, max_size=24).map("".join))


@settings(max_examples=1000)
@given(LINES)
@example("WWW.0")
def test_the_quick_way_ends_where_the_long_way_does(raw: str) -> None:
    quick, long = NORMALISER(raw), NORMALISER._long_way(raw)
    assert (quick.text, quick.mentions, quick.quote, quick.emoji) == (long.text, long.mentions, long.quote, long.emoji)
    assert list(quick.starts) == list(long.starts)
    assert list(quick.ends) == list(long.ends)


def test_full_width_signs_and_capitals_take_the_quick_way() -> None:
    assert NORMALISER("Ａ２奶粉，有没有？").starts == range(9)
    assert NORMALISER(" 哈哈😂[捂脸]").starts == range(1, 3)


def test_a_sign_that_the_catalogue_names_is_no_sum() -> None:
    """FOLDED makes + of ➕; where the catalogue has a word for the sign, the word goes first on either way."""
    named = Normaliser({"➕": "加号"})
    assert named("要➕吗").text == "要加号吗"
    assert named.folds()[ord("➕")] == 0


def test_folds_are_what_the_quick_way_makes_of_a_character() -> None:
    folds = NORMALISER.folds()
    assert len(folds) == FOLDS
    for code, folded in enumerate(folds):
        if folded and chr(folded) not in " .\n":
            assert NORMALISER(chr(code)).text == chr(folded), hex(code)
    assert [folds[ord(character)] for character in "Ａ，车車「@"] == [ord("a"), ord(","), ord("车"), 0, 0, 0]
    assert "".join(chr(folds[ord(sign)]) for sign in "\u3000．😂") == " . "
    assert folds[ord("🍓")] == 0, "草莓 is no one character"


@settings(max_examples=10)
@given(PARTS, PARTS)
def test_64_kb_of_anything_is_read(first: str, second: str) -> None:
    raw = ((first + second) * 65_536)[:65_536]
    seen = NORMALISER(raw)
    _check(seen)
    assert NORMALISER(seen.text).text == seen.text


def test_tables_are_the_same_when_they_are_read_from_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.kept.cache_folder", lambda: tmp_path)
    words = {"🍓": "草莓"}
    first, again = (kept_tables(words, str.casefold, "core.text") for _ in range(2))
    assert first == again == tables_of(words, str.casefold)
    (file,) = tmp_path.iterdir()
    kept_tables({"🍓": "士多啤梨"}, str.casefold, "core.text")
    assert len(list(tmp_path.iterdir())) == 2
    assert file.name.startswith("signs-")
