"""Hostile input against a real registry over a socket, each under its number
in the list of what a registry must survive (tests/unit/hostile_gguf_test.c has
1 to 21).  What two servers could read in two ways (32) is in limits_test.
"""
import base64
import hashlib
import json
import os
import subprocess
import unittest

from tests.daemon import Daemon

MEDIA_LFS = "application/vnd.git-lfs+json"
COMPOSED, DECOMPOSED = "caf\u00e9.txt", "cafe\u0301.txt"
shared = None


def setUpModule():
    global shared
    shared = Daemon(login_tries_per_account=1000, login_tries_per_address=1000).__enter__()
    unittest.addModuleCleanup(shared.close)


class HostileCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.registry = shared
        cls.owner = shared.person(cls.__name__.lower())

    def model(self, files=None):
        """A new model of the owner's with these files; its name."""
        name = f"{type(self).__name__.lower()}/{self.id().rsplit('.', 1)[1][5:]}".replace("_", "-")[:90].strip("-")
        self.assertEqual(self.registry.create(name, self.owner).status, 200)
        if files:
            self.commits(name, files)
        return name

    def commits(self, name, files, status=200):
        answer = self.registry.commit(name, self.owner, files)
        self.assertEqual(answer.status, status, answer)
        return answer

    def paths(self, name):
        answer = self.registry.ask("GET", f"/api/models/{name}/tree/main?recursive=true", self.owner)
        return {entry["path"] for entry in answer.json()}


class TwinTest(HostileCase):
    """30: names that a disk without regard to case or composition takes for one."""

    def refused(self, name, files, *named):
        message = self.commits(name, files, 422).headers["X-Error-Message"]
        for path in named:
            self.assertIn(path, message.encode("latin-1").decode(), message)

    def test_hostile_30_two_names_of_one_commit_that_fold_alike_are_refused(self):
        name = self.model()
        before = self.paths(name)
        for pair in (("weights.bin", "Weights.bin"), (COMPOSED, DECOMPOSED), ("stra\u00dfe", "STRASSE"),
                     ("a/b/c.txt", "a/B/c.txt"), ("dir/x", "Dir"), ("k", "\u212a")):
            self.refused(name, {path: b"1" for path in pair})
        self.refused(name, {"weights.bin": b"1", "Weights.bin": b"2"}, "weights.bin", "Weights.bin")
        self.refused(name, {"sub/" + COMPOSED: b"1", "sub/" + DECOMPOSED: b"2"})
        self.assertEqual(self.paths(name), before)

    def test_hostile_30_a_new_name_that_folds_like_one_that_is_there_is_refused(self):
        name = self.model({"config.json": b"{}", "sub/" + COMPOSED: b"1"})
        self.refused(name, {"Config.json": b"{}"}, "Config.json", "config.json")
        self.refused(name, {"sub/" + DECOMPOSED: b"2"})
        self.refused(name, {"Sub/new.txt": b"2"}, "Sub", "sub")
        large = self.registry.upload(name, self.owner, b"weights " * 1000)
        self.refused(name, {"CONFIG.JSON": large})
        self.commits(name, {"Config.json": b"{}", "config.json": None})  # another name for it is no twin
        self.assertIn("Config.json", self.paths(name))

    def test_hostile_30_twins_that_were_there_before_hold_up_nobody(self):
        name = self.model()
        self.insert_tree(name, [(b"100644", b"A.txt"), (b"100644", b"a.txt")])
        self.commits(name, {"a.txt": b"changed", "other.txt": b"new"})
        self.assertEqual(self.paths(name), {"A.txt", "a.txt", "other.txt"})
        self.refused(name, {"a.TXT": b"third"}, "a.TXT")
        self.commits(name, {"A.txt": None})

    def insert_tree(self, name, entries):
        """What main was before the rule: rows as git would have them."""
        rows = []

        def add(kind, word, data):
            oid = hashlib.sha1(b"%s %d\0" % (word, len(data)) + data).hexdigest()
            rows.append(f"('{oid}', {kind}, '{data.hex()}')")
            return oid
        blob = add(3, b"blob", b"1")
        tree = add(2, b"tree", b"".join(mode + b" " + path + b"\0" + bytes.fromhex(blob) for mode, path in entries))
        commit = add(1, b"commit", f"tree {tree}\nauthor a <a@b.c> 0 +0000\ncommitter a <a@b.c> 0 +0000\n\nx\n".encode())
        found = f"(SELECT id FROM repository WHERE name = '{name.split('/')[1]}')"
        self.registry.sql(
            f"INSERT INTO git_object (repository, oid, kind, size, data) SELECT {found}, decode(oid, 'hex'), kind,"
            f" octet_length(decode(data, 'hex')), decode(data, 'hex') FROM (VALUES {', '.join(rows)}) n(oid, kind, data)"
            f" ON CONFLICT DO NOTHING;"
            f" UPDATE git_ref SET target = decode('{commit}', 'hex') WHERE name = 'refs/heads/main' AND repository = {found}")

    def test_hostile_30_letters_that_look_alike_are_two_names_and_both_are_shown(self):
        name = self.model({"model.txt": b"latin", "m\u043edel.txt": b"cyrillic"})
        self.assertLessEqual({"model.txt", "m\u043edel.txt"}, self.paths(name))
        answer = self.registry.ask("GET", f"/{name}/resolve/main/m%D0%BEdel.txt", self.owner)
        self.assertEqual(answer.body, b"cyrillic")


if __name__ == "__main__":
    unittest.main()
