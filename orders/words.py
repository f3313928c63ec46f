"""The words about offers that leaders and members say to the bot, heard through small slips. Pure.

As in ``groups.talk``, a word counts when it is the whole message (截单, 我的订单), or stands apart in front of its
object (统计 周末水果, 核销 8231). Talk that only begins with a word (到货了吗, 导出来看看) never is one; politeness
around a word (帮我统计一下) is heard only where the bot is addressed.

Who speaks is not known here. A word whose audience is not everyone is nothing at all from a member, and neither is an
unknown word: their message is then an order or talk (代3栋王姐2份, 取消). So a leader's words have forms of their own:
取消 is a member's, 取消团 a leader's. 确认 and 取消操作 answer what the bot asked to have confirmed. So do 同意
and 不用, but those are words of ``groups.talk.words``, which suggestions need too, and are not read again here: whoever
hears them looks first whether an order's question waits for this speaker, then whether a suggestion does.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cache

from core.text import strip_quote
from groups.talk.beginnings import Beginnings
from groups.talk.words import JOINTS, POLITE, Audience
from orders.folding import fold
from orders.itemlines import examine, read_item_line
from orders.opening import opening_head, reads_as_opening
from orders.terms import is_minimum
from orders.times import begins_like_time, is_time

__all__ = ["Audience", "Field", "OrderWord", "OrderWordKind", "UnknownOrderWord", "audience", "forms", "parse"]


class OrderWordKind(StrEnum):
    """What somebody wants done about offers."""

    OPEN = "open"
    ADD_ITEM = "add_item"
    CHANGE = "change"
    CLOSE = "close"
    CANCEL_OFFER = "cancel_offer"
    COPY = "copy"
    LIST = "list"
    OFFERS = "offers"
    UNPAID = "unpaid"
    REMIND = "remind"
    CONFIRM_PAID = "confirm_paid"
    ARRIVED = "arrived"
    HAND_OVER = "hand_over"
    REFUND = "refund"
    EXPORT = "export"
    PLACE = "place"
    UNDO = "undo"
    MY_ORDERS = "my_orders"
    CONFIRM = "confirm"
    DECLINE = "decline"


class Field(StrEnum):
    """What a change changes: the first five of one item, the others of the whole offer."""

    PRICE = "price"
    STOCK = "stock"
    LIMIT = "limit"
    OFF = "off"  # off the list
    ON = "on"  # back on it
    CLOSES = "closes"
    PICKUP = "pickup"
    MINIMUM = "minimum"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class OrderWord:
    """A word with its objects, as written.

    ``title`` names the offer, empty when none was named. ``member`` is a name or a pick-up code. ``item`` is a code or
    a title. ``text`` is what is left to read: the whole message (OPEN), the lines of items (ADD_ITEM), the new value of
    an item, a number without its unit, or the line of terms as in an opening (CHANGE), the reason (REFUND), the name
    and what is ordered for it (PLACE). ``amount`` is in yuan.
    """

    kind: OrderWordKind
    title: str = ""
    member: str = ""
    item: str = ""
    field: str = ""
    text: str = ""
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class UnknownOrderWord:
    """Begins like a leader's word and cannot be read; ``advice`` is the kind of the word, the key of a line of help."""

    text: str
    advice: OrderWordKind


_K = OrderWordKind
_TABLE: tuple[tuple[OrderWordKind, Audience, str], ...] = (
    (_K.OPEN, Audience.HELPERS, "开团 开囤"),
    (_K.ADD_ITEM, Audience.HELPERS, "加品 加商品 添加商品"),
    (_K.CHANGE, Audience.HELPERS, "改价 改价格 改库存 改限购 下架 上架"),
    (_K.CHANGE, Audience.HELPERS, "改截单 改截单时间 改截止 改截止时间 改自提 改自提点 改自提时间"),
    (
        _K.CHANGE,
        Audience.HELPERS,
        "改取货 改成团 改备注",
    ),
    (_K.CLOSE, Audience.HELPERS, "截单 截丹 截团 收单 现在截单 立即截单 截单了 截单啦 结束接龙 jiedan"),
    (_K.CANCEL_OFFER, Audience.LEADER, "取消团 取消开团 取消本团 取消团购"),
    (_K.COPY, Audience.HELPERS, "复制团 复制开团 再开"),
    (_K.LIST, Audience.HELPERS, "统计 统记 接龙 接龙统计 接龙名单 名单 订单 订单统计 看订单 汇总 tongji"),
    (_K.OFFERS, Audience.HELPERS, "团 在开的团 开着的团 团列表 所有团 有哪些团"),
    (_K.UNPAID, Audience.HELPERS, "未付 未付款 没付 没付款 未付名单 谁没付 谁没付款 谁还没付"),
    (_K.REMIND, Audience.HELPERS, "催单 崔单 催款 催付 催付款"),
    (_K.CONFIRM_PAID, Audience.HELPERS, "收款 已收 已收款 确认收款"),
    (_K.ARRIVED, Audience.HELPERS, "到货 到货了 已到货 到货啦 daohuo"),
    (_K.HAND_OVER, Audience.HELPERS, "核销 核消 合销 核销码 hexiao"),
    (_K.REFUND, Audience.HELPERS, "退款 退钱"),
    (_K.EXPORT, Audience.LEADER, "导出 倒出 导出表格 导出订单 导出名单 导出excel 导表 daochu"),
    (_K.PLACE, Audience.HELPERS, "代 代下单 代订 代单"),
    (_K.UNDO, Audience.HELPERS, "撤销 撤消 撤销上一条 撤销上一单"),
    (
        _K.MY_ORDERS,
        Audience.EVERYONE,
        "我的订单 我的定单 我订了什么 我定了什么 我订了啥 我买了什么 我的接龙 查我的订单",
    ),
    (_K.CONFIRM, Audience.HELPERS, "确认 确定"),
    (_K.DECLINE, Audience.HELPERS, "取消操作 先不操作"),
)
_KINDS = {form: kind for kind, _, written in _TABLE for form in written.split()}
_AUDIENCES = {kind: who for kind, who, _ in _TABLE}
_FIRST = frozenset(form[0] for form in _KINDS)
_LONGEST = max(map(len, _KINDS))
_OPENS = frozenset("团團囤")
"""One of these is near the beginning of every opening."""

