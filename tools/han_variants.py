# ruff: noqa: INP001 - a script, not a package
"""Generates `watcher/han.py`: the table that folds forms of one Han character together.

Run with the development dependency `opencc-python-reimplemented`:

    python tools/han_variants.py > watcher/han.py

Each traditional, regional or Japanese form is mapped to the simplified form of
its character. A Japanese form that stands for several characters (弁 for 辨,
瓣 and 辯) is left alone. What the dictionaries lack and print has (the 靑 of
Korean headlines, the 髙 of Japanese names) is in PRINTED.
"""

from __future__ import annotations

import sys
from pathlib import Path

import opencc

DICTIONARIES = Path(opencc.__file__).parent / "dictionary"

PRINTED = """
    倂併 値值 呑吞 喩喻 塡填 姸妍 姫姬 娯娱 尙尚 屛屏 幷并 廐厩 廏厩 彚彙 悳德 惪德 揑捏 揷插 昻昂 槙槇 淸清 湼涅
    濳潛 煕熙 熈熙 甁瓶 皡皞 硏研 糓穀 竝並 緖緒 裵裴 郞郎 鄕鄉 靑青 顚顛 飮飲 騈駢 鼔鼓 兪俞 曺曹 吿告 鬪鬥
    髙高 﨑崎 嵜崎 濵濱 邉邊 栁柳 𠮷吉 嶋島 嶌島 冨富 桒桑 渕淵 槗橋 氷冰 楳梅 篭籠 頚頸 賎賤 駈驅 蘂蕊
    锺鍾 馀餘 砲炮 礮炮 妬妒 蜨蝶 姪侄 姉姊 晳晰 蔴麻 瑯琅
    働動 愼慎 槪概 窓窗 飜翻 擧舉 餠餅 寃冤 兎兔 澁澀
    囯國 囶國 劒劍 庿廟 恊協 枽葉 畧略 躰體 軆體 隣鄰 銕鐵 鑛礦 鑚鑽 鴈雁 欝鬱
"""
"""A form met in Korean, Japanese or older print, and the character it is."""


def pairs(name: str) -> list[tuple[str, list[str]]]:
    """The lines of one dictionary: a character and the forms it is written in elsewhere."""
    lines = (DICTIONARIES / name).read_text(encoding="utf-8").splitlines()
    found = []
    for line in lines:
        left, _, right = line.partition("\t")
        forms = right.split()
        if len(left) == 1 and forms and all(len(form) == 1 for form in forms):
            found.append((left, forms))
    return found


def table() -> dict[str, str]:
    """Every form that is not already the representative of its character, with the representative."""
    simple = {left: forms[0] for left, forms in pairs("TSCharacters.txt")}

    def settle(character: str) -> str:
        seen = {character}
        while character in simple and simple[character] not in seen:
            character = simple[character]
            seen.add(character)
        return character

    regional: dict[str, set[str]] = {}
    for name in ("JPVariants.txt", "TWVariants.txt", "HKVariants.txt"):
        for standard, forms in pairs(name):
            for form in forms:
                regional.setdefault(form, set()).add(settle(standard))
    for form, targets in regional.items():
        if len(targets) == 1 and settle(form) == form:
            (target,) = targets
            if settle(target) != form:
                simple[form] = target
    for form, standard in PRINTED.split():
        simple.setdefault(form, standard)
    return {form: settle(form) for form in simple if settle(form) != form}


def main() -> None:
    """Writes the module to stdout."""
    found = sorted(table().items())
    chunk = 80
    out = [
        '"""Forms of one Han character: `FORMS[i]` folds to `FOLDED[i]`. Made by tools/han_variants.py."""\n'
    ]
    for name, column in (("FORMS", 0), ("FOLDED", 1)):
        text = "".join(pair[column] for pair in found)
        out.append(f"{name} = (")
        out += [f'    "{text[at : at + chunk]}"' for at in range(0, len(text), chunk)]
        out.append(")")
    sys.stdout.write("\n".join(out) + "\n")


if __name__ == "__main__":
    main()
