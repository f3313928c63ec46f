"""Made-up worlds of groups in which one person will be deleted, and the search for what is left of them."""

from __future__ import annotations

import io
import json
import random
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlmodel import SQLModel

from bot import personal
from core import inbox, logs
from core.database import Database, execute
from core.messages import Quote
from core.settings import LoggingSettings
from groups.people.audit import Look
from groups.state import MemberKey
from tests.bot.conversation import CATS, FRUIT, MOTHERS, Conversation
from tests.bot.test_group_buys import HEAD, OPENING
from tests.orders.chain_messages import chain_xml

OTHERS = ("老周", "陈姨", "阿强", "豆豆妈")
NAMES = ("阿箬", "Ｌyra🍓", "苏.苏", "百分%号", "下_划线", "O'Neil", '引"号', "反\\斜", "卫卫 安")
NAMING = ("谢谢{}", "{}家的猫真好看", "给{}带一份草莓")
ORDERS = ("草莓2份", "蓝莓1份", "要沃柑1份，送到3-502", "改成3份", "取消", "已付")
NEEDS = ("有草莓吗", "家里大米见底了", "想买纯牛奶", "有没有蓝莓", "求推荐儿童防晒")


@dataclass
class World:
    """A bot in the demo's rooms with one more person, whose every word is marked."""

    talk: Conversation
    dice: random.Random
    contact: str
    name: str
    room_name: str
    leads: bool = False
    needles: set[str] = field(default_factory=set)
    lines: list[tuple[str, str]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    log: io.StringIO = field(default_factory=io.StringIO)

    @classmethod
    async def made(cls, talk: Conversation, seed: int) -> World:
        """Let somebody with names of their own come into one or two groups."""
        dice = random.Random(seed)  # noqa: S311 - no secret, a world that can be made again
        name = f"{dice.choice(NAMES)}{seed}"
        world = cls(talk, dice, f"wxid_gone{seed}x", name, f"{dice.randint(1, 9)}栋{dice.randint(101, 999)}-{name}")
        world.needles = {world.contact, name, world.room_name}
        topics = [FRUIT, *dice.sample([MOTHERS, CATS], dice.randint(0, 1))]
        logs.configure(LoggingSettings(level="debug"), world.log)
        for topic in topics:
            await world.enter(topic)
        return world

    async def enter(self, topic: str) -> None:
        room = self.talk.channel.rooms[self.talk.room_id(topic)]
        members = {**room.members, self.contact: (self.name, self.room_name)}
        self.talk.channel.rooms[room.id] = replace(room, members=members)
        await self.talk.intake.observe(self.talk.channel.seen(room.id))

    @property
    def account(self) -> tuple[str, str]:
        return self.talk.channel.name, self.talk.channel.account

    def word(self) -> str:
        """Return something that only this person says."""
        unique = f"暗语{self.contact[-4:]}{len(self.needles)}"
        self.needles.add(unique)
        return unique

    async def hear(self, who: str, text: str, **values: Any) -> None:
        await self.talk.take(self.talk.message(who, text, **values))
        if self.dice.random() < 0.4:
            await self.talk.send()
        self.talk.clock.advance(self.dice.choice([1, 20, 700]))

    async def live(self, steps: int) -> None:
        """Let things happen, in an order that the dice make."""
        await self.hear("林姐", OPENING)
        happenings = [
            *(self.talks, self.needs, self.quoted, self.quoted_in_text, self.mentioned, self.named, self.orders),
            *(self.orders_for_others, self.others_order_for_them, self.chains, self.chains_as_xml, self.renames),
            *(self.writes_in_private, self.looks_at_their_data, self.leaders_words, self.others_need, self.is_recalled),
            *(self.refuses, self.is_pasted),
        ]
        for happening in self.dice.choices(happenings, k=steps):
            await happening()

    async def talks(self) -> None:
        text = f"{self.word()} {self.dice.choice(['哈哈', '今晚风好大', '好的'])}"
        self.said.append(text)
        await self.hear(self.contact, text)

    async def needs(self) -> None:
        await self.hear(self.contact, f"{self.dice.choice(NEEDS)}")
        await self.hear(self.contact, f"{self.word()}，{self.dice.choice(NEEDS)}")

    async def quoted(self) -> None:
        await self.talks()
        shown = self.dice.choice([self.name, self.room_name])
        await self.hear(self.other(), "是的", quote=Quote(shown, self.said[-1]))

    async def quoted_in_text(self) -> None:
        await self.talks()
        await self.hear(self.other(), f"「{self.room_name}：{self.said[-1]}」\n- - - - - - - - - - - - - - -\n有道理")

    async def mentioned(self) -> None:
        shown = self.dice.choice([self.name, self.room_name])
        values = self.talk.channel.mentioning([self.contact], [shown], "在吗")
        await self.hear(self.other(), values.pop("text"), **values)

    async def named(self) -> None:
        await self.hear(self.other(), self.dice.choice(NAMING).format(self.name))

    async def orders(self) -> None:
        await self.hear(self.contact, self.dice.choice(ORDERS))
        await self.hear(self.contact, f"草莓1份 备注{self.word()}")

    async def orders_for_others(self) -> None:
        await self.hear(self.contact, self.dice.choice(["帮我妈带一份草莓", "代老周蓝莓1份"]))

    async def others_order_for_them(self) -> None:
        await self.hear(self.other(), f"帮{self.name}带一份蓝莓")
        await self.hear("林姐", f"代 {self.name} 沃柑1份")

    def snapshot(self) -> tuple[str, str]:
        """Let somebody add a line to the chain; return who and what."""
        who = self.dice.choice([self.contact, self.talk.member_id(self.other())])
        shown = self.name if who == self.contact else next(
            names[0] for room in self.talk.channel.rooms.values() for key, names in room.members.items() if key == who
        )  # fmt: skip
        note = f" 要{self.word()}的" if who == self.contact else ""
        self.lines.append((who, f"{shown} 草莓{self.dice.randint(1, 3)}份{note}"))
        return who, "\n".join(f"{n}. {text}" for n, (_, text) in enumerate(self.lines, start=1))

    async def chains(self) -> None:
        who, lines = self.snapshot()
        await self.hear(who, f"{HEAD}\n\n{lines}")
        await self.hear(self.other(), f"{HEAD}\n\n{lines}\n{len(self.lines) + 1}. 甜甜 蓝莓1份")

    async def chains_as_xml(self) -> None:
        who, _ = self.snapshot()
        await self.hear(who, chain_xml(HEAD, self.lines))
        await self.hear(self.other(), chain_xml(HEAD, [*self.lines, ("tiantian", "甜甜 沃柑1份")]))

    async def renames(self) -> None:
        self.room_name = f"{self.dice.randint(1, 9)}栋-{self.name}{self.dice.randint(10, 99)}号"
        self.needles.add(self.room_name)
        await self.enter(FRUIT)

    async def writes_in_private(self) -> None:
        room, self.talk.room = self.talk.room, ""
        await self.hear(self.contact, self.word())
        await self.hear(self.contact, self.dice.choice(["我的订单", "为什么推荐", "帮助"]))
        self.talk.room = room

    async def looks_at_their_data(self) -> None:
        await self.hear(self.contact, "我的数据")

    async def leaders_words(self) -> None:
        await self.hear("林姐", self.dice.choice(["统计", "导出", "未付", "催单", f"收款 {self.name}", "需求"]))

    async def others_need(self) -> None:
        await self.hear(self.other(), self.dice.choice(NEEDS))

    async def is_recalled(self) -> None:
        message = self.talk.message(self.contact, f"蓝莓1份 {self.word()}")
        await self.talk.take(message)
        await self.talk.take(self.talk.channel.recall(message))

    async def refuses(self) -> None:
        await self.hear(self.contact, self.dice.choice(["退订", "关闭个性化", "恢复", "打开个性化"]))

    async def is_pasted(self) -> None:
        """Leave a message of theirs waiting, as at a restart."""
        await self.talk.intake.receive(self.talk.message(self.contact, f"{self.word()} 有草莓吗"))

    def other(self) -> str:
        return self.dice.choice(OTHERS)

    async def delete(self) -> None:
        """By their own word, in a group or in private, or by the operator while the bot runs."""
        how = self.dice.choice(["group", "private", "operator"])
        if how == "operator":
            key = MemberKey(*self.account, self.contact)
            async with self.talk.database.transaction() as session:
                person = await personal.person_of(session, key)
                await personal.erase(session, person, Look("operator", "erased", about=key), self.talk.clock.now())
                await inbox.tell_lanes(session, self.talk.clock.now())
        else:
            room, self.talk.room = self.talk.room, self.talk.room if how == "group" else ""
            await self.talk.take(self.talk.message(self.contact, "删除我的数据"))
            await self.talk.take(self.talk.message(self.contact, "确认删除"))
            self.talk.room = room
        while await self.talk.lane.drain():
            pass
        await self.talk.intake.observe(self.talk.channel.seen(self.talk.room_id(FRUIT)))
        sent = await self.talk.send()
        assert [one for one in sent if self.contact in str(one.mentions)] == []
        for number in range(3):
            self.talk.clock.advance(60 + number)
            await self.talk.send()

    async def left(self) -> list[str]:
        """Return where anything of the person is found: database, log, the lane's memory."""
        places = [f"database: {one}" for one in await in_database(self.talk.database, self.needles)]
        places += [f"log: {one}" for one in self.needles if one in self.log.getvalue()]
        memory = set(texts_in(self.talk.parts.pipeline.office))
        places += [f"memory: {text}" for text in memory for one in self.needles if one in text]
        return places


async def in_database(database: Database, needles: Iterable[str]) -> list[str]:
    """Search the whole SQLite file as bytes, after VACUUM and checkpoint, or every column of every row."""
    if database.dialect == "sqlite":
        path = Path(str(database.engine.url.database))
        await database.engine.dispose()
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        data = b"".join(file.read_bytes() for file in (path, Path(f"{path}-wal")) if file.exists())
        written = {needle: forms(needle) for needle in needles}
        return [needle for needle, found in written.items() if any(form in data for form in found)]
    found = []
    async with database.reading() as session:
        for table in SQLModel.metadata.sorted_tables:
            for row in await execute(session, table.select()):
                text = "\n".join(str(value) for value in row) + repr(row)
                found += [f"{table.name}: {needle}" for needle in needles if needle in text]
    return found


def forms(needle: str) -> list[bytes]:
    """Return how a text can stand in the file: as it is, and as JSON writes it."""
    return [needle.encode(), json.dumps(needle)[1:-1].encode(), json.dumps(needle, ensure_ascii=False)[1:-1].encode()]


def texts_in(root: object) -> Iterable[str]:
    """Yield every text that can be reached from an object."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, type) or callable(one):
            continue
        seen.add(id(one))
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, list | tuple | set | frozenset) or hasattr(one, "popleft"):
            waiting += list(one)
        else:
            names = [name for kind in type(one).__mro__ for name in getattr(kind, "__slots__", ())]
            waiting += [getattr(one, name) for name in names if hasattr(one, name)]
            waiting += list(getattr(one, "__dict__", {}).values())


__all__ = ["World", "in_database", "texts_in"]
