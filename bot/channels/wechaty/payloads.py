"""What a gateway sends, read into the values of ``core.messages``. Pure.

Message types carry two numberings. The protocol's own file calls 6 text and 7 video; the Node gateway passes on
the numbers of its puppets, where 6 is an image and 7 is text, and goes beyond the file (15 video, 16 post). So a
number never decides alone that something is not text: the text itself is looked at.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

from wechaty_grpc.wechaty.puppet import EventResponse, MessagePayloadResponse

from core.messages import IncomingMessage, MessageKey, MessageKind, OutgoingFile, Quote

_CERTAINLY_NOT_TEXT = {
    1: MessageKind.FILE,
    2: MessageKind.UNKNOWN,  # voice
    3: MessageKind.UNKNOWN,  # contact card
    5: MessageKind.IMAGE,  # image, or emoticon by the puppets' numbers
    9: MessageKind.LINK,  # mini-program, or location
    11: MessageKind.UNKNOWN,  # transfer
    12: MessageKind.UNKNOWN,  # red envelope
    13: MessageKind.UNKNOWN,  # recalled, or a pat on somebody's shoulder; see read_recall
    14: MessageKind.LINK,
}
_WITHOUT_TEXT = {6: MessageKind.IMAGE}
_MARKUP = re.compile(r"\s*<(\?xml|msg|sysmsg|appmsg|img|emoji)\b", re.IGNORECASE)
"""How WeChat's own records of cards and pictures begin, which puppets pass on as text."""
_RECALLED = 13
_NAMELESS = 0
_REVOKED = re.compile(r"\A(?:[\w@-]{1,128}:\n)?\s*<sysmsg\b[^>]{0,200}\btype\s*=\s*[\"']revokemsg[\"']", re.IGNORECASE)
"""WeChat's own record of a recall. Only messages that nobody typed are looked at: a member can type this too."""
_REVOKED_ID = re.compile(r"<(?P<name>newmsgid|msgid)>\s*(?:<!\[CDATA\[)?\s*(?P<id>[\w-]{1,128})", re.IGNORECASE)
_BARE_ID = re.compile(r"\s*(?P<id>[\w@.:-]{1,128})\s*", re.ASCII)
_RECALL_WORDS = re.compile(r"撤回了|recalled a message", re.IGNORECASE)
_LONGEST_NOTICE = 4_000
_CHAIN_CARD = re.compile(r"<type>\s*53\s*</type>|<solitaire_info\b", re.IGNORECASE)
"""A 接龙 as WeChat's own record, which some puppets call a link or a mini-program."""
LARGEST_FILE = 3_000_000
"""Bytes; written as base64 it stays below the 4 MB that a gRPC server takes unless it is told otherwise."""
_QUOTED = re.compile(r"「(?P<member>[^\n]{1,64}?)[：:](?P<text>.*)」\n(?:- ?){3,}\n(?P<body>.*)", re.DOTALL)
"""A reply as the phone writes it. Greedy: of nested quotes, only what follows the last rule is the speaker's own."""
_MENTION = re.compile("@([^@\u2005\n]{1,64})\u2005")
_MILLISECONDS_FROM = 100_000_000_000  # as seconds the year 5138, as milliseconds 1973


class EventType(IntEnum):
    """Events of the stream that this program reads; their numbers are those of event.proto."""

    HEARTBEAT = 1
    MESSAGE = 2
    DONG = 3
    ROOM_INVITE = 18
    ROOM_JOIN = 19
    ROOM_LEAVE = 20
    ROOM_TOPIC = 21
    SCAN = 22
    READY = 23
    LOGIN = 25
    LOGOUT = 26
    DIRTY = 27


