"""How many statements a request of each hot route costs, by their names.

PostgreSQL counts them.  Each route is asked ROUNDS times on one connection,
so what jobs do in between comes to less than one a request and falls away.
weighd-http(7) states what this test holds.
"""
import collections
import hashlib
import json
import re
import unittest

from tests.daemon import Daemon

ROUNDS = 40
SMALL = b'{"architectures": []}\n'
LARGE = bytes(range(256)) * 4096
DOOR = "door_find"
TREE = "git_ref_revision git_object_header"
NAME = re.compile(r"-- (\w+):")


class StatementsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.registry = Daemon().__enter__()
        cls.addClassCleanup(cls.registry.close)
        cls.tokens = {name: cls.registry.person(name) for name in ("owner", "bob")}
        cls.registry.organization("acme", "owner:admin")
        cls.must("POST", "/api/repos/create", "owner", dict(name="tiny", organization="acme"))
        large = cls.registry.upload("acme/tiny", cls.tokens["owner"], LARGE)
        cls.registry.commit("acme/tiny", cls.tokens["owner"], {
            "config.json": SMALL, "a.bin": large, "long.json": b" " * 4096, "sub/b.json": SMALL,
            "huge.json": b" " * 32768})
        cls.commit = cls.registry.ask("GET", "/api/models/acme/tiny", cls.tokens["owner"]).json()["sha"]
        cls.must("PUT", "/api/models/acme/tiny/gate", "owner", dict(mode="manual"))
        cls.must("POST", "/acme/tiny/ask-access", "bob", {})
        cls.must("POST", "/api/models/acme/tiny/user-access-request/handle", "owner",
                 dict(user="bob", status="accepted"))
        cls.registry.sql("CREATE EXTENSION pg_stat_statements")

    @classmethod
    def must(cls, method, path, who, body=None):
        answer = cls.registry.ask(method, path, cls.tokens[who], body)
        assert answer.status < 400, answer
        return answer

    def count(self, method, path, who="bob", body=None, headers=None, status=200):
        """Statements a request: {name: count}."""
        connection = self.registry.connect()
        headers = dict(headers or {}, Authorization=f"Bearer {self.tokens[who]}")

        def ask():
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            answer.read()
            self.assertEqual(answer.status, status, answer.headers.get("X-Error-Message"))

        ask()  # a delivery's row is made once an hour
        self.registry.sql("SELECT pg_stat_statements_reset(0, oid, 0) FROM pg_database"
                          " WHERE datname = current_database()")
        for _ in range(ROUNDS):
            ask()
        connection.close()
        counts = collections.Counter()
        for text, calls in self.registry.sql(
                "SELECT replace(replace(left(query, 80), chr(10), ' '), chr(9), ' '), calls"
                " FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid AND d.datname = current_database()"):
            name = NAME.match(text)
            counts[name[1] if name else text] += int(calls)
        return {name: calls // ROUNDS for name, calls in counts.items() if calls >= ROUNDS}

    def held(self, names, method, path, **more):
        """Those statements and no others, each once."""
        counts = self.count(method, path, **more)
        self.assertEqual(counts, collections.Counter(names.split()), f"{method} {path}")

    def test_a_resolve_of_a_small_file_is_one_statement(self):
        for method in ("HEAD", "GET"):
            for path in ("main/config.json", "main/long.json", "main/sub/b.json", f"{self.commit}/config.json"):
                self.held(DOOR, method, f"/acme/tiny/resolve/{path}")

    def test_a_file_that_is_not_kept_costs_its_revision_and_its_bytes(self):
        self.held(f"{DOOR} {TREE} git_object_read", "GET", "/acme/tiny/resolve/main/huge.json")

    def test_a_resolve_of_weights_finds_their_bytes_too(self):
        self.held(f"{DOOR} content_find", "HEAD", "/acme/tiny/resolve/main/a.bin")

    def test_a_download_of_weights_is_recorded_by_one_statement(self):
        self.held(f"{DOOR} content_find delivery_begin", "GET", "/acme/tiny/resolve/main/a.bin")

    def test_a_model_costs_its_summary_and_a_statement_for_its_folders(self):
        self.held(f"{DOOR} {TREE} git_object_read summary_find", "GET", "/api/models/acme/tiny")

    def test_a_list_of_a_tree_costs_no_statement_a_file(self):
        self.held(f"{DOOR} {TREE}", "GET", "/api/models/acme/tiny/tree/main")

    def test_the_reviewers_queue_is_one_statement(self):
        self.held("caller_find_by_token review_list_status", "GET", "/api/reviews", who="owner")

    def test_a_batch_of_lfs_asks_once_for_all_objects(self):
        oids = [hashlib.sha256(LARGE + extra).hexdigest() for extra in (b"", b"1", b"2")]
        things = [{"oid": oid, "size": len(LARGE)} for oid in oids]
        for operation, who in (("download", "bob"), ("upload", "owner")):
            body = json.dumps({"operation": operation, "transfers": ["basic"], "objects": things})
            self.held(f"{DOOR} object_find_all", "POST", "/acme/tiny.git/info/lfs/objects/batch",
                      who=who, body=body, headers={"Content-Type": "application/vnd.git-lfs+json"})


if __name__ == "__main__":
    unittest.main()
