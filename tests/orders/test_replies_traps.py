"""What looks like an order and is none, and answers to questions; reading never fails on any text."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.outcomes import Outcome, Reason
from orders.edits import Change, Doubt, Edit, Missing
from orders.state import OfferState
from tests.orders.tables import FRUIT, LUNCH, MEAT, STRAWBERRY, normaliser, offer, read, reader, short, table

TALK = [
    "草莓还有吗",
    "草莓2盒多少钱",
    "草莓有没有大果",
    "来2份还是3份好",
    "能不能送到家",
    "她说要2份草莓",
    "听说草莓两盒便宜",
    "买二送一",
    "草莓2份起",
    "满3件9折",
    "10人成团",
    "草莓买2送1",
    "取消退款",
    "第二份半价",
    "草莓我买了2盒",
    "上次的草莓烂了两盒",
    "昨天收到2盒草莓",
    "如果甜的话来2盒",
    "下次要2份",
    "“草莓2份”",
    "草莓3盒150元",
    "有人要2盒草莓吗",
    "你来两份",
    "三文鱼2份",
    "我家一天吃两盒草莓",
    "2个人",
    "好吃+1",
    "楼上+1",
    "3号到货",
    "13800000000",
    "不要辣",
    "别取消",
    "我们来 #接龙 吧",
    "少了一份",
    "我的是草莓",
    "这个草莓我给10分",
    "A9 2份",
    "还差2份成团",
    "草莓3斤以内的",
    "丹东6公斤以下",
    "草莓2盒以上包邮吗",
]


@pytest.mark.parametrize("raw", TALK)
def test_talk_changes_nothing(raw: str) -> None:
    assert read(raw, table(offer(1, *STRAWBERRY))).outcome is Outcome.IGNORED


@pytest.mark.parametrize(
    "raw", ["2号楼", "七号楼的来取", "XL码", "3栋502", "3-502", "E区", "6.8号周一", "今晚8点", "第二份"]
)
def test_places_and_dates_are_no_numbers(raw: str) -> None:
    assert not read(raw, table(offer(1, *FRUIT))).edits


def _edit(item: int, quantity: str | None, change: Change = Change.ADD) -> Edit:
    return Edit(item, change, None if quantity is None else Decimal(quantity))


HOW_MANY = Doubt(Reason.IMPRECISE_QUANTITY, Missing.QUANTITY, ((_edit(11, None),),))
WHICH = Doubt(Reason.SEVERAL_ITEMS, Missing.ITEM, ((_edit(11, "2"),), (_edit(12, "2"),)))
ALL = Doubt(
    Reason.CONFIRM_ALL, Missing.CONFIRMATION, ((_edit(13, None, Change.CANCEL), _edit(14, None, Change.CANCEL)),)
)
ANSWERS = [
    (HOW_MANY, "两盒", "add 11 2"),
    (HOW_MANY, "2", "add 11 2"),
    (HOW_MANY, "那就两盒吧", "add 11 2"),
    (HOW_MANY, "算了", "-"),
    (HOW_MANY, "不要了", "-"),
    (WHICH, "2", "add 12 2"),
    (WHICH, "红颜", "add 12 2"),
    (WHICH, "第二个", "add 12 2"),
    (WHICH, "1号", "add 11 2"),
    (WHICH, "不用了", "-"),
    (ALL, "是", "cancel 13 all; cancel 14 all"),
    (ALL, "确认", "cancel 13 all; cancel 14 all"),
    (ALL, "好的", "cancel 13 all; cancel 14 all"),
    (ALL, "是的，取消吧", "cancel 13 all; cancel 14 all"),
    (ALL, "不是", "-"),
    (ALL, "算了", "-"),
]


@pytest.mark.parametrize(("doubt", "raw", "wanted"), ANSWERS)
def test_answers(doubt: Doubt, raw: str, wanted: str) -> None:
    reading = read(raw, table(offer(1, *FRUIT), doubt=doubt))
    assert short(reading) == wanted
    assert reading.answers


def test_a_vague_answer_is_asked_about_again() -> None:
    assert short(read("两三盒", table(offer(1, *FRUIT), doubt=HOW_MANY))) == "ask imprecise_quantity"


def test_a_new_order_is_no_answer() -> None:
    reading = read("蓝莓3盒", table(offer(1, *FRUIT), doubt=WHICH))
    assert short(reading) == "add 13 3"
    assert not reading.answers


def test_the_same_as_somebody_else() -> None:
    before = (_edit(13, "2"), _edit(15, "1"))
    assert short(read("同上", table(offer(1, *FRUIT), previous=before))) == "add 13 2; add 15 1"
    assert short(read("同上", table(offer(1, *FRUIT)))) == "-"


def test_an_offer_that_is_closed() -> None:
    shut = table(offer(1, *STRAWBERRY, state=OfferState.CLOSED))
    assert short(read("草莓2份", shut)) == "ask after_closing"


def test_names_are_no_orders() -> None:
    named = table(offer(1, *STRAWBERRY), names=["三胖", "两只猫", "不要熬夜", "小美"], lines=[(11, "1")])
    assert short(read("三胖不来了", named)) == "-"
    assert short(read("小美说不要了", named)) == "-"
    assert short(read("两只猫来了", named)) == "-"
    assert short(read("小美 草莓2盒", named)) == "add 11 2 @小美"


def test_evidence_is_where_it_was_typed() -> None:
    raw = "@团长\u2005 🍓２份，谢谢"
    edit = read(raw, table(offer(1, *STRAWBERRY))).edits[0]
    assert [raw[span.start : span.end] for span in edit.spans] == ["🍓", "２份"]


PIECES = st.sampled_from(["\n", " ", "\u2005"]) | st.sampled_from(
    """草莓 大果 蓝莓 2 两 3斤 一打 半 份 盒 +1 ×2 不要了 取消 改成 换成 再来 帮我妈 代 各 和 #1 1号 第一个 A3 3-502 ，
    。 ？ ( ) 「 」 小明| 已付 少饭 送到 几 多 不是 是 错了 同上 我 也要 -5 0 999999999999 ㊙ @ 的 了""".split()  # noqa: SIM905
)


@settings(max_examples=400)
@given(
    st.lists(PIECES, max_size=12).map("".join) | st.text(max_size=40),
    st.booleans(),
    st.sampled_from([None, HOW_MANY, WHICH, ALL]),
)
def test_reading_never_fails(raw: str, has_lines: bool, doubt: Doubt | None) -> None:
    lines: list[tuple[int, str] | tuple[int, str, str]] = [(11, "2"), (14, "1", "我妈")] if has_lines else []
    on = table(offer(1, *FRUIT), offer(2, *LUNCH), offer(3, *MEAT), lines=lines, names=["小美", "草莓"], doubt=doubt)
    reading = read(raw, on)
    for edit in reading.edits:
        assert edit.item in {11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35}
        assert edit.quantity is None or edit.quantity > 0
        assert edit.quantity is not None or edit.change is Change.CANCEL


@pytest.mark.parametrize(
    "piece", ["草莓2", "帮", "送到", "2-", "(", "一", "我妈", "、", "a1 ", "取消", "不", "N起", "是 ", "😀草", "今天"]
)
def test_long_texts_are_read_in_linear_time(piece: str) -> None:
    """Sixteen times the length: what grows with its square takes 256 times as long, what grows with it 16 times."""
    on = table(offer(1, *FRUIT))
    reader().read(normaliser()("草莓2"), on)
    short, long = (normaliser()((piece * length)[:length]) for length in (4_000, 64_000))
    assert _quickest(lambda: reader().read(long, on)) < 80 * max(_quickest(lambda: reader().read(short, on)), 0.001)


def _quickest(work: Callable[[], object]) -> float:
    """Return the processor time of the cheapest of three runs in seconds, whatever else the machine does."""

    def run() -> float:
        start = time.thread_time()
        work()
        return time.thread_time() - start

    return min(run() for _ in range(3))
