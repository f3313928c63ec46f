"""``dataclass`` as of the standard library, whose methods are written when they are first called.

The standard library writes six methods for a frozen class with slots as text and compiles them one by one: 0.7 ms a
class, a fifth of a second of every start, and most of them are never called. Here a class begins with stand-ins; each
makes its method at the first call and puts it in its own place. A frozen object is also made in half the time: each
field is set through its slot instead of by its name through ``object``.

``tests/core/test_records.py`` holds every record of the program against the standard library's.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from reprlib import recursive_repr
from types import MemberDescriptorType
from typing import TYPE_CHECKING, Any, TypeVar

__all__ = ["dataclass"]
T = TypeVar("T")

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(*, frozen: bool = False, slots: bool = False, eq: bool = True) -> Callable[[type[T]], type[T]]:
        """Return the decorator; what else the standard library's can do is asked of it by those who need it."""

        def decorate(cls: type[T]) -> type[T]:
            own = set(cls.__dict__)
            hashed = "__hash__" in own and not (cls.__dict__["__hash__"] is None and "__eq__" in own)
            made = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots)(cls)
            methods: dict[str, Any] = {"__init__": _stand_in(made, "__init__", _init), "__repr__": _repr}
            if eq:
                methods["__eq__"] = _stand_in(made, "__eq__", _eq)
                methods["__hash__"] = _stand_in(made, "__hash__", _hash) if frozen else None
            if frozen:
                methods |= {"__setattr__": _refuse, "__delattr__": _refuse}
                if slots:
                    methods |= {"__getstate__": _state, "__setstate__": _set_state}
            for name, method in methods.items():
                if name not in own or (name == "__hash__" and not hashed):
                    setattr(made, name, method)
            return made

        return decorate


def _stand_in(cls: type, name: str, write: Callable[[type], Callable[..., Any]]) -> Callable[..., Any]:
    """Return a method that puts the one that ``write`` makes in its place, and does what that one does."""

    def method(self: object, *args: Any, **named: Any) -> Any:
        written = write(cls)
        written.__name__, written.__qualname__ = name, f"{cls.__qualname__}.{name}"
        setattr(cls, name, written)
        return written(self, *args, **named)

    method.__name__, method.__qualname__ = name, f"{cls.__qualname__}.{name}"
    return method


def _init(cls: Any) -> Callable[..., Any]:
    """Write ``__init__``. What a default is and how a field is set are names of the function's surroundings."""
    frozen = cls.__setattr__ is _refuse
    around: dict[str, Any] = {"MISSING": dataclasses.MISSING, "set_any": object.__setattr__}
    arguments, body = ["self"], []
    for field in dataclasses.fields(cls):
        name, value = field.name, field.name
        if field.default_factory is not dataclasses.MISSING:
            around[f"make_{name}"] = field.default_factory
            value = f"make_{name}() if {name} is MISSING else {name}" if field.init else f"make_{name}()"
        elif not field.init:
            around[f"default_{name}"] = field.default
            value = f"default_{name}"
        if field.init:
            arguments.append(name + _default(field, around))
        slot = getattr(cls, name, None)
        if not frozen:
            body.append(f"  self.{name} = {value}")
        elif isinstance(slot, MemberDescriptorType):
            around[f"set_{name}"] = slot.__set__
            body.append(f"  set_{name}(self, {value})")
        else:
            body.append(f"  set_any(self, {name!r}, {value})")
    return _written(f"({', '.join(arguments)}):", body or ["  pass"], around)


def _default(field: dataclasses.Field[Any], around: dict[str, Any]) -> str:
    if field.default_factory is not dataclasses.MISSING:
        return "=MISSING"
    if field.default is dataclasses.MISSING:
        return ""
    around[f"default_{field.name}"] = field.default
    return f"=default_{field.name}"


def _eq(cls: Any) -> Callable[..., Any]:
    names = [field.name for field in dataclasses.fields(cls) if field.compare]
    mine, others = (_tuple(who, names) for who in ("self", "other"))
    body = ["  if other.__class__ is self.__class__:", f"   return {mine} == {others}", "  return NotImplemented"]
    return _written("(self, other):", body, {})


def _hash(cls: Any) -> Callable[..., Any]:
    fields = dataclasses.fields(cls)
    names = [field.name for field in fields if (field.compare if field.hash is None else field.hash)]
    return _written("(self):", [f"  return hash({_tuple('self', names)})"], {})


def _tuple(who: str, names: list[str]) -> str:
    return f"({''.join(f'{who}.{name}, ' for name in names)})"


def _written(head: str, body: list[str], around: dict[str, Any]) -> Callable[..., Any]:
    """Compile a function whose free names are ``around``; they cost no more than local ones."""
    text = "\n".join((f"def surroundings({', '.join(around)}):", f" def method{head}", *body, " return method"))
    scope: dict[str, Any] = {}
    exec(text, {}, scope)  # noqa: S102 - names of fields of our own classes, as the standard library does
    made: Callable[..., Any] = scope["surroundings"](**around)
    return made


@recursive_repr()
def _repr(self: Any) -> str:
    fields = dataclasses.fields(self)
    said = ", ".join(f"{field.name}={getattr(self, field.name)!r}" for field in fields if field.repr)
    return f"{self.__class__.__qualname__}({said})"


def _refuse(self: object, name: str, *_: object) -> None:
    """Stand for ``__setattr__`` and ``__delattr__`` of what is frozen."""
    raise dataclasses.FrozenInstanceError(f"cannot assign to or delete field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, field.name) for field in dataclasses.fields(self)]


def _set_state(self: Any, state: list[Any]) -> None:
    for field, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)
