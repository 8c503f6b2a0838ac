"""What the Python consumer makes of records: the cases that the TypeScript consumer is held to as well. `python3 -m unittest`."""

import json
import os
import tempfile
import unittest
from pathlib import Path

from membership import Update, Wanted, from_changes, from_membership
from store import Store

CASES = json.loads((Path(__file__).parent.parent / "test" / "cases.json").read_text())
WANTED = Wanted(**CASES["wanted"])
ENTERED = "2026-01-05T09:30:00.250Z"


def update_of(expected):
    return expected and Update(expected["profile"], expected["enteredAt"], expected["sequence"])


class Records(unittest.TestCase):
    def test_memberships(self):
        for case in CASES["memberships"]:
            with self.subTest(case["name"]):
                value = None if case["value"] is None else json.dumps(case["value"])
                headers = [(name, text.encode()) for name, text in case.get("headers", {}).items()]
                self.assertEqual(from_membership(case["key"], value, headers, WANTED), update_of(case["update"]))

    def test_changes(self):
        for case in CASES["changes"]:
            with self.subTest(case["name"]):
                self.assertEqual(from_changes(json.dumps(case["value"]), WANTED), update_of(case["update"]))


class File(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def store(self, name="file"):
        store = Store(os.path.join(self.folder.name, name))
        self.addCleanup(store.close)
        return store

    def test_stories(self):
        for number, story in enumerate(CASES["stories"]):
            with self.subTest(story["name"]):
                store = self.store(str(number))
                for profile, sequence, kind in story["memberships"]:
                    present = Update(profile, None if kind == "ended" else ENTERED, sequence)
                    store.put_all("memberships", [present], {0: 1})
                changes = [Update(profile, None if kind == "exited" else ENTERED, n) for profile, n, kind in story["changes"]]
                store.apply_all("changes", changes, {0: 99})
                self.assertEqual(store.members(), story["members"])
                self.assertEqual(store.offsets("changes"), {0: 99})

    def test_a_batch_that_fails_in_the_middle_changes_nothing(self):
        store = self.store()
        store.put_all("memberships", [Update("p_1", ENTERED, 1)], {0: 1})
        with self.assertRaises(Exception):
            store.apply_all("changes", [Update("p_2", ENTERED, 1), Update("p_3", ENTERED, None)], {0: 5})
        self.assertEqual(store.members(), ["p_1"])
        self.assertEqual(store.offsets("changes"), {})

    def test_goes_on_where_it_ended_for_its_own_segment_only(self):
        first = self.store()
        first.belongs_to("main vip")
        first.start({"changes": {0: 7, 1: 9}})
        first.mark_rebuilt()
        second = self.store()
        self.assertTrue(second.is_rebuilt())
        self.assertEqual(second.offsets("changes"), {0: 7, 1: 9})
        with self.assertRaisesRegex(SystemExit, "the file holds main vip, not main news"):
            second.belongs_to("main news")


if __name__ == "__main__":
    unittest.main()
