"""Who is in one segment, as a fold over records: no Kafka and no database in here.

Two topics tell the same story in two ways:
  segment-memberships   what is true now, one record per person and segment; a tombstone (null) when the membership ends
  segment-changes       what happened, one record per person and cause, numbered per person by `sequence`
The first gives a start without reading history, the second every step from there.
"""

import json
import re
from dataclasses import dataclass
from typing import Iterable, Optional, Tuple


@dataclass(frozen=True)
class Wanted:
    """The one segment that is followed."""

    workspace: str
    segment: str


@dataclass(frozen=True)
class Update:
    """What one record says of one person. `entered_at` is None for somebody who left."""

    profile: str
    entered_at: Optional[str]
    sequence: int


def from_membership(
    key: str, value: Optional[str], headers: Iterable[Tuple[str, bytes]], wanted: Wanted
) -> Optional[Update]:
    """From `segment-memberships`; None for another segment.

    A tombstone has its sequence in its header; one that a release before 1.1 of the contract wrote has none, and counts as older than any
    change.
    """
    parts = [_unescape(part) for part in key.split("/")]
    if len(parts) != 4 or parts[1] != "profile" or parts[0] != wanted.workspace or parts[3] != wanted.segment:
        return None
    if value is None:
        return Update(parts[2], None, int(dict(headers).get("ce_sequence", b"0")))
    record = json.loads(value)
    return Update(parts[2], record["enteredAt"], record["sequence"])


def from_changes(value: str, wanted: Wanted) -> Optional[Update]:
    """From `segment-changes`; None where the record does not touch the segment. A kind of a later release is passed over."""
    record = json.loads(value)
    if record["workspace"] != wanted.workspace:
        return None
    for change in reversed(record["changes"]):
        if change["segment"] == wanted.segment and change["kind"] in ("entered", "updated", "exited"):
            entered_at = None if change["kind"] == "exited" else change["enteredAt"]
            return Update(record["profile"], entered_at, record["sequence"])
    return None


def is_news(known_sequence: Optional[int], update: Update) -> bool:
    """The rule that makes reading twice harmless: a change counts only if it is newer than what is known of the person."""
    return known_sequence is None or update.sequence > known_sequence


def _unescape(part: str) -> str:
    """Keys are `workspace/kind/id/more`; what would be mistaken for a slash is written as %2F."""
    return re.sub(r"%([0-9A-F]{2})|%u([0-9A-F]{4})", lambda found: chr(int(found[1] or found[2], 16)), part)
