"""Menu lines of a chain: what is offered, at which price, how many there are. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal

from core.late import late
from orders.chains.rows import Row, is_priced
from orders.folding import fold
from orders.state import Tier

_COUNT = {"一": 1, "两": 2, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10}
_UNIT = "份个只条件箱包瓶罐袋盒串桶提套杯碗斤块盘组"
_FIGURE = r"\d{{1,5}}(?:\.\d{{1,2}})?"
_MONEY = rf"(?:¥ ?(?P<{{0}}a>{_FIGURE})|(?P<{{0}}b>{_FIGURE}) ?(?:元|块钱|块(?![0-9a-z一-龥])|rmb))"
_BUNDLE = late(rf"(?P<count>\d{{1,3}}|[{''.join(_COUNT)}]) ?(?P<unit>[{_UNIT}]) ?{_MONEY.format('t')}")
_SINGLE = late(rf"{_MONEY.format('p')}(?: ?(?:/|每|一) ?(?P<unit>[{_UNIT}]))?")
_PLAIN = late(r"(?:[ :\-])(?P<price>\d{1,4}(?:\.\d{1,2})?)$")
_STOCK = late(rf"(?:限量|库存|现货|仅|只有|共) ?(?P<count>\d{{1,5}}) ?(?:[{_UNIT}])?")
_LIMIT = late(rf"(?:每人|每户|每家)?(?:限购|限) ?(?P<count>\d{{1,3}}) ?(?:[{_UNIT}])?")
_MINIMUM = late(rf"(?P<count>\d{{1,3}}) ?(?:[{_UNIT}])? ?起(?:订|购|售|拍)?")
_SPECIFICATION = late(r"^(?:[约净]?\d[\w.*/×±-]*|\d.*[/*×].*)$")
_EDGES = " \t\u3000\u00a0,，、;；:：/／|-—~()（）[]【】"
_LONGEST = 40


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One thing on the menu, as written. ``code`` is its mark (1, A), empty for none; ``row`` its line, from 1;
    ``text`` that line without its mark, with the price that stood below it.

    ``section`` is the heading above it (早餐). ``stock`` None and ``limit_per_member`` None: not said.
    """

    title: str
    row: int
    text: str = ""
    code: str = ""
    section: str = ""
    specification: str = ""
    unit: str = ""
    price: Decimal | None = None
    tiers: tuple[Tier, ...] = ()
    stock: int | None = None
    limit_per_member: int | None = None
    minimum_quantity: int = 1


def menu_item(row: Row, section: str = "") -> MenuItem:
    """Read a line that is known to offer something; what it does not say stays empty."""
    return _filled(MenuItem("", row.number, row.said, row.code, section), row.said[: _LONGEST * 5])


def add_details(item: MenuItem, row: Row) -> MenuItem:
    """Add what the next line says of an item: its price, how many there are. The title stays."""
    filled = _filled(MenuItem(item.title, item.row), row.said[: _LONGEST * 5])
    return replace(
        item,
        text=f"{item.text} {row.said}",
        price=filled.price if item.price is None else item.price,
        tiers=item.tiers or filled.tiers,
        stock=filled.stock if item.stock is None else item.stock,
        limit_per_member=filled.limit_per_member if item.limit_per_member is None else item.limit_per_member,
        minimum_quantity=max(item.minimum_quantity, filled.minimum_quantity),
        unit=item.unit or filled.unit,
    )


def is_detail(row: Row) -> bool:
    """Tell whether a line has a price or a limit and nothing else, so that it belongs to the item above."""
    if row.style or not row.said or len(row.said) > _LONGEST:
        return False
    line = fold(row.said)
    rest = line
    for pattern in (_BUNDLE, _SINGLE, _STOCK, _LIMIT, _MINIMUM):
        rest = pattern.sub("", rest)
    return rest != line and not re.sub(r"价格|单价|价|团购|特|原|现", "", rest).strip(_EDGES)


def is_offered(row: Row) -> bool:
    """Tell whether a line without a mark names goods with their price, and is no sentence about money."""
    line = row.text
    if len(line.strip()) > _LONGEST or not is_priced(line) or re.search(r"[。！!？?#]", line):
        return False
    return not re.search(r"满|包邮|运费|起送|押金|红包|转账|付款|定金|配送|大家|可以|请|每单|打包", line)


def _filled(item: MenuItem, text: str) -> MenuItem:
    line = fold(text)
    found = [match for match in _BUNDLE.finditer(line) if _is_bundle(match, line)]
    taken = [match.span() for match in found]
    tiers: list[Tier] = []
    price: Decimal | None = None
    unit = ""
    for match in found:
        count = int(match["count"]) if match["count"].isdigit() else _COUNT[match["count"]]
        money = Decimal(match["ta"] or match["tb"])
        if count == 1:
            price, unit = money, match["unit"]
        else:
            tiers.append(Tier(count, money))
    for match in _SINGLE.finditer(line):
        if not any(start < match.end() and match.start() < end for start, end in taken):
            if price is None:
                price, unit = Decimal(match["pa"] or match["pb"]), match["unit"] or unit
            taken.append(match.span())
    if price is None and (plain := _PLAIN.search(line)) is not None:
        price = Decimal(plain["price"])
        taken.append(plain.span())
    figures: dict[str, int] = {}
    for name, pattern in (("stock", _STOCK), ("limit", _LIMIT), ("minimum", _MINIMUM)):
        limit = pattern.search(line)
        if limit is not None and not any(start < limit.end() and limit.start() < end for start, end in taken):
            figures[name] = int(limit["count"])
            taken.append(limit.span())
    title, specification = _named(text, taken)
    return MenuItem(
        item.title or title, item.row, item.text, item.code, item.section, specification, unit, price,
        tuple(sorted(tiers)), figures.get("stock"), figures.get("limit"), figures.get("minimum", 1) or 1,
    )  # fmt: skip


def _is_bundle(match: re.Match[str], line: str) -> bool:
    """Tell 30元／2份50元 from 3斤 59.9元, where the first number says how big one piece is."""
    before = line[: match.start()].rstrip()[-1:]
    return match["unit"] in "份组套" or before in set("/,、;|元块") if before else match["unit"] in "份组套"


def _named(text: str, taken: list[tuple[int, int]]) -> tuple[str, str]:
    """Return title and specification: what stands before the first figure, its last word if it is a size."""
    before = text[: min((start for start, _ in taken), default=len(text))].strip(_EDGES)
    if not before and taken:
        before = text[max(end for _, end in taken) :].strip(_EDGES)
    before = re.sub(r"[ \u3000]*(?:团购价|单价|价格|特价|价)$", "", before).strip(_EDGES)
    words = before.split()
    if len(words) > 1 and _SPECIFICATION.match(fold(words[-1])):
        return " ".join(words[:-1]), words[-1]
    return before, ""
