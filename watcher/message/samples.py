"""Samples: invented alerts on which `watcher check` tries a user's templates.

Between them stands what templates trip over: Korean and Chinese, quotes and
tags in a title, a link that must not be one, everything that may be missing,
and the kinds of message that one forgets (a bundle, the daemon's own notice).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from watcher.alert import (
    Alert,
    ArticleNote,
    Bundle,
    Change,
    Content,
    HitNote,
    LookAlikeNote,
    Notice,
    Outgoing,
    Passage,
    StoryNote,
)

AT = datetime(2026, 3, 2, 5, 22, 7, tzinfo=UTC)
_SAID = '국경 경비대 "취사병"이 화요일 강을 건넜다고 <b>상인들</b>이 전했다.'

_FULL = Alert(
    id="5f1f6f4e-0000-5000-8000-0000000000a1",
    verdict="new",
    watchlists=("Defections", "보안 & 기관"),
    article=ArticleNote(
        id="8f31aa20",
        title='취사병 "강 건너" 잠적 — <script>A cook\'s escape</script> & more',
        url="https://ledger.example/cook?a=1&b=2",
        source="강변통신",
        published=AT - timedelta(hours=1),
        language="ko",
        summary=_SAID,
        found=AT,
    ),
    hits=(
        HitNote(
            watchlist="Defections",
            term="강을 건너*",
            concept="flee",
            field="body",
            snippet=_SAID,
            start=21,
            end=28,
        ),
    ),
    novel=(Passage(0, len(_SAID), _SAID),),
    look_alikes=(
        LookAlikeNote(
            url="https://gazette.example/7", title="국경 소식", source="새벽신문", containment=0.31
        ),
    ),
    carried_by=(LookAlikeNote(url=None, title="", source="Evening Post", containment=0.98),),
    story=StoryNote(
        id="5f1f6f4e-0000-5000-8000-0000000000b1",
        first_seen=AT - timedelta(days=1),
        articles=3,
        outlets=2,
        texts=2,
        first_source="새벽신문",
        first_title="국경 소식",
    ),
    conditions=(("Defections", "any of @flee near 30 of @dprk"),),
    new_words=40,
    words=52,
    reason="a new sentence with 강을 건너*",
)

_BARE = Alert(
    id="5f1f6f4e-0000-5000-8000-0000000000a2",
    verdict="revision",
    watchlists=("国家保卫省",),
    article=ArticleNote(
        id="8f31aa21",
        title="",
        url="javascript:alert(1)",
        source="河岸报",
        published=None,
        language=None,
        summary="",
        found=AT,
    ),
    hits=(),
    changes=(Change("三人被捕。", "七人被捕，其中两人是“军官”。"), Change("", "另有一人失踪。")),
)

SAMPLES: dict[str, Content] = {
    "an alert": _FULL,
    "a revision with nothing but its change": _BARE,
    "a bundle": Bundle(
        reason="digest",
        alerts=(_FULL, _BARE),
        opened=AT,
        held=(("copy", 3),),
        health="41 of 44 feeds healthy, 2 failing since 09:12",
    ),
    "a notice": Notice(
        subject="Channel desk does not work", text='It failed with "<451>".\n\n기다린다.', at=AT
    ),
}
"""By what they are."""


def outgoing(content: Content, channel: str, recipient: str) -> Outgoing:
    """A sample on its way to `recipient`."""
    return Outgoing(
        id="5f1f6f4e-0000-5000-8000-000000000001",
        channel=channel,
        recipient=recipient,
        content=content,
        sequence=1,
        created=AT,
    )
