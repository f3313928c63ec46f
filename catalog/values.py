"""Reading one cell: text, money, numbers, instants, lists. Pure; a ``ValueError`` says what to write instead."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any

from core.late import late
from core.types import Money

_JOINER = "\u200d"  # holds composed emoji together
_REPLACEMENT = "\ufffd"
_SHEET_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!"})
_LIST_MARKS = late(r"[|,、;，；]")
_LIST_LIMIT = 1000
_WHOLE_LIMIT = 2_000_000_000  # fits a 32-bit column
_MONEY = late(
    r"(?P<sign>¥|\$|€|£|[A-Za-z]{3})?\s*(?P<amount>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d*)?|\.\d+)\s*(?P<unit>元|块|[A-Za-z]{3})?"
)
_SIGNS = {"¥": "CNY", "元": "CNY", "块": "CNY", "RMB": "CNY", "$": "USD", "€": "EUR", "£": "GBP"}
_INSTANT = late(
    r"(\d{4})(?:[-/.]|年)(\d{1,2})(?:[-/.]|月)(\d{1,2})日?"
    r"(?:(?:T|\s+|(?<=日))(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?)?"
)
_DIGITS_DATE = late(r"(20\d{2})(\d{2})(\d{2})")
_TIER_MARKS = late(r"[|;、]|,(?=\s*\d+\D{0,3}[:=])")  # 1,299 is one price
_TIER = late(r"\s*(?:满\s*)?(\d+)\s*[^\d:=.]{0,3}\s*[:=]\s*(.+?)\s*")


def shown(value: object) -> str:
    """Quote a value for a fault: short, in one line."""
    text = str(value)
    text = "".join(character if character.isprintable() else " " for character in text[:60])
    return f"「{text[:40]}…」" if len(text) > 40 else f"「{text}」"


def plain(value: object) -> str:
    """Return a cell as clean text: one line, no control or direction marks; numbers as people write them."""
    if isinstance(value, str):
        text = " ".join(value.split())
        if not text.isprintable():
            text = _printable(text)
        if _REPLACEMENT in text:
            raise ValueError(f"{shown(text)} has bytes that the encoding does not know; check source.encoding")
        if text in _SHEET_ERRORS:
            raise ValueError(f"{text} is an error of the spreadsheet; repair the formula")
        return text
    if value is None:
        return ""
    if isinstance(value, bool):
        raise ValueError(f"is {str(value).lower()}; text or a number is needed")
    if isinstance(value, int):
        return str(value)
    if isinstance(value, (float, Decimal)):
        return _plain_number(value)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    kind = "an object" if isinstance(value, Mapping) else "a list" if isinstance(value, list) else "not text"
    raise ValueError(f"is {kind}; name the part that is meant with a dotted path")


def _printable(text: str) -> str:
    kept = []
    for character in text:
        category = unicodedata.category(character)
        if category == "Cs":
            raise ValueError("has half a character; the supplier's export is damaged, ask for it again")
        if category == "Cc" or (category == "Cf" and character != _JOINER):
            continue
        kept.append(character)
    return "".join(kept).strip()


def _plain_number(value: float | Decimal) -> str:
    number = Decimal(repr(value)) if isinstance(value, float) else value
    if not number.is_finite() or abs(number) >= Decimal("1e30"):
        raise ValueError("is not a usable number")
    return f"{number:f}".rstrip("0").rstrip(".") if "." in f"{number:f}" else f"{number:f}"


def limited(text: str, length: int) -> str:
    """Return ``text``; raise if it is longer than ``length`` characters."""
    if len(text) > length:
        raise ValueError(f"has {len(text)} characters, at most {length} are kept; shorten it")
    return text


def amount(text: str, currency: str, *, hundredths: bool = False) -> Decimal:
    """Read a price above zero: ``59.9``, ``59.9元``, ``￥1,299``; with ``hundredths`` a whole number of fen."""
    text = unicodedata.normalize("NFKC", text)
    if hundredths:
        if not text.isdecimal():
            raise ValueError(f"{shown(text)} is not a whole number of hundredths; write 5990 for 59.9")
        value = Decimal(text).scaleb(-2)
        found = Money.parse(str(value), currency).amount
    else:
        match = _MONEY.fullmatch(text)
        if match is None:
            raise ValueError(f"{shown(text)} is not a price; write a number such as 59.9")
        for mark in (match["sign"], match["unit"]):
            if mark and _SIGNS.get(mark.upper(), mark.upper()) != currency:
                raise ValueError(f"{shown(text)} is not in {currency}; correct the price, or the supplier's currency")
        found = Money.parse(match["amount"], currency).amount
    if found <= 0:
        raise ValueError(f"{shown(text)} is not above zero; write the price, or leave the row out")
    return found


def whole(text: str, least: int, hint: str) -> int:
    """Read a whole number from ``least`` on; ``hint`` says what to write instead."""
    digits = unicodedata.normalize("NFKC", text)
    if re.fullmatch(r"-?\d{1,3}(,\d{3})+", digits):
        digits = digits.replace(",", "")
    try:
        number = Decimal(digits)
    except InvalidOperation:
        raise ValueError(f"{shown(text)} is not a whole number; {hint}") from None
    if not number.is_finite() or number != number.to_integral_value():
        raise ValueError(f"{shown(text)} is not a whole number; {hint}")
    if not least <= number <= _WHOLE_LIMIT:
        raise ValueError(f"{shown(text)} is not between {least} and {_WHOLE_LIMIT}; {hint}")
    return int(number)


def items(value: object, split: str = "") -> list[str]:
    """Return the distinct texts of a list, or of a text cut at ``split`` (default: any of | , 、 ;)."""
    if isinstance(value, (list, tuple)):
        parts = [plain(item) for item in value]
    else:
        text = plain(value)
        parts = text.split(split) if split else _LIST_MARKS.split(text)
    found = list(dict.fromkeys(part.strip() for part in parts if part.strip()))
    if len(found) > _LIST_LIMIT:
        raise ValueError(f"has {len(found)} items, at most {_LIST_LIMIT} are kept; shorten the list")
    return found


def instant(value: object, zone: tzinfo, *, form: str = "", ends: bool = False) -> datetime:
    """Read a moment as aware UTC; ``zone`` counts where none is written.

    A day without a time means its start, or with ``ends`` its end. ``form`` is a strptime pattern, unix or unix_ms.
    """
    try:
        found, whole_day = _local(value, form)
        if found.tzinfo is None:
            if whole_day and ends:
                found += timedelta(days=1)
            found = found.replace(tzinfo=zone)
        found = found.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{shown(value)} is out of range; write a year from 2000 to 2199") from None
    if not 2000 <= found.year <= 2199:
        raise ValueError(f"{shown(value)} is out of range; write a year from 2000 to 2199")
    return found


def _local(value: object, form: str) -> tuple[datetime, bool]:
    """Return the moment as written, and whether it is a whole day."""
    if isinstance(value, datetime):
        return value, value.time() == time.min and value.tzinfo is None
    if isinstance(value, date):
        return datetime.combine(value, time.min), True
    text = unicodedata.normalize("NFKC", plain(value))
    if form in {"unix", "unix_ms"}:
        if not text.isdecimal() or len(text) > 13:
            raise ValueError(f"{shown(text)} is not a unix time; write whole seconds or milliseconds")
        seconds = int(text) / (1000 if form == "unix_ms" else 1)
        return datetime.fromtimestamp(seconds, UTC), False
    if form:
        try:
            return datetime.strptime(text, form), "%H" not in form and "%I" not in form  # noqa: DTZ007 - likewise
        except ValueError:
            raise ValueError(f"{shown(text)} does not fit the format {form}; correct one of them") from None
    return _written(text)


def _written(text: str) -> tuple[datetime, bool]:
    match = _INSTANT.fullmatch(text) or _DIGITS_DATE.fullmatch(text)
    if match is None:
        raise ValueError(f"{shown(text)} is not a date; write 2026-11-22 or 2026-11-22 18:00")
    year, month, day, hour, minute, second, zone = (*match.groups(), None, None, None, None)[:7]
    try:
        start = datetime(int(year or 0), int(month or 0), int(day or 0))  # noqa: DTZ001 - the caller attaches the zone
        if hour is None:
            return start, True
        if (hour, minute) == ("24", "00"):  # the end of that day, as people write it
            found = start + timedelta(days=1)
        else:
            found = start.replace(hour=int(hour), minute=int(minute or 0), second=int(second or 0))
    except ValueError:
        raise ValueError(f"{shown(text)} is not a day or time that exists; correct it") from None
    if zone:
        found = found.replace(tzinfo=datetime.strptime("+0000" if zone == "Z" else zone, "%z").tzinfo)
    return found, False


def tiers(value: object, currency: str, *, split: str = "", keys: Mapping[str, str]) -> list[tuple[int, Decimal]]:
    """Read price tiers: ``2:55|3:52.5``, a list of such texts, of pairs, or of objects with quantity and price.

    ``keys`` renames the objects' keys. Raises for a tier below two pieces or out of order.
    """
    if isinstance(value, (list, tuple)):
        parts: list[object] = list(value)
    else:
        text = unicodedata.normalize("NFKC", plain(value))
        parts = [
            part for part in (text.split(split) if split else re.split(r"[|;、]|,(?=\s*\d+\D{0,3}[:=])", text)) if part
        ]
    found = sorted(_tier(part, currency, keys) for part in parts)
    if len({quantity for quantity, _ in found}) != len(found):
        raise ValueError("gives two prices for one quantity; keep one")
    return found


def _tier(part: Any, currency: str, keys: Mapping[str, str]) -> tuple[int, Decimal]:
    if isinstance(part, Mapping):
        renamed = {keys.get(str(key), str(key)): item for key, item in part.items()}
        if "quantity" not in renamed or "price" not in renamed:
            raise ValueError('a tier lacks quantity or price; name their keys: map = {their_key = "quantity", …}')
        quantity, price = renamed["quantity"], renamed["price"]
    elif isinstance(part, (list, tuple)) and len(part) == 2:
        quantity, price = part
    else:
        match = _TIER.fullmatch(unicodedata.normalize("NFKC", plain(part)))
        if match is None:
            raise ValueError(f"{shown(part)} is not a price tier; write quantity:price, such as 2:55|3:52.5")
        quantity, price = match[1], match[2]
    return whole(plain(quantity), 2, "a tier begins at two or more"), amount(plain(price), currency)


def address(text: str, length: int) -> str:
    """Return an HTTP address, or raise; anything else could run code where it is clicked."""
    if not re.fullmatch(r"https?://[^\s/<>\"']+[^\s<>\"]*", text, re.IGNORECASE):
        raise ValueError(f"{shown(text)} is not an address; write http://… or https://…, or leave it empty")
    return limited(text, length)
