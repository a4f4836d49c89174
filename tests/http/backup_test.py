"""weighd backup and restore: what was there is there again, byte for byte."""
import hashlib
import io
import json
import os
import random
import subprocess
import tarfile
import threading

from tests.cli.weigh import Case
from tests.daemon import Daemon


def weights(seed, size=200000):
    return random.Random(seed).randbytes(size)


class BackupTest(Case):
    def setUp(self):
        super().setUp()
        self.registry = Daemon().__enter__()
        self.addCleanup(self.registry.close)
        self.alice = self.registry.person("alice")
        self.files = {"a.dat": weights(1), "b.dat": weights(2)}
        self.environment.update(WEIGH_REGISTRY=self.registry.url, HF_TOKEN=self.alice)
        self.publish("v1")

    def publish(self, tag):
        os.makedirs(self.path("tiny"), exist_ok=True)
        for name, content in dict(self.files, **{"README.md": b"# Tiny\n"}).items():
            with open(self.path("tiny", name), "wb") as file:
                file.write(content)
        self.json("publish", self.path("tiny"), "alice/tiny", "--tag", tag)

    def run_weighd(self, registry, *words, status=0, **more):
        answer = subprocess.run([registry.weighd, *words[:1], "--config", registry.conf, *words[1:]],
                                capture_output=True, env=registry.environment(), check=False, **more)
        self.assertEqual(answer.returncode, status, answer.stderr.decode())
        return answer

    def backup(self, name, *words):
        path = self.path(name)
        self.run_weighd(self.registry, "backup", *words, path)
        return path

    def empty(self, **settings):
        """A registry that was never started."""
        registry = Daemon(**settings)
        self.addCleanup(registry.close)
        registry.write_conf()
        return registry

    def leaves(self, registry):
        return registry.sql("SELECT id, kind, encode(leaf, 'hex') FROM log_entry ORDER BY id")

    def check_same(self, restored, files):
        for path, content in files.items():
            answer = restored.ask("GET", f"/alice/tiny/resolve/v1/{path}", self.alice)
            self.assertEqual((answer.status, answer.body == content), (200, True), path)
        self.environment.update(WEIGH_REGISTRY=restored.url, HF_HOME=self.path("hf-" + restored.folder.strip("/").replace("/", "-")))
        self.assertTrue(self.json("pull", "alice/tiny@v1")["signed"])
        self.weigh("verify", "alice/tiny@v1")

    def test_an_empty_machine_gives_back_downloads_log_and_signatures(self):
        leaves = self.leaves(self.registry)
        self.assertTrue(leaves)
        done = threading.Event()

        def write():
            count = 0
            while not done.is_set() or count == 0:
                count += 1
                content = weights(100 + count, 3000)
                named = self.registry.upload("alice/tiny", self.alice, content)
                self.registry.commit("alice/tiny", self.alice, {f"more{count}.dat": named})

        writer = threading.Thread(target=write)
        writer.start()
        try:
            archive = self.backup("full.tar", "--with-secret")
        finally:
            done.set()
            writer.join()
        restored = self.empty(private=True)
        self.run_weighd(restored, "restore", archive)
        restored.start()
        self.check_same(restored, self.files)
        self.assertEqual(self.leaves(restored)[:len(leaves)], leaves)
        # Whatever commit the snapshot fell behind, its files are whole.
        for entry in restored.ask("GET", "/api/models/alice/tiny/tree/main", self.alice).json():
            answer = restored.ask("GET", f"/alice/tiny/resolve/main/{entry['path']}", self.alice)
            self.assertEqual(answer.status, 200, entry)
            if "lfs" in entry:
                self.assertEqual(hashlib.sha256(answer.body).hexdigest(), entry["lfs"]["oid"])
        # Ids go on where they were.
        restored.person("bob")
        self.assertEqual(restored.create("bob/new", restored.token("bob")).status, 200)
        self.assertEqual(self.run_weighd(restored, "scrub").stderr, b"")

    def test_an_increment_holds_what_is_new_and_restores_with_the_full_one(self):
        full = self.backup("full.tar", "--with-secret")  # which is then enough for the chain
        self.files["a.dat"] = weights(3)
        self.registry.commit("alice/tiny", self.alice, {"b.dat": None})
        self.publish("v2")
        second = self.backup("second.tar", "--since", full)
        with tarfile.open(second) as tar:
            blobs = [name for name in tar.getnames() if name.startswith("blobs/")]
        digest = hashlib.sha256(self.files["a.dat"]).hexdigest()
        self.assertEqual([name[6:70] for name in blobs], [digest])
        third = self.backup("third.tar", "--since", second)
        for wrong in ((second,), (full, third), (second, full), (full, second, second)):
            refused = self.run_weighd(self.empty(), "restore", *wrong, status=1)
            self.assertRegex(refused.stderr.decode(), "an increment|not made since")
        restored = self.empty()
        self.run_weighd(restored, "restore", full, second, third)
        restored.start()
        self.check_same(restored, {"a.dat": weights(1), "b.dat": weights(2)})
        answer = restored.ask("GET", "/alice/tiny/resolve/v2/a.dat", self.alice)
        self.assertTrue(answer.body == self.files["a.dat"])

    def test_a_stream_is_an_archive_and_a_registry_in_use_is_not_restored_over(self):
        stream = self.run_weighd(self.registry, "backup", "-").stdout
        names = tarfile.open(fileobj=io.BytesIO(stream)).getnames()
        self.assertEqual(names[:2], ["manifest.json", "blobs.list"])
        self.assertNotIn("secret", names)
        restored = self.empty()
        self.run_weighd(restored, "restore", "-", input=stream)
        again = self.run_weighd(restored, "restore", "-", input=stream, status=1)
        self.assertIn(b"not empty", again.stderr)
        self.registry.stop()
        self.assertIn(b"not empty", self.run_weighd(self.registry, "restore", "-", input=stream, status=1).stderr)

    def test_another_secret_file_than_the_archives_is_refused_and_nothing_is_left(self):
        path = self.backup("full.tar", "--with-secret")
        secret = self.path("secret")
        with open(secret, "w", encoding="ascii") as file:
            file.write("0" * 64)
        os.chmod(self.folder, 0o755)
        restored = self.empty(secret_file=secret)
        refused = self.run_weighd(restored, "restore", path, status=1)
        self.assertIn(b"another secret file", refused.stderr)
        os.unlink(secret)
        if os.geteuid() == 0:  # the folder is root's, and the daemon is not
            self.run_weighd(restored, "restore", path, status=1)
        restored.settings["secret_file"] = os.path.join(restored.folder, "data", "secret")
        restored.write_conf()
        self.run_weighd(restored, "restore", path)
        restored.start()
        self.check_same(restored, self.files)

    def test_a_database_in_use_is_not_restored_over_though_no_weights_are_there(self):
        path = self.backup("full.tar")
        used = self.empty()
        used.start()
        used.person("bob")
        used.stop()
        answer = self.run_weighd(used, "restore", path, status=1)
        self.assertIn(b"the database is not empty", answer.stderr)
        self.assertEqual(used.sql("SELECT name FROM account"), [["bob"]])

    def test_a_damaged_archive_is_refused_and_leaves_nothing(self):
        path = self.backup("full.tar")
        with open(path, "rb") as file:
            whole = file.read()
        with tarfile.open(path) as tar:
            members = {each.name: each for each in tar.getmembers()}
        blob = next(each for name, each in members.items() if name.startswith("blobs/"))
        restored = self.empty()
        for where in (members["blobs.list"].offset_data + 70, members["tables/account"].offset_data + 40,
                      blob.offset_data + 5, blob.offset + 20):
            damaged = bytearray(whole)
            damaged[where] ^= 1
            answer = self.run_weighd(restored, "restore", "-", input=bytes(damaged), status=1)
            self.assertIn(b"weighd: -: ", answer.stderr)
        for length in (0, 100, 512, blob.offset_data + 100):
            self.run_weighd(restored, "restore", "-", input=whole[:length], status=1)
        self.assertEqual([files for _, _, files in os.walk(os.path.join(restored.folder, "data", "blobs")) if files], [])
        self.run_weighd(restored, "restore", path)

    def test_damage_in_the_store_is_no_backup_until_the_scrub_knows_of_it(self):
        digest = hashlib.sha256(self.files["a.dat"]).hexdigest()
        folder = os.path.join(self.registry.folder, "data", "blobs", digest[:2])
        with open(os.path.join(folder, os.listdir(folder)[0]), "r+b") as file:
            file.write(b"damage")
        path = self.path("full.tar")
        answer = self.run_weighd(self.registry, "backup", path, status=1)
        self.assertIn(b"weighd scrub", answer.stderr)
        self.assertFalse(os.path.exists(path))
        self.run_weighd(self.registry, "scrub", status=1)
        self.backup("full.tar")
        refused = self.run_weighd(self.registry, "backup", path, status=1)
        self.assertIn(b"exists", refused.stderr)
        self.assertEqual(sorted(os.listdir(self.folder))[0], "full.tar")

    def forge(self, path, change, twice="none"):
        """The archive with other files and a manifest that fits them; what begins with twice comes twice."""
        with tarfile.open(path) as tar:
            files = {each.name: tar.extractfile(each).read() for each in tar.getmembers()}
        change(files)
        manifest = json.loads(files["manifest.json"])
        for part in [manifest["list"], *manifest["tables"]]:
            content = files.get(f"tables/{part['name']}", files.get(part["name"], b""))
            part.update(size=len(content), sha256=hashlib.sha256(content).hexdigest())
        files["manifest.json"] = json.dumps(manifest).encode()
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            for name, content in files.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                for _ in range(2 if name.startswith(twice) else 1):
                    tar.addfile(entry, io.BytesIO(content))
        return out.getvalue()

    def test_an_archive_that_was_forged_to_fit_is_refused(self):
        path = self.backup("full.tar")
        restored = self.empty()
        no_rows = b"PGCOPY\n\xff\r\n\0" + bytes(8) + b"\xff\xff"

        def drop_blob(files):
            files["blobs.list"] = files["blobs.list"].split(b"\n", 1)[1]

        def drop_accounts(files):
            files["tables/account"] = no_rows

        def drop_table(files):
            del files["tables/account"]

        def drop_bytes(files):
            del files[next(name for name in files if name.startswith("blobs/"))]

        def add_file(files):
            files["blobs/other"] = b"x"

        def swap_bytes(files):
            name = next(name for name in files if name.startswith("blobs/"))
            was, files[name] = files[name], b"x" * len(files[name])
            was, now = (hashlib.sha256(content).hexdigest().encode() for content in (was, files[name]))
            files["blobs.list"] = files["blobs.list"].replace(b" " + was + b" ", b" " + now + b" ")

        def drop_last_table(files):
            del files[[name for name in files if name.startswith("tables/")][-1]]

        def list_one_more(files):
            digest = hashlib.sha256(b"more").hexdigest()
            size = len(files[next(name for name in files if name.startswith("blobs/"))])
            last = sorted(files["blobs.list"].splitlines())[-1]
            files["blobs.list"] += b"f" * 64 + last[64:].replace(b" %d" % size, b" 4").replace(
                last.split()[1], digest.encode()) + b"\n"

        def add_stranger(files):
            files["notes"] = b"x"

        def lengthen_secret(files):
            files["secret"] = b"x" * 10000

        for change, why in ((drop_last_table, b"tables are missing"), (add_stranger, b"no backup has this file"),
                            (lengthen_secret, b"too long"), (list_one_more, b"not the blobs that the rows name"),
                            (swap_bytes, b"not the blobs that the rows name"), (drop_blob, b"the list does not have"), (drop_accounts, b"are refused"),
                            (drop_table, b"out of its order"), (drop_bytes, b"in none of the archives"),
                            (add_file, b"the list does not have")):
            answer = self.run_weighd(restored, "restore", "-", input=self.forge(path, change), status=1)
            self.assertIn(why, answer.stderr)
        for twice, why in (("blobs/", b"a blob comes twice"), ("tables/", b"out of its order")):
            forged = self.forge(path, lambda files: None, twice)
            self.assertIn(why, self.run_weighd(restored, "restore", "-", input=forged, status=1).stderr)
        self.run_weighd(restored, "restore", "-", input=self.forge(path, lambda files: None))


class WordsTest(Case):
    def test_words_that_are_not_understood_are_refused(self):
        weighd = os.environ["WEIGHD"]
        for words in (("backup",), ("backup", "a", "b"), ("backup", "--since"), ("restore",), ("restore", "--x"),
                      ("backup", "--nothing", "x"), ("scrub", "x")):
            answer = subprocess.run([weighd, *words], capture_output=True, check=False)
            self.assertEqual((answer.returncode, answer.stderr[:14]), (2, b"usage: weighd "), words)
        for word in ("backup", "restore", "scrub"):
            self.assertIn(b"usage", subprocess.run([weighd, word, "--help"], capture_output=True, check=True).stdout)


if __name__ == "__main__":
    import unittest
    unittest.main()