_NEEDS_OBJECT = frozenset({_K.ADD_ITEM, _K.CHANGE, _K.CANCEL_OFFER, _K.CONFIRM_PAID, _K.HAND_OVER, _K.REFUND, _K.PLACE})
_SAID_IN_PASSING = frozenset({"代", "已收", "已收款", "再开", "退钱"})
"""Forms that people also say alone without meaning the bot."""
_ALONE = frozenset({"订单", "名单", "接龙", "团"})
"""Forms that take no object: what follows them in talk is no title (订单 有问题)."""
_ASKS = frozenset({_K.LIST, _K.OFFERS, _K.UNPAID, _K.MY_ORDERS})
_FIELDS = (
    (Field.PRICE, "改价"),
    (Field.STOCK, "改库存"),
    (Field.LIMIT, "改限购"),
    (Field.OFF, "下架"),
    (Field.ON, "上架"),
    (Field.CLOSES, "改截"),
    (Field.PICKUP, "改自提"),
    (Field.PICKUP, "改取货"),
    (Field.MINIMUM, "改成团"),
    (Field.NOTE, "改备注"),
)

_EDGES = " \t\r\n\u3000\u2005,，.。!！~～;；、"
_SKIPPED = re.compile(rf"[\s\u200b\ufeff「{re.escape(_EDGES)}]")
"""What may stand in front of a word: its edges, and a quotation."""
_OPENING = re.compile("[开開][团團囤]")
_OPENING_WITHIN = 64
"""Characters in which an opening says so: behind a mention, signs and 今日."""
_ADDRESS = re.compile(r"(?:@[^\s@]{1,32}[ \u2005\n]+){1,3}")
_QUESTION = re.compile(r"[?]|吗|么$|呢$|没$|没有$|怎|啥|几时|多少|什么")
_APART = re.compile(r"(?P<word>[^\s:,]{1,8})[\s:,]+(?=\S)")
_GLUED = re.compile(r"(?P<word>核[销消]码?|改价格?|改库存|改限购|[上下]架) ?(?=#?[a-z]?[0-9])")
_PARTICLE = re.compile(r"[了啦吧呀啊的呢哦没]|一下|大家|各位|通知")
_VALUE = re.compile(
    r"(?:(?P<item>.{1,40}?)(?:[ :,=]+|(?<=[\u4e00-\u9fff)])))?(?:改?[到为成])? ?"
    r"(?:¥ ?)?(?P<value>[0-9]{1,7}(?:\.[0-9]{1,2})?) ?(?P<unit>[^\W\d_a-z]{0,2})"
)
_UNLIMITED = re.compile(r"(?P<item>.{1,40}?)[ :,]+(?:不限购?|无限|取消限购)")
_AMOUNT = re.compile(r"¥?(?P<sum>[0-9]{1,6}(?:\.[0-9]{1,2})?)(?:元|块钱|块)?")
_NAME = 40
_WHOLE = 160  # a word with its objects on one line is not longer


def audience(kind: OrderWordKind) -> Audience:
    """Return who may give this word."""
    return _AUDIENCES[kind]


def forms(kind: OrderWordKind) -> tuple[str, ...]:
    """Return how a word may be written, for help and for tests."""
    return tuple(form for one, _, written in _TABLE if one is kind for form in written.split())


