"""What members type and what it must become: orders."""

from __future__ import annotations

import pytest

from tests.orders.tables import FRUIT, LUNCH, MEAT, STRAWBERRY, offer, read, short, table

ONE = [
    ("+1", "add 11 1"),
    ("＋1", "add 11 1"),
    ("➕1", "add 11 1"),
    ("+2", "add 11 2"),
    ("加一", "add 11 1"),
    ("加1", "add 11 1"),
    ("十1", "add 11 1"),
    ("我也要", "add 11 1"),
    ("我要", "add 11 1"),
    ("算我一个", "add 11 1"),
    ("带我", "add 11 1"),
    ("我要！", "add 11 1"),
    ("1", "-"),
    ("草莓+2", "add 11 2"),
    ("草莓＋２", "add 11 2"),
    ("草莓*2", "add 11 2"),
    ("草莓x2", "add 11 2"),
    ("草莓X2", "add 11 2"),
    ("草莓×2", "add 11 2"),
    ("草莓✖️2", "add 11 2"),
    ("草莓2", "add 11 2"),
    ("草莓2份", "add 11 2"),
    ("🍓2份", "add 11 2"),
    ("两盒草莓", "add 11 2"),
    ("要草莓两盒", "add 11 2"),
    ("丹东2盒", "add 11 2"),
    ("士多啤梨2盒", "add 11 2"),
    ("草莓2分", "add 11 2"),
    ("草莓十五盒", "add 11 15"),
    ("来两份", "add 11 2"),
    ("订3份", "add 11 3"),
    ("报2份", "add 11 2"),
    ("留一份", "add 11 1"),
    ("囤两盒", "add 11 2"),
    ("来俩", "add 11 2"),
    ("来个草莓", "add 11 1"),
    ("我要草莓", "add 11 1"),
    ("要草莓", "add 11 1"),
    ("草莓我也要", "add 11 1"),
    ("麻烦团长给我来两盒草莓，谢谢", "add 11 2"),
    ("看着真不错，来两盒", "add 11 2"),
    ("1号2份", "add 11 2"),
    ("1号+2", "add 11 2"),
    ("#1 2", "add 11 2"),
    ("#1+2", "add 11 2"),
    ("#1", "add 11 1"),
    ("第一个要2份", "add 11 2"),
    ("草莓6斤", "add 11 2"),
    ("草莓3斤", "add 11 1"),
    ("草莓2斤", "ask unit_mismatch"),
    ("草莓半盒", "ask fraction_of_piece"),
    ("草莓几盒", "ask imprecise_quantity"),
    ("来几份", "ask imprecise_quantity"),
    ("草莓一两份", "ask imprecise_quantity"),
    ("草莓十几盒", "ask imprecise_quantity"),
    ("草莓若干", "ask imprecise_quantity"),
    ("草莓来点", "ask imprecise_quantity"),
    ("草莓100份", "ask over_limit"),
    ("草莓0份", "ask below_minimum"),
    ("帮我妈也来一份", "add 11 1 @我妈"),
    ("代3栋王姐2份", "add 11 2 @3栋王姐"),
    ("帮李阿姨带两盒草莓", "add 11 2 @李阿姨"),
    ("给我来2份", "add 11 2"),
    ("给孩子来2盒草莓", "add 11 2"),
    ("#1 小明 2", "add 11 2 @小明"),
    ("小明|草莓×2", "add 11 2 @小明"),
    ("我妈也要一份", "add 11 1 @我妈"),
    ("我妈要一份", "ask confirm_all"),
    ("草莓2份，少放冰", "add 11 2 (少放冰)"),
    ("草莓2份（要熟的）", "add 11 2 (要熟的)"),
    ("草莓2份 送到3-502", "add 11 2 (送到3-502)"),
    ("草莓2份，周六自提", "add 11 2 (周六自提)"),
    ("3栋502 草莓2份", "add 11 2 (3栋502)"),
    ("草莓2份 3-502", "add 11 2 (3-502)"),
    ("草莓2盒，几点自提？", "add 11 2"),
    ("草莓2盒 已付", "add 11 2; paid 1"),
    ("两份", "add 11 2"),
    ("榴莲2个", "-"),
    ("草莓酱2瓶", "-"),
    ("草莓牛奶2盒", "-"),
    ("草莓", "-"),
    ("想买点草莓", "-"),
    ("想要草莓", "-"),
    ("草莓好吃", "-"),
    ("草莓快吃完了", "-"),
]


MANY_BERRIES = (("1", "丹东草莓 大果 3斤装", "箱"), ("2", "巧克力草莓小果", "盒"), ("3", "红颜草莓 礼盒装", "盒"))


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        ("草莓来一箱", "add 11 1"),
        ("🍓来一箱", "add 11 1"),
        ("草莓两盒", "ask several_items"),
        ("草莓+1", "ask several_items"),
        ("草莓2份", "ask several_items"),
        ("草莓一袋", "ask several_items"),
        ("巧克力草莓两盒", "add 12 2"),
        ("红颜两盒", "add 13 2"),
    ],
)
def test_the_unit_tells_which_of_several_is_meant_when_one_alone_is_sold_by_it(raw: str, wanted: str) -> None:
    assert short(read(raw, table(offer(1, *MANY_BERRIES)))) == wanted