@dataclass(frozen=True, slots=True)
class GatewayEvent:
    """One event of the stream; ``body`` is the JSON object it carries, empty if it carries none."""

    type: int
    body: Mapping[str, Any]

    def text(self, name: str) -> str:
        """Return a text field, empty if it is missing or something else."""
        value = self.body.get(name)
        return value if isinstance(value, str) else ""

    def texts(self, name: str) -> tuple[str, ...]:
        """Return the texts of a list field."""
        value = self.body.get(name)
        return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def read_event(response: EventResponse) -> GatewayEvent:
    """Read an event of any type, known or not, with a body that may be broken."""
    try:
        body = json.loads(response.payload or "{}")
    except ValueError:
        body = {}
    return GatewayEvent(int(response.type), body if isinstance(body, dict) else {})


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known around a message: its room's topic, the sender's names, and who goes by which name there."""

    topic: str = ""
    sender_name: str = ""
    room_name: str = ""
    own_names: Collection[str] = ()
    ids_by_name: Mapping[str, str] | None = None


def read_message(
    key: MessageKey, payload: MessagePayloadResponse, around: Surroundings, now: datetime
) -> IncomingMessage:
    """Turn a fetched payload into a message. ``now`` stands in for a missing or absurd time."""
    whole = clean(payload.text)
    quote, text = split_quote(whole)
    kind, recalls = read_recall(int(payload.type), whole) or (kind_of(int(payload.type), whole), "")
    mentions, mentions_bot = _mentions(payload, text, key.account, around)
    return IncomingMessage(
        key=key,
        room_id=payload.room_id,
        sender_id=payload.from_id,
        text=text,
        at=read_time(payload.timestamp, now),
        kind=kind,
        room_topic=around.topic,
        sender_name=around.sender_name,
        room_name=around.room_name,
        mentions=mentions,
        mentions_bot=mentions_bot,
        quote=quote,
        is_self=payload.from_id == key.account,
        recalls=recalls,
        raw={
            "id": payload.id,
            "type": int(payload.type),
            "text": whole,
            "timestamp": int(payload.timestamp),
            "from": payload.from_id,
            "to": payload.to_id,
            "room": payload.room_id,
            "mentions": list(payload.mention_ids),
            "filename": payload.filename,
        },
    )


def clean(text: str) -> str:
    """Drop the one character that PostgreSQL refuses in text."""
    return text.replace("\0", "")


def kind_of(number: int, text: str) -> MessageKind:
    """Tell what a message is from its type number and its text; see the module's note on the numbers."""
    if number in _CERTAINLY_NOT_TEXT:
        if _CHAIN_CARD.search(text):
            return MessageKind.UNKNOWN
        return _CERTAINLY_NOT_TEXT[number]
    if text.strip() and not _MARKUP.match(text):
        return MessageKind.TEXT
    return _WITHOUT_TEXT.get(number, MessageKind.UNKNOWN)


def read_recall(number: int, text: str) -> tuple[MessageKind, str] | None:
    """Return ``RECALL`` and the id of the message that was taken back (empty if unsaid); None if it is no recall.

    Puppets write the id alone, WeChat's record of the recall with two ids (the newer is the one that messages
    have), or only the notice that people see. A pat on the shoulder has the same number.
    """
    if number not in {_RECALLED, _NAMELESS} or len(text) > _LONGEST_NOTICE:
        return None
    if _REVOKED.match(text) or (number == _RECALLED and "<revokemsg>" in text):
        ids = {found["name"].lower(): found["id"] for found in _REVOKED_ID.finditer(text)}
        return MessageKind.RECALL, ids.get("newmsgid") or ids.get("msgid") or ""
    if number != _RECALLED:
        return None
    if bare := _BARE_ID.fullmatch(text):
        return MessageKind.RECALL, bare["id"]
    return (MessageKind.RECALL, "") if _RECALL_WORDS.search(text) else None


def split_quote(text: str) -> tuple[Quote | None, str]:
    """Split a reply into what it quotes and what the speaker says; a text without a quote stays whole."""
    found = _QUOTED.fullmatch(text)
    if not found:
        return None, text
    return Quote(found["member"], found["text"]), found["body"]


def read_time(number: int, now: datetime) -> datetime:
    """Read seconds or milliseconds since 1970; ``now`` for what is missing or lies ahead by over a day."""
    seconds = number / 1000 if number >= _MILLISECONDS_FROM else float(number)
    if not 0 < seconds < now.timestamp() + 86_400:
        return now
    return datetime.fromtimestamp(seconds, UTC)


def write_mentions(text: str, mentions: Collection[tuple[str, str]]) -> str:
    """Put ``@name`` and the space of a mention (U+2005) before a text, for each (contact id, shown name)."""
    return "".join(f"@{name}\u2005" for _, name in mentions) + text


def write_file(file: OutgoingFile) -> str:
    """Write a file as the protocol carries it: a FileBox in JSON, with its type under the old name too."""
    base64 = 1
    content = b64encode(file.content).decode("ascii")
    box = {"type": base64, "boxType": base64, "name": file.name, "base64": content, "size": len(file.content)}
    return json.dumps(box, ensure_ascii=False)


def _mentions(
    payload: MessagePayloadResponse, text: str, account: str, around: Surroundings
) -> tuple[tuple[str, ...], bool]:
    """Join the ids the gateway gives with the names in the text: some gateways give no ids."""
    names = _MENTION.findall(text)
    known = around.ids_by_name or {}
    ids = dict.fromkeys([*payload.mention_ids, *(known[name] for name in names if name in known)])
    named = any(name in around.own_names for name in names)
    if named:
        ids.setdefault(account)
    return tuple(ids), account in ids
