import copy
import dataclasses
import importlib
import inspect
import pickle
import pkgutil
from dataclasses import field, replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from core.records import dataclass

PACKAGES = ("bot", "scheduler", "recommender", "orders", "groups", "catalog", "core")
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Point:
    """Frozen."""

    x: int
    y: "tuple[int, ...]" = (1, 2)
    seen: list[str] = field(default_factory=list, compare=False)
    kind: str = field(default="open", init=False)
    secret: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Place(Point):
    """A frozen one with one more field."""

    name: str = "here"


@dataclass(slots=True)
class Basket:
    """Not frozen."""

    owner: str
    goods: dict[str, int] = field(default_factory=dict)
    full: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Thing:
    """Equal to itself alone."""

    x: int


@dataclass(frozen=True)
class Open:
    """Frozen and without slots."""

    x: int
    y: int = 2


@dataclass(slots=True)
class Empty:
    """Nothing in it."""


def _records() -> list[Any]:
    """Return every record of the program: what is a dataclass without being the standard library's."""
    found = {}
    for package in PACKAGES:
        for module in pkgutil.walk_packages([str(ROOT / package)], f"{package}."):
            if "migrations" in module.name:
                continue
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(value, type) and dataclasses.is_dataclass(value) and value.__module__ == module.name:
                    found[value.__module__, value.__qualname__] = value
    return list(found.values())


def _standard(record: Any) -> Any:
    """Return what the standard library makes of the same fields."""
    specs = []
    for one in dataclasses.fields(record):
        keys = ("default", "default_factory", "init", "repr", "hash", "compare")
        specs.append((one.name, one.type, field(**{key: getattr(one, key) for key in keys})))
    frozen = record.__dict__.get("__setattr__") is not None
    equal = record.__eq__ is not object.__eq__
    slots = hasattr(record, "__slots__")
    return dataclasses.make_dataclass(record.__name__, specs, frozen=frozen, eq=equal, slots=slots)


OURS = [Point, Place, Basket, Thing, Open, Empty]


@pytest.mark.parametrize(
    "record", [*OURS, *_records()], ids=lambda record: f"{record.__module__}.{record.__qualname__}"
)
def test_is_what_the_standard_library_makes(record: Any) -> None:
    standard = _standard(record)
    needed = [one for one in dataclasses.fields(record) if one.init]
    values = {one.name: f"v{place}" for place, one in enumerate(needed)}
    mine, theirs = (cls.__new__(cls) for cls in (record, standard))
    for made, cls in ((mine, record), (theirs, standard)):
        cls.__init__(made, **values)
    assert [getattr(mine, one.name) for one in needed] == list(values.values())
    assert [one.name for one in dataclasses.fields(record)] == [one.name for one in dataclasses.fields(standard)]
    written = inspect.signature(record.__init__).parameters
    assert [(one.name, one.kind) for one in written.values()] == [
        (one.name, one.kind) for one in inspect.signature(standard.__init__).parameters.values()
    ]
    assert record.__match_args__ == standard.__match_args__
    assert (record.__hash__ is None) == (standard.__hash__ is None)
    if "__repr__" in vars(record) and vars(record)["__repr__"].__module__ == "core.records":
        assert repr(mine).partition("(")[2] == repr(theirs).partition("(")[2]
    least = {name: values[name] for name, one in written.items() if name != "self" and one.default is one.empty}
    for made, cls in ((mine, record), (theirs, standard)):
        cls.__init__(made, **least)
    for one in dataclasses.fields(record):
        default, theirs_is = getattr(mine, one.name), getattr(theirs, one.name)
        assert type(default) is type(theirs_is)
        assert default is theirs_is or one.default_factory is not dataclasses.MISSING
    record.__init__(mine, **values)
    again = record.__new__(record)
    record.__init__(again, **values)
    assert (mine == again) == (record.__eq__ is not object.__eq__)
    assert mine.__eq__("else") is NotImplemented
    for one in needed:
        other = record.__new__(record)
        record.__init__(other, **(values | {one.name: "else"}))
        assert (mine == other) == (record.__eq__ is not object.__eq__ and not one.compare)


def test_there_are_records() -> None:
    assert len(_records()) > 200


def test_defaults_are_made_anew_where_they_are_made() -> None:
    one, other = Point(1), Point(1)
    assert (one.x, one.y, one.seen, one.kind) == (1, (1, 2), [], "open")
    one.seen.append("a")
    assert other.seen == []
    assert Basket("a").goods is not Basket("a").goods


@pytest.mark.parametrize("record", [Point, Place, Thing, Open])
def test_what_is_frozen_stays_as_it_is(record: Any) -> None:
    made = record(1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.x = 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        del made.x
    with pytest.raises((dataclasses.FrozenInstanceError, AttributeError, TypeError)):
        made.unknown = 2
    assert made.x == 1


def test_equal_ones_are_one_key() -> None:
    keys = {Point(x, seen=[str(y)]): y for x, y in product(range(3), range(3))}
    assert len(keys) == 3
    assert len({Thing(1), Thing(1)}) == 2
    assert Point(1) != Place(1)
    with pytest.raises(TypeError):
        hash(Basket("a"))  # type: ignore[call-overload, unused-ignore]


@pytest.mark.parametrize(
    "made", [Point(1, (3,), ["a"]), Place(1, name="there"), Basket("a", {"b": 1}), Open(3), Empty()]
)
def test_is_copied_whole(made: Any) -> None:
    for copied in (copy.copy(made), copy.deepcopy(made), pickle.loads(pickle.dumps(made)), replace(made)):  # noqa: S301
        assert copied == made
        assert type(copied) is type(made)
        assert repr(copied) == repr(made)


def test_says_what_an_argument_lacks() -> None:
    class Fresh:
        x: int

    record: Any = dataclass(slots=True)(Fresh)
    with pytest.raises(TypeError, match="x"):
        record()
    assert record(1).x == 1


def test_own_methods_stay() -> None:
    @dataclass(frozen=True, slots=True)
    class Own:
        x: int

        def __repr__(self) -> str:
            return "own"

        def __eq__(self, other: object) -> bool:
            return True

        def __hash__(self) -> int:
            return 7

    assert (repr(Own(1)), Own(1) == Own(2), hash(Own(1))) == ("own", True, 7)


def test_no_module_of_the_program_asks_the_standard_library() -> None:
    """One kind of record: another one costs 0.7 ms of every start. Money is ordered, which this one cannot do."""
    asking = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith("from dataclasses import")
        and "dataclass" in line.split("import")[1].replace(",", " ").split()
    }
    assert asking == {"core/types.py"}
