"""What was once read wrongly in free wording, with the packaged model as the bot reads it."""

from __future__ import annotations

import pytest

from core.outcomes import Outcome, Reason
from core.text import Normaliser
from recommender.labelled import PASSIVE
from recommender.needs import Need, NeedClass, NeedReader

_ORDERING = {NeedClass.WANT, NeedClass.WHERE_TO_BUY}


def _need(text: str, reader: NeedReader, normaliser: Normaliser) -> Need | None:
    need = reader.read(normaliser(text)).need
    return None if need is None or need.need_class.value in PASSIVE else need


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("车厘子还能买到吗", "车厘子"),
        ("核桃今天还能下单不", "核桃"),
        ("草莓还有没有", "草莓"),
        ("草莓这个还能拍吗", "草莓"),
        ("排骨还能加单吗", "排骨"),
        ("玉米还来得及订不", "玉米"),
        ("芒果抢完了没", "芒果"),
    ],
)
def test_who_asks_whether_it_can_still_be_had_wants_it(
    text: str, term: str, judging_reader: NeedReader, normaliser: Normaliser
) -> None:
    need = _need(text, judging_reader, normaliser)
    assert need is not None
    assert need.need_class in _ORDERING
    assert need.terms == (term,)


@pytest.mark.parametrize(
    "text", ["我的草莓还能退吗", "我订的核桃今天能送到吗", "车厘子我少了一盒，还能补发不", "牛奶过期两天还能喝吗"]
)
def test_who_asks_about_an_order_or_a_use_of_their_own_wants_nothing(
    text: str, judging_reader: NeedReader, normaliser: Normaliser
) -> None:
    assert _need(text, judging_reader, normaliser) is None


@pytest.mark.parametrize(
    "text", ["有没有人一起打羽毛球", "谁一起去爬山", "有人拼车吗", "有没有人养猫", "有没有一起骑车的"]
)
def test_whoever_looks_for_company_wants_no_goods(
    text: str, judging_reader: NeedReader, normaliser: Normaliser
) -> None:
    assert _need(text, judging_reader, normaliser) is None


@pytest.mark.parametrize("text", ["有没有人一起买羽毛球", "羽毛球有人拼吗"])
def test_whoever_looks_for_company_to_buy_does(text: str, judging_reader: NeedReader, normaliser: Normaliser) -> None:
    need = _need(text, judging_reader, normaliser)
    assert need is not None
    assert (need.need_class, need.terms) == (NeedClass.GROUP_BUY, ("羽毛球",))


@pytest.mark.parametrize(
    "text", ["米见底了", "洗衣液挤不出来了", "最后一包抽纸", "猫粮就剩个底儿", "油没几滴了", "大米只够对付两天"]
)
def test_what_runs_out_in_other_words_runs_out(text: str, judging_reader: NeedReader, normaliser: Normaliser) -> None:
    need = _need(text, judging_reader, normaliser)
    assert need is not None
    assert need.need_class is NeedClass.RUN_OUT


@pytest.mark.parametrize("text", ["鸡蛋没了，下周再开", "蓝莓没了就没了吧，反正贵"])
def test_what_is_sold_out_or_given_up_does_not_run_out(
    text: str, judging_reader: NeedReader, normaliser: Normaliser
) -> None:
    assert _need(text, judging_reader, normaliser) is None


@pytest.mark.parametrize(("text", "term"), [("米缸见底了", "大米"), ("油壶空了，菜还没炒完", "食用油")])
def test_an_empty_vessel_needs_what_is_kept_in_it(
    text: str, term: str, judging_reader: NeedReader, normaliser: Normaliser
) -> None:
    need = _need(text, judging_reader, normaliser)
    assert need is not None
    assert (need.need_class, need.terms) == (NeedClass.RUN_OUT, (term,))


def test_a_vessel_that_is_wanted_is_the_vessel(judging_reader: NeedReader, normaliser: Normaliser) -> None:
    need = _need("想买个米缸", judging_reader, normaliser)
    assert need is not None
    assert need.terms == ("米缸",)


@pytest.mark.parametrize("text", ["翻箱倒柜找不出一包纸巾", "配个锅盖去哪"])
def test_what_looks_like_a_dish_alone_is_what_is_wanted(
    text: str, judging_reader: NeedReader, normaliser: Normaliser
) -> None:
    """一包 held 包, as in 包饺子, and 配 goes with a dish: the need was certain and had no object."""
    assert _need(text, judging_reader, normaliser) is not None


@pytest.mark.parametrize(
    ("text", "recorded"),
    [
        ("家里快断粮了", True),
        ("老爸下月出院回家养着", True),
        ("有没有一起减肥打卡的", False),
        ("昨晚加班到十点", False),
        ("物业说明天停水", False),
    ],
)
def test_a_hint_is_told_from_a_question_a_report_and_a_notice(
    text: str, recorded: bool, judging_reader: NeedReader, normaliser: Normaliser
) -> None:
    reading = judging_reader.read(normaliser(text))
    assert (reading.outcome is Outcome.NEED and reading.reason is Reason.RECORDED) is recorded