def may_be_word(text: str) -> bool:
    """Tell whether a text that does not address the bot can be a word, by how it begins; false only where none is."""
    return _beginnings().may_begin(text) or _OPENING.search(text, 0, _OPENING_WITHIN) is not None


def parse(text: str, *, addressed: bool) -> OrderWord | UnknownOrderWord | None:
    """Return the word about offers that a message is, or None for talk and orders.

    ``text`` is the message as written. ``addressed`` when it is meant for the bot: by mention, or privately. A
    quotation in front is left out. Linear in the length of the text; never raises.
    """
    _, body = strip_quote(text)
    raw = text[body:].strip(_EDGES)
    if addressed and raw.startswith("@") and (mention := _ADDRESS.match(raw)):
        raw = raw[mention.end() :].strip(_EDGES)
    opening = None if _OPENS.isdisjoint(raw[:40]) else _open(raw)
    if opening is not None:
        return opening
    if not raw or (not addressed and not (fold(raw[0]) in _FIRST and _beginnings().may_begin(raw))):
        return None  # most messages end here
    plain = fold(raw[:_WHOLE])
    if text.rstrip().endswith(("?", "？")) and not plain.endswith("?"):
        plain += "?"
    if len(raw) <= 4 * _LONGEST and (word := _bare(raw, plain)) is not None:
        return word
    match = next(filter(_is_word, (_APART.match(plain), _GLUED.match(plain))), None)
    if match is not None:
        return _with_object(_KINDS[match["word"]], match["word"], raw, raw[match.end() :].strip(_EDGES))
    return _dressed(raw, plain) if addressed and len(raw) <= 4 * _LONGEST else None


@cache
def _beginnings() -> Beginnings:
    return Beginnings(_KINDS, fold, _SKIPPED)


def _is_word(match: re.Match[str] | None) -> bool:
    return match is not None and match["word"] in _KINDS and match["word"] not in _ALONE


def _open(raw: str) -> OrderWord | UnknownOrderWord | None:
    """Read an opening: it has items or codes; without them it is a word gone wrong, or talk."""
    head = opening_head(raw)
    if head is None:
        return None
    if reads_as_opening(raw):
        return OrderWord(_K.OPEN, text=raw)
    plain = fold(raw)
    if head.loose or len(raw) > _WHOLE or _QUESTION.search(plain) or _PARTICLE.match(fold(head.rest)):
        return None
    return UnknownOrderWord(raw, _K.OPEN)


def _bare(raw: str, plain: str) -> OrderWord | UnknownOrderWord | None:
    """Read a word alone, however it is spaced and punctuated."""
    compact = JOINTS.sub("", plain)
    kind = _KINDS.get(compact)
    if kind is None or plain.startswith("#") or (plain.endswith("?") and kind not in _ASKS):
        return None
    if compact in _SAID_IN_PASSING or kind is _K.OPEN:
        return None
    return UnknownOrderWord(raw, kind) if kind in _NEEDS_OBJECT else OrderWord(kind)


def _dressed(raw: str, plain: str) -> OrderWord | UnknownOrderWord | None:
    """Read a word with what politeness puts around it; a word gone wrong is short and asks nothing."""
    compact = JOINTS.sub("", plain)
    kind = _KINDS.get(POLITE.sub("", compact))
    asks = _QUESTION.search(plain)
    if kind is not None and kind is not _K.OPEN and (not asks or kind in _ASKS):
        return UnknownOrderWord(raw, kind) if kind in _NEEDS_OBJECT else OrderWord(kind)
    begun = next((form for form in _KINDS if len(form) > 1 and compact.startswith(form)), None)
    if begun is None or asks or len(compact) > 12:
        return None
    return UnknownOrderWord(raw, _KINDS[begun])


def _with_object(kind: OrderWordKind, form: str, raw: str, said: str) -> OrderWord | UnknownOrderWord | None:
    """Read a word that stands apart in front of ``said``."""
    readers: dict[OrderWordKind, Callable[[str, str], OrderWord | None]] = {
        _K.ADD_ITEM: _add,
        _K.CHANGE: _change,
        _K.CLOSE: _close,
        _K.CONFIRM_PAID: lambda _, text: _of_member(_K.CONFIRM_PAID, text),
        _K.HAND_OVER: lambda _, text: _of_member(_K.HAND_OVER, text),
        _K.UNDO: lambda _, text: _of_member(_K.UNDO, text),
        _K.REFUND: _refund,
        _K.PLACE: _place,
    }
    plain = fold(said)
    if kind in {_K.OPEN, _K.MY_ORDERS, _K.CONFIRM, _K.DECLINE}:
        return None
    if (_QUESTION.search(plain[:_WHOLE]) and kind not in {_K.ADD_ITEM, _K.PLACE}) or raw.rstrip().endswith(("?", "？")):
        return None
    if not plain or (_PARTICLE.match(plain) and kind is not _K.PLACE) or len(said) > 4000:
        return None
    reader = readers.get(kind)
    word = reader(form, said) if reader else _of_offer(kind, said)
    if word is not None:
        return word
    talk = form in _SAID_IN_PASSING or len(said) > 60 or (reader is None and "\n" in said)
    return None if talk else UnknownOrderWord(raw[:_WHOLE], kind)


