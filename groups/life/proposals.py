"""When a group of its own is worth proposing, and to whom an invitation may go. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from core.late import late
from groups.rules import clean_name
from groups.state import GroupState, LabelKind, LabelSource, LabelState

_TOPIC_LENGTH = 30
"""Characters; the chat shows no more of a room's name in its list."""
_SENSITIVE = late(
    r"母婴|玩具|孕|婴|幼儿|童|宝宝|小孩|孩子|奶粉|辅食|尿裤|尿不湿|书包|早教|月子|妈妈"
    r"|药|医|保健|疫苗|血压|血糖|血氧|胰岛|体温计|拐杖|轮椅|助听|护膝|痔|脚气|减肥|戒烟|成人|避孕|安全套|验孕|卫生巾|假发|防脱"
    r"|佛像|佛珠|佛经|念珠|香烛|圣经|古兰|清真|礼拜|祭祀|纸钱"
)
"""Health, children, faith: who asked for such things is counted by nobody and invited by nobody."""
_HARMLESS = late(r"[山芍]药|药皂|童子鸡|暖宝宝|[猫狗]玩具|[猫狗豆驼酸]奶粉")
"""What only looks like it."""


class ProposalKind(StrEnum):
    """What is proposed."""

    OPEN = "open"  # a new group for a need that no group serves
    SPLIT = "split"  # a new group for some members of one
    MERGE = "merge"
    MOVE = "move"
    RETIRE = "retire"  # or, with ``revive`` in what it is about, take into use again


class ProposalState(StrEnum):
    """Where a proposal stands."""

    PROPOSED = "proposed"  # waits for the leader's word
    AGREED = "agreed"  # the room is still to be made
    MAKING = "making"  # the channel was asked for the room, or members are being invited
    DONE = "done"
    BY_HAND = "by_hand"  # the leader got the text and the list
    FAILED = "failed"  # certainly not done
    UNKNOWN = "unknown"  # the channel gave no answer; never tried again
    DECLINED = "declined"
    EXPIRED = "expired"  # nobody answered in time
    VOID = "void"  # its groups are gone, or nobody is left to invite


MAKES_ROOM = frozenset({ProposalKind.OPEN, ProposalKind.SPLIT})
LIFETIMES: Mapping[ProposalKind, timedelta] = {
    ProposalKind.OPEN: timedelta(days=7),
    ProposalKind.SPLIT: timedelta(days=1),
    ProposalKind.MERGE: timedelta(days=1),
    ProposalKind.MOVE: timedelta(days=1),
    ProposalKind.RETIRE: timedelta(days=1),
}
"""How long a 同意 still counts for what was asked."""
LONGEST_LIFETIME = max(LIFETIMES.values())


@dataclass(frozen=True, slots=True)
class Wish:
    """One stated need: ``goods`` as they are called, ``category`` their path, empty when the word is of no list."""

    group_id: int
    member: str
    goods: str
    category: str = ""
    unmet: bool = True


@dataclass(frozen=True, slots=True)
class Want:
    """What enough members want. ``key`` tells it from others; ``name`` is what people call it."""

    key: str
    name: str
    category: str
    members: tuple[str, ...]
    group_ids: tuple[int, ...]

    @property
    def label(self) -> LabelState:
        """Return what a group made for it is labelled with, on the leader's word."""
        if self.category:
            return LabelState(LabelKind.CATEGORY, self.category, LabelSource.LEADER, 1.0)
        return LabelState(LabelKind.FREE, self.name, LabelSource.LEADER, 1.0, key="商品")


def is_sensitive(*words: str) -> bool:
    """Tell whether goods, their category or whom they are for touch health, children or faith."""
    if any(word == "宠物" or word.startswith("宠物/") for word in words):
        return False
    return any(_SENSITIVE.search(_HARMLESS.sub("", word)) for word in words)


def invitable(states: Iterable[GroupState], member: str) -> bool:
    """Tell whether somebody may be counted and invited: here, and nowhere in these groups refusing."""
    found = [state.members[member] for state in states if member in state.members]
    refuses = any(one.unsubscribed or one.personalisation_off for one in found)
    leads = any(member in {*state.leader_ids, state.account} for state in states)
    return any(one.present for one in found) and not refuses and not leads


def serves(state: GroupState, category: str, goods: str) -> bool:
    """Tell whether a group is labelled with these goods, or with a category that they belong to."""
    free = {label.value for label in state.labels if label.kind is LabelKind.FREE and label.confidence > 0}
    return goods in free or any(_covers(value, category, goods) for value in (*state.categories, *free))


def unserved(
    states: Sequence[GroupState],
    wishes: Iterable[Wish],
    *,
    least_members: int,
    least_groups: int,
    forgotten: AbstractSet[str] = frozenset(),
) -> list[Want]:
    """Return what members of one leader's groups want and none of the groups is for, most wanted first.

    A need counts when nothing answered it, or when it was asked where a group is bound to other things; each person
    once. Narrow kinds go before wide ones, and a wide one that holds a found one is left out.
    """
    by_id = {state.id: state for state in states}
    allowed: dict[str, bool] = {}
    asked: defaultdict[str, list[Wish]] = defaultdict(list)
    for wish in wishes:
        state = by_id.get(wish.group_id)
        if state is None or not _counts(wish, state) or any(serves(one, wish.category, wish.goods) for one in states):
            continue
        if wish.member not in allowed:
            allowed[wish.member] = wish.member not in forgotten and invitable(states, wish.member)
        if allowed[wish.member]:
            for key in _keys(wish):
                asked[key].append(wish)
    found: list[Want] = []
    for key in sorted(asked, key=lambda key: (-key.count("/"), -len(_members(asked[key])), key)):
        want = _want(key, asked[key], least_members)
        enough = len(want.members) >= least_members and len(want.group_ids) >= least_groups
        if enough and not any(one.key == key or one.key.startswith(f"{key}/") for one in found):
            found.append(want)
    return sorted(found, key=lambda want: (-len(want.members), want.key))


def new_topic(leader: str, name: str) -> str:
    """Return what a new group is called: 林姐猫粮群."""
    return clean_name(f"{leader}{name}群")[:_TOPIC_LENGTH]


def _counts(wish: Wish, state: GroupState) -> bool:
    if not wish.goods or is_sensitive(wish.goods, wish.category):
        return False
    bound_elsewhere = bool(state.categories) and not serves(state, wish.category, wish.goods)
    return wish.unmet or bound_elsewhere


def _covers(label: str, category: str, goods: str) -> bool:
    return label in {goods, category} or category.startswith(f"{label}/")


def _keys(wish: Wish) -> list[str]:
    """Return every kind that a need belongs to, from its narrowest category up; its own name where it has none."""
    parts = [part for part in wish.category.split("/") if part]
    return ["/".join(parts[:depth]) for depth in range(len(parts), 0, -1)] or [wish.goods]


def _members(wishes: Iterable[Wish]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(wish.member for wish in wishes))


def _want(key: str, wishes: Sequence[Wish], least_members: int) -> Want:
    """Call a kind by the goods that enough people named, else by its own last name."""
    named = Counter(goods for goods, _ in {(wish.goods, wish.member) for wish in wishes})
    goods, count = max(named.items(), key=lambda pair: (pair[1], pair[0]))
    return Want(
        key=key,
        name=goods if count >= least_members else key.rpartition("/")[2],
        category=key if wishes[0].category else "",
        members=_members(wishes),
        group_ids=tuple(sorted({wish.group_id for wish in wishes})),
    )
