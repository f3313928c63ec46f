"""How times, quantities and money are said in a chat. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from core.types import Money

_DAYS = {-1: "昨天", 0: "今天", 1: "明天", 2: "后天"}
_EVENINGS = {-1: "昨晚", 0: "今晚", 1: "明晚", 2: "后天晚上"}
_PARTS = ((6, "凌晨"), (12, "上午"), (13, "中午"), (18, "下午"))
_HALF_A_YEAR = timedelta(days=180)


def closing_words(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Say an instant as people do: 今晚 8 点, 明天 18:30, 11月25日 12:00; with the year when it is far away.

    Midnight is the end of the day before (今晚 24 点), as leaders write it.
    """
    local, today = at.astimezone(zone), now.astimezone(zone)
    midnight = local.hour == local.minute == 0
    date = local.date() - timedelta(days=1) if midnight else local.date()
    hour = 24 if midnight else local.hour
    days = (date - today.date()).days
    clock = f"{hour}:{local.minute:02d}"
    if days not in _DAYS:
        year = f"{date.year}年" if date.year != today.year and abs(at - now) > _HALF_A_YEAR else ""
        return f"{year}{date.month}月{date.day}日 {clock}"
    if local.minute:
        return f"{_DAYS[days]} {clock}"
    if midnight:
        return f"{_EVENINGS[days]} 24 点"
    if hour >= 18:
        return f"{_EVENINGS[days]} {hour - 12} 点"
    part = next(name for end, name in _PARTS if hour < end)
    return f"{_DAYS[days]}{part} {hour if hour <= 12 else hour - 12} 点"


def number_words(quantity: Decimal) -> str:
    """Write a number without idle zeros: 2, 0.5, 100."""
    return f"{quantity.normalize():f}" if quantity else "0"


def quantity_words(quantity: Decimal, unit: str = "") -> str:
    """Write a quantity with its unit: ``2 盒``, ``0.5 斤``; 份 where the item has no unit."""
    return f"{number_words(quantity)} {unit or '份'}"


def money_words(amount: Decimal) -> str:
    """Write an amount in yuan: ``59.9 元``."""
    return str(Money(amount))
