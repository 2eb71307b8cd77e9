"""Where articles come from: one kind, one file."""

from watcher.sources.feed import Feed
from watcher.sources.folder import Folder

Source = Feed | Folder