def _of_offer(kind: OrderWordKind, said: str) -> OrderWord | None:
    """Read the title of an offer; a sentence is none."""
    if len(said) > _NAME or "\n" in said or re.search(r"[。！!；;]", said):
        return None
    return OrderWord(kind, title=said)


def _close(form: str, said: str) -> OrderWord | None:
    """截单 周末水果 closes it now; 截单 今晚8点 says when it will; a time that cannot be read closes nothing."""
    if is_time(said):
        return OrderWord(_K.CHANGE, field=Field.CLOSES, text=f"截单 {said}")
    return None if begins_like_time(said) else _of_offer(_K.CLOSE, said)


def _add(form: str, said: str) -> OrderWord | None:
    lines = [line for line in said.split("\n") if line.strip()]
    readable = lines and all(read_item_line(line) is not None for line in lines)
    return OrderWord(_K.ADD_ITEM, text=said) if readable else None


def _change(form: str, said: str) -> OrderWord | None:
    field = next(field for field, start in _FIELDS if form.startswith(start))
    if field in {Field.OFF, Field.ON}:
        return OrderWord(_K.CHANGE, field=field, item=said) if len(said) <= _NAME and "\n" not in said else None
    if field in {Field.PRICE, Field.STOCK, Field.LIMIT}:
        return _new_value(field, said)
    if field is Field.CLOSES:
        return _new_closing(said)
    if field is Field.MINIMUM:
        line = f"成团 {said}"
        return OrderWord(_K.CHANGE, field=field, text=line) if is_minimum(line) else None
    return OrderWord(_K.CHANGE, field=field, text=f"{form.removeprefix('改')} {said}")


def _new_value(field: Field, said: str) -> OrderWord | None:
    """Read which item and the new number; ``改价 39.9`` names no item."""
    plain = fold(said)
    if len(plain) > 80 or "\n" in plain:
        return None
    if field is not Field.PRICE and (free := _UNLIMITED.fullmatch(plain)):
        value = "0" if field is Field.LIMIT else "不限"
        return OrderWord(_K.CHANGE, field=field, item=said[: free.end("item")], text=value)
    match = _VALUE.fullmatch(plain)
    if match is None or (field is not Field.PRICE and "." in match["value"]):
        return None
    item = said[match.start("item") : match.end("item")].strip() if match["item"] else ""
    if re.search(r"[0-9] ?元|[/¥]", fold(item)):
        return None  # 1 29.9元／2份55元
    return OrderWord(_K.CHANGE, field=field, item=item, text=match["value"])


def _new_closing(said: str) -> OrderWord | None:
    """Read a time, or the title of an offer and a time."""
    if is_time(said):
        return OrderWord(_K.CHANGE, field=Field.CLOSES, text=f"截单 {said}")
    for gap in list(re.finditer(r"\s+", said[:_WHOLE]))[:4]:
        if is_time(said[gap.end() :]) and not begins_like_time(said):
            return OrderWord(_K.CHANGE, title=said[: gap.start()], field=Field.CLOSES, text=f"截单 {said[gap.end() :]}")
    return None


def _of_member(kind: OrderWordKind, said: str) -> OrderWord | None:
    name = said.removeprefix("@").strip(_EDGES)
    return OrderWord(kind, member=name) if name and len(name) <= _NAME and "\n" not in name else None


def _refund(form: str, said: str) -> OrderWord | None:
    """Read who, how much and why: 小美 29.9 坏果. The first word is the name, whatever it looks like."""
    words = said.split()
    for place, word in enumerate(words[1:9], 1):
        amount = _AMOUNT.fullmatch(fold(word))
        if amount and Decimal(amount["sum"]) > 0:
            name = " ".join(words[:place]).removeprefix("@")
            return OrderWord(_K.REFUND, member=name, amount=Decimal(amount["sum"]), text=" ".join(words[place + 1 :]))
    return None


def _place(form: str, said: str) -> OrderWord | None:
    """Read for whom and what; the name may have more words than the first, which the members of the group tell."""
    parts = said.removeprefix("@").split(maxsplit=1)
    if len(parts) < 2 or len(parts[0]) > _NAME or (form == "代" and examine(parts[1]).item.title.endswith(("吗", "?"))):
        return None
    name = parts[0].rstrip(":：,，")
    return OrderWord(_K.PLACE, member=name, text=f"{name} {parts[1]}") if name else None
