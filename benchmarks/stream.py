"""Made-up group talk in any length, about a tenth of it needs or as asked; the same lines for the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterator

from recommender.lexicon import packaged_goods

NEED_SHARE = 0.1
_NEEDS = (
    *(
        "哪里能买到{q}{g}",
        "想买点{g}",
        "家里{g}用完了",
        "求推荐{q}{g}",
        "有没有{g}的团呀",
        "{g}还有吗",
        "谁家有{g}卖，{p}以内",
    ),
    *("求推荐{g}，{p}块左右", "@千群 有{q}{g}吗", "我想要{n}份{g}", "{g}吃完了，还有团吗", "请问哪有卖{q}{g}的呀"),
)
_QUALITIES = ("", "", "", "甜一点的", "儿童", "无糖", "大一点的", "新鲜的")
_WHO = (
    *(
        "我",
        "我妈",
        "楼上那家",
        "老师",
        "隔壁",
        "孩子",
        "我家那位",
        "师傅",
        "物业",
        "他们",
        "我同事",
        "快递员",
        "邻居",
        "你们",
        "婆婆",
    ),
    *("小区保安", "我姐", "3栋的", "大家"),
)
_WHEN = ("刚才", "今天", "昨天晚上", "明天早上", "上周", "这会儿", "一早", "下午", "周末", "刚刚", "好几次", "每天")
_DOES = (
    *(
        "说要下雨",
        "去接人了",
        "在楼下等着",
        "又忘带钥匙了",
        "把车停好了",
        "才下班",
        "还没回来",
        "跑了五公里",
        "在开会",
        "看了那部片子",
    ),
    *(
        "一直打电话",
        "帮我拿了快递",
        "修好了水管",
        "睡到中午",
        "排了半小时队",
        "走错门了",
        "发了好多照片",
        "早就到了",
        "没听见",
        "换了新头像",
    ),
    *("带孩子打疫苗", "洗了一下午衣服", "回老家了", "写作业写到十点"),
)
_TAIL = (
    *(
        "哈哈哈",
        "真的",
        "也不知道行不行",
        "笑死",
        "[捂脸]",
        "😂",
        "辛苦了",
        "谢谢大家",
        "！！",
        "呢",
        "吧",
        "",
        "",
        "",
        "，回头再说",
        "，太累了",
    ),
    *("，你们那边呢？", "🙏🙏", "。。。", "，明天见", "，好冷", "，随便"),
)
_SHORT = (
    "收到",
    "好的",
    "嗯嗯",
    "谢谢团长",
    "在的",
    "早",
    "晚安",
    "哈哈",
    "真好",
    "可以呀",
    "没事",
    "[强]",
    "👍",
    "来了",
    "已取",
)


def lines(count: int, seed: int = 11, needs: float = NEED_SHARE) -> Iterator[str]:
    """Yield ``count`` messages, of which a share is needs."""
    chance = random.Random(seed)
    goods = sorted(packaged_goods())
    for _ in range(count):
        if chance.random() < needs:
            yield need(chance, goods)
        elif chance.random() < 0.2:
            yield chance.choice(_SHORT)
        else:
            yield f"{chance.choice(_WHO)}{chance.choice(_WHEN)}{chance.choice(_DOES)}{chance.choice(_TAIL)}"


def need(chance: random.Random, goods: list[str]) -> str:
    """Return one stated need."""
    return chance.choice(_NEEDS).format(
        g=chance.choice(goods), q=chance.choice(_QUALITIES), p=chance.randint(1, 20) * 10, n=chance.randint(1, 5)
    )
