"""Offers with full order books, made by hand for tests of what reads them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from orders.state import Buyer, Item, Line, LineKey, Offer, OfferKind, OfferState, Payment, Tier

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)  # ten in the morning of a Sunday in Shanghai
TONIGHT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def fruit(state: OfferState = OfferState.OPEN) -> Offer:
    """The offer of the issue, with nobody on it yet."""
    items = (
        Item(1, 7, 1, "1", "丹东草莓", "盒", "3斤", Decimal("59.90"), limit_per_member=5),
        Item(2, 7, 2, "2", "蓝莓", "盒", "125g*6盒", Decimal("45.00"), stock=Decimal(30)),
        Item(3, 7, 3, "3", "沃柑", "份", "5斤", Decimal("29.90"), (Tier(2, Decimal(55)),)),
    )
    return Offer(
        id=7,
        version=1,
        kind=OfferKind.LEADER,
        state=state,
        title="周末水果",
        leader="leader",
        channel="local",
        account="bot",
        group_ids=(1,),
        created_at=NOW,
        closes_at=TONIGHT,
        minimum_pieces=20,
        pickup_place="南门驿站",
        pickup_when="明天下午",
        items={item.id: item for item in items},
    )


def order(
    offer: Offer,
    item: int,
    member: str,
    quantity: str,
    name: str = "",
    *,
    for_whom: str = "",
    note: str = "",
    payment: Payment = Payment.UNPAID,
    group_id: int = 1,
) -> None:
    """Put a line into the book, and its buyer beside it."""
    amount = Decimal(quantity)
    offer.lines[LineKey(item, member, for_whom)] = Line(amount, name or member, member, group_id, note, NOW)
    offer.items[item].taken += amount
    code = str(1000 + 137 * (len(offer.buyers) + 1))
    offer.buyers.setdefault(member, Buyer(name or member, code, group_id, payment))


def neighbours(state: OfferState = OfferState.OPEN) -> Offer:
    """The same offer with five buyers, one of whom has cancelled; 17 pieces for 724.60."""
    offer = fruit(state)
    order(offer, 1, "mei", "2", "3栋502-小美", note="要红一点的")
    order(offer, 3, "mei", "3", "3栋502-小美")
    order(offer, 1, "wang", "1", "星河11栋 王姐", payment=Payment.PAID)
    order(offer, 2, "li", "4", "2号楼1单元1203李哥", payment=Payment.CLAIMED)
    order(offer, 3, "mei", "2", "3栋502-小美", for_whom="10栋301张奶奶", note="软的")
    order(offer, 3, "ann", "0", "Ann Li")
    order(offer, 2, "zhao", "5", "老赵 13800001234", note="送到2-801")
    return offer
