"""weighd scrub: damage is found, kept from everybody, and healed."""
import hashlib
import json
import os
import struct
import subprocess
import unittest

from tests.daemon import Daemon


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

    def test_a_rate_that_is_none_is_refused(self):
        for rate in ("0", "-1", "x", "9999999", ""):
            self.assertEqual(self.scrub("--rate", rate).returncode, 2, rate)


if __name__ == "__main__":
    unittest.main()
