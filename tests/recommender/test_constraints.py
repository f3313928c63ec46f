"""What narrows a need down."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.recommender.conftest import Read


@pytest.mark.parametrize(
    ("text", "most"),
    [
        ("想买草莓,五十以内", 50),
        ("想买草莓,50块钱以内", 50),
        ("想买双棉拖鞋，别超过三十块", 30),
        ("想买草莓,不超过100", 100),
        ("求推荐豆浆机，最多三百", 300),
        ("哪里有十块钱以里的洗菜盆", 10),
        ("求推荐洗衣皂，五块十块的就行", 10),
        ("想买草莓,一百二以内", 120),
        ("想买草莓", None),
        ("想买草莓,50左右", None),
        ("想买草莓,最多3斤", None),
    ],
)
def test_price_bound(text: str, most: int | None, read: Read) -> None:
    assert read(text).constraints.price_max == (None if most is None else Decimal(most))


def test_price_range(read: Read) -> None:
    constraints = read("想买个锅,50到80块").constraints
    assert (constraints.price_min, constraints.price_max) == (Decimal(50), Decimal(80))


@pytest.mark.parametrize(
    ("text", "quantity"),
    [
        ("想囤两箱牛奶", (2, "箱")),
        ("想买半只鸭子", (0.5, "只")),
        ("想买一瓶酱油", (1, "瓶")),
        ("想买十来个皮蛋", (10, "个")),
        ("想买一个锅", (None, "")),
        ("抽纸最后一包了", (None, "")),
        ("想买三块钱的豆腐", (None, "")),
        ("想团番茄 5斤装的", (None, "")),
        ("想买一盒30枚的鸡蛋", (1, "盒")),
        ("有没有24枚的鹌鹑蛋卖", (None, "")),
        ("芦柑十斤一筐太多，分我三斤谁拿剩的", (3, "斤")),
        ("抽纸六提起批，谁跟我凑", (None, "")),
        ("蚊帐破了，昨晚被咬三个包，求推荐蚊帐", (None, "")),
        ("求推荐一米八床用的凉席", (None, "")),
        ("晾衣架断了两根，哪里有卖", (None, "")),
        ("蛤蜊今天有吗，给我加两斤", (2, "斤")),
    ],
)
def test_quantity(text: str, quantity: tuple[float | None, str], read: Read) -> None:
    constraints = read(text).constraints
    assert (constraints.quantity, constraints.unit) == quantity


@pytest.mark.parametrize(
    ("text", "attributes"),
    [
        ("有无糖的酸奶吗", {"无糖"}),
        ("想买0糖酸奶", {"无糖"}),
        ("想买甜一点的橘子", {"甜"}),
        ("有没有L码的尿不湿", {"l码"}),
        ("要没糖的豆浆粉，有吗", {"无糖"}),
    ],
)
def test_attributes_in_their_kept_form(text: str, attributes: set[str], read: Read) -> None:
    assert attributes <= set(read(text).constraints.attributes)


@pytest.mark.parametrize("text", ["胶带要很多卷，哪里批发", "想买三卷胶带", "蓝莓来4盒", "想囤12包抽纸"])
def test_how_many_is_no_attribute(text: str, read: Read) -> None:
    assert read(text).constraints.attributes == ()


def test_a_pack_beside_the_quantity_is_an_attribute(read: Read) -> None:
    constraints = read("想买两箱12包的抽纸").constraints
    assert (constraints.quantity, constraints.unit, constraints.attributes) == (2, "箱", ("12包",))


@pytest.mark.parametrize(
    "text",
    [
        "有没有无糖的饼干",
        "有没无糖饼干",
        "有木有无糖的饼干",
        "团长有没有无糖饼干卖",
        "没有无糖的饼干吗",
        "饼干没有无糖的?",
    ],
)
def test_who_asks_whether_there_is_something_wants_it(text: str, read: Read) -> None:
    constraints = read(text).constraints
    assert constraints.attributes == ("无糖",)
    assert constraints.excluded == ()


@pytest.mark.parametrize("text", ["想买点辣条,不要辣的", "辣条哪个不辣,想买"])
def test_what_is_not_wanted_is_excluded(text: str, read: Read) -> None:
    constraints = read(text).constraints
    assert {"辣", "不辣"} & {*constraints.excluded, *constraints.attributes}
    assert "辣" not in constraints.attributes


@pytest.mark.parametrize(
    ("text", "whom"), [("想给我妈买牛奶", "老人"), ("给宝宝买点湿巾", "宝宝"), ("求推荐儿童防晒", ""), ("想买牛奶", "")]
)
def test_for_whom_only_when_somebody_is_named(text: str, whom: str, read: Read) -> None:
    assert read(text).constraints.for_whom == whom


@pytest.mark.parametrize(
    ("text", "attributes"),
    [
        ("想给我妈买牛奶", ()),
        ("想买我妈奶粉", ()),
        ("想给宝宝买点苹果", ()),
        ("想买宝宝湿巾", ("宝宝",)),
        ("想买老人奶粉", ("老人",)),
        ("求推荐儿童防晒", ("儿童",)),
    ],
)
def test_for_whom_is_an_attribute_only_in_the_name_of_goods(text: str, attributes: tuple[str, ...], read: Read) -> None:
    assert read(text).constraints.attributes == attributes


def test_brand_time_and_place(read: Read) -> None:
    constraints = read("想买蓝月亮洗衣液,明天送到3号楼").constraints
    assert (constraints.brand, constraints.when, constraints.place) == ("蓝月亮", "明天", "3号楼")


def test_nothing_stated(read: Read) -> None:
    assert not read("想买草莓").constraints.any
