"""What a stranger must not learn is not told by status, text, headers or work:
who has an account, which token exists, which private model does.

PostgreSQL counts the statements of each answer, a library in front of
libsodium the passwords that are hashed with the limits of auth/password.c.
The times themselves are in tests/bench/alike.py.
"""
import base64
import collections
import re
import unittest

from tests.faults.interposed import Interposed

ROUNDS = 3
TRIES = 3
NAME = re.compile(r"-- (\w+):")
# A job's, and what it begins and ends with; between such words a request's own statements are counted.
OTHERS = ("BEGIN", "COMMIT", "ROLLBACK", "log_lock", "log_number", "outbox_take", "outbox_set_", "account_clean",
          "scrub_", "collect_")
OWN = ("Date", "X-Request-Id")  # differ between any two answers


class AlikeTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.registry = Interposed(login_tries_per_address=1000).__enter__()
        cls.addClassCleanup(cls.registry.close)
        cls.owner = cls.registry.person("alice")
        cls.stranger = cls.registry.person("bob")
        answer = cls.registry.ask("POST", "/api/repos/create", cls.owner, dict(name="hidden", private=True))
        assert answer.status == 200, answer
        cls.registry.commit("alice/hidden", cls.owner, {"config.json": b"{}\n"})
        cls.registry.sql("CREATE EXTENSION pg_stat_statements")

    def statements(self):
        """By name, or by their first words: BEGIN, COMMIT and the like."""
        counts = collections.Counter()
        for text, calls in self.registry.sql(
                "SELECT replace(replace(left(query, 80), chr(10), ' '), chr(9), ' '), calls"
                " FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid AND d.datname = current_database()"):
            name = NAME.match(text)
            counts[name[1] if name else text] += int(calls)
        return counts

    def look(self, ask):
        """One answer as a stranger sees it, and the statements of ROUNDS."""
        ask()
        self.registry.sql("TRUNCATE attempt; SELECT pg_stat_statements_reset(0, oid, 0) FROM pg_database"
                          " WHERE datname = current_database()")
        self.registry.plan.arm("hash")
        for _ in range(ROUNDS):
            answer = ask()
        hashed = self.registry.plan.disarm()[1]["hash"]
        counts = {name: calls // ROUNDS for name, calls in self.statements().items()
                  if calls >= ROUNDS and not name.startswith(OTHERS)}
        counts["hash of a password"] = hashed / ROUNDS
        headers = sorted((k, v) for k, v in answer.headers.items() if k not in OWN)
        return answer.status, headers, answer.body, counts

    def alike(self, *asks, veil=lambda look: look):
        """What runs meanwhile may add a statement, so what differs is looked at
        again and the fewest count; what really differs always does."""
        fewest = [None] * len(asks)
        for _ in range(TRIES):
            looks = [veil(self.look(ask)) for ask in asks]
            self.assertTrue(looks[0][3], "no statement was counted")
            fewest = [look[3] if few is None else {name: min(few[name], look[3][name]) for name in few.keys() & look[3]}
                      for few, look in zip(fewest, looks)]
            looks = [(*look[:3], few) for look, few in zip(looks, fewest)]
            if all(look == looks[0] for look in looks):
                break
        for look in looks[1:]:
            self.assertEqual(look, looks[0])
        return looks[0]

    def test_a_login_costs_one_hash_and_the_same_statements_for_every_name(self):
        def log_in(name, password="wrong words"):
            return lambda: self.registry.ask("POST", "/api/tokens", body=dict(name=name, password=password))
        self.registry.organization("acme", "alice:admin")
        look = self.alike(*map(log_in, ("alice", "nobody", "acme", "alice@example.org")), log_in("", "w" * 5000))
        self.assertEqual((look[0], look[3]["hash of a password"]), (401, 1))
        self.assertEqual(look[3]["login_find"], 1)

    def test_the_page_to_sign_in_costs_the_same_for_every_name(self):
        def log_in(name):
            return lambda: self.registry.ask("POST", "/login", form=dict(name=name, password="wrong words"),
                                             headers={"Origin": self.registry.url})
        look = self.alike(*map(log_in, ("alice", "nobod")), veil=self.without_input)
        self.assertEqual((look[0], look[3]["hash of a password"]), (403, 1))

    def test_a_name_beside_a_wrong_token_makes_no_difference(self):
        def clone(name, word):
            basic = base64.b64encode(f"{name}:{word}".encode()).decode()
            return lambda: self.registry.ask("GET", "/alice/hidden.git/info/refs?service=git-upload-pack",
                                             headers={"Authorization": "Basic " + basic})
        wrong = "hf_" + "x" * 34
        look = self.alike(clone("alice", wrong), clone("nobody", wrong), clone("alice", "correct horse battery"),
                          clone("", wrong), clone(wrong, "x"))
        self.assertEqual((look[0], look[3]["hash of a password"]), (401, 0))

    def test_a_token_that_is_wrong_in_any_way_is_unknown(self):
        def who(token):
            return lambda: self.registry.ask("GET", "/api/whoami-v2", token)
        revoked = self.registry.person("dave")
        self.registry.sql("UPDATE token SET revoked_at = now() WHERE account ="
                          " (SELECT id FROM account WHERE name = 'dave')")
        almost = self.stranger[:-1] + ("a" if self.stranger[-1] != "a" else "b")
        self.assertEqual(self.alike(who(almost), who("hf_" + "x" * 34), who(revoked))[0], 401)

    def test_a_private_model_is_none(self):
        for path in ("/api/models/alice/%s", "/api/models/alice/%s/tree/main", "/alice/%s/resolve/main/config.json",
                     "/alice/%s", "/alice/%s.git/info/refs?service=git-upload-pack", "/api/models/alice/%s/refs",
                     "/api/models/alice/%s/releases"):
            for token in (None, self.stranger) if path.count("/") < 4 else (self.stranger,):
                with self.subTest(path=path, token=token is not None):
                    def ask(name):
                        return lambda: self.registry.ask("GET", path % name, token)
                    self.assertIn(self.alike(ask("hidden"), ask("absent"), veil=self.without_name)[0], (401, 404))

    def test_a_private_model_is_none_to_who_would_change_it_too(self):
        objects = {"operation": "download", "objects": [{"oid": "a" * 64, "size": 1}]}
        for path, body in (("/alice/%s/ask-access", {}), ("/alice/%s.git/info/lfs/objects/batch", objects),
                           ("/api/models/alice/%s/preupload/main", {"files": []})):
            with self.subTest(path=path):
                def ask(name):
                    return lambda: self.registry.ask("POST", path % name, self.stranger, body)
                self.assertEqual(self.alike(ask("hidden"), ask("absent"), veil=self.without_name)[0], 404)

    @staticmethod
    def without_name(look):
        """Two names of one length, and a digest of what has a name in it."""
        status, headers, body, counts = look
        body = re.sub(rb"[0-9a-f]{16,}", b"ID", re.sub(rb"hidden|absent", b"NAME", body))
        return status, re.sub(r"hidden|absent", "NAME", str(headers)), body, counts

    def test_asking_for_a_new_password_does_not_tell_who_has_an_account(self):
        def forget(email):
            return lambda: self.registry.ask("POST", "/password", form=dict(email=email),
                                             headers={"Origin": self.registry.url})
        look = self.alike(forget("alice@example.org"), forget("nobody@example.org"), veil=self.without_input)
        self.assertEqual(look[0], 200)
        self.assertIn("link_add", look[3])

    @staticmethod
    def without_input(look):
        return *look[:2], re.sub(rb'value="[^"]+"', b"", look[2]), look[3]


if __name__ == "__main__":
    unittest.main()
