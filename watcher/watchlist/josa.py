"""What may follow a Korean noun within its word: bound nouns, particles, the copula and light verbs."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_BOUND_NOUNS: Final = "측 쪽 내 등 간 발 때문"
"""Words by the book, written on in print: 북한측은 (the North's side), 북한내 (within), 평양발 (from), 북한때문에."""
_PARTICLES: Final = """
    다 이 가 을 를 은 는 의 에 도 만 로 으로 와 과 나 이나 랑 이랑 하고 께 께서 에서 서 에게 에게서 한테
    한테서 더러 까지 부터 마저 조차 밖에 뿐 처럼 같이 같은 보다 마다 대로 만큼 치고 커녕 은커녕 는커녕 든
    든지 이든 이든지 라도 이라도 야 이야 야말로 이야말로 란 이란 라는 이라는 라고 이라고 라며 이라며
    라면 이라면 라서 이라서 로서 으로서 로써 으로써 로부터 으로부터 에다 에다가 여 이여 며 이며 엔
    에선 에겐 께선 으론 한텐 로선 으로선 에게선 한테선 보단 부턴 까진
    이고 든가 이든가 요 이요 예요 이에요 이나마 나마 끼리 씩 째
"""
_LIGHT_VERBS: Final = """
    라 하 한 할 함 합 해 했 하였 하여 되 된 될 됨 됩 돼 됐 되었 되어 당하 당한 당할 당함 당해 당했
    당하였 시키 시킨 시킬 시킴 시켜 시켰 받 받은 받을 받아 받았 이 인 일 임 입 였 이었 이라 였 란
    이란 이자 이지
"""
_ENDINGS: Final = (
    "다고는며면서지만던데니까려기도게자마록거나을를은이가에의로와과들요네죠"
    "냐잖습겠었였으므라란듯뒤후때중든인해할한했음단야느러어더구리온왔오셨시세십진긴곤텐걸놓버린렸써답대"
)
"""Syllables of verb endings and of the verbs that go on from one: 처형했다며, 망명하려던, 체포해왔다, 처형했답니다."""


def _any_of(words: str) -> str:
    return "|".join(sorted(set(words.split()), key=len, reverse=True))


_TAIL: Final = re.compile(
    rf"(?:들)?(?:씨|님|분들?)?(?:{_any_of(_BOUND_NOUNS)})?(?:{_any_of(_PARTICLES)}){{0,3}}"
    rf"|(?:들)?(?:{_any_of(_LIGHT_VERBS)})[{_ENDINGS}]{{0,6}}"
)


@lru_cache(maxsize=65536)
def is_tail(rest: str) -> bool:
    """Whether `rest`, the Hangul from a noun to the end of its word, only inflects it: 들에게는, 됐다; not 군."""
    return _TAIL.fullmatch(rest) is not None
