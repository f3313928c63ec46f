"""One line of a leader's list: ``1. 丹东草莓 3斤 59.9元／2份110元 限购5 库存30``. Pure.

Reading takes fields away one after another (prices, stock, limit, minimum, specification); what is left in front is the
title, as written. A line whose price could be understood in two ways is refused: nobody is charged what was not meant.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from core.late import late
from core.numerals import read_numeral
from orders.drafts import ItemDraft
from orders.folding import fold
from orders.state import Tier

_UNITS = (
    "公斤|千克|份|个|只|条|件|箱|包|瓶|罐|袋|盒|斤|克|串|桶|听|支|把|张|卷|块|提|扎|双|副|组|打|板|托|筐|篓|捆|颗|粒|根"
    "|头|棵|枚|片|尾|套|对|台|本|杯|碗|单"
)
_MEASURES = rf"(?:kg|ml|mm|cm|毫升|毫米|厘米|升|两|寸|米|g|l|m(?![a-z])|{_UNITS})(?![a-z])"
_COUNT = r"(?:[0-9]{1,6}|[一二两三四五六七八九十]{1,3})"
_SUM = r"[0-9]{1,7}(?:\.[0-9]+)?"
_YUAN = r"(?:元|块钱|块(?![0-9一二三四五六七八九])|rmb|圆)"
_PRICE_NAME = r"(?:团购价|拼团价|接龙价|到手价|优惠价|现价|特价|团价|售价|单价|价格|价钱|价|仅需|只要|只需)"
_EACH = rf"(?:(?:每|一|1 ?)(?P<each>{_UNITS}) ?)"
_PER = rf"(?: ?/ ?1?(?P<per>{_UNITS})(?!装)| ?(?:一|每|1)(?P<one>{_UNITS})(?!装))"

MARKER = late(
    r" *(?:[\[(] ?(?P<inside>[0-9]{1,3}|[a-z]) ?[\])] ?[.、:]?|(?P<number>[0-9]{1,3}) ?(?:[.](?![0-9])|[、:)])"
    rf"|(?P<plain>[0-9]{{1,2}})(?: +|号 *[:.、 ])(?=[^\W\d])(?!(?:{_MEASURES}))"
    r"|(?P<circled>[⑩-⑳⑴-⒇⒈-⒛㈠-㈩🔟]) ?[.、:]?|(?P<letter>[a-z])(?:[.、:)]| (?=[^\W\da-z]))"
    r"|[-*·•・●○◆◇■□▪►▶→✅☑️]+(?=\D)) *"
)
_STRUCK = late(
    rf"(?:市场|超市|门店|专柜|零售|日常|平时|原)(?:售?价)?(?:是|为)? ?[:=]? ?¥? ?{_SUM} ?{_YUAN}?(?:/(?:{_UNITS}))?"
)
_STOCK = late(
    rf"(?:(?:现?库存|限量|仅剩余?|只剩余?|剩余|还剩|剩|仅有|只有|总共|总量|现货|共|数量) ?[:=]? ?"
    rf"(?P<count>{_COUNT}) ?(?P<unit>{_UNITS})?"
    r"|(?P<free>库存 ?[:=]?(?:不限|充足|无限)|不限量))(?![0-9.])"
)
_LIMIT = late(
    rf"(?:(?:每人|一人|每户|每家|每单)? ?(?:限购|限买|限订|限|最多) ?[:=]? ?(?P<count>{_COUNT})"
    rf" ?(?P<unit>{_UNITS})?(?:/人)?"
    r"|(?P<free>不限购|限购 ?[:=]? ?(?:不限|无)))(?![0-9.])"
)
_MINIMUM = late(
    rf"(?:(?:起订量?|起购|起拍|起售|起卖|至少|最少) ?[:=]? ?(?P<count>{_COUNT})"
    rf" ?(?P<unit>{_UNITS})?(?:起[订购拍售卖]?)?"
    rf"|(?P<first>{_COUNT}) ?(?P<kind>{_UNITS}) ?起(?:[订购拍售卖]|(?!\w)))(?![0-9.])"
)
_TIER = late(
    rf"[/,;、(]? ?(?:买|拍|任意|任选)?(?P<count>{_COUNT}) ?(?P<unit>{_UNITS}) ?(?:共|只要|仅需|只需|[:=/])? ?"
    rf"(?:¥ ?(?P<sign>{_SUM})|(?P<sum>{_SUM}) ?{_YUAN}) ?\)?(?P<more>/)?"
)
_TURNED_TIER = late(
    rf"[/,;、(]? ?(?:¥ ?(?P<sign>{_SUM}) ?{_YUAN}?|(?P<sum>{_SUM}) ?{_YUAN}) ?/? ?"
    rf"(?P<count>[2-9]|[1-9][0-9]{{1,3}}|[二两三四五六七八九十])(?P<unit>份|件|单|组)(?! ?[¥=:0-9]|装) ?\)?"
)
_PRICE = late(
    rf"[=:,(]? ?(?:{_PRICE_NAME} ?[:=]? ?)?{_EACH}?[:=]? ?(?:{_PRICE_NAME} ?[:=]? ?)?"
    rf"(?:¥ ?(?P<sign>{_SUM})(?: ?{_YUAN})?|(?P<sum>{_SUM}) ?{_YUAN}|(?P<whole>[0-9]{{1,5}})块(?P<tenth>[1-9])(?!\d))"
    rf"{_PER}? ?\)?"
)
_BARE = late(
    rf"(?:(?<= )|\A)(?:(?P<label>{_PRICE_NAME}) ?[:=]? ?)?(?P<sum>[0-9]{{1,5}}(?:\.[0-9]{{1,2}})?)"
    rf"{_PER}?(?= |,|/[0-9]|\Z)"
)
_SPEC_NUMBER = r"[0-9]{1,5}(?:\.[0-9]+)?(?: ?[-~] ?[0-9]{1,5}(?:\.[0-9]+)?)?"
_SPEC = late(
    rf"(?:规格 ?[:=]? ?)?(?:[约净毛]重?|大约)? ?(?<![a-z0-9.])(?:{_SPEC_NUMBER}"
    rf"|(?<=[ \d:重约])[一二两三四五六七八九十半]{{1,3}}|(?<= )[半一](?=[斤箱])) ?{_MEASURES}"
    rf"(?: ?[*x] ?[0-9]{{1,4}} ?(?:{_UNITS})?)*(?:[±][0-9]{{1,4}}(?:{_MEASURES})?)?"
    rf"(?:装(?:(?: ?[*x] ?|一)?[0-9]{{0,3}}(?:{_UNITS}))?| ?/ ?[一1]?(?P<per>{_UNITS})|左右|以上)?(?![^\W_a-z0-9])"
)
_RANGE = late(rf"[0-9] ?{_YUAN}? ?[-~到至] ?¥?{_SUM} ?{_YUAN}")
_LABEL = late(rf"\A *(?:规格|{_PRICE_NAME}|库存|限购|商品|品名|名称) *[:=] *")
_PROMOTION = late(
    r"半价|[0-9一二三四五六七八九]折|打折|买[一二两三四五六七八九十0-9]+\w{0,2}[送赠]|立减|满减|第二[份件盒个]|优惠券|[0-9]元?起|[元块]起"
    r"|成团|开团|人团"
)
_SENTENCE = late(r"[。!?;~]|大家|今天|我们|欢迎|谢谢|下单|接龙|群里|\bhttp")
_TERM = late(r"截单|截团|截止|收单|自提|自取|取货|提货|配送|[0-9]点|今晚|明天|后天|每人")
_NAMED = late(r"[^\W\d_]")
_EDGES = " \t\u3000-—–:：=＝,，、。.;；|｜/／+()（）[]【】~～*"
_HEAVY = frozenset({"克", "两"})
LONGEST = 300  # no line of a list is longer
_TITLE = 60


class Trouble(StrEnum):
    """Why a line is no item."""

    NO_TITLE = "no_title"
    SENTENCE = "sentence"
    TWO_PRICES = "two_prices"
    TIERS = "tiers"
    PROMOTION = "promotion"
    NUMBER = "number"
    LONG = "long"


@dataclass(frozen=True, slots=True)
class ItemLine:
    """What a line of a list says. ``number`` is how the leader numbered it; ``fields``: more than a title is said."""

    item: ItemDraft
    number: int | None = None
    marked: bool = False
    fields: bool = False
    trouble: Trouble | None = None


def read_item_line(text: str) -> ItemDraft | None:
    """Read one line of a list, with or without a marker; None when it is no item or its price is not plain."""
    line = examine(text)
    return line.item if line.trouble is None else None


def read_item_terms(text: str) -> ItemDraft | None:
    """Read price, tiers, stock, limits without a title (``29.9元／2份55元``), as a draft whose title is empty."""
    line = examine(text)
    return line.item if line.trouble is Trouble.NO_TITLE and line.fields else None


def examine(text: str) -> ItemLine:
    """Read one line and tell what is wrong with it, if it is no item. Never raises."""
    if len(text) > LONGEST:
        return ItemLine(ItemDraft(""), trouble=Trouble.LONG)
    if "\n" in text.strip():
        return ItemLine(ItemDraft(""), trouble=Trouble.SENTENCE)
    reader = _Reader(text)
    return reader.read()


class _Wrong(Exception):
    """How a step says that a line is none; never leaves this module."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble)
        self.trouble = trouble


