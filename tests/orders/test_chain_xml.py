"""Chains as XML: who wrote which entry, and what a hostile or broken message does: nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orders.chains.xml import read_message
from tests.orders.chain_messages import chain_xml

LINES = [
    ("u1", "小美💪🏻 晚餐1份"),
    ("u2", "阿强\n苹果2斤\n1. 香蕉1斤"),
    ("u3", "Ann Li 1份"),
    ("u1", "小美💪🏻 早餐1份"),
]


def credited(text: str) -> list[tuple[str, str]]:
    chain = read_message(text)
    assert chain is not None
    for entry in chain.entries:
        assert chain.text[slice(*entry.span)] == entry.body
    return [(entry.author, entry.body) for entry in chain.entries]


@pytest.mark.parametrize("before", ["", "wxid_ab12:\n", "zhang-3@x:\n", "\ufeff", "\n "])
@pytest.mark.parametrize("head", ["#接龙\n晚餐", "#接龙\n周五💪🏻\n例 小美 2份", "@某人 打卡#接龙\n\n晚餐"])
def test_each_entry_is_its_authors(before: str, head: str) -> None:
    text = before + chain_xml(head, LINES)
    assert credited(text) == LINES
    chain = read_message(text)
    assert chain is not None
    assert chain.creator == "lead"
    assert [(entry.index, entry.at) for entry in chain.entries] == [(n + 1, 1764000000 + n) for n in range(4)]
    assert chain.header == "#接龙"


def test_two_entries_with_the_same_text_carry_the_same_range() -> None:
    lines = [("u1", "小美 1份"), ("u2", "阿强 1份"), ("u3", "小美 1份"), ("u4", "小美 1份")]
    text = chain_xml("#接龙\n晚餐", lines)
    assert text.count("<r>") == 4
    assert credited(text) == lines
    chain = read_message(text)
    assert chain is not None
    assert len({entry.span for entry in chain.entries}) == 4


def test_an_entry_may_hold_its_text() -> None:
    text = chain_xml("#接龙\n晚餐", [("u1", "小美 1份"), ("u2", "阿强 1份")])
    start = text.index("<r>", text.index("u2"))
    text = text[:start] + "<c>阿强 1份</c>" + text[text.index("</r>", start) + 4 :]
    assert credited(text) == [("u1", "小美 1份"), ("u2", "阿强 1份")]


def test_ranges_that_do_not_fit_credit_nobody() -> None:
    text = chain_xml("#接龙\n晚餐", [("u1", "小美 1份"), ("u2", "阿强 1份")])
    for wrong in ("0-3", "5-9999", "12-3", "x", "9-9"):
        start = text.index("<r>")
        broken = text[:start] + f"<r>{wrong}</r>" + text[text.index("</r>") + 4 :]
        assert credited(broken) == [("", "小美 1份"), ("", "阿强 1份")]


@pytest.mark.parametrize(
    "info", ["", "<solitaire>", "no xml", "<solitaire><content/></solitaire>", "<!DOCTYPE a><solitaire/>"]
)
def test_without_usable_information_the_text_counts(info: str) -> None:
    text = chain_xml("#接龙\n晚餐", [("u1", "小美 1份")])
    start, end = text.index("<![CDATA[") + 9, text.index("]]>")
    if "DOCTYPE" in info:
        assert read_message(text[:start] + info + text[end:]) is None
    else:
        assert credited(text[:start] + info + text[end:]) == [("", "小美 1份")]


@pytest.mark.parametrize("kind", [1, 19, 49, 57])
def test_other_app_messages_are_no_snapshots(kind: int) -> None:
    assert read_message(chain_xml("#接龙\n晚餐", [("u1", "小美 1份")], kind=kind)) is None


def test_a_chain_inside_a_reply_or_a_record_is_no_snapshot() -> None:
    inner = chain_xml("#接龙\n晚餐", [("u1", "小美 1份")]).partition("?>")[2]
    text = (
        f"<msg><appmsg><title>+1</title><type>57</type><refermsg><content>{inner}</content></refermsg></appmsg></msg>"
    )
    assert read_message(text) is None


BOMB = '<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;&x;">]>'


@pytest.mark.parametrize("declared", [BOMB, BOMB.lower(), '<!DOCTYPE a SYSTEM "file:///etc/hosts">'])
def test_declarations_are_refused(declared: str) -> None:
    good = chain_xml("#接龙\n晚餐", [("u1", "小美 1份")])
    assert read_message(good.replace("<msg>", declared + "<msg>")) is None
    assert read_message(good.replace("晚餐", "&y;", 1)) is None


def test_deep_nesting_and_length() -> None:
    assert read_message("<msg>" * 13_000) is None
    assert read_message("<msg>" * 6_000 + "</msg>" * 6_000) is None
    lines = [(f"u{n}", f"成员{n} 晚餐{n % 9 + 1}份 少饭") for n in range(400)]
    assert credited(chain_xml("#接龙\n晚餐", lines)) == lines


GOOD = chain_xml("#接龙\n晚餐", LINES)


@given(st.integers(0, len(GOOD)), st.integers(0, 40), st.text(max_size=20))
@settings(max_examples=300)
def test_broken_xml_never_raises(at: int, gone: int, new: str) -> None:
    chain = read_message(GOOD[:at] + new + GOOD[at + gone :])
    if chain is not None:
        for entry in chain.entries:
            assert chain.text[slice(*entry.span)] == entry.body
