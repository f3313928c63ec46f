"""All SQL of tags: write what a batch of messages said, read somebody's profile, delete from it, let it fade.

Weights fade in the statement that adds to them, so that two processes may add to one tag and lose nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import (
    Float,
    Integer,
    Table,
    and_,
    bindparam,
    case,
    cast,
    delete,
    extract,
    func,
    literal,
    or_,
    select,
    tuple_,
    update,
)
from sqlmodel.ext.asyncio.session import AsyncSession

from core.database import dialect_of, execute, insert_in, insert_into
from core.many_rows import EachRow
from core.types import UtcDateTime
from groups.models import Member, MemberTag, TagMark
from groups.people import ledger
from groups.people.profiles import WEIGHTS, Evidence, Source, Tag, TagKind, decayed, wider
from groups.settings import ProfileSettings
from groups.state import MemberKey

_members: Table = Member.__table__  # type: ignore[attr-defined]
_tags: Table = MemberTag.__table__  # type: ignore[attr-defined]
_marks: Table = TagMark.__table__  # type: ignore[attr-defined]

_person = (_members.c.channel, _members.c.account, _members.c.contact_id)

_weights_of_some = (
    select(*_person, _tags.c.id, _tags.c.kind, _tags.c.value, _tags.c.key, _tags.c.weight, _tags.c.at)
    .join(_members, _members.c.id == _tags.c.member_id)
    .where(tuple_(*_person).in_(bindparam("people", expanding=True)), _members.c.personalisation_off_at.is_(None))
)
_any_mark = select(_marks.c.mark).limit(1)
_marks_among = select(_marks.c.mark).where(_marks.c.mark.in_(bindparam("marks", expanding=True)))

_KINDS = {kind.value: kind for kind in TagKind}
_CHUNK = 500
_NAMES = ("member_id", "kind", "key", "value")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class KeptTag:
    """A tag as it stands now: its weight of today, and what it rests on."""

    id: int
    tag: Tag
    weight: float
    said: int
    ordered: int
    first_at: datetime
    at: datetime


class Weighed(NamedTuple):
    """What a tag counts for in the order of products: the row's id, the tag, and its weight of today."""

    id: int
    tag: Tag
    weight: float


async def record(
    session: AsyncSession, evidence: Sequence[tuple[MemberKey, Evidence]], settings: ProfileSettings, now: datetime
) -> None:
    """Write what a batch of messages says of its members, in the session's transaction.

    Left out are members who are not stored or have refused personal answers, and tags that their owner deleted.
    """
    if not evidence or not settings.enabled:
        return
    ids, many = await _willing(session, {member for member, _ in evidence})
    marked = await _marked(session, [(member, tag) for member, one in evidence if member in ids for tag in one.tags])
    said: dict[tuple[int, Tag], dict[str, Any]] = {}
    taken_back: dict[tuple[int, Tag], dict[str, Any]] = {}
    for member, one in evidence:
        rows = taken_back if one.source is Source.TAKEN_BACK else said
        for tag in one.tags if member in ids else ():
            if not marked or marked.isdisjoint((member, above) for above in wider(tag)):
                _fold(rows.setdefault((ids[member], tag), _blank(ids[member], tag, one.at)), one)
    await _add(session, [said[key] for key in sorted(said)], settings)
    await _take_back(session, [taken_back[key] for key in sorted(taken_back)])
    grown = Counter(member_id for member_id, _ in said)
    full = {member_id for member_id, new in grown.items() if many[member_id] + new > settings.most_tags}
    await _trim(session, full, settings, now)


async def tags_of(session: AsyncSession, member: MemberKey, settings: ProfileSettings, now: datetime) -> list[KeptTag]:
    """Return somebody's tags, the strongest first."""
    query = select(_tags).join(_members, _members.c.id == _tags.c.member_id).where(_is(member))
    return _by_strength(_kept(row, settings, now) for row in await execute(session, query))


async def weights_of_willing(
    session: AsyncSession, members: Collection[MemberKey], settings: ProfileSettings, now: datetime
) -> dict[MemberKey, list[Weighed]]:
    """Return by member what their tags weigh today, the strongest first; without who has none or refused.

    Refused are personal answers, of which the same statement asks.
    """
    found: dict[MemberKey, list[Weighed]] = {}
    for chunk in _chunks(sorted(members)):
        rows = (await execute(session, _weights_of_some, {"people": chunk})).all()
        for channel, account, contact_id, key, kind, value, name, weight, at in rows:
            weighed = Weighed(key, Tag(_KINDS[kind], value, name), decayed(weight, at, now, settings.half_life_days))
            found.setdefault(MemberKey(channel, account, contact_id), []).append(weighed)
    for kept in found.values():
        kept.sort(key=lambda one: (-one.weight, one.id))
    return found


