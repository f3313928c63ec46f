from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.times import begins_like_time, is_time, read_time

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 23, 10, 30, tzinfo=ZONE)  # a Monday

TIMES = [
    ("今晚8点", "11-23 20:00"),
    ("今晚八点", "11-23 20:00"),
    ("今晚８点", "11-23 20:00"),
    ("今晚8点半", "11-23 20:30"),
    ("今晚8:30", "11-23 20:30"),
    ("今晚8：30", "11-23 20:30"),
    ("今晚20点", "11-23 20:00"),
    ("今晚12点", "11-24 00:00"),
    ("今晚24点", "11-24 00:00"),
    ("今晚1点", "11-24 01:00"),
    ("今晚凌晨1点", "11-24 01:00"),
    ("晚上10点", "11-23 22:00"),
    ("晚8点", "11-23 20:00"),
    ("今天20:00", "11-23 20:00"),
    ("今天下午3点", "11-23 15:00"),
    ("今天9点", "11-23 21:00"),
    ("明天中午12点", "11-24 12:00"),
    ("明天中午", "11-24 12:00"),
    ("中午1点", "11-23 13:00"),
    ("明早8点", "11-24 08:00"),
    ("明晚8点", "11-24 20:00"),
    ("明天8点", "11-24 08:00"),
    ("明天凌晨2点", "11-24 02:00"),
    ("明天 上午 10点", "11-24 10:00"),
    ("后天18:00", "11-25 18:00"),
    ("后天晚上8点半", "11-25 20:30"),
    ("大后天8点", "11-26 08:00"),
    ("周五18:00", "11-27 18:00"),
    ("星期五 18:00", "11-27 18:00"),
    ("礼拜天晚上9点", "11-29 21:00"),
    ("周一9点", "11-30 09:00"),
    ("周一 20:00", "11-23 20:00"),
    ("下周一9点", "11-30 09:00"),
    ("下个周三9点", "12-02 09:00"),
    ("本周三9点", "11-25 09:00"),
    ("24:00", "11-24 00:00"),
    ("今天24:00", "11-24 00:00"),
    ("11月25日24:00", "11-26 00:00"),
    ("11月25日20点", "11-25 20:00"),
    ("11月25号晚上8点", "11-25 20:00"),
    ("11月25日（周三）20:00", "11-25 20:00"),
    ("11/25 20:00", "11-25 20:00"),
    ("11-25 20:00", "11-25 20:00"),
    ("11.25 20:00", "11-25 20:00"),
    ("2026年11月25日20点", "11-25 20:00"),
    ("十一月二十五日20点", "11-25 20:00"),
    ("1月3日8点", "01-03 08:00"),
    ("25号20点", "11-25 20:00"),
    ("20号20点", "12-20 20:00"),
    ("20:30", "11-23 20:30"),
    ("9:00", "11-24 09:00"),
    ("09:00", "11-24 09:00"),
    ("8点", "11-23 20:00"),
    ("11点", "11-23 11:00"),
    ("12点", "11-23 12:00"),
    ("零点", "11-24 00:00"),
    ("20点整", "11-23 20:00"),
    ("20点30分", "11-23 20:30"),
    ("8点一刻", "11-23 20:15"),
    ("8点二十", "11-23 20:20"),
    ("8点钟", "11-23 20:00"),
    ("今晚8点前", "11-23 20:00"),
    ("今晚8点之前。", "11-23 20:00"),
    ("今晚8点准时", "11-23 20:00"),
    ("半小时后", "11-23 11:00"),
    ("30分钟后", "11-23 11:00"),
    ("2小时后", "11-23 12:30"),
    ("两个半小时后", "11-23 13:00"),
    ("今天9:00", "11-23 09:00"),  # past: who asks must check
    ("11月20日20点", "11-20 20:00"),
]
NONE = [
    *(
        "",
        "8",
        "20",
        "2030",
        "后天",
        "周五",
        "今晚",
        "8点左右",
        "八点多",
        "晚点",
        "一会儿",
        "11月31日8点",
        "25:00",
        "24:30",
    ),
    *(
        "20:70",
        "明天上午15点",
        "下午9:00点",
        "11月25日（周四）20:00",
        "8点到9点",
        "今晚8点或9点",
        "20号楼",
        "59.9元",
        "草莓",
    ),
    *(
        "早餐",
        "今天的水果",
        "下周",
        "0小时后",
        "9999999小时后",
        "9999年12月31日24:00",
        "中午5点",
        "2月30日8点",
        "8点点",
    ),
]


@pytest.mark.parametrize(("text", "expected"), TIMES)
def test_a_time_is_read(text: str, expected: str) -> None:
    moment = read_time(text, NOW, ZONE)
    assert moment is not None
    assert moment.strftime("%m-%d %H:%M") == expected
    assert moment.tzinfo is ZONE
    assert is_time(text)
    assert begins_like_time(text)


@pytest.mark.parametrize("text", NONE)
def test_what_names_no_instant_is_none(text: str) -> None:
    assert read_time(text, NOW, ZONE) is None


@pytest.mark.parametrize("text", ["周五", "今晚", "后天", "8点左右", "明天 下午", "周五前"])
def test_half_a_time_is_told_from_a_title(text: str) -> None:
    assert begins_like_time(text)


@pytest.mark.parametrize(
    "text", ["早餐团", "晚餐", "周末水果", "今天的水果", "明天水果团", "中午饭", "11月特价", "三文鱼"]
)
def test_a_title_does_not_begin_like_a_time(text: str) -> None:
    assert not begins_like_time(text)


def test_the_day_is_that_of_the_leader_not_of_the_server() -> None:
    late = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)  # one in the morning of the 24th in Shanghai
    moment = read_time("今天20:00", late, ZONE)
    assert moment == datetime(2026, 11, 24, 20, 0, tzinfo=ZONE)


def test_after_midnight_tonight_is_the_evening_to_come() -> None:
    moment = read_time("今晚8点", NOW.replace(hour=0, minute=30), ZONE)
    assert moment == NOW.replace(hour=20, minute=0)


@pytest.mark.parametrize("text", ["20:30", "8点", "9:00", "12点", "晚上8点", "周一10:30", "零点"])
@given(minutes=st.integers(0, 60 * 24 * 14))
def test_a_time_without_a_day_is_always_to_come(text: str, minutes: int) -> None:
    now = NOW + timedelta(minutes=minutes)
    moment = read_time(text, now, ZONE)
    assert moment is not None
    assert now < moment <= now + timedelta(days=7)


@given(st.text(alphabet="今明后天晚早上下中午周一二三五日点半分:：月号0123456789年-/ 前小时后", max_size=16))
def test_nothing_raises(text: str) -> None:
    moment = read_time(text, NOW, ZONE)
    assert moment is None or moment.tzinfo is ZONE
    begins_like_time(text)
