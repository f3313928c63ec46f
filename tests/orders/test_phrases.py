"""Every phrase that the leaders' page shows means what the page says."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from core.outcomes import Outcome
from orders.drafts import OfferDraft
from orders.itemlines import examine
from orders.opening import read_opening, read_terms
from orders.words import Audience, OrderWord, OrderWordKind, audience, parse
from tests.orders.tables import offer, read, table

PAGE = Path(__file__).parents[2].joinpath("docs", "orders.zh-CN.md").read_text(encoding="utf-8")
ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 23, 10, 30, tzinfo=ZONE)
TWO = (("1", "丹东草莓", "盒"), ("2", "蓝莓", "盒"))


def phrases(heading: str) -> list[str]:
    """The first column of the tables under a heading of their own."""
    found: list[str] = []
    for rows in re.findall(rf"^\| {heading} \|.*\n\|[ -|]+\n((?:\|.*\n)+)", PAGE, re.MULTILINE):
        for row in rows.splitlines():
            found += row.split("|")[1].strip().split(" · ")
    return found


LEADER = phrases("你说")
MEMBER = phrases("群友说")
ALONE = MEMBER[MEMBER.index("+1") :]


@pytest.mark.parametrize("phrase", LEADER)
def test_what_a_leader_is_told_to_say_is_heard(phrase: str) -> None:
    word = parse(phrase, addressed=False)
    assert isinstance(word, OrderWord)
    assert audience(word.kind) is not Audience.EVERYONE
    if word.kind is OrderWordKind.CHANGE and not word.item:
        terms = read_terms(word.text, NOW, ZONE)
        assert terms != OfferDraft("")
        assert terms.faults == ()


def test_every_word_of_leaders_is_on_the_page() -> None:
    heard = {word.kind for phrase in LEADER if isinstance(word := parse(phrase, addressed=False), OrderWord)}
    assert heard == {kind for kind in OrderWordKind if audience(kind) is not Audience.EVERYONE}


@pytest.mark.parametrize("phrase", phrases("群友还可以说"))
def test_what_a_member_may_say_beside_orders_is_heard(phrase: str) -> None:
    word = parse(phrase, addressed=False)
    assert isinstance(word, OrderWord)
    assert audience(word.kind) is Audience.EVERYONE


@pytest.mark.parametrize("phrase", MEMBER)
def test_what_a_member_types_is_an_order_and_no_word(phrase: str) -> None:
    items = TWO[:1] if phrase in ALONE else TWO
    on = table(offer(1, *items), lines=[] if phrase in ALONE else [(11, "2")])
    assert parse(phrase, addressed=False) is None
    assert read(phrase, on).outcome is Outcome.ORDER


@pytest.mark.parametrize("phrase", phrases("写"))
def test_what_may_stand_on_an_item_s_line_is_read(phrase: str) -> None:
    line = examine(f"草莓 {phrase}")
    assert line.trouble is None
    assert line.item.title == "草莓"
    assert line.fields


@pytest.mark.parametrize("phrase", phrases("另起一行写"))
def test_what_may_stand_on_a_line_of_its_own_is_read(phrase: str) -> None:
    terms = read_terms(phrase, NOW, ZONE)
    assert terms.faults == ()
    assert terms.items == ()
    assert terms != OfferDraft("")


def test_the_opening_that_the_page_shows_opens_without_a_fault() -> None:
    (block,) = re.findall(r"^   ```\n(.*?)^   ```", PAGE, re.MULTILINE | re.DOTALL)
    text = re.sub(r"^   ", "", block, flags=re.MULTILINE)
    draft = read_opening(text, NOW, ZONE)
    assert isinstance(draft, OfferDraft)
    assert draft.faults == ()
    assert [item.title for item in draft.items] == ["丹东草莓", "蓝莓", "沃柑"]
    assert draft.closes_at is not None
    assert draft.note == "坏果包赔"


def test_the_page_shows_enough_to_be_worth_reading() -> None:
    assert len(LEADER) > 40
    assert len(MEMBER) > 25
    assert len(phrases("写")) > 10
    assert len(phrases("另起一行写")) > 10
