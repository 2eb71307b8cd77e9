"""The built-in concept `@reversal`: words by which a report takes another one back."""

from __future__ import annotations

from typing import Final

REVERSAL: Final[tuple[str, ...]] = (
    # English: denials, retractions, corrections
    "denied", "deny", "denial", "denying", "refuted", "refutes", "rejected reports", "dismissed reports",
    "retracted", "retracts", "retraction", "corrected", "correction", "corrects", "withdrew the report",
    "withdrawn report", "walked back", "debunked", "untrue", "turned out to be false", "proved false", "false report",
    "not true", "no truth", "groundless", "unfounded", "baseless", "clarified", "clarification", "contradicts",
    "contradicted", "disputed", "still alive", "reappeared", "resurfaced alive",
    # Korean: 부인 (denial), 철회 (withdrawal), 정정 (correction), 사실무근 (groundless), 오보 (false report)
    "부인했다", "부인하며", "부인하고", "부인한", "부인했으며", "부인했지만", "부인하면서", "사실무근", "사실이 아니다",
    "사실이 아닌*",
    "사실과 다르다", "사실과 다른", "철회", "정정보도", "바로잡습니다", "바로잡*", "오보", "반박*", "허위보도",
    "근거 없는*", "일축*", "번복*", "해명",
    # Chinese: 否认 (deny), 更正 (correct), 辟谣 (refute a rumour), 撤回 (withdraw), 不实 (untrue)
    "否认", "更正", "辟谣", "撤回", "撤稿", "不实", "澄清", "并非事实", "纯属谣言", "子虚乌有", "驳斥",
)  # fmt: skip
"""Written as entries of a concept; a `reversal` in the config replaces it."""
