"""What people are owed about their own data: 我的数据, 删除我的数据, 确认删除; and nothing about anybody else's."""

from __future__ import annotations

from datetime import timedelta

from bot import disclosing, personal
from bot.stages.turn import Handled, Turn
from core import inbox
from core.late import late
from core.messages import OutgoingFile
from core.outbox import PRIORITY_ANSWER, Draft
from core.outcomes import Outcome, Reason
from core.templates import render
from groups.changes import PersonalisationSet
from groups.people import audit
from groups.people import personal as group_data
from groups.people.audit import Look
from groups.service import WordResult
from groups.state import MemberKey, Role
from groups.talk.words import UnknownWord, Word, WordKind

MY_DATA = "my_data"
"""The kind of outbox row that hands somebody their data; where a channel takes no files its text goes instead."""
_CONFIRM = timedelta(minutes=10)
_LIFETIME = timedelta(days=1)
_LONGEST_SUMMARY = 1_800
_NO_RETURN = frozenset({WordKind.UNSUBSCRIBE, WordKind.MY_DATA, WordKind.DELETE_DATA, WordKind.CONFIRM_DELETE})
"""Words that do not bring a deleted person back: they ask for less, or only look."""
_TALK_AS_WELL = frozenset(
    {
        *(WordKind.AGREE, WordKind.DECLINE, WordKind.RECOMMEND, WordKind.EXCLUDE, WordKind.INCLUDE),
        *(WordKind.SPLIT, WordKind.MERGE, WordKind.MOVE),
    }
)
_SOMEBODYS_DATA = late(
    r"(?:请|麻烦|帮我|帮忙)*"
    r"(?P<act>导出|查询|查看|查查|查一下|查下|查|看看|看一下|看下|看|给我|发我|删除|删掉|删|清除)?[\s:：]*"
    r"@?(?P<who>\S{1,24}?)[\s\u2005]*的?\s*(?:个人)?(?:数据|资料)[。!！.]?"
)
_OWN = frozenset({"我", "本人", "自己", "我自己", "俺", "咱"})


def may_ask(turn: Turn) -> bool:
    """Tell whether a message speaks of data at all."""
    text = turn.text.text
    return "数据" in text or "资料" in text


async def others(turn: Turn) -> Handled | None:
    """Refuse whoever asks for somebody else's data, leaders too; nothing is shown."""
    text = turn.text.text.strip()
    if len(text) > 60 or not text.rstrip("。!！.").endswith(("数据", "资料")):
        return None
    found = _SOMEBODYS_DATA.fullmatch(text)
    private = not turn.message.room_id
    if found is None or found["who"].removesuffix("的") in _OWN or not (found["act"] or turn.mentioned or private):
        return None
    if not _names_somebody(turn, found["who"].removesuffix("的")):
        return None
    if private or await _leads(turn):
        turn.answer(render("bot", "others_data"), private=True)
    return turn.end(Outcome.COMMAND, Reason.REFUSED_ROLE)


def _names_somebody(turn: Turn, who: str) -> bool:
    """Tell whether a group knows somebody of this name; in a private chat any name is taken for one."""
    if turn.known is None:
        return True
    return any(
        who in {one.name, one.room_name} or (one.name and who in one.room_name)
        for one in turn.known.group.members.values()
    )


async def _leads(turn: Turn) -> bool:
    return turn.known is not None and turn.groups.role(turn.known.group, turn.message.sender_id) is not Role.MEMBER


async def my_data(turn: Turn, result: WordResult) -> None:
    """Hand somebody everything that is kept of them, in private whatever the word was said in."""
    key = _speaker(turn)
    await turn.desk.flush()
    person = await personal.person_of(turn.desk.session, key)
    sheets = await personal.export(turn.desk.session, person)
    zone = turn.orders.zone
    rows = sum(len(sheet.rows) for sheet in sheets)
    day = f"{turn.desk.now.astimezone(zone):%Y-%m-%d}"
    lines = disclosing.summary(sheets, zone, _LONGEST_SUMMARY)
    file = OutgoingFile(f"我的数据 {day}.xlsx", disclosing.XLSX, disclosing.workbook(sheets, zone))
    if rows:
        turn.say(
            Draft(
                dedupe_key=f"{MY_DATA}:{turn.row_id}",
                channel=key.channel,
                account=key.account,
                kind=MY_DATA,
                text=render("bot", "my_data", lines=lines),
                priority=PRIORITY_ANSWER,
                contact_id=key.contact_id,
                file=file,
                lifetime=_LIFETIME,
                fleeting=True,
            )
        )
    else:
        turn.answer(render("bot", "no_data"), private=True, fleeting=True)
    look = Look(_role(turn), "exported_own", key, key, turn.known.group.id if turn.known else None, {"rows": rows})
    await audit.write(turn.desk.session, look, turn.desk.now)


