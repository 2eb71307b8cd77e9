"""The built-in concept `@reversal`: words by which a report takes another one back."""

from __future__ import annotations

from typing import Final

REVERSAL: Final[tuple[str, ...]] = (
    # English: denials, retractions, corrections. No bare "dismissed" (from office), no bare "false"
    "denied", "deny", "denial", "denying", "refuted", "refutes", "refute", "refuting",
    "rejected reports", "rejected the report", "rejected the claim", "rejected claims", "rejects the report",
    "dismissed reports", "dismissed the report", "dismissed the claim", "dismissed claims", "dismissed as",
    "retracted", "retracts", "retract", "retracting", "retraction", "corrected", "correction", "corrects",
    "withdrew the report", "withdrawn report", "walked back", "debunked", "untrue", "turned out to be false",
    "proved false", "false report", "falsely reported", "report is false", "report was false", "reports are false",
    "reports were false", "not true", "no truth", "groundless", "unfounded", "baseless", "fabrication", "erroneous",
    "erroneously", "in error", "regrets the error", "inaccurate", "mistakenly reported", "incorrectly reported",
    "clarified", "clarification", "contradicts", "contradicted", "disputed", "still alive", "reappeared",
    "resurfaced alive", "rejected the allegation", "rejected allegations", "dismissed rumours", "dismissed rumors",
    "dismissed the rumour", "dismissed the rumor", "apologised for the error", "apologized for the error",
    "not accurate", "fake news", "hoax", "disavowed", "disavows", "backtracked", "walks back", "walking back",
    # Korean: 부인 (denial), 철회 (withdrawal), 정정 (correction), 사실무근 (groundless), 오보 (false report).
    # No bare 부인 (also a wife), no 정정하다 (also to be hale)
    "부인했*", "부인하며", "부인하고", "부인하면서", "부인하는", "부인한", "부인한다*", "부인해", "부인해왔*",
    "사실 무근", "사실이 아니다", "사실이 아니라*", "사실이 아니며", "사실이 아니었*", "사실이 아닌*", "사실이 아님*",
    "사실이 아닙니다", "사실 아니다", "사실 아닌*", "사실과 다르*", "사실과 다른*", "사실과 다릅니다", "사실과 달랐*",
    "철회", "정정 보도*", "정정했*", "정정한다*", "정정합니다", "바로잡*", "오보", "반박*", "허위 보도*",
    "잘못된 보도*", "가짜 뉴스", "유언비어", "근거 없는*", "일축*", "번복*", "해명",
    # Chinese: 否认 (deny), 更正 (correct), 辟谣 (refute a rumour), 撤回 (withdraw), 不实 (untrue)
    "否认", "更正", "辟谣", "撤回", "撤稿", "不实", "不属实", "失实", "与事实不符", "报道有误", "误报", "假新闻",
    "澄清", "并非事实", "不是事实", "纯属谣言", "系谣言", "是谣言", "捏造", "假消息", "信息有误", "消息有误",
    "子虚乌有", "驳斥",
)  # fmt: skip
"""Written as entries of a concept; a `reversal` in the config replaces it."""
