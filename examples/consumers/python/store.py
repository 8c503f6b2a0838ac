"""The result and the offsets it stands for, in one SQLite file and changed in one transaction.

After a crash both are from before the batch, or both from after it. That is all that "exactly once" needs; the consumer group of Kafka
has no part in it.
"""

import sqlite3
from typing import Dict, Iterable, List

from membership import Update, is_news

SCHEMA = """
  PRAGMA journal_mode = WAL;
  CREATE TABLE IF NOT EXISTS standing (profile TEXT PRIMARY KEY, entered_at TEXT, sequence INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS progress (topic TEXT, part INTEGER, next INTEGER NOT NULL, PRIMARY KEY (topic, part));
  CREATE TABLE IF NOT EXISTS note (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""

Offsets = Dict[int, int]
"""Next offset to read, by partition."""


class Store:
    def __init__(self, file: str) -> None:
        self._database = sqlite3.connect(file)
        self._database.executescript(SCHEMA)

    def members(self) -> List[str]:
        """Profiles of the members at this moment. Who left keeps a row, so that an old record is known to be old."""
        rows = self._database.execute("SELECT profile FROM standing WHERE entered_at IS NOT NULL ORDER BY profile")
        return [profile for (profile,) in rows]

    def belongs_to(self, owner: str) -> None:
        """A file belongs to one segment of one deployment."""
        with self._database:
            self._database.execute("INSERT OR IGNORE INTO note VALUES ('owner', ?)", (owner,))
        found = self._database.execute("SELECT value FROM note WHERE name = 'owner'").fetchone()[0]
        if found != owner:
            raise SystemExit(f"the file holds {found}, not {owner}: name another file")

    def offsets(self, topic: str) -> Offsets:
        return dict(self._database.execute("SELECT part, next FROM progress WHERE topic = ?", (topic,)))

    def is_rebuilt(self) -> bool:
        return self._database.execute("SELECT 1 FROM note WHERE name = 'rebuilt'").fetchone() is not None

    def mark_rebuilt(self) -> None:
        with self._database:
            self._database.execute("INSERT OR IGNORE INTO note VALUES ('rebuilt', 'yes')")

    def start(self, positions: Dict[str, Offsets]) -> None:
        """Where both topics are read from, noted before the first record is: a crash later must not move the start of the changes."""
        with self._database:
            for topic, offsets in positions.items():
                self._move_to(topic, offsets)

    def put_all(self, topic: str, updates: Iterable[Update], offsets: Offsets) -> None:
        """Of the compacted topic: each record is the present truth of its key."""
        with self._database:
            for update in updates:
                self._put(update)
            self._move_to(topic, offsets)

    def apply_all(self, topic: str, updates: Iterable[Update], offsets: Offsets) -> None:
        """Of the changes: each counts if it is news."""
        with self._database:
            for update in updates:
                known = self._database.execute("SELECT sequence FROM standing WHERE profile = ?", (update.profile,)).fetchone()
                if is_news(known[0] if known else None, update):
                    self._put(update)
            self._move_to(topic, offsets)

    def close(self) -> None:
        self._database.close()

    def _put(self, update: Update) -> None:
        row = (update.profile, update.entered_at, update.sequence)
        self._database.execute("INSERT OR REPLACE INTO standing VALUES (?, ?, ?)", row)

    def _move_to(self, topic: str, offsets: Offsets) -> None:
        rows = [(topic, partition, offset) for partition, offset in offsets.items()]
        self._database.executemany("INSERT OR REPLACE INTO progress VALUES (?, ?, ?)", rows)
