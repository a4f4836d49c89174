"""weigh sign, verify and keygen: folders, and models in the cache."""

import hashlib
import json
import os
import stat
import unittest

from tests.cli.fake import Registry
from tests.cli.weigh import Case


class Bench(Case):
    """A folder that is a model, and a key."""

    def setUp(self):
        super().setUp()
        self.model = self.path("model")
        self.key = self.path("key.pem")
        os.mkdir(self.model)
        self.write("config.json", b"{}")
        self.write("model.safetensors", b"weights")
        self.made = self.json("keygen", "--out", self.key)

    def write(self, name, data):
        with open(os.path.join(self.model, name), "wb") as file:
            file.write(data)

    def sign(self, *more):
        return self.json("sign", self.model, "--private-key", self.key, *more)

    def verify(self, *more, **options):
        return self.weigh("verify", self.model, "--public-key",
                          self.key + ".pub", *more, **options)


class Folder(Bench):
    def test_a_signed_folder_verifies_by_what_lies_in_it(self):
        signed = self.sign()
        self.assertEqual(signed["signature"],
                         os.path.join(self.model, "model.sig"))
        self.assertEqual(signed["files"], 2)
        self.assertEqual(signed["key"], self.made["key"])
        self.assertIn("2 of 2 files", self.verify())
        result = json.loads(self.verify("--json"))
        self.assertTrue(result["verified"])
        self.assertEqual(result["key"], self.made["key"])

    def test_what_does_not_agree_exits_with_5_and_is_named(self):
        self.sign()
        self.write("config.json", b"[]")
        for i in range(9):
            self.write("extra%d" % i, b"")
        out = self.verify(status=5)
        self.assertIn("config.json is changed", self.stderr)
        self.assertIn("and 5 more", self.stderr)
        self.assertIn("unsigned   extra8", out)
        error = json.loads(self.verify("--json", status=5))["error"]
        self.assertEqual(error["code"], "SignatureInvalid")

    def test_a_name_cannot_move_the_terminal(self):
        self.sign()
        self.write("a\x1b[2Jb", b"")
        self.verify(status=5)
        self.assertNotIn("\x1b", self.stderr)

    def test_missing_options_and_files_are_told_apart(self):
        self.weigh("sign", self.model, status=2)
        self.weigh("verify", self.model, status=2)
        self.weigh("keygen", status=2)
        self.weigh("keygen", "acme", "--out", self.path("x.pem"), status=2)
        self.verify(status=4)
        self.weigh("verify", self.path("none"), "--public-key",
                   self.key + ".pub", "--signature", self.key, status=5)
        self.weigh("sign", self.path("none"), "--private-key", self.key,
                   "--signature", self.path("s"), status=4)

    def test_a_private_key_is_its_owners_and_replaces_none(self):
        mode = stat.S_IMODE(os.stat(self.key).st_mode)
        self.assertEqual(mode, 0o600)
        with open(self.key + ".pub", "rb") as file:
            self.assertEqual(hashlib.sha256(file.read()).hexdigest(),
                             self.made["key"])
        self.weigh("keygen", "--out", self.key, status=1)
        self.assertIn("exists already", self.stderr)

    def test_a_publishers_key_is_kept_in_the_settings(self):
        made = self.json("keygen", "acme")
        self.assertTrue(made["private"].startswith(self.path("weigh")))
        self.weigh("keygen", "acme", status=1)
        self.weigh("keygen", "../acme", status=1)

    def test_an_encrypted_key_is_named_as_what_it_is(self):
        path = os.path.join(os.path.dirname(__file__), "..", "vectors", "key",
                            "p256.encrypted.pem")
        self.weigh("sign", self.model, "--private-key", path, status=1)
        self.assertIn("encrypted", self.stderr)


class Cache(Bench):
    """The same folder, published on a registry and pulled."""

    def setUp(self):
        super().setUp()
        self.sign()
        files = {}
        for name in os.listdir(self.model):
            with open(os.path.join(self.model, name), "rb") as file:
                files[name] = file.read()
        self.registry = Registry(files, weights=["model.safetensors"])
        self.addCleanup(self.registry.close)
        self.registry.keys = [{"pem": self.made["pem"]}]
        self.environment["WEIGH_REGISTRY"] = self.registry.url

    def pull(self):
        return self.json("pull", "acme/tiny@main")["path"]

    def test_a_pulled_model_verifies_without_the_registry(self):
        self.pull()
        self.registry.hook = lambda handler: handler.send_error(503) or True
        out = self.weigh("verify", "acme/tiny@main")
        self.assertIn("2 of 2 files", out)

    def test_a_byte_that_changed_in_the_cache_is_noticed(self):
        path = os.path.join(self.pull(), "model.safetensors")
        with open(os.path.realpath(path), "r+b") as file:
            file.write(b"W")
        self.weigh("verify", "acme/tiny@main", status=5)
        self.assertIn("model.safetensors is changed", self.stderr)

    def test_a_link_that_leaves_the_cache_is_refused(self):
        path = os.path.join(self.pull(), "config.json")
        os.remove(path)
        os.symlink(os.path.join(self.model, "config.json"), path)
        self.weigh("verify", "acme/tiny@main", status=5)
        self.assertIn("leaves the cache", self.stderr)

    def test_a_model_that_was_not_pulled_is_not_found(self):
        self.weigh("verify", "acme/other", status=4)
        self.assertIn("weigh pull acme/other", self.stderr)


if __name__ == "__main__":
    unittest.main()
