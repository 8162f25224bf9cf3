"""PURE. What others speak: the messages of relay and tools, and SQLite's log."""