async def ask_to_delete(turn: Turn, result: WordResult) -> None:
    """Say what a deletion takes away and what stays, and ask for the word that does it."""
    key = _speaker(turn)
    if turn.deleted:
        turn.answer(render("bot", "nothing_to_delete"), private=True, fleeting=True)
        return
    await turn.desk.flush()
    person = await personal.person_of(turn.desk.session, key)
    owned = await group_data.led_by(turn.desk.session, person)
    text = render(
        "bot",
        "delete_asked",
        minutes=_CONFIRM // timedelta(minutes=1),
        led=owned,
        years=_years(turn.orders.settings.retention_days),
    )
    turn.answer(text, private=True, fleeting=True)


async def delete(turn: Turn, result: WordResult) -> None:
    """Delete everything about the speaker in this transaction; the receipt is the last thing they are sent."""
    key = _speaker(turn)
    desk = turn.desk
    if turn.deleted:
        turn.answer(render("bot", "nothing_to_delete"), private=True, fleeting=True)
        return
    await desk.flush()
    person = await personal.person_of(desk.session, key, until=turn.row_id)
    since = turn.message.at - _CONFIRM
    said = await inbox.texts_of(
        desk.session, key.channel, key.account, key.contact_id, ["", *person.rooms, turn.message.room_id], since,
        turn.row_id,
    )  # fmt: skip
    if not any(_asks(turn, text) for text in said):
        turn.answer(render("bot", "delete_not_asked"), private=True, fleeting=True)
        return
    look = Look(_role(turn), "erased_own", key, key)
    erased = await personal.erase(desk.session, person, look, desk.now)
    await desk.begin_again()
    turn.known = desk.known.get(turn.known.group.key) if turn.known is not None else None
    backups = turn.groups.settings.backup_days
    text = render(
        "bot",
        "deleted",
        receipt=erased.receipt,
        counts=erased.counts,
        years=_years(turn.orders.settings.retention_days),
        backups=f"{desk.now.astimezone(turn.orders.zone) + timedelta(days=backups):%Y-%m-%d}" if backups else "",
    )
    turn.answer(text, private=True, fleeting=True)


async def welcome_back(turn: Turn, word: Word | UnknownWord) -> None:
    """Take a deleted person up again who says a word of their own, before it is carried out."""
    if isinstance(word, Word) and word.kind not in _NO_RETURN | _TALK_AS_WELL:
        await _come_back(turn)


async def settle(turn: Turn, handled: Handled) -> None:
    """End the message of somebody who was deleted: an order brings them back, anything else is not kept."""
    word = turn.groups.parse(turn.text.text, addressed=turn.addressed)
    only_looks = isinstance(word, Word) and word.kind in _NO_RETURN
    spoke = handled.outcome is Outcome.COMMAND and handled.reason is Reason.DONE and not only_looks
    if spoke or handled.outcome in {Outcome.ORDER, Outcome.ASK}:
        await _come_back(turn)
    else:
        turn.desk.unkept.append(turn.row_id)


async def _come_back(turn: Turn) -> None:
    desk, key = turn.desk, _speaker(turn)
    await desk.flush()
    refused = await group_data.come_back(desk.session, key, turn.message.key.message_id, desk.now)
    turn.deleted = False
    if refused is None:
        return
    await desk.begin_again()
    if turn.known is not None:
        known = await desk.group(turn.known.group.key)
        observation = turn.groups.heard(known.group if known else None, turn.message)
        await desk.apply(observation.changes)
        turn.known = await desk.group(turn.known.group.key)
    if refused:
        await desk.apply([PersonalisationSet(key, off=True)])


def _asks(turn: Turn, text: str) -> bool:
    word = turn.groups.parse(turn.uniform(text).text, addressed=True)
    return isinstance(word, Word) and word.kind is WordKind.DELETE_DATA


def _speaker(turn: Turn) -> MemberKey:
    key = turn.message.key
    return MemberKey(key.channel, key.account, turn.message.sender_id)


def _role(turn: Turn) -> str:
    return (turn.groups.role(turn.known.group, turn.message.sender_id) if turn.known else Role.MEMBER).value


def _years(days: int) -> str:
    return f"{days // 365} 年" if days % 365 == 0 else f"{days} 天"
