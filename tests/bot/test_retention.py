"""What is forgotten by itself when its time is over, and what stays."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update

from bot.channels.local.repository import ChatLog
from bot.jobs import program_jobs
from core.database import execute
from core.messages import MemberLeft
from groups.models import ConsentEntry, Member, Membership, MemberTag
from orders.models import BuyerRecord, OfferItem, OfferRecord, OrderLine
from scheduler.jobs import RETENTION
from scheduler.plans import Plan, parse_schedule
from scheduler.tick import Scheduler
from tests.bot.conversation import FRUIT, Conversation, sees
from tests.bot.test_data_rights import everything
from tests.bot.test_group_buys import RUNNING

_UNSUBSCRIBED = Membership.__table__.c.unsubscribed_at


async def night(talk: Conversation, days: int) -> None:
    """Let days pass and the nightly job run."""
    talk.clock.advance(days * 86_400)
    wanted = {RETENTION: program_jobs(talk.settings, talk.parts.storefront, ChatLog(talk.database))[RETENTION]}
    plans = [Plan(RETENTION, parse_schedule("03:30", talk.settings.zone))]
    scheduler = Scheduler(talk.settings.scheduler, talk.database, talk.clock, wanted, lambda: plans)
    await scheduler.run_due()
    talk.clock.advance(86_400)
    await scheduler.run_due()


async def leave(talk: Conversation, who: str) -> None:
    channel = talk.channel
    await talk.intake.observe(MemberLeft(channel.name, channel.account, talk.room_id(FRUIT), who))


async def test_who_left_long_ago_is_forgotten_and_a_refusal_is_not(talk: Conversation) -> None:
    await talk.verify(("小美", "退订", sees("退订")))
    await leave(talk, "xiaomei")
    await leave(talk, "laozhou")
    async with talk.database.transaction() as session:
        members = {row.contact_id: row.id for row in await execute(session, select(Member.__table__))}
        tag = {"member_id": members["chenyi"], "kind": "category", "key": "", "value": "水果", "weight": 1.0, "said": 1}
        at = {"ordered": 0, "first_at": talk.clock.now(), "at": talk.clock.now()}
        await execute(session, MemberTag.__table__.insert().values({**tag, **at}))
    await night(talk, 100)
    assert "laozhou" in await everything(talk.database)
    await night(talk, 80)
    left = await everything(talk.database)
    for word in ("laozhou", "老周", "小美"):
        assert word not in left, word
    async with talk.database.reading() as session:
        assert list(await execute(session, select(MemberTag.__table__))) == []
        kept = [row.contact_id for row in await execute(session, select(Member.__table__))]
        refused = await execute(session, select(_UNSUBSCRIBED).where(_UNSUBSCRIBED.is_not(None)))
        assert len(list(refused)) == 1
        assert len(list(await execute(session, select(ConsentEntry.__table__)))) == 1
    assert "xiaomei" in kept
    assert "chenyi" in kept


async def test_orders_lose_whose_they_were_after_their_own_time(talk: Conversation) -> None:
    await talk.verify(
        RUNNING, ("小美", "草莓2份，少放冰", sees("✓ 小美")), ("老周", "帮我妈带一份蓝莓", sees("✓ 老周"))
    )
    await talk.say("林姐", "截单")
    await talk.say("林姐", "确认")
    await night(talk, 400)
    async with talk.database.reading() as session:
        assert {row.member for row in await execute(session, select(OrderLine.__table__))} == {"xiaomei", "laozhou"}
        codes = sorted(row.code for row in await execute(session, select(BuyerRecord.__table__)))
    await night(talk, 700)
    async with talk.database.reading() as session:
        lines = list(await execute(session, select(OrderLine.__table__)))
        buyers = list(await execute(session, select(BuyerRecord.__table__)))
        taken = sum(row.taken for row in await execute(session, select(OfferItem.__table__)))
        offers = list(await execute(session, select(OfferRecord.__table__)))
    assert len({line.member for line in lines}) == 2
    assert all(line.member.startswith("erased:") and not line.note for line in lines)
    assert sorted(buyer.code for buyer in buyers) == codes
    assert taken == sum(line.quantity for line in lines) == 3
    assert offers[0].leader.startswith("erased:")
    for word in ("我妈", "少放冰"):
        assert word not in repr(lines)


async def test_an_offer_that_is_still_open_is_never_frozen(talk: Conversation) -> None:
    await talk.verify(RUNNING, ("小美", "草莓2份", sees("✓ 小美")))
    long_ago = talk.clock.now() - timedelta(days=2_000)
    async with talk.database.transaction() as session:
        await execute(session, update(OfferRecord).values(changed_at=long_ago))
    await night(talk, 0)
    async with talk.database.reading() as session:
        assert [row.member for row in await execute(session, select(OrderLine.__table__))] == ["xiaomei"]
