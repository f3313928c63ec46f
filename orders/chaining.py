"""A native 接龙 as it meets the order book: which offer it belongs to, and what a snapshot changes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from core.outcomes import Outcome, Reason
from core.text import Normaliser
from groups.people import ledger
from orders import questions, receipts, repository
from orders.book import Applied, By, Refused
from orders.chains.forgetting import still_standing
from orders.chains.snapshots import Kept, LineChange, advance, same_chain
from orders.chains.text import Chain
from orders.chains.xml import read_message
from orders.desk import OrderDesk
from orders.edits import Change, Doubt, Edit, Missing, Span
from orders.naming import Words
from orders.questions import Question, QuestionKind
from orders.serving import Heard, Say, Served, effect_of
from orders.state import Item, Offer, OfferKind, OfferState

_MAY_BE = re.compile(r"接[龙龍]|group\s*note|solitaire_info", re.IGNORECASE)
_SIGNS = re.compile("接|group|solitaire_info")
"""One of these is in whatever the pattern matches in lower case; it is quicker to look for."""
_MOST_LINES = 8
"""Receipts of one snapshot beyond this are summed up: taking over a long chain must not fill the group."""


@dataclass(frozen=True, slots=True)
class ChainTaker:
    """Takes snapshots of native chains into the book. ``words`` are other names of goods."""

    normaliser: Normaliser
    words: Words

    def may_be(self, text: str) -> bool:
        """Tell whether a text can be a chain at all; quick."""
        return _SIGNS.search(text.lower()) is not None and _MAY_BE.search(text) is not None

    async def take(self, desk: OrderDesk, heard: Heard) -> Served | None:
        """Take a message as a snapshot of a chain; None when it is none."""
        raw = heard.text.raw
        if heard.private or not self.may_be(raw):
            return None
        chain = read_message(raw)
        if chain is None:
            return None
        found = await self._offer(desk, heard, chain)
        if found is None:
            return Served(Outcome.IGNORED, Reason.OTHER_CHAIN)
        offer, chain_id, kept = found
        if kept is not None and kept.gone:
            chain = still_standing(chain, await ledger.key(desk.session), kept.gone)
        kept, changes, _ = advance(
            kept,
            chain,
            heard.member,
            heard.own_names,
            heard.members,
            trusted=heard.helper,
            items=() if offer.open_items else offer.on_list,
            uniform=self.normaliser,
            words=self.words,
        )
        await repository.save_chain(desk.session, chain_id, kept.to_json(), heard.at)
        return await self._apply(desk, heard, offer, changes)

    async def _offer(self, desk: OrderDesk, heard: Heard, chain: Chain) -> tuple[Offer, int, Kept | None] | None:
        """Return the offer that a chain belongs to, the row of its last snapshot, and that snapshot.

        A chain of the leader's that belongs to none opens one. A chain that a member started is nobody's book.
        """
        for row in await repository.chains(desk.session, heard.group_id):
            kept = Kept.from_json(row.kept)
            if same_chain(kept, chain):
                await desk.lock([row.offer_id])
                return desk.offers[row.offer_id], int(row.id), kept
        offer = self._same_title(desk, heard, chain)
        if offer is not None:
            await desk.lock([offer.id])
            offer = desk.offers[offer.id]
        elif heard.helper or (chain.creator and chain.creator == heard.leader):
            offer = await self._started(desk, heard, chain)
        else:
            return None
        return offer, await repository.add_chain(desk.session, heard.group_id, offer.id, heard.at), None

    def _same_title(self, desk: OrderDesk, heard: Heard, chain: Chain) -> Offer | None:
        title = _plain(chain.title)
        offers = [one for one in desk.in_group(heard.group_id) if one.state is OfferState.OPEN]
        return next((one for one in offers if title and _plain(one.title) in title), None)

    async def _started(self, desk: OrderDesk, heard: Heard, chain: Chain) -> Offer:
        """Open an offer for a chain that the leader started; without a menu members name what they want."""
        codes = [line.code for line in chain.menu]
        numbered = "" not in codes and len(set(codes)) == len(codes)  # two menus in one chain both begin with 1
        items = {
            -place: Item(
                id=0,
                offer_id=0,
                position=place,
                code=line.code if numbered else str(place),
                title=line.title,
                unit=line.unit,
                specification=line.specification,
                price=line.price,
                tiers=line.tiers,
                stock=None if line.stock is None else Decimal(line.stock),
                limit_per_member=line.limit_per_member,
                minimum_quantity=line.minimum_quantity,
            )
            for place, line in enumerate(chain.menu, start=1)
        }
        title = (chain.title or "接龙")[:200]
        offer = await desk.open(
            Offer(
                id=0,
                version=1,
                kind=OfferKind.CHAIN,
                state=OfferState.OPEN,
                title=title,
                leader=heard.leader or heard.member,
                channel=heard.channel,
                account=heard.account,
                group_ids=(heard.group_id,),
                created_at=heard.at,
                open_items=not items,
                items=items,
            )
        )
        desk.happened(offer, OfferState.OPEN, heard.member, heard.inbox_id)
        return offer

    async def _apply(self, desk: OrderDesk, heard: Heard, offer: Offer, changes: Sequence[LineChange]) -> Served:
        """Bring the lines of a snapshot into the book; what is unclear is asked, one question a member."""
        applied: list[Applied] = []
        refused: list[tuple[Refused, LineChange]] = []
        says: list[Say] = []
        for change in changes:
            item = await self._item(desk, offer, change)
            if item is None or change.doubt is not None:
                says.append(await self._ask(desk, heard, offer, change, item))
                continue
            rung = await desk.ring_up(offer, [_edit(change, item)], _by(heard, change))
            applied += rung.applied
            refused += [(one, change) for one in rung.refused]
        if applied:
            says.insert(0, self._receipt(offer, applied, heard))
        says += [Say("ask", receipts.refusal(one, change.name)) for one, change in refused]
        effects = tuple(effect_of(offer, one) for one in applied)
        if effects:
            return Served(Outcome.ORDER, Reason.CHAIN_APPLIED, tuple(says), effects)
        if says:
            reason = refused[0][0].reason if refused else Reason.UNCLEAR_ITEM
            return Served(Outcome.ASK, reason, tuple(says))
        return Served(Outcome.IGNORED, Reason.DUPLICATE)

    async def _item(self, desk: OrderDesk, offer: Offer, change: LineChange) -> Item | None:
        """Return the item that an entry means; where members name what they want, a new name is a new item."""
        if change.item is not None:
            return offer.items.get(change.item)
        if not offer.open_items:
            only = offer.on_list
            return only[0] if len(only) == 1 and not change.text else None
        title = change.text or offer.title
        known = next((item for item in offer.items.values() if item.title == title), None)
        if known is not None or not change.quantity:
            return known
        place = len(offer.items) + 1
        return await desk.add_item(
            offer,
            Item(id=0, offer_id=offer.id, position=place, code=str(place), title=title[:200], unit=change.unit),
        )

    async def _ask(self, desk: OrderDesk, heard: Heard, offer: Offer, change: LineChange, item: Item | None) -> Say:
        """Ask about one entry; its member's next message answers."""
        options: tuple[tuple[Edit, ...], ...]
        if item is not None:
            doubt = Doubt(
                change.doubt or Reason.CONFIRM_ALL, Missing.CONFIRMATION, ((_edit(change, item),),), change.text
            )
        else:
            options = tuple((_edit(change, one),) for one in offer.on_list)
            doubt = Doubt(change.doubt or Reason.UNCLEAR_ITEM, Missing.ITEM, options, change.text)
        if not change.member.startswith("~"):
            detail = questions.doubt_row(doubt)
            question = Question(0, heard.group_id, change.member, QuestionKind.DOUBT, detail, heard.inbox_id)
            stored = await questions.ask(desk.session, question, heard.handled_at)
            desk.asked[heard.group_id, change.member] = stored
        return Say("ask", receipts.question(doubt, [offer], change.name))

    def _receipt(self, offer: Offer, applied: Sequence[Applied], heard: Heard) -> Say:
        """Return a line for each change, or their sum when a whole chain is taken over."""
        whole = receipts.receipt(offer, applied, sender="", group_id=heard.group_id)
        if len(applied) <= _MOST_LINES:
            return whole
        return replace(whole, text=receipts.taken_over(offer, applied))


def _edit(change: LineChange, item: Item) -> Edit:
    spans = () if change.span is None else (Span(*change.span),)
    if not change.quantity:
        return Edit(item.id, Change.CANCEL, None, change.for_whom, "", spans)
    return Edit(item.id, Change.SET, change.quantity, change.for_whom, change.note, spans)


def _by(heard: Heard, change: LineChange) -> By:
    return By(
        member=change.member,
        name=change.name,
        said_by=change.said_by or heard.member,
        group_id=heard.group_id,
        at=heard.at,
        inbox_id=heard.inbox_id,
        source="chain",
        text=heard.text.raw,
    )


def _plain(title: str) -> str:
    return re.sub(r"\W", "", title).lower()
