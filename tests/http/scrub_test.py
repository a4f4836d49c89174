"""weighd scrub: damage is found, kept from everybody, and healed."""
import hashlib
import json
import os
import re
import struct
import subprocess
import time
import unittest

from tests.daemon import Daemon
from tests.http.supervise_test import change


def safetensors(fill, count=64):
    header = json.dumps({"w": {"dtype": "F32", "shape": [count], "data_offsets": [0, 4 * count]}}).encode()
    return struct.pack("<Q", len(header)) + header + fill * (4 * count)


class ScrubTest(unittest.TestCase):
    def setUp(self):
        self.registry = Daemon().__enter__()
        self.addCleanup(self.registry.close)
        self.alice = self.registry.person("alice")
        self.registry.create("alice/tiny", self.alice)
        self.files = {f"{name}.safetensors": safetensors(name.encode()) for name in "abcd"}
        self.commit()

    def commit(self):
        named = {path: self.registry.upload("alice/tiny", self.alice, content)
                 for path, content in self.files.items()}
        self.assertEqual(self.registry.commit("alice/tiny", self.alice, named).status, 200)

    def blob(self, path):
        digest = hashlib.sha256(self.files[path]).hexdigest()
        blobs = os.path.join(self.registry.folder, "data", "blobs")
        folder = os.path.join(blobs, digest[:2])
        return next(os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.startswith(digest))

    def damage(self):
        """Flips a bit of a, cuts b short, removes c; d stays whole."""
        with open(self.blob("a.safetensors"), "r+b") as f:
            f.seek(-1, os.SEEK_END)
            last = f.read(1)[0]
            f.seek(-1, os.SEEK_END)
            f.write(bytes([last ^ 1]))
        os.truncate(self.blob("b.safetensors"), 100)
        os.unlink(self.blob("c.safetensors"))

    def scrub(self, *words):
        return subprocess.run([self.registry.weighd, "scrub", "--config", self.registry.conf, *words],
                              capture_output=True, text=True, env=self.registry.environment())

    def get(self, path, **headers):
        return self.registry.ask("GET", f"/alice/tiny/resolve/main/{path}", self.alice, headers=headers)

    def test_a_flipped_bit_a_cut_and_a_missing_file_are_found_and_never_served(self):
        self.assertEqual(self.scrub().returncode, 0)
        self.damage()
        answer = self.scrub("--json", "--rate", "1000")
        self.assertEqual(answer.returncode, 1, answer.stderr)
        self.assertIn("3 of 4 objects are damaged", answer.stderr)
        report = json.loads(answer.stdout)
        self.assertEqual(report["objects"], 4)
        reasons = {each["sha256"]: each["reason"] for each in report["damaged"]}
        size = len(self.files["b.safetensors"])
        self.assertEqual(reasons, {hashlib.sha256(self.files[f"{name}.safetensors"]).hexdigest(): reason
                                   for name, reason in (("a", "has another SHA-256"),
                                                        ("b", f"has 100 bytes, not {size}"),
                                                        ("c", "is missing"))})
        self.assertEqual(report["damaged"][0]["repositories"], ["alice/tiny"])
        for path in ("a.safetensors", "b.safetensors", "c.safetensors"):
            for headers in ({}, {"Range": "bytes=0-9"}):
                answer = self.get(path, **headers)
                self.assertEqual((answer.status, answer.headers["X-Error-Code"]), (500, "Damaged"), path)
                self.assertNotIn(self.files[path][:10], answer.body)
        self.assertEqual(self.get("d.safetensors").body, self.files["d.safetensors"])
        self.assertIn("has another SHA-256", self.registry.log())

    def test_an_upload_of_the_right_bytes_heals_what_was_quarantined(self):
        self.damage()
        self.assertEqual(self.scrub().returncode, 1)
        self.commit()
        for path, content in self.files.items():
            self.assertEqual(self.get(path).body, content, path)
        answer = self.scrub()
        self.assertEqual((answer.returncode, answer.stderr), (0, ""))

    def test_the_right_file_put_back_is_healed_by_the_next_scrub(self):
        path = self.blob("a.safetensors")
        self.damage()
        self.assertEqual(self.scrub().returncode, 1)
        with open(path, "wb") as f:
            f.write(self.files["a.safetensors"])
        answer = self.scrub("--json")
        self.assertEqual(answer.returncode, 1)
        self.assertEqual(json.loads(answer.stdout)["healed"], 1)
        self.assertEqual(self.get("a.safetensors").body, self.files["a.safetensors"])

    def test_a_file_cut_short_is_refused_before_any_byte_without_a_scrub(self):
        os.truncate(self.blob("b.safetensors"), 100)
        answer = self.get("b.safetensors")
        self.assertEqual((answer.status, answer.headers["X-Error-Code"]), (500, "Damaged"))
        self.assertIn("has 100 bytes, not", self.registry.log())

    # Rounds in the background.

    def again(self, *statements, **settings):
        """A new daemon, for which a round is due, or what else is said."""
        self.registry.stop()
        change(self.registry, **settings)
        for statement in statements:
            self.registry.sql(statement)
        self.registry.start()

    def round(self):
        """The row of the round, once none is under way."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            rows = self.registry.sql("SELECT objects, bytes, damaged FROM scrub WHERE ended_at > now() - interval '1 day'"
                                     "   AND began_at IS NULL")
            if rows:
                return [int(word) for word in rows[0]]
            time.sleep(0.05)
        raise AssertionError("no round came to an end:\n" + self.registry.log())

    def number(self, name):
        answer = self.registry.ask("GET", "/metrics").body.decode()
        return float(re.search(rf"^{name} (\S+)$", answer, re.M)[1])

    DUE = "UPDATE scrub SET ended_at = now() - interval '31 days'"

    def test_a_round_in_the_background_finds_what_the_command_finds_and_counts_it(self):
        self.round()  # over nothing, when the registry was empty
        self.damage()
        self.again(self.DUE)
        size = sum(len(self.files[f"{name}.safetensors"]) for name in "abcd")
        self.assertEqual(self.round(), [4, size, 3])
        for path in ("a.safetensors", "b.safetensors", "c.safetensors"):
            self.assertEqual(self.get(path).headers["X-Error-Code"], "Damaged", path)
        self.assertEqual(self.get("d.safetensors").body, self.files["d.safetensors"])
        lines = [json.loads(line) for line in self.registry.log().splitlines() if '"damaged"' in line]
        self.assertEqual(sorted(line["why"].split()[0] for line in lines if line["event"] == "damaged"), ["has", "has", "is"])
        self.assertTrue(all(line["repositories"] == ["alice/tiny"] for line in lines if line["event"] == "damaged"))
        self.assertEqual(self.number("weighd_quarantined_objects"), 3)
        self.assertEqual(self.number("weighd_scrub_objects_total"), 4)
        self.assertEqual(self.number("weighd_scrub_damaged_total"), 3)
        # What is cut short or missing is not read.
        self.assertEqual(self.number("weighd_scrub_bytes_total"), 2 * len(self.files["a.safetensors"]))
        self.assertLess(abs(self.number("weighd_scrub_last_finished_timestamp_seconds") - time.time()), 86400)
        status = subprocess.run([self.registry.weighd, "status", "--config", self.registry.conf], capture_output=True, text=True,
                                env=self.registry.environment())
        self.assertIn("3 objects damaged, all read 20", status.stdout)

    def test_a_round_goes_on_behind_what_was_judged_when_its_daemon_is_gone(self):
        self.round()
        first, second = sorted(hashlib.sha256(content).hexdigest() for content in self.files.values())[:2]
        self.again("UPDATE scrub SET began_at = now(), ended_at = now() - interval '31 days', daemon = 'dead',"
                   f"  leased_until = now() - interval '1 s', last_digest = '\\x{second}', objects = 2, bytes = 0, damaged = 0")
        self.assertEqual(self.round()[0], 4)
        self.assertEqual(self.number("weighd_scrub_objects_total"), 2)

    def test_a_round_that_a_living_daemon_has_is_left_to_it(self):
        self.round()
        self.again("UPDATE scrub SET began_at = now(), daemon = 'alive', leased_until = now() + interval '1 hour'")
        end = time.monotonic() + 60
        while self.number('weighd_job_runs_total{job="scrubber"}') == 0 and time.monotonic() < end:
            time.sleep(0.05)
        self.assertEqual(self.registry.sql("SELECT daemon FROM scrub"), [["alive"]])

    def test_no_round_begins_before_its_day_or_when_it_is_switched_off(self):
        self.round()
        for settings, statement in (({}, "UPDATE scrub SET ended_at = now() - interval '29 days'"),
                                    (dict(scrub_every_days=0), self.DUE), (dict(scrub_every_days=1, scrub_mib_per_second=0), self.DUE)):
            self.again(statement, **settings)
            end = time.monotonic() + 60
            while self.number('weighd_job_runs_total{job="scrubber"}') == 0 and time.monotonic() < end:
                time.sleep(0.05)
            self.assertEqual(self.registry.sql("SELECT count(*) FROM scrub WHERE ended_at > now() - interval '28 days'"
                                               "   OR began_at IS NOT NULL"), [["0"]], settings)

    def test_a_daemon_that_is_stopped_in_a_long_read_ends_at_once(self):
        self.round()
        self.files = {"big.bin": os.urandom(1 << 20) * 64}
        self.commit()
        self.again(self.DUE, scrub_mib_per_second=1)
        end = time.monotonic() + 60
        while self.number("weighd_scrub_bytes_total") < 1 << 20 and time.monotonic() < end:
            time.sleep(0.05)
        began = self.registry.sql("SELECT began_at IS NOT NULL FROM scrub")
        self.assertEqual((began, self.registry.stop()), ([["t"]], 0))
        self.assertNotIn("server killed", self.registry.log())

    def test_a_rate_that_is_none_is_refused(self):
        for rate in ("0", "-1", "x", "9999999", ""):
            self.assertEqual(self.scrub("--rate", rate).returncode, 2, rate)


if __name__ == "__main__":
    unittest.main()