class _Reader:
    """Takes the fields out of one line."""

    def __init__(self, raw: str) -> None:
        self.raw = raw
        self.plain = fold(raw).replace("\n", " ")
        marker = MARKER.match(self.plain)
        self.marked = marker is not None
        self.start = marker.end() if marker else 0
        number = (marker["inside"] or marker["number"] or marker["plain"]) if marker else None
        self.number = int(number) if number and number.isdigit() else None
        self.left = self.plain
        if label := _LABEL.match(self.plain, self.start):
            self.blank(label)
        self.left = " " * self.start + self.left[self.start :]
        self.taken = False
        self.first = len(raw)  # where the first field starts: the title stands before it
        self.draft = ItemDraft("")

    def blank(self, match: re.Match[str]) -> None:
        self.left = self.left[: match.start()] + " " * (match.end() - match.start()) + self.left[match.end() :]

    def read(self) -> ItemLine:
        trouble: Trouble | None = None
        try:
            if _PROMOTION.search(self.left):
                raise _Wrong(Trouble.PROMOTION)
            for step in (self._struck, self._stock, self._limit, self._minimum, self._prices, self._specification):
                step()
            self._title()
        except _Wrong as wrong:
            trouble = wrong.trouble
        return ItemLine(self.draft, self.number, self.marked, self.taken, trouble)

    def take(self, match: re.Match[str]) -> None:
        """Blank a field; the title ends before the first one."""
        self.blank(match)
        self.taken = True
        inside = len(match[0]) - len(match[0].lstrip())
        self.first = min(self.first, match.start() + inside)

    def _struck(self) -> None:
        for match in _STRUCK.finditer(self.left):
            self.take(match)

    def _counted(self, pattern: re.Pattern[str], keep: Callable[[int | None, str], None]) -> None:
        matches = list(pattern.finditer(self.left))
        if len(matches) > 1:
            raise _Wrong(Trouble.NUMBER)
        for match in matches:
            groups = match.groupdict()
            written = groups["count"] or groups.get("first")
            keep(_whole(written) if written else None, groups.get("unit") or groups.get("kind") or "")
            self.take(match)

    def _stock(self) -> None:
        self._counted(_STOCK, lambda count, unit: self._set(unit, stock=count))

    def _limit(self) -> None:
        self._counted(_LIMIT, lambda count, unit: self._set(unit, limit_per_member=_at_least_one(count)))

    def _minimum(self) -> None:
        self._counted(_MINIMUM, lambda count, unit: self._set(unit, minimum_quantity=_at_least_one(count) or 1))

    def _set(self, unit: str, **values: int | None) -> None:
        self.draft = replace(self.draft, unit=self.draft.unit or unit, **values)  # type: ignore[arg-type]

    def _prices(self) -> None:
        """Read one price and its tiers. ``3斤 59.9元`` is a price for 3斤, ``2份55元`` a tier."""
        if _RANGE.search(self.left):
            raise _Wrong(Trouble.TWO_PRICES)
        tiers: list[tuple[Tier, str]] = []
        price = self._first_price(tiers)
        while match := _TIER.search(self.left) or _TURNED_TIER.search(self.left):
            if match.start() < self.first and price is not None:
                raise _Wrong(Trouble.TWO_PRICES)
            tiers.append((Tier(_at_least_one(_whole(match["count"])) or 1, _money(match)), match["unit"]))
            self.take(match)
        if _PRICE.search(self.left):
            raise _Wrong(Trouble.TWO_PRICES)
        if price is None:
            price = self._bare_price()
        self._keep(price, tiers)

    def _first_price(self, tiers: list[tuple[Tier, str]]) -> Decimal | None:
        match = _PRICE.search(self.left)
        if match is None:
            return None
        bundle = _TIER.search(self.left)
        if bundle and bundle.start() <= match.start() and bundle.end() >= match.end():
            count, unit = _whole(bundle["count"]), bundle["unit"]
            if count == 1:
                self.draft = replace(self.draft, unit=unit)
                self.take(bundle)
                return _money(bundle)
            if unit in {"份", "件", "单", "组"}:
                return None  # a bundle and nothing before it
        turned = _TURNED_TIER.search(self.left)
        if turned and turned.start() <= match.start():
            return None
        unit = match["each"] or match["per"] or match["one"] or ""
        self.draft = replace(self.draft, unit=unit or self.draft.unit)
        price = _money(match)
        self.take(match)
        return price

    def _bare_price(self) -> Decimal | None:
        """Read 沃柑 5斤 29.9: a number that stands alone behind a title can only be the price."""
        found = [
            match
            for match in _BARE.finditer(self.left, self.start)
            if match["label"] or self.left[: match.start()].strip()
        ]
        if len(found) != 1:
            return None
        match = found[0]
        self.draft = replace(self.draft, unit=match["per"] or match["one"] or self.draft.unit)
        self.take(match)
        return _amount(match["sum"])

    def _keep(self, price: Decimal | None, tiers: list[tuple[Tier, str]]) -> None:
        units = {unit for _, unit in tiers}
        unit = self.draft.unit
        counts = [tier.quantity for tier, _ in tiers]
        if tiers and (price is None or len(units) > 1 or len(set(counts)) != len(counts) or min(counts) < 2):
            raise _Wrong(Trouble.TIERS)
        if tiers and unit and units != {unit}:
            raise _Wrong(Trouble.TIERS)
        if tiers and not unit and units & {"斤", "公斤", "千克", "克"}:
            raise _Wrong(Trouble.TIERS)  # 3斤 59元 6斤110元: two sizes, not a tier
        ordered = tuple(sorted(tier for tier, _ in tiers))
        self.draft = replace(self.draft, price=price, tiers=ordered, unit=unit or (units.pop() if units else ""))

    def _specification(self) -> None:
        """Keep sizes as written. One that leads into a name (3斤装草莓) belongs to the title."""
        pieces: list[str] = []
        for match in _SPEC.finditer(self.left):
            before = self.left[self.start : match.start()].strip()
            if not before and self.left[match.end() :].strip():
                continue
            piece = self.raw[match.start() : match.end()].strip()
            pieces.append(re.sub(r"\A规格\s*[:：=]?\s*", "", piece))
            if match["per"] and not self.draft.unit:
                self.draft = replace(self.draft, unit=match["per"])
            self.take(match)
        self.draft = replace(self.draft, specification=" ".join(pieces))

    def _title(self) -> None:
        """What is left: the title in front, and behind the fields what describes the goods."""
        left = "".join(
            char if sign != " " or char.isspace() else " " for char, sign in zip(self.raw, self.left, strict=True)
        )
        title = left[: self.first].strip(_EDGES)
        rest = left[self.first :].strip(_EDGES)
        if not _NAMED.search(fold(title)):
            title, rest = rest, ""
        title, rest = _tidy(title), _tidy(rest)
        if not _NAMED.search(fold(title)):
            raise _Wrong(Trouble.NO_TITLE if not title else Trouble.NUMBER)
        if len(title) > _TITLE or len(rest) > _TITLE:
            raise _Wrong(Trouble.LONG)
        if _SENTENCE.search(fold(title)) or _TERM.search(fold(rest)):
            raise _Wrong(Trouble.SENTENCE)
        specification = " ".join(filter(None, (self.draft.specification, rest)))
        self.draft = replace(self.draft, title=title, specification=specification)


def _tidy(text: str) -> str:
    """Leave out what stands between fields: one space for a run, no signs at the edges; brackets stay in pairs."""
    text = re.sub(r"\s+", " ", text)
    for opening, closing in ("()", "（）", "【】", "[]"):
        if text.count(opening) > text.count(closing) and text.find(opening) >= 0:
            text = f"{text}{closing}"
    return re.sub(r"[（(]\s*[)）]", "", text).strip()


def _whole(written: str) -> int:
    value = read_numeral(written)
    if value is None or value != int(value) or value > 99_999:
        raise _Wrong(Trouble.NUMBER)
    return int(value)


def _at_least_one(count: int | None) -> int | None:
    if count is not None and count < 1:
        raise _Wrong(Trouble.NUMBER)
    return count


def _money(match: re.Match[str]) -> Decimal:
    groups = match.groupdict()
    if groups.get("whole"):
        return _amount(f"{groups['whole']}.{groups['tenth']}")
    return _amount(groups["sign"] or groups["sum"] or "")


def _amount(written: str) -> Decimal:
    value = Decimal(written)
    if -value.as_tuple().exponent > 2 or not 0 < value < 100_000:  # type: ignore[operator]
        raise _Wrong(Trouble.NUMBER)
    return value