def _kept(row: Any, settings: ProfileSettings, now: datetime) -> KeptTag:
    return KeptTag(
        id=row.id,
        tag=Tag(TagKind(row.kind), row.value, row.key),
        weight=decayed(row.weight, row.at, now, settings.half_life_days),
        said=row.said,
        ordered=row.ordered,
        first_at=row.first_at,
        at=row.at,
    )


def _by_strength(tags: Iterable[KeptTag]) -> list[KeptTag]:
    return sorted(tags, key=lambda kept: (-kept.weight, kept.id))


async def refused(session: AsyncSession, member: MemberKey) -> bool:
    """Tell whether a person has refused personal answers."""
    query = select(_members.c.id).where(_is(member), _members.c.personalisation_off_at.is_not(None))
    return (await execute(session, query)).first() is not None


async def delete_tags(session: AsyncSession, member: MemberKey, tags: Sequence[Tag], now: datetime) -> None:
    """Delete somebody's tags and mark them, so that they do not come back."""
    # excludes who is just writing tags of this person: they look for marks first, under a lock that this one waits for
    member_id = (
        await execute(session, select(_members.c.id).where(_is(member)).with_for_update())
    ).scalar_one_or_none()
    if member_id is None or not tags:
        return
    secret = await ledger.key(session)
    marks = [{"mark": ledger.tag_mark(secret, member, *_text(tag)), "at": now} for tag in tags]
    await execute(session, insert_into(session, _marks).on_conflict_do_nothing(), marks)
    for chunk in _chunks(tags):
        named = tuple_(_tags.c.kind, _tags.c.value, _tags.c.key).in_([_text(tag) for tag in chunk])
        await execute(session, delete(_tags).where(_tags.c.member_id == member_id, named))


async def forget(session: AsyncSession, settings: ProfileSettings, before: datetime, now: datetime) -> int:
    """Delete tags that rest on nothing newer than ``before``, or that have faded; return how many."""
    weight = _faded(dialect_of(session), literal(now, UtcDateTime), settings.half_life_days)
    faded = weight < settings.least_weight
    return int((await execute(session, delete(_tags).where(or_(_tags.c.at < before, faded)))).rowcount)


async def _willing(session: AsyncSession, members: set[MemberKey]) -> tuple[dict[MemberKey, int], dict[int, int]]:
    """Return the ids of those who have not refused, and how many tags each has.

    Each is held until the commit against a deletion of their tags.
    """
    ids: dict[MemberKey, int] = {}
    counts: dict[int, int] = {}
    for chunk in _chunks(sorted(members)):
        for row in await execute(session, _willing_query(), {"people": chunk}):
            ids[MemberKey(row.channel, row.account, row.contact_id)] = row.id
            counts[row.id] = row.many
    return ids, counts


@cache
def _willing_query() -> Any:
    many = select(func.count()).where(_tags.c.member_id == _members.c.id).correlate(_members).scalar_subquery()
    return (
        select(_members.c.id, *_person, many.label("many"))
        .where(tuple_(*_person).in_(bindparam("people", expanding=True)), _members.c.personalisation_off_at.is_(None))
        .order_by(_members.c.id)
        .with_for_update(read=True, key_share=True, of=_members)
    )


async def _marked(session: AsyncSession, said: Iterable[tuple[MemberKey, Tag]]) -> set[tuple[MemberKey, Tag]]:
    """Return which of these tags, or of the categories above them, their owners have deleted."""
    if (await execute(session, _any_mark)).first() is None:
        return set()  # nobody ever deleted a tag: no hashes are needed
    secret = await ledger.key(session)
    wanted = {(member, above) for member, tag in said for above in wider(tag)}
    by_mark = {ledger.tag_mark(secret, member, *_text(tag)): (member, tag) for member, tag in wanted}
    found: set[tuple[MemberKey, Tag]] = set()
    for chunk in _chunks(by_mark):
        found |= {by_mark[row.mark] for row in await execute(session, _marks_among, {"marks": chunk})}
    return found


def _blank(member_id: int, tag: Tag, at: datetime) -> dict[str, Any]:
    key = {"member_id": member_id, "kind": tag.kind.value, "key": tag.key, "value": tag.value}
    return {**key, "weight": 0.0, "said": 0, "ordered": 0, "first_at": at, "at": at}


