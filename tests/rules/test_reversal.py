"""The built-in cue @reversal: how reports are taken back in English, Korean and Chinese, and what only looks so."""

from __future__ import annotations

import pytest

from watcher.model import Fields
from watcher.watchlist.engine import matcher

REVERSAL = matcher("@reversal")

TAKEN_BACK = """
The ministry denies the report.
He was refuting the story line by line.
The report was erroneous.
This report is false, an official said.
Officials rejected the report as fiction.
The embassy dismissed the claim.
Correction: he is alive.
The ministry rejected the allegations and dismissed the rumours.
The paper apologized for the error.
The picture was fake news, a hoax.
이 보도가 사실이 아니라고 밝혔다.
이 보도는 사실이 아닙니다.
보도를 부인했다고 전했다.
보도를 전면 부인해 왔다.
보도를 부인한다고 말했다.
정정합니다.
기사를 정정했다.
사실무근이라고 했다.
사실 무근으로 드러났다.
정정 보도문을 냈다.
허위 보도라고 했다.
잘못된 보도였다.
사실과 다르다고 말했다.
사실이 아님을 알려 드립니다.
오보였다.
外交部否认了该报道。
该消息不属实。
有关报道与事实不符。
该报道失实。
这纯属捏造。
该说法系谣言。
特此更正。
"""

NOT_TAKEN_BACK = """
The general was dismissed in March.
He held a false passport.
The alleged agent was wrong about the road.
대통령 부인과 함께 왔다.
부인은 남편과 공항에 있었다.
여든의 정정한 노인이었다.
金夫人与丈夫一同出席。
"""


@pytest.mark.parametrize("sentence", TAKEN_BACK.strip().splitlines())
def test_a_sentence_that_takes_a_report_back_is_a_cue(sentence: str) -> None:
    assert REVERSAL.match(Fields(body=sentence)) is not None


@pytest.mark.parametrize("sentence", NOT_TAKEN_BACK.strip().splitlines())
def test_what_only_looks_like_it_is_none(sentence: str) -> None:
    assert REVERSAL.match(Fields(body=sentence)) is None
