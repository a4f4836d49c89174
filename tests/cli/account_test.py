"""Logging in and out, and tokens, against a real registry."""

import json
import os
import stat
import unittest

from tests.cli.weigh import Case
from tests.daemon import Daemon

PASSWORD = "correct horse battery"


class Account(Case):
    @classmethod
    def setUpClass(cls):
        cls.registry = Daemon()
        cls.registry.__enter__()
        cls.addClassCleanup(cls.registry.close)
        cls.token = cls.registry.person("alice")

    def setUp(self):
        super().setUp()
        self.environment["WEIGH_REGISTRY"] = self.registry.url

    def login(self, **options):
        return self.json("login", "alice", "--password-file", "-",
                         input=PASSWORD + "\n", **options)

    def test_a_password_becomes_a_token_that_only_its_owner_reads(self):
        result = self.login()
        self.assertEqual(result["name"], "alice")
        self.assertTrue(result["keyIsNew"])
        path = self.path("weigh", "login.json")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        with open(path) as file:
            kept = file.read()
        self.assertNotIn(PASSWORD, kept)
        self.assertIn("hf_", kept)
        key = self.path("weigh", "keys", "person.pem")
        self.assertEqual(stat.S_IMODE(os.stat(key).st_mode), 0o600)
        self.assertEqual(self.json("whoami")["name"], "alice")
        self.assertFalse(self.login()["keyIsNew"])

    def test_a_password_is_typed_unseen(self):
        text = self.at_terminal("login", talk=[
            ("Name: ", "alice\n"), ("Password: ", PASSWORD + "\n")])
        self.assertIn("logged in  alice at " + self.registry.url, text)
        self.assertNotIn(PASSWORD, text)

    def test_a_wrong_password_leaves_nothing_behind(self):
        self.weigh("login", "alice", "--password-file", "-", input="wrong\n",
                   status=1)
        self.assertFalse(os.path.exists(self.path("weigh", "login.json")))
        self.weigh("whoami", status=1)
        self.assertIn("weigh login", self.stderr)

    def test_a_wrong_token_is_noticed_before_it_is_kept(self):
        self.weigh("login", "--token", "hf_" + "x" * 40, status=1)
        self.assertFalse(os.path.exists(self.path("weigh", "login.json")))

    def test_without_a_terminal_a_password_has_to_come_from_a_file(self):
        self.weigh("login", "alice", status=2)
        self.assertIn("--password-file", self.stderr)
        self.weigh("login", status=2)

    def test_after_logging_out_the_token_is_worth_nothing(self):
        self.login()
        with open(self.path("weigh", "login.json")) as file:
            token = json.load(file)["logins"][self.registry.url]["token"]
        self.assertEqual(self.registry.ask(
            "GET", "/api/whoami-v2", token=token).status, 200)
        self.weigh("logout")
        self.assertEqual(self.registry.ask(
            "GET", "/api/whoami-v2", token=token).status, 401)
        self.weigh("whoami", status=1)
        self.weigh("logout", status=4)

    def test_a_token_of_the_environment_needs_no_login(self):
        result = self.json("whoami", env={"HF_TOKEN": self.token})
        self.assertEqual(result["name"], "alice")

    def test_tokens_are_made_listed_and_revoked(self):
        self.login()
        made = self.json("token", "create", "--name", "ci", "--role", "read",
                         "--days", "30", "--password-file", "-",
                         input=PASSWORD + "\n")
        self.assertRegex(made["token"], "^hf_[A-Za-z0-9]{40}$")
        listed = {one["displayName"]: one
                  for one in self.json("token", "list")["tokens"]}
        self.assertEqual(listed["ci"]["role"], "read")
        self.assertNotIn("token", listed["ci"])
        self.weigh("token", "revoke", listed["ci"]["id"][:8])
        self.assertEqual(self.registry.ask(
            "GET", "/api/whoami-v2", token=made["token"]).status, 401)
        self.weigh("token", "revoke", "ffffffff", status=4)

    def test_a_fine_grained_token_has_the_rights_that_were_named(self):
        self.login()
        self.weigh("create", "alice/one")
        made = self.json("token", "create", "--right", "read:alice/one",
                         "--password-file", "-", input=PASSWORD + "\n")
        self.assertEqual(made["role"], "fineGrained")
        self.weigh("token", "create", "--right", "fly", "--password-file",
                   "-", input=PASSWORD + "\n", status=1)

    def test_models_and_organisations_are_made_once(self):
        self.login()
        self.weigh("create", "labs", "--organization")
        made = self.json("create", "labs/tiny", "--private")
        self.assertEqual(made["url"], self.registry.url + "/labs/tiny")
        self.weigh("create", "labs/tiny", status=1)
        self.weigh("create", "tiny", status=2)
        self.assertIn("labs/tiny", [one["id"] for one in
                                    self.json("list")["models"]])
        self.weigh("info", "labs/tiny")
        self.weigh("info", "labs/tiny", env={"HF_TOKEN": "",
                                             "WEIGH_HOME": self.path("no")},
                   status=4)


if __name__ == "__main__":
    unittest.main()