def _fold(row: dict[str, Any], one: Evidence) -> None:
    row["weight"] += WEIGHTS[one.source]
    row["said"] += one.source is Source.SAID
    row["ordered"] += one.source is not Source.SAID
    row["first_at"], row["at"] = min(row["first_at"], one.at), max(row["at"], one.at)


async def _add(session: AsyncSession, rows: Sequence[Mapping[str, Any]], settings: ProfileSettings) -> None:
    if rows:
        await _adding(dialect_of(session), settings.half_life_days).carry_out_named(session, rows)


@cache
def _adding(dialect: str, half_life_days: float) -> EachRow:
    """Return the statement that writes a tag, or adds to it."""
    statement = insert_in(dialect, _tags)
    new = statement.excluded
    fresh = {
        "weight": _faded(dialect, new.at, half_life_days) + new.weight,
        "said": _tags.c.said + new.said,
        "ordered": _tags.c.ordered + new.ordered,
        "at": case((new.at > _tags.c.at, new.at), else_=_tags.c.at),
    }
    upsert = statement.on_conflict_do_update(index_elements=_NAMES, set_=fresh)
    return EachRow(upsert, (*_NAMES, "weight", "said", "ordered", "first_at", "at"))


async def _take_back(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Take the weight of orders back that were cancelled; what then rests on nothing goes."""
    if not rows:
        return
    same = and_(*(_tags.c[name] == bindparam(f"where_{name}") for name in _NAMES))
    less = {
        "weight": _not_negative(_tags.c.weight - bindparam("less_weight", type_=Float)),
        "ordered": _not_negative(_tags.c.ordered - bindparam("less_ordered", type_=Integer)),
    }
    bound = [
        {
            **{f"where_{name}": row[name] for name in _NAMES},
            **{f"less_{name}": row[name] for name in ("weight", "ordered")},
        }
        for row in rows
    ]
    await execute(session, update(_tags).where(same).values(less), bound)
    empty = and_(_tags.c.said <= 0, _tags.c.ordered <= 0)
    await execute(session, delete(_tags).where(_tags.c.member_id.in_({row["member_id"] for row in rows}), empty))


async def _trim(session: AsyncSession, member_ids: set[int], settings: ProfileSettings, now: datetime) -> None:
    """Keep only the strongest tags of these members."""
    trimming = _trimming(dialect_of(session), settings.half_life_days)
    for chunk in _chunks(sorted(member_ids)):
        await execute(session, trimming, {"now": now, "members": chunk, "most": settings.most_tags})


@cache
def _trimming(dialect: str, half_life_days: float) -> Any:
    """Return the statement that deletes all but the ``most`` strongest tags of ``members`` at ``now``."""
    weight = _faded(dialect, bindparam("now", type_=UtcDateTime), half_life_days)
    place = func.row_number().over(
        partition_by=_tags.c.member_id, order_by=(weight.desc(), _tags.c.at.desc(), _tags.c.id)
    )
    most = bindparam("most", type_=Integer)
    here = _tags.c.member_id.in_(bindparam("members", expanding=True))
    of_too_many = select(_tags.c.member_id).where(here).group_by(_tags.c.member_id).having(func.count() > most)
    ranked = select(_tags.c.id, place.label("place")).where(_tags.c.member_id.in_(of_too_many)).subquery()
    weakest = select(ranked.c.id).where(ranked.c.place > most)
    return delete(_tags).where(_tags.c.id.in_(weakest))


def _faded(dialect: str, now: Any, half_life_days: float) -> Any:
    """Return the weight of a tag's row as it is at ``now``; what was said before that row's time fades nothing."""
    if dialect == "postgresql":
        days = cast(extract("epoch", now - _tags.c.at), Float) / 86_400.0
    else:
        days = func.julianday(now) - func.julianday(_tags.c.at)
    halvings = case((now > _tags.c.at, days / half_life_days), else_=0.0)
    return _tags.c.weight * func.power(literal(0.5, Float), cast(halvings, Float))


def _not_negative(value: Any) -> Any:
    return case((value > 0, value), else_=0)


def _is(member: MemberKey) -> Any:
    return and_(
        _members.c.channel == member.channel,
        _members.c.account == member.account,
        _members.c.contact_id == member.contact_id,
    )


def _text(tag: Tag) -> tuple[str, str, str]:
    return tag.kind.value, tag.value, tag.key


def _chunks(values: Iterable[_T]) -> Iterator[list[_T]]:
    everything = list(values)
    for start in range(0, len(everything), _CHUNK):
        yield everything[start : start + _CHUNK]
