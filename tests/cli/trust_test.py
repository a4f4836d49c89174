"""Whom a pull believes: signatures and keys, from a registry that lies."""

import hashlib
import json
import os
import shutil
import unittest

from tests.cli.fake import Registry
from tests.cli.weigh import Case

FILES = {"README.md": b"# tiny\n", "a/config.json": b"{}\n",
         "model.bin": bytes(range(256)) * 64}


class Trust(Case):
    def setUp(self):
        super().setUp()
        self.registry = Registry({}, weights=["model.bin"])
        self.addCleanup(self.registry.close)
        self.environment["WEIGH_REGISTRY"] = self.registry.url
        self.environment["HF_TOKEN"] = "hf_x"
        self.signatures = []
        self.key = self.make_key("first")
        self.publish(self.key)

    def make_key(self, name):
        path = self.path(name + ".pem")
        made = self.json("keygen", "--out", path)
        return {"path": path, "hint": made["key"], "pem": made["pem"]}

    def sign(self, key, files):
        folder = self.path("folder")
        shutil.rmtree(folder, ignore_errors=True)
        for path, data in files.items():
            os.makedirs(os.path.dirname(os.path.join(folder, path)),
                        exist_ok=True)
            with open(os.path.join(folder, path), "wb") as file:
                file.write(data)
        self.weigh("sign", folder, "--private-key", key["path"])
        with open(os.path.join(folder, "model.sig"), "rb") as file:
            return file.read()

    def publish(self, key, files=None, tag="v1"):
        """What the registry then serves as the newest release."""
        files = dict(files or FILES)
        files["model.sig"] = self.sign(key, files)
        self.signatures.append(files["model.sig"])
        self.registry.files = files
        self.registry.commit = hashlib.sha1(files["model.sig"]).hexdigest()
        self.registry.releases.insert(0, {
            "tag": tag, "commit": self.registry.commit, "key": key["hint"]})
        if key["hint"] not in [one["hint"] for one in self.registry.keys]:
            self.registry.keys.insert(0, {
                "hint": key["hint"], "pem": key["pem"],
                "beginsAt": "2026-01-01T00:00:00.000Z"})

    def pull(self, *options, status=0):
        if status:
            return self.weigh("pull", "acme/tiny", *options, status=status)
        return self.json("pull", "acme/tiny", *options)

    def assert_nothing_arrived(self):
        """No file has a name under which anybody would use it."""
        model = self.path("hf", "hub", "models--acme--tiny")
        good = [*FILES.values(), *self.signatures]
        for folder, _, names in os.walk(model):
            for name in names:
                self.assertNotIn("snapshots", folder)
                with open(os.path.join(folder, name), "rb") as file:
                    self.assertTrue(file.read() in good, name)

    def test_the_first_key_is_kept_and_later_pulls_hold_to_it(self):
        first = self.pull()
        self.assertTrue(first["signed"] and first["firstUse"])
        self.assertEqual(first["key"], self.key["hint"])
        self.assertFalse(self.pull()["firstUse"])
        self.weigh("verify", "acme/tiny")
        self.assertEqual(self.json("list", "--local")["pulled"][0]["key"],
                         self.key["hint"])

    def test_another_key_is_refused_until_the_person_says_so(self):
        self.pull()
        other = self.make_key("other")
        self.publish(other, {**FILES, "a/config.json": b"{2}\n"})
        self.pull(status=5)
        self.assertIn("--accept-key", self.stderr)
        self.pull("--accept-key")
        self.pull()
        self.publish(self.key)
        self.pull(status=5)

    def test_a_key_that_the_known_one_handed_over_to_is_taken(self):
        home = os.path.join(self.environment["WEIGH_HOME"], "keys")
        self.pull()
        os.makedirs(home, exist_ok=True)
        shutil.copy(self.key["path"],
                    os.path.join(home, "publisher-acme.pem"))
        for _ in range(2):
            following = self.rotate(home)
            self.publish(following, {**FILES, "n": following["hint"].encode()})
        self.assertEqual(self.pull()["key"], following["hint"])
        # What the earlier key signed still counts.
        self.publish(self.key, tag="v0")
        self.assertEqual(self.pull()["key"], self.key["hint"])

    def rotate(self, home):
        """Has weigh hand over to a new key, and the registry list it."""
        def take(handler):
            if handler.command != "POST":
                return False
            body = json.loads(handler.rfile.read(
                int(handler.headers["Content-Length"])))
            body["hint"] = hashlib.sha256(body["pem"].encode()).hexdigest()
            self.registry.keys.insert(0, body)
            self.registry.send_json(handler, body)
            return True

        self.registry.hook = take
        hint = self.json("keygen", "acme", "--rotate")["key"]
        self.registry.hook = None
        return {"hint": hint, "pem": None,
                "path": os.path.join(home, "publisher-acme.pem")}

    def test_a_rotation_for_another_namespace_counts_for_nothing(self):
        home = os.path.join(self.environment["WEIGH_HOME"], "keys")
        self.pull()
        os.makedirs(home, exist_ok=True)
        shutil.copy(self.key["path"],
                    os.path.join(home, "publisher-evil.pem"))
        self.registry.name = "evil/tiny"
        keys, self.registry.keys = self.registry.keys, []

        def take(handler):
            if handler.command != "POST":
                return False
            body = json.loads(handler.rfile.read(
                int(handler.headers["Content-Length"])))
            body["hint"] = hashlib.sha256(body["pem"].encode()).hexdigest()
            keys.insert(0, body)
            self.registry.send_json(handler, body)
            return True

        self.registry.hook = take
        hint = self.json("keygen", "evil", "--rotate")["key"]
        self.registry.hook = None
        self.registry.name, self.registry.keys = "acme/tiny", keys
        self.publish({"hint": hint, "pem": None, "path": os.path.join(
            home, "publisher-evil.pem")})
        self.pull(status=5)

    def test_a_revoked_key_signs_nothing_that_is_taken(self):
        self.pull()
        self.registry.keys[0].update(revokedAt="2026-11-01T00:00:00.000Z",
                                     revokedReason="laptop lost")
        self.pull(status=5)
        self.assertIn("laptop lost", self.stderr)

    def test_the_key_that_the_person_names_is_the_only_one(self):
        other = self.make_key("other")
        self.pull("--publisher-key", other["path"] + ".pub", status=5)
        self.assert_nothing_arrived()
        result = self.pull("--publisher-key", self.key["path"] + ".pub")
        self.assertFalse(result["firstUse"])
        self.publish(other)
        self.pull(status=5)

    def test_the_registry_cannot_change_a_file(self):
        for path in FILES:
            self.publish(self.key)
            self.registry.files[path] = b"evil" + FILES[path][4:]
            self.pull(status=5)
        self.assert_nothing_arrived()

    def test_the_registry_cannot_add_or_leave_out_a_file(self):
        self.registry.files["extra.py"] = b"import os\n"
        self.pull(status=5)
        self.assertIn("extra.py", self.stderr)
        del self.registry.files["extra.py"], self.registry.files["README.md"]
        self.pull(status=5)
        self.assert_nothing_arrived()

    def test_the_registry_cannot_show_another_file_under_a_signed_name(self):
        self.registry.files["README.md"] = FILES["a/config.json"]
        self.registry.files["a/config.json"] = FILES["README.md"]
        self.pull(status=5)
        self.assert_nothing_arrived()

    def test_another_model_of_the_publisher_is_shown_by_its_own_name(self):
        """sign is given a folder called "folder"; the model is tiny."""
        self.assertEqual(self.pull()["signedAs"], "folder")
        shown = self.weigh("pull", "acme/tiny")
        self.assertIn('it was signed under the name "folder"', shown)
        self.registry.name = "acme/folder"
        self.assertNotIn("under the name", self.weigh("pull", "acme/folder"))

    def test_a_signature_that_is_none_is_no_unsigned_model(self):
        for text in (b"", b"{}", b"not json", b'{"a":' * 1000):
            self.registry.files["model.sig"] = text
            self.pull("--allow-unsigned", status=5)
        self.assert_nothing_arrived()

    def test_without_its_signature_a_release_needs_the_flag(self):
        del self.registry.files["model.sig"]
        self.pull(status=5)
        self.assert_nothing_arrived()
        self.assertFalse(self.pull("--allow-unsigned")["signed"])

    def test_a_key_that_the_registry_invents_is_no_pinned_one(self):
        self.pull()
        self.registry.keys = []
        self.pull()  # the pin needs no list
        self.registry.keys = [{"hint": self.key["hint"], "pem": "nonsense"}]
        self.pull(status=1)

    def test_git_own_root_file_is_left_out_and_any_other_refused(self):
        self.registry.files[".gitattributes"] = b"*.bin filter=lfs\n"
        path = self.pull()["path"]
        self.assertFalse(os.path.exists(os.path.join(path, ".gitattributes")))
        self.registry.files["a/.gitattributes"] = b"* filter=evil\n"
        self.pull(status=5)

    def test_a_withdrawn_release_is_not_the_newest(self):
        self.publish(self.key, {**FILES, "n": b"2"}, tag="v2")
        self.assertEqual(self.pull()["revision"], "v2")
        newest = dict(self.registry.releases[0],
                      withdrawnAt="2026-11-01T00:00:00.000Z")
        self.publish(self.key)
        self.registry.releases = [newest, self.registry.releases[0]]
        self.assertEqual(self.pull()["revision"], "v1")


if __name__ == "__main__":
    unittest.main()
