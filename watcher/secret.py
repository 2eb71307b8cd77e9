"""A secret: what the config names and does not hold."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from watcher.model import WatcherError


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret that stands outside the config: one of an environment variable, a file, a systemd credential."""

    env: str | None = None
    file: Path | None = None
    credential: str | None = None

    def reveal(self) -> str:
        """The secret itself, without a trailing newline. Raises `WatcherError` that says what is missing."""
        if self.env is not None:
            if self.env not in os.environ:
                message = f"the environment variable {self.env} is not set"
                raise WatcherError(message)
            return os.environ[self.env]
        path = self.file
        if self.credential is not None:
            folder = os.environ.get("CREDENTIALS_DIRECTORY")
            if folder is None:
                message = f"credential {self.credential!r}: $CREDENTIALS_DIRECTORY is not set (is this run by systemd?)"
                raise WatcherError(message)
            path = Path(folder) / self.credential
        if path is None:
            message = 'a secret needs one of { env = "NAME" }, { file = "path" }, { credential = "name" }'
            raise WatcherError(message)
        try:
            return path.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            message = f"cannot read the secret file {path}: {error}"
            raise WatcherError(message) from error
