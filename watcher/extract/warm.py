"""What the daemon's workers have at hand from the start: importing this loads the language model.

That costs 0.6 s and 30 MB. In the forkserver it is paid once; otherwise each
worker pays it at the first page that is not English, and again after each of
its recyclings. Commands that read one document do without.
"""

from __future__ import annotations

from py3langid.langid import classify  # type: ignore[import-untyped]

classify("")
