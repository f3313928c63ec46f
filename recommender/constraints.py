"""What narrows a need down: price, quantity, time, for whom, attributes. Pure; read from one message."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from core.numerals import NUMERAL, NUMERAL_SIGNS, read_numeral
from recommender.gates import Gate
from recommender.kept_necessities import recall_necessities
from recommender.lexicon import WordKind
from recommender.masking import MaskedText, Token

UNITS = ("公斤", "千克", *"斤克箱盒袋包瓶罐桶提件份个只条串板打支把张卷块双副组套片枚颗粒根听筐捆台本杯碗托顶床")

_UNIT = "|".join(sorted(UNITS, key=len, reverse=True))
_WHOLE = r"(?![\d.零〇一二两俩三仨四五六七八九十百千万半])"
_MONEY = r"(?:块钱|块|元钱|元|rmb|r)"
_PRICE_MAX = re.compile(
    rf"(?P<a>{NUMERAL})\s*{_MONEY}?\s*(?:以内|之内|以下|以里|内的?|封顶|预算)"
    rf"|(?:不超过?|不要超过?|别超过?|不过|不高于|低于|最多|顶多|至多|预算|控制在)\s*(?:是|在|就)?\s*¥?(?P<b>{NUMERAL}){_WHOLE}"
    rf"(?!\s*(?:{_UNIT.replace('|块', '')}|天|人|次|年|月|分|点))"
    rf"|(?P<c>{NUMERAL})\s*{_MONEY}的?(?:就行|就好|都行|的就行)"
)
_PRICE_RANGE = re.compile(rf"(?P<low>\d+|[一二三四五六七八九十百]+)\s*(?:-|到|至|~)\s*(?P<high>{NUMERAL})\s*(?:块|元)")
_QUANTITY = re.compile(
    rf"(?P<number>{NUMERAL})(?P<about>来)?\s*(?:大|小|整)?(?P<unit>{_UNIT})(?!以内|左右钱|装|月|人|小时|钱|套|一[箱盒袋件提]|起(?:[送批发订包拼开]|就|$|,))"
)
_NO_QUANTITY_BEFORE = re.compile(
    r"(?:最后|剩|满|够|撑|只有|第|一天|这|那|每|哪|共|[箱盒袋包提件]|[还也]就|[一二两\d]米|[吃喝咬]|(?:断|坏|破|碎|裂|烂|掉|丢)了?)\s*$"
)
_ORDERED_BEFORE = re.compile(r"(?:要|买|囤|屯|来|拿|报|分|订|入|拼|加|补|捎|我|想|整|搞|带|留)[了点]?\s*$")
_NAMES_A_PACK = re.compile("的(?![,?]|$)")
"""Behind a number of pieces this tells how large a pack is (30枚的鸡蛋), not how many are wanted."""
_VAGUE_UNITS = frozenset({"个", "只", "台", "双", "条", "块", "款"})
"""With 一 these only count the noun (想买一台烤箱): nobody states a quantity with them."""
_PACK = re.compile(
    r"\d+(?:\.\d+)?(?:斤|升|克|毫升|ml|kg|l|盒|包|袋|片|抽|卷|枚)装?(?=的|装|[,，。!?？]|$)|(?<![a-z])(?:x{0,3}[sml][码号]|x{1,3}[sml](?![a-z])|n95)"
    r"|[一二三四1-4]段|(?:大|中|小|加大)[号码]"
)
_COUNTED = re.compile(r"[\d一二两俩三四五六七八九十百半几多整每]$")
_MOST_UNITS = 99
_MONEY_BLOCKS = 4
"""四块 and more are yuan, not pieces."""
_PRODUCT_WORDS = frozenset({"儿童", "幼猫", "成猫", "幼犬", "成犬"})
_RELATIVES = frozenset(
    {
        "爸妈",
        "父母",
        "爷爷",
        "奶奶",
        "长辈",
        "岳父",
        "岳母",
        "丈母娘",
        "老丈人",
        "外婆",
        "外公",
        "老爸",
        "老妈",
        "我妈",
        "我爸",
        "婆婆",
        "公公",
        "老公",
        "老婆",
    }
)
"""They tell for whom something is wanted, never what it is: 我妈 in front of 奶粉 names no kind of it, as 老人 does."""
_CHEAP = re.compile(r"便宜|实惠|平价|划算|性价比|不贵的?|经济")
_WHEN = re.compile(
    r"今天|今晚|今儿|明天|明早|明晚|后天|大后天|周末前?|这周末?|本周|下周末?|(?:这|下)?(?:周|星期|礼拜)[一二三四五六日天]|月底前?|国庆|中秋|端午|元旦|过年前?|春节前?|年前|节前|开学前|马上|现在|急用|尽快|早上|晚上"
)
_PLACE = re.compile(r"(?:送到|送货到|配送到)(?P<to>[一-龥a-z0-9#\-]{2,10})|(?P<pick>自提|上门|送货上门|送上门)")
STATED = (_PRICE_MAX, _PRICE_RANGE, _QUANTITY, _PACK, _CHEAP, _WHEN, _PLACE)
"""What is looked for in the message itself: without a match of any, and without known words, nothing is stated."""
_FIGURES = frozenset({_PRICE_MAX, _PRICE_RANGE, _QUANTITY, _PACK})
_NEGATED_ATTRIBUTE = re.compile(
    r"(?:不要|别|不想要|不能|不含|不加|别太|不要太|不太|不|(?<!有)没有?(?![^,]{0,6}[吗么嘛?])|无)的?(?:太|带|有|加|含)?[ABP的]*?(?P<letter>A)"
)


_MAY_COUNT = re.compile(rf"[{NUMERAL_SIGNS}段号码x]")
"""Found in every text that states a price, a quantity or a pack."""
_STATING = (WordKind.ATTRIBUTE, WordKind.BRAND, WordKind.WHOM)


@dataclass(frozen=True, slots=True)
class Constraints:
    """What was stated besides the object. Prices are in yuan for one sale unit; None where nothing was said."""

    attributes: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    brand: str = ""
    price_max: Decimal | None = None
    price_min: Decimal | None = None
    cheap: bool = False
    quantity: float | None = None
    unit: str = ""
    when: str = ""
    for_whom: str = ""
    place: str = field(default="")

    @property
    def any(self) -> bool:
        """Tell whether anything was stated at all."""
        return self is not NOTHING_STATED and self != NOTHING_STATED


NOTHING_STATED = Constraints()


class StatedGate:
    """Tells which of ``STATED`` may be found in a text; of a batch that was looked at with ``compiled`` code only."""

    def __init__(self, *, compiled: bool) -> None:
        self._compiled = compiled
        self._gate = Gate()
        if compiled:
            recall_necessities([pattern.pattern for pattern in STATED], closely=True)
            self._possible = self._gate.guard(STATED, lambda pattern: pattern)

    def look_ahead(self, texts: Sequence[str]) -> None:
        """Look at a batch of texts in one go."""
        if self._compiled:
            self._gate.look_ahead(texts)

    def possible(self, text: str) -> Sequence[re.Pattern[str]]:
        """Return what may be found in a text of the batch."""
        return self._possible(text) if self._compiled else STATED


def read_constraints(masked: MaskedText, possible: Sequence[re.Pattern[str]] = STATED) -> Constraints:
    """Return the constraints that a message states; ``possible`` are those of ``STATED`` that may be found in it."""
    text = masked.text.text
    words = [word for _, _, _, word in masked.tokens if word is not None]
    stating = [word for word in words if word.kind in _STATING or word.brand]
    if not stating and not possible:
        return NOTHING_STATED  # as most messages do
    low, high, quantity, unit, packs = _figures(text, possible)
    when = _WHEN.search(text) if _WHEN in possible else None
    place = _PLACE.search(text) if _PLACE in possible else None
    cheap = _CHEAP in possible and _CHEAP.search(text) is not None
    if not (stating or packs or when or place or cheap) and (low, high, quantity) == (None, None, None):
        return NOTHING_STATED
    excluded = _excluded(masked) if "A" in masked.mask else []
    attributes = [word for word in _attributes(masked) if word not in excluded]
    whom, made_for = _whom(masked) if masked.has(WordKind.WHOM) else ([], [])
    brands = [word.brand or word.canonical for word in stating if word.brand or word.kind is WordKind.BRAND]
    return Constraints(
        attributes=tuple(dict.fromkeys([*attributes, *made_for, *packs])),
        excluded=tuple(dict.fromkeys(excluded)),
        brand=brands[0] if brands else "",
        price_max=high,
        price_min=low,
        cheap=cheap,
        quantity=quantity,
        unit=unit,
        when=when[0] if when else "",
        for_whom=whom[0] if whom else "",
        place=(place["to"] or place["pick"]) if place else "",
    )


def _figures(
    text: str, possible: Sequence[re.Pattern[str]]
) -> tuple[Decimal | None, Decimal | None, float | None, str, list[str]]:
    """Return what is stated in figures: the price bounds, the quantity with its unit, the packs."""
    if _FIGURES.isdisjoint(possible) or _MAY_COUNT.search(text) is None:
        return None, None, None, "", []
    low, high, spent = _price(text) if _PRICE_MAX in possible or _PRICE_RANGE in possible else (None, None, (0, 0))
    quantity, unit = _quantity(text, spent) if _QUANTITY in possible else (None, "")
    if _PACK not in possible:
        return low, high, quantity, unit, []
    ordered = "" if quantity is None else f"{quantity:g}{unit}"
    packs = [pack for match in _PACK.finditer(text) if (pack := match[0].removesuffix("的")) != ordered]
    return low, high, quantity, unit, packs


def price_asked(text: str) -> tuple[Decimal | None, Decimal | None, bool]:
    """Return the lower and upper price bound that a uniform text states, and whether it asks for something cheap."""
    low, high, _ = _price(text)
    return low, high, _CHEAP.search(text) is not None


def _price(text: str) -> tuple[Decimal | None, Decimal | None, tuple[int, int]]:
    """Return the lower and upper price bound and the span they were read from."""
    if (match := _PRICE_RANGE.search(text)) and (high := read_numeral(match["high"])):
        low = read_numeral(match["low"])
        return _money(low), _money(high), match.span()
    if (match := _PRICE_MAX.search(text)) and (value := read_numeral(match[match.lastgroup or 0])) and value >= 1:
        return None, _money(value), match.span()
    return None, None, (0, 0)


def _quantity(text: str, spent: tuple[int, int]) -> tuple[float | None, str]:
    """Return how much of which unit is asked for; what stands behind a verb of ordering goes first."""
    first: tuple[float | None, str] = (None, "")
    for match in _QUANTITY.finditer(text):
        overlaps = match.start() < spent[1] and match.end() > spent[0]
        before = text[max(match.start() - 4, 0) : match.start()]
        value = read_numeral(match["number"])
        if overlaps or not value or value > _MOST_UNITS or _NO_QUANTITY_BEFORE.search(before):
            continue
        if (value == 1 and match["unit"] in _VAGUE_UNITS) or (value >= _MONEY_BLOCKS and match["unit"] == "块"):
            continue
        if _ORDERED_BEFORE.search(before):
            return value, match["unit"]
        if first[0] is None and not _NAMES_A_PACK.match(text, match.end()):
            first = value, match["unit"]
    return first


def _attributes(masked: MaskedText) -> list[str]:
    """Return the attributes that words state; a unit behind its number is none (很多卷)."""
    found: list[str] = []
    for token in masked.tokens:
        if token.word is None or not _narrows(token):
            continue
        if token.text in UNITS and _COUNTED.search(masked.text.text[: token.start]):
            continue
        found.append(token.word.canonical)
    return found


def _whom(masked: MaskedText) -> tuple[list[str], list[str]]:
    """Return for whom it is wanted, and for whom the goods are made by their name.

    宝宝 in front of goods and of what narrows them down (宝宝湿巾) is both, 儿童 there (儿童防晒) only names the
    goods, and 我妈 never does.
    """
    wanted: list[str] = []
    made_for: list[str] = []
    for place, token in enumerate(masked.tokens):
        if token.word is None or token.word.kind is not WordKind.WHOM:
            continue
        following = next((one for one in masked.tokens[place + 1 :] if not _narrows(one)), None)
        names_goods = following is not None and following.is_goods
        if names_goods and token.text not in _RELATIVES:
            made_for.append(token.word.canonical)
        if not names_goods or token.text not in _PRODUCT_WORDS:
            wanted.append(token.word.canonical)
    return wanted, made_for


def _narrows(token: Token) -> bool:
    return token.word is not None and token.word.kind is WordKind.ATTRIBUTE


def _excluded(masked: MaskedText) -> list[str]:
    words: list[str] = []
    for match in _NEGATED_ATTRIBUTE.finditer(masked.mask):
        token = masked.tokens[masked.owner[match.start("letter")]]
        if token.word:
            words.append(token.word.canonical)
    return words


def _money(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value)).quantize(Decimal("0.01"))
