"""Accounts as clients of the API meet them."""
import fcntl
import json
import os
import subprocess
import unittest

from tests.daemon import Daemon, free_port

PASSWORD = "correct horse battery"


class AccountTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.registry = Daemon().__enter__()
        cls.addClassCleanup(cls.registry.close)
        cls.alice = cls.registry.person("alice", "--fullname", "Alice A")
        cls.bob = cls.registry.person("bob", role="read")
        cls.registry.organization("acme", "alice:admin", "bob:read")

    def ask(self, *words, **more):
        return self.registry.ask(*words, **more)

    def log_in(self, name="alice", password=PASSWORD, **more):
        return self.ask("POST", "/api/tokens", body=dict(name=name, password=password, **more))

    def test_whoami_has_the_shape_that_the_hubs_clients_read(self):
        answer = self.ask("GET", "/api/whoami-v2", self.alice)
        self.assertEqual(answer.status, 200)
        me = answer.json()
        self.assertEqual(me["type"], "user")
        self.assertEqual(me["name"], "alice")
        self.assertEqual(me["fullname"], "Alice A")
        self.assertEqual(me["email"], "alice@example.org")
        self.assertRegex(me["id"], "^[0-9a-f]{24}$")
        for key, kind in dict(emailVerified=bool, canPay=bool, isPro=bool, billingMode=str, avatarUrl=str).items():
            self.assertIsInstance(me[key], kind, key)
        self.assertIn("periodEnd", me)
        self.assertIn(("org", "acme", "admin"), [(o["type"], o["name"], o["roleInOrg"]) for o in me["orgs"]])
        token = me["auth"]["accessToken"]
        self.assertEqual(me["auth"]["type"], "access_token")
        self.assertEqual(token["role"], "write")
        self.assertIn("displayName", token)
        self.assertRegex(token["createdAt"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")

    def test_a_fine_grained_role_is_spelled_as_the_hub_does(self):
        token = self.registry.token("alice", "fine-grained")
        me = self.ask("GET", "/api/whoami-v2", token).json()
        self.assertEqual(me["auth"]["accessToken"]["role"], "fineGrained")

    def test_whoami_refuses_a_stranger_and_a_bad_token(self):
        stranger = self.ask("GET", "/api/whoami-v2")
        self.assertEqual(stranger.status, 401)
        self.assertIn("Bearer", stranger.headers["WWW-Authenticate"])
        bad = self.ask("GET", "/api/whoami-v2", "hf_" + "a" * 40)
        self.assertEqual(bad.status, 401)
        self.assertEqual(bad.headers["X-Error-Message"], "Invalid credentials in Authorization header")
        self.assertEqual(bad.json(), {"error": "Invalid credentials in Authorization header"})

    def test_a_seeded_token_of_any_shape_works(self):
        self.registry.token("bob", "read", "--value", "hf_enterprise_admin_token")
        self.assertEqual(self.ask("GET", "/api/whoami-v2", "hf_enterprise_admin_token").json()["name"], "bob")

    def test_a_name_and_a_password_make_a_token_that_is_shown_once(self):
        answer = self.log_in(displayName="laptop")
        self.assertEqual(answer.status, 201)
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        made = answer.json()
        self.assertRegex(made["token"], "^hf_[A-Za-z0-9]{40}$")
        self.assertEqual(made["role"], "write")
        self.assertEqual(self.ask("GET", "/api/whoami-v2", made["token"]).json()["name"], "alice")
        listed = self.ask("GET", "/api/tokens", made["token"])
        self.assertNotIn(made["token"], listed.body.decode())
        self.assertIn(made["id"], [token["id"] for token in listed.json()])

    def test_login_by_address_and_in_any_case(self):
        self.assertEqual(self.log_in("ALICE@example.org").status, 201)
        self.assertEqual(self.log_in("Alice").status, 201)

    def test_an_unknown_name_and_a_wrong_password_look_alike(self):
        answers = [self.log_in("nobody", "wrong password"), self.log_in("alice", "wrong password"),
                   self.log_in("acme", "wrong password")]
        self.assertEqual({a.status for a in answers}, {401})
        self.assertEqual(len({a.body for a in answers}), 1)

    def test_a_token_ends_itself_and_others_of_its_account(self):
        first, second = self.log_in().json(), self.log_in().json()
        self.assertEqual(self.ask("DELETE", "/api/tokens/" + second["id"], self.bob).status, 403)
        self.assertEqual(self.ask("DELETE", "/api/tokens/" + second["id"], first["token"]).status, 200)
        self.assertEqual(self.ask("GET", "/api/whoami-v2", second["token"]).status, 401)
        self.assertEqual(self.ask("DELETE", "/api/tokens/current", first["token"]).status, 200)
        self.assertEqual(self.ask("GET", "/api/whoami-v2", first["token"]).status, 401)

    def test_nobody_ends_the_token_of_another(self):
        other = self.log_in("bob").json()
        self.assertEqual(self.ask("DELETE", "/api/tokens/" + other["id"], self.alice).status, 404)
        self.assertEqual(self.ask("GET", "/api/whoami-v2", other["token"]).status, 200)

    def test_an_asked_token_has_its_role_end_and_rights(self):
        made = self.log_in(role="fineGrained", rights=["gated", "write:acme"], expiresAt="2100-01-01").json()
        self.assertEqual(made["role"], "fineGrained")
        self.assertEqual(made["expiresAt"], "2100-01-01T00:00:00.000Z")
        for wrong in (dict(role="root"), dict(expiresAt="2001-01-01"), dict(expiresAt="soon"),
                      dict(rights=["gated"]), dict(role="fineGrained", rights=["everything"]),
                      dict(role="fineGrained", rights=["read:nowhere"]), dict(role="fineGrained", rights="gated")):
            self.assertEqual(self.log_in(**wrong).status, 400, wrong)

    def test_leaked_tokens_are_revoked_and_nobody_learns_which_were_real(self):
        leaked = self.log_in().json()["token"]
        body = {"credentials": ["hf_nobodys", leaked]}
        self.assertEqual(self.ask("POST", "/api/credentials/revoke", body=body).status, 202)
        self.assertEqual(self.ask("POST", "/api/credentials/revoke", body=body).status, 202)
        self.assertEqual(self.ask("GET", "/api/whoami-v2", leaked).status, 401)
        self.assertEqual(self.ask("POST", "/api/credentials/revoke", body={"credentials": [1]}).status, 400)

    def test_overviews_show_names_and_no_address(self):
        user = self.ask("GET", "/api/users/ALICE/overview")
        self.assertEqual(user.json()["user"], "alice")
        self.assertNotIn("example.org", user.body.decode())
        self.assertEqual(user.json()["orgs"], [])
        self.assertEqual(self.ask("GET", "/api/users/alice/overview", self.bob).json()["orgs"][0]["name"], "acme")
        self.assertEqual(self.ask("GET", "/api/organizations/acme/overview").json()["numUsers"], 2)
        self.assertEqual(self.ask("GET", "/api/users/acme/overview").status, 404)
        self.assertEqual(self.ask("GET", "/api/organizations/alice/overview").status, 404)

    def test_members_are_listed_for_those_who_are_signed_in(self):
        self.assertEqual(self.ask("GET", "/api/organizations/acme/members").status, 401)
        members = self.ask("GET", "/api/organizations/acme/members", self.bob).json()
        self.assertEqual([(m["user"], m["role"]) for m in members], [("alice", "admin"), ("bob", "read")])

    def test_an_organisation_is_its_makers_and_its_administrators_say_who_is_in(self):
        made = self.ask("POST", "/api/organizations/create", self.alice, {"name": "lab", "fullname": "The Lab"})
        self.assertEqual(made.status, 201)
        path = "/api/organizations/lab/members/bob"
        self.assertEqual(self.ask("PUT", path, self.registry.token("bob"), {"role": "admin"}).status, 403)
        self.assertEqual(self.ask("PUT", path, self.alice, {"role": "king"}).status, 400)
        self.assertEqual(self.ask("PUT", path, self.alice, {"role": "write"}).status, 200)
        self.assertEqual(self.ask("GET", "/api/organizations/lab/overview").json()["numUsers"], 2)
        self.assertEqual(self.ask("DELETE", path, self.alice).status, 200)
        self.assertEqual(self.ask("GET", "/api/organizations/lab/overview").json()["numUsers"], 1)
        self.assertEqual(self.ask("POST", "/api/organizations/create", self.alice, {"name": "LAB"}).status, 409)
        self.assertEqual(self.ask("POST", "/api/organizations/create", self.bob, {"name": "more"}).status, 403)

    def test_a_picture_is_there_for_everybody(self):
        self.assertEqual(self.ask("GET", "/avatars/alice").headers["Location"], "/static/avatar.svg")
        self.assertEqual(self.ask("GET", "/avatars/nobody").headers["Location"], "/static/avatar.svg")
        self.assertEqual(self.ask("GET", "/static/avatar.svg").headers["Content-Type"], "image/svg+xml")

    def test_no_secret_is_in_the_log(self):
        token = self.log_in().json()["token"]
        self.ask("GET", "/api/whoami-v2", token)
        self.log_in("alice", "a wrong secret")
        log = self.registry.log()
        for secret in (token, PASSWORD, "a wrong secret"):
            self.assertNotIn(secret, log)


class LimitTest(unittest.TestCase):
    def test_after_ten_wrong_passwords_even_the_right_one_waits(self):
        with Daemon() as registry:
            registry.person("alice")
            registry.person("bob")
            log_in = lambda name, password: registry.ask(
                "POST", "/api/tokens", body=dict(name=name, password=password))
            for _ in range(10):
                self.assertEqual(log_in("alice", "wrong").status, 401)
            answer = log_in("alice", PASSWORD)
            self.assertEqual(answer.status, 429)
            self.assertGreater(int(answer.headers["Retry-After"]), 0)
            self.assertEqual(log_in("bob", PASSWORD).status, 201)


class OperatorTest(unittest.TestCase):
    """weighd admin's words, beside a running daemon."""

    @classmethod
    def setUpClass(cls):
        cls.registry = Daemon().__enter__()
        cls.addClassCleanup(cls.registry.close)

    def refused(self, *words):
        with self.assertRaises(AssertionError) as caught:
            self.registry.admin(*words)
        return str(caught.exception)

    def test_what_is_added_is_listed_shown_and_removed(self):
        admin = self.registry.admin
        admin("account", "add", "carol", "--email", "carol@example.org", "--id", "0" * 24, "--administrator")
        shown = json.loads(admin("account", "show", "CAROL", "--json"))
        self.assertEqual((shown["id"], shown["administrator"], shown["emailVerified"]), ("0" * 24, True, True))
        self.assertIn("carol", admin("account", "list"))
        token = json.loads(admin("token", "add", "carol", "--role", "read", "--label", "ci", "--json"))
        self.assertEqual(admin("token", "show", token["id"][:8], "--json").count(token["id"]), 1)
        self.assertNotIn(token["token"], admin("token", "list", "carol"))
        admin("token", "remove", token["id"])
        self.assertEqual(admin("token", "list", "carol"), "")
        admin("organization", "add", "club", "--member", "carol:admin", "--private-by-default")
        club = json.loads(admin("organization", "show", "club", "--json"))
        self.assertEqual(club["members"], [{"name": "carol", "role": "admin"}])
        self.assertTrue(club["privateByDefault"])
        self.assertIn("club would be left without an admin", self.refused("account", "remove", "carol"))
        self.assertRegex(admin("organization", "list"), r"(?m)^club +club$")
        self.assertIn(club["id"], [each["id"] for each in json.loads(admin("organization", "list", "--json"))])
        admin("organization", "remove", "club")
        self.assertIn("there is no organization club", self.refused("organization", "show", "club"))
        admin("account", "remove", "carol")
        self.assertIn("there is no account carol", self.refused("account", "show", "carol"))

    def test_wrong_words_are_named(self):
        self.assertIn("reserved", self.refused("account", "add", "api", "--email", "a@example.org"))
        self.assertIn("e-mail", self.refused("account", "add", "dave", "--email", "dave"))
        self.assertIn("--nothing", self.refused("account", "add", "dave", "--nothing"))
        self.assertIn("--email wants a value", self.refused("account", "add", "dave", "--email"))
        self.assertIn("--role", self.refused("token", "add", "dave"))
        self.assertIn("there is no account dave", self.refused("token", "add", "dave", "--role", "read"))
        self.assertIn("there is no account dave", self.refused("token", "list", "dave"))
        self.assertIn("there is no token 0123", self.refused("token", "show", "0123"))
        for words in (("--expires", "2026-02-30"), ("--right", "own:acme")):
            self.assertIn(words[1] if words[0] == "--expires" else "a right is",
                          self.refused("token", "add", "dave", "--role", "fine-grained", *words))
        self.assertIn("NAME:ROLE", self.refused("organization", "add", "x", "--member", "dave"))
        self.assertIn("there is no person", self.refused("organization", "add", "x", "--member", "dave:read"))
        self.assertIn("not understood", self.refused("account", "paint"))

    def start(self, *flags):
        """What a weighd says that should not start."""
        answer = subprocess.run(
            [self.registry.weighd, "--config", self.registry.conf, *flags], capture_output=True, text=True, timeout=60)
        return answer.returncode, answer.stderr

    def test_a_port_that_does_not_exist_is_refused(self):
        for address in ("127.0.0.1:99999", "127.0.0.1:0", "127.0.0.1:http", "127.0.0.1"):
            status, said = self.start("--listen", address)
            self.assertEqual((status, said), (2, f'weighd: listen: "{address}" is not ADDRESS:PORT\n'))

    def test_a_database_out_of_reach_is_named_with_the_cause(self):
        nowhere = f"host={self.registry.folder}"
        status, said = self.start("--listen", f"127.0.0.1:{free_port()}", "--database", nowhere)
        self.assertEqual(status, 1)
        self.assertIn("weighd: the database is out of reach: ", said)
        self.assertIn(self.registry.folder, said)

    def test_no_level_is_taken_from_a_registry_that_runs(self):
        folder = os.path.join(self.registry.folder, "lent")
        os.mkdir(folder)
        with open(os.path.join(folder, "conninfo"), "w") as f:
            f.write(self.registry.conninfo())
        words = [self.registry.weighd, "--data", folder, "migrate"]
        with open(os.path.join(folder, "lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # as a daemon with its own PostgreSQL has it
            answer = subprocess.run([*words, "--to", "1"], capture_output=True, text=True)
            self.assertEqual(answer.returncode, 1)
            self.assertIn("a weighd works with this database", answer.stderr)
            subprocess.run(words, check=True)
        self.assertEqual(self.registry.ask("GET", "/api/models").status, 200)

    def test_the_picture_of_an_account_is_what_was_given(self):
        path = os.path.join(self.registry.folder, "picture.png")
        picture = b"\x89PNG\r\n\x1a\n" + bytes(100)
        with open(path, "wb") as f:
            f.write(picture)
        self.registry.admin("account", "add", "erin", "--email", "erin@example.org", "--avatar", path)
        answer = self.registry.ask("GET", "/avatars/erin")
        self.assertEqual((answer.headers["Content-Type"], answer.body), ("image/png", picture))


if __name__ == "__main__":
    unittest.main()
