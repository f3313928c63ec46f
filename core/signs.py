"""Signs of chat: which emoji name a thing, which words in brackets are faces, which characters fold."""

from __future__ import annotations

KEPT_EMOJI: tuple[tuple[int, int], ...] = (
    (0x231A, 0x231A),  # watch
    (0x2328, 0x2328),  # keyboard
    (0x23F0, 0x23F0),  # alarm clock
    (0x2602, 0x2602),  # umbrella
    (0x260E, 0x260E),  # telephone
    (0x2614, 0x2615),  # umbrella, hot drink
    (0x26BD, 0x26BE),  # balls
    (0x26FA, 0x26FA),  # tent
    (0x2702, 0x2702),  # scissors
    (0x270F, 0x270F),  # pencil
    (0x1F302, 0x1F302),  # umbrella
    (0x1F32D, 0x1F388),  # food, plants, gift, cake, balloon
    (0x1F390, 0x1F393),  # school bag and celebration goods
    (0x1F3A3, 0x1F3C0),  # sport and games
    (0x1F3F8, 0x1F3FA),  # rackets, amphora
    (0x1F400, 0x1F43F),  # animals
    (0x1F451, 0x1F462),  # clothes
    (0x1F484, 0x1F484),  # lipstick
    (0x1F48A, 0x1F490),  # pill to bouquet, without the kiss marks (see DROPPED_EMOJI)
    (0x1F4A1, 0x1F4A1),  # lamp
    (0x1F4BA, 0x1F4BF),  # seat, computer, discs
    (0x1F4D2, 0x1F4D6),  # books
    (0x1F4F1, 0x1F4F8),  # telephone, camera
    (0x1F526, 0x1F528),  # torch, tools
    (0x1F56F, 0x1F56F),  # candle
    (0x1F58A, 0x1F58D),  # pens
    (0x1F6B2, 0x1F6B2),  # bicycle
    (0x1F6CB, 0x1F6CF),  # furniture
    (0x1F6D2, 0x1F6D2),  # trolley
    (0x1F6F4, 0x1F6F4),  # scooter
    (0x1F942, 0x1F944),  # glasses, spoon
    (0x1F94A, 0x1F96F),  # gloves, food
    (0x1F97B, 0x1F97F),  # clothes
    (0x1F980, 0x1F9AE),  # animals
    (0x1F9BA, 0x1F9BA),  # vest
    (0x1F9C0, 0x1F9CB),  # food and drink
    (0x1F9E2, 0x1F9E6),  # clothes
    (0x1F9EA, 0x1F9FF),  # household
    (0x1FA70, 0x1FAA5),  # clothes, household
    (0x1FAB0, 0x1FABD),  # animals, plants
    (0x1FAD0, 0x1FADF),  # food
)
"""Code points whose Chinese name is a thing somebody may want; every other emoji is mood and becomes a space."""

DROPPED_EMOJI: frozenset[str] = frozenset("💋💌💏💑💎🎅🎆🎇🎃🎄🏇🏄🏂🎭🎬🎰🎫🎟🌱🍀🍁🍂🌿☘")
"""Inside the ranges above, but people and decoration."""

FACES: frozenset[str] = frozenset(
    """微笑 撇嘴 色 发呆 得意 流泪 害羞 闭嘴 睡 大哭 尴尬 发怒 调皮 呲牙 惊讶 难过 囧 抓狂 吐 偷笑 愉快 白眼
    傲慢 困 惊恐 憨笑 悠闲 咒骂 疑问 嘘 晕 衰 骷髅 敲打 再见 擦汗 抠鼻 鼓掌 坏笑 右哼哼 左哼哼 哈欠 鄙视 委屈
    快哭了 阴险 亲亲 可怜 笑脸 生病 脸红 破涕为笑 恐惧 失望 无语 嘿哈 捂脸 奸笑 机智 皱眉 耶 吃瓜 加油 汗 天啊
    emm 社会社会 旺柴 好的 打脸 哇 翻白眼 666 让我看看 叹气 苦涩 裂开 嘴唇 爱心 心碎 拥抱 强 弱 握手 胜利 抱拳
    勾引 拳头 ok 合十 凋谢 菜刀 炸弹 便便 月亮 太阳 庆祝 礼物 红包 发 發 福 烟花 爆竹 猪头 跳跳 发抖 转圈
    玫瑰 呲牙笑 可爱 酷 冷汗 糗大了 饥饿 折磨 吓 足球 篮球 乒乓 闪电 刀 瓢虫 差劲 爱你 no 爱情 飞吻 怄火
    图片 表情 动画表情 语音 视频 文件 位置 链接""".split()  # noqa: SIM905 - a hundred words read better as a paragraph
)
"""Words that a chat writes in square brackets for a face, a gesture or something it cannot show."""

GOODS: frozenset[str] = frozenset(["咖啡", "蛋糕", "啤酒", "西瓜", "米饭", "饭", "药"])
"""Bracket words that name a thing; they stay, without their brackets."""

FOLDED: dict[str, str] = {
    "➕": "+",
    "✚": "+",
    "➖": "-",
    "−": "-",
    "‐": "-",
    "‑": "-",
    "–": "-",
    "✖": "×",
    "✕": "×",
    "❌": "×",
    "〜": "~",
    "⠀": " ",
    "ㅤ": " ",
    "〔": "[",
    "〕": "]",
    "🔟": "10",
    "…": "…",
    **{chr(0x2776 + n): str(n + 1) for n in range(10)},  # ❶ to ❿
    **{chr(0x24F5 + n): str(n + 1) for n in range(10)},  # ⓵ to ⓾
}
"""What compatibility decomposition does not know, or would do in a way nobody wants (an ellipsis stays one sign)."""
