"""A pattern that is compiled at its first use is used as any other."""

from __future__ import annotations

import copy
import re

import pytest

from core.late import late


def test_it_finds_what_the_compiled_expression_finds() -> None:
    written, compiled = late("(?P<much>[一二三]|\\d+)盒"), re.compile("(?P<much>[一二三]|\\d+)盒")
    text = "草莓三盒，苹果12盒"
    assert written.pattern == compiled.pattern
    assert written.findall(text) == compiled.findall(text) == ["三", "12"]
    assert [one.span("much") for one in written.finditer(text)] == [one.span("much") for one in compiled.finditer(text)]
    assert written.sub("几盒", text) == compiled.sub("几盒", text)
    assert written.match(text) is None
    assert written.flags == compiled.flags


def test_a_wrong_one_says_so_when_it_is_used() -> None:
    wrong = late("草莓(")
    with pytest.raises(re.error, match="missing \\)"):
        wrong.search("草莓")


def test_a_copy_finds_the_same() -> None:
    found = copy.deepcopy(late("草莓")).search("要草莓")
    assert found is not None
    assert found.start() == 1
