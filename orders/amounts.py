"""How many of an item a number with its unit is, in the item's own unit. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from core.outcomes import Reason
from orders.quantities import MOST, Quantity, contents, units
from orders.state import Item

_SINGLE = ("个", "枚", "只", "颗", "粒")
"""Measure words of single pieces that members use one for the other: 30个鸡蛋 are 30枚."""
_CENT = Decimal("0.01")


def amount_of(item: Item, quantity: Quantity, *, pointed: bool = False) -> Decimal | Reason:
    """Return the amount, or the reason to ask. ``pointed``: the item was not named, so that 两个 means two of it."""
    if quantity.value is None:
        return Reason.IMPRECISE_QUANTITY
    if not quantity.unit and not quantity.sign and quantity.value == item.price != 1:
        return Reason.IMPRECISE_QUANTITY  # 蓝莓15, which costs 15
    size = _size(item, quantity.unit, quantity.value, pointed=pointed)
    if size is None:
        return Reason.UNIT_MISMATCH
    amount = quantity.value * size.numerator / size.denominator
    unit = units().canonical(item.unit)
    if quantity.sign == "-" or amount <= 0:
        return Reason.BELOW_MINIMUM
    if unit in units().weight:
        amount = amount.quantize(_CENT)
    elif amount != amount.to_integral_value():
        sold_whole = quantity.unit in {"", unit} or size >= 1
        return Reason.FRACTION_OF_PIECE if sold_whole else Reason.UNIT_MISMATCH
    most = MOST / min(units().weight.get(unit, Decimal(1)), Decimal(1))
    return Reason.OVER_LIMIT if amount > most else _plain(amount)


def _size(item: Item, said: str, value: Decimal, *, pointed: bool) -> Fraction | None:
    """Return how many of the item's unit one of the said unit is, None if they have nothing to do with each other."""
    book, unit = units(), units().canonical(item.unit)
    if said in {"", unit}:
        return Fraction(1)
    if unit in book.weight:
        return Fraction(book.weight[said]) / Fraction(book.weight[unit]) if said in book.weight else None
    held = _held(contents(f"{item.specification} {item.title}"), said)
    if said not in book.generic and held is not None:
        return 1 / Fraction(held)
    if said in book.group and unit in book.grouped:
        return Fraction(book.group[said])
    anything = said in book.generic or (not unit and said not in book.weight)
    one_of_it = said in book.loose and (unit in book.generic or pointed or value == 1)
    return Fraction(1) if anything or one_of_it else None


def _held(inside: Mapping[str, Decimal], said: str) -> Decimal | None:
    """Return how much of the said unit one piece of the item holds."""
    alike = _SINGLE if said in _SINGLE else (said,)
    return next((inside[unit] for unit in alike if inside.get(unit)), None)


def _plain(amount: Decimal) -> Decimal:
    """Return 2 for 2.00, so that amounts read as members write them."""
    return amount.quantize(Decimal(1)) if amount == amount.to_integral_value() else amount.normalize()
