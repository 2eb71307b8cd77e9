"""What commands work with: the config and the store, each opened when first asked for, closed at the end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from watcher.model import WatcherError

if TYPE_CHECKING:  # these cost a tenth of a second, and not every command needs them
    from watcher.config.settings import Config
    from watcher.stores.sqlite import SqliteStore


class Setup:
    """The `--config` and `--database` of the command line, and what they lead to."""

    def __init__(self, config: Path | None = None, database: Path | None = None) -> None:
        self.argument = config
        self.database = database
        self._config: Config | None = None
        self._store: SqliteStore | None = None

    @property
    def path(self) -> Path:
        """Where the config is; raises `ConfigError` where there is none."""
        from watcher import config

        return config.locate(self.argument)

    @property
    def config(self) -> Config:
        """The config; raises `ConfigError` with all that is wrong with it."""
        if self._config is None:
            self._config = self.load()
        return self._config

    def load(self) -> Config:
        """Read the config anew; raises as `config`."""
        from watcher import config

        return config.load(self.path, database=self.database)

    def store(self, *, create: bool = False) -> SqliteStore:
        """The store the config names; raises `WatcherError` where there is none and none is to be made."""
        if self._store is None:
            database = self.config.watcher.database
            if not create and not database.exists():
                message = f"there is no database at {database} yet: `watcher run` makes it"
                raise WatcherError(message)
            from watcher.stores.sqlite import SqliteStore

            self._store = SqliteStore(database)
        return self._store

    def close(self) -> None:
        """Close what was opened."""
        if self._store is not None:
            self._store.close()
            self._store = None


pass_setup = click.make_pass_decorator(Setup)