@pytest.mark.parametrize(("raw", "wanted"), ONE)
def test_one_item_on_offer(raw: str, wanted: str) -> None:
    assert short(read(raw, table(offer(1, *STRAWBERRY)))) == wanted


SEVERAL = [
    ("+1", "ask several_items"),
    ("草莓2盒", "ask several_items"),
    ("红颜2盒", "add 12 2"),
    ("红颜草莓2盒", "add 12 2"),
    ("丹东草莓2盒", "add 11 2"),
    ("大果草莓2盒", "add 11 2"),
    ("丹东草莓、蓝莓各2盒", "add 11 2; add 13 2"),
    ("蓝莓2盒，沃柑小果1箱", "add 13 2; add 15 1"),
    ("2盒蓝莓 1箱沃柑大果", "add 13 2; add 14 1"),
    ("3号2份", "add 13 2"),
    ("1号1份 3号2份", "add 11 1; add 13 2"),
    ("#3", "add 13 1"),
    ("第三个来两盒", "add 13 2"),
    ("3号蓝莓2盒", "add 13 2"),
    ("沃柑2箱", "ask several_items"),
    ("小果2箱", "add 15 2"),
    ("沃柑小果10斤", "add 15 2"),
    ("蓝莓12盒", "add 13 12"),
    ("蓝莓2盒+红颜1盒", "add 13 2; add 12 1"),
    ("要蓝莓和沃柑小果", "add 13 1; add 15 1"),
    ("蓝莓2盒，榴莲1个", "ask unclear_item"),
]


@pytest.mark.parametrize(("raw", "wanted"), SEVERAL)
def test_several_items_on_offer(raw: str, wanted: str) -> None:
    assert short(read(raw, table(offer(1, *FRUIT)))) == wanted


LETTERS = [
    ("A1 B2", "add 11 1; add 12 2"),
    ("A+1，B*2", "add 11 1; add 12 2"),
    ("A 2份", "add 11 2"),
    ("a两份", "add 11 2"),
    ("鸡腿饭2份 不要辣", "add 12 2 (不要辣)"),
    ("牛肉饭一份，少饭", "add 13 1 (少饭)"),
    ("B2份少饭", "add 12 2 (少饭)"),
    ("红烧肉2份", "add 11 2"),
    ("B座1203 鸡腿饭1份", "add 12 1 (B座1203)"),
]


@pytest.mark.parametrize(("raw", "wanted"), LETTERS)
def test_codes_that_are_letters(raw: str, wanted: str) -> None:
    assert short(read(raw, table(offer(1, *LUNCH)))) == wanted


WEIGHED = [
    ("排骨2斤", "add 11 2"),
    ("排骨半斤", "add 11 0.5"),
    ("排骨斤半", "add 11 1.5"),
    ("排骨一斤半", "add 11 1.5"),
    ("排骨2公斤", "add 11 4"),
    ("排骨500g", "add 11 1"),
    ("排骨三斤二两", "add 11 3.2"),
    ("排骨3两", "add 11 0.3"),
    ("排骨两三斤", "ask imprecise_quantity"),
    ("排骨一斤多", "ask imprecise_quantity"),
    ("排骨2盒", "ask unit_mismatch"),
    ("五花肉两斤", "add 12 2"),
    ("三文鱼2盒", "add 13 2"),
    ("大闸蟹一对", "add 14 2"),
    ("啤酒一打", "add 15 12"),
    ("啤酒半打", "add 15 6"),
    ("大闸蟹2.5只", "ask fraction_of_piece"),
]


@pytest.mark.parametrize(("raw", "wanted"), WEIGHED)
def test_weights_and_groups(raw: str, wanted: str) -> None:
    assert short(read(raw, table(offer(1, *MEAT)))) == wanted


def test_codes_of_a_push() -> None:
    assert (
        short(read("A3 2份", table(offer(1, ("A3", "金枕榴莲", "个")), offer(2, ("A4", "椰青", "个"))))) == "add 11 2"
    )


def test_the_same_code_in_two_offers_is_asked_for() -> None:
    two = (offer(1, *STRAWBERRY), offer(2, ("1", "土鸡蛋", "板", "30枚/板")))
    assert short(read("1号2份", table(*two))) == "ask several_items"
    assert short(read("1号2份", table(*two, quoted=[21]))) == "add 21 2"


def test_goods_are_not_a_part_of_other_goods() -> None:
    chocolate = table(offer(1, ("1", "牛奶巧克力", "盒")))
    assert short(read("牛奶2盒", chocolate)) == "-"
    assert short(read("巧克力2盒", chocolate)) == "add 11 2"


def test_a_quotation_tells_what_is_meant() -> None:
    assert short(read("+1", table(offer(1, *FRUIT), quoted=[13]))) == "add 13 1"
    assert short(read("+1", table(offer(1, *FRUIT), quoted=[]))) == "-"
    assert short(read("「团长：蓝莓 15元」\n- - - - - - -\n来两盒", table(offer(1, *FRUIT), quoted=[13]))) == "add 13 2"
