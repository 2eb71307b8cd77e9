"""watcher: tells people who follow a beat what is new, once."""

__version__ = "0.1.0"
