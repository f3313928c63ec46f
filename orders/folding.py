"""Leaders' lines made uniform for reading only, one character for one, so that what is kept stays as written."""

from __future__ import annotations

_SIMPLE = (
    "開开團团單单時时間间備备註注貨货羣群庫库購购點点號号週周後后複复製制導导統统計计確确認认價价塊块錢钱滿满"
    "斷断銷销賬账舊旧們们總总結结龍龙訂订剩剩餘余個个條条盤盘兩两幾几張张雙双對对罐罐員员這这門门樓楼發发實实"
    "樣样麼么嗎吗還还沒没誰谁現现過过來来當当戶户僅仅規规約约淨净將将級级處处組组斤斤達达補补區区園园禮礼曉晓"
)
_TABLE: dict[int, str] = {
    **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},  # full width
    **{code: chr(code + 32) for code in range(ord("A"), ord("Z") + 1)},
    **{code: chr(code - 0xFEE0 + 32) for code in range(ord("Ａ"), ord("Ｚ") + 1)},
    **{0x2460 + n: str(n + 1) for n in range(9)},  # ① to ⑨
    **{0x2776 + n: str(n + 1) for n in range(9)},  # ❶ to ❾
    **{ord(old): new for old, new in zip(_SIMPLE[::2], _SIMPLE[1::2], strict=True)},
    **dict.fromkeys(map(ord, "✖✕❌×✘"), "*"),
    **dict.fromkeys(map(ord, "−‐‑–—―"), "-"),
    **dict.fromkeys(map(ord, "〜～∼"), "~"),
    **dict.fromkeys(map(ord, "。．"), "."),
    **dict.fromkeys(map(ord, "〔【［"), "["),
    **dict.fromkeys(map(ord, "〕】］"), "]"),
    **dict.fromkeys([*range(0x2000, 0x200C), *map(ord, "\t\r\v\f\x85\xa0\u2028\u2029\u3000\u200d\ufe0f\ufeff")], " "),
    ord("￥"): "¥",
    ord("➕"): "+",
    0x20E3: ".",  # the frame of 1️⃣, which then reads 1.
}


def fold(text: str) -> str:
    """Return the text with half-width, lower-case signs and simplified characters where leaders' words have them.

    It is as long as the text: ``fold(text)[i]`` is how ``text[i]`` reads. × reads as ``*``, every space as one.
    """
    return text.translate(_TABLE)
