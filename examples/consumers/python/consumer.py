"""Keeps the members of one segment in a SQLite file: rebuilt from the compacted topic, then followed change by change, without a gap.

    pip install --require-hashes -r requirements.txt
    python3 consumer.py --segment cart-abandoners --file members.sqlite [--brokers localhost:9092] [--workspace main] [--prefix tessera]

Stop it whenever you like, kill it if you must, start it again: it goes on where the file ends.

  1. Note where `segment-changes` is now (a little earlier, see overlap_ms), and keep that note.
  2. Read `segment-memberships` to its end: the present members.
  3. Follow `segment-changes` from the note. What step 2 already knew comes again, and its sequence says that it is no news.
"""

import argparse
import time
from typing import Callable, Iterator, List, Optional, Tuple

from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord

from membership import Update, Wanted, from_changes, from_membership
from store import Offsets, Store

BATCH = 1_000
WAIT_MS = 100


class SegmentConsumer:
    def __init__(self, kafka: KafkaConsumer, store: Store, prefix: str, wanted: Wanted, overlap_ms: int) -> None:
        self.kafka = kafka
        self.store = store
        self.wanted = wanted
        self.memberships = f"{prefix}.segment-memberships.v1"
        self.changes = f"{prefix}.segment-changes.v1"
        # A change and the membership that it leads to are two records in two topics, written one shortly after the other. The note
        # lies this much in the past, so that no membership can still be on its way whose change lies before the note.
        self.overlap_ms = overlap_ms

    def run(self) -> None:
        self.store.belongs_to(f"{self.memberships} {self.wanted.workspace} {self.wanted.segment}")
        if not self.store.offsets(self.changes):
            self.note_start()
        self.refuse_gap()
        if not self.store.is_rebuilt():
            self.rebuild()
        self.follow()

    def note_start(self) -> None:
        since = int(time.time() * 1000) - self.overlap_ms
        partitions = self.partitions(self.changes)
        found = self.kafka.offsets_for_times({partition: since for partition in partitions})
        ends = self.kafka.end_offsets(partitions)
        # Where no record is that young, the note is the end.
        note = {p.partition: found[p].offset if found[p] is not None else ends[p] for p in partitions}
        beginning = _by_number(self.kafka.beginning_offsets(self.partitions(self.memberships)))
        self.store.start({self.changes: note, self.memberships: beginning})

    def refuse_gap(self) -> None:
        """Changes are kept for 30 days. Who was away longer has missed some, and starts anew."""
        kept = _by_number(self.kafka.beginning_offsets(self.partitions(self.changes)))
        if any(offset < kept[partition] for partition, offset in self.store.offsets(self.changes).items()):
            raise SystemExit(f"{self.changes} no longer holds what comes next: remove the file to rebuild")

    def rebuild(self) -> None:
        ends = _by_number(self.kafka.end_offsets(self.partitions(self.memberships)))
        for updates, offsets in self.batches(self.memberships, self.read_membership):
            self.store.put_all(self.memberships, updates, offsets)
            if all(offsets[partition] >= end for partition, end in ends.items()):
                break
        self.store.mark_rebuilt()
        print(f"rebuilt: {len(self.store.members())} members", flush=True)

    def follow(self) -> None:
        print("following", flush=True)
        for updates, offsets in self.batches(self.changes, self.read_changes):
            self.store.apply_all(self.changes, updates, offsets)

    def read_membership(self, record: ConsumerRecord) -> Optional[Update]:
        value = None if record.value is None else record.value.decode()
        return from_membership(record.key.decode(), value, record.headers, self.wanted)

    def read_changes(self, record: ConsumerRecord) -> Optional[Update]:
        return from_changes(record.value.decode(), self.wanted)

    def batches(self, topic: str, read: Callable[[ConsumerRecord], Optional[Update]]) -> Iterator[Tuple[List[Update], Offsets]]:
        """What has come since the last time, with the offsets after it.

        With nothing new the offsets may still move: records that compaction has taken away have offsets, too.
        """
        partitions = self.partitions(topic)
        self.kafka.assign(partitions)
        for partition, offset in self.store.offsets(topic).items():
            self.kafka.seek(TopicPartition(topic, partition), offset)
        while True:
            found = self.kafka.poll(timeout_ms=WAIT_MS, max_records=BATCH)
            updates = [read(record) for records in found.values() for record in records]
            yield [update for update in updates if update is not None], {p.partition: self.kafka.position(p) for p in partitions}

    def partitions(self, topic: str) -> List[TopicPartition]:
        numbers = self.kafka.partitions_for_topic(topic)
        if not numbers:
            raise SystemExit(f"there is no topic {topic}: look at --brokers and --prefix")
        return [TopicPartition(topic, number) for number in sorted(numbers)]


def _by_number(offsets: dict) -> Offsets:
    return {partition.partition: offset for partition, offset in offsets.items()}


def main() -> None:
    options = argparse.ArgumentParser(description="Keeps the members of one segment in a SQLite file.")
    options.add_argument("--segment", required=True)
    options.add_argument("--file", required=True)
    options.add_argument("--brokers", default="localhost:9092")
    options.add_argument("--workspace", default="main")
    options.add_argument("--prefix", default="tessera")
    options.add_argument("--overlap-seconds", type=int, default=600)
    given = options.parse_args()
    # No group: partitions are assigned here, and offsets are kept in the file.
    kafka = KafkaConsumer(
        bootstrap_servers=given.brokers.split(","),
        client_id="segment-consumer",
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="none",
    )
    wanted = Wanted(given.workspace, given.segment)
    SegmentConsumer(kafka, Store(given.file), given.prefix, wanted, given.overlap_seconds * 1000).run()


if __name__ == "__main__":
    main()
