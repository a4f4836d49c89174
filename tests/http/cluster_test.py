"""Several daemons on one database and one folder of blobs."""
import hashlib
import http.client
import os
import socket
import subprocess
import threading
import time
import unittest

from tests.daemon import Daemon
from tests.http import site_test

MIB = 1024 * 1024
WEIGHTS_BYTES = 24 * MIB
WAIT_SECONDS = 20
LFS = {"Content-Type": "application/vnd.git-lfs+json"}


def sha(data):
    return hashlib.sha256(data).hexdigest()


UPLOADS = 3  # at once, an account


def beside(first):
    """One more daemon for what the first one works on."""
    data = first.settings["data"]
    return Daemon(database=first.conninfo(), blobs=os.path.join(data, "blobs"),
                  secret_file=os.path.join(data, "secret"), uploads_per_account=UPLOADS)


class ClusterTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.a = Daemon(uploads_per_account=UPLOADS).__enter__()
        cls.addClassCleanup(cls.a.close)
        cls.alice = cls.a.person("alice", password=site_test.PASSWORD)
        cls.bob = cls.a.person("bob", role="read")
        cls.b = beside(cls.a).__enter__()
        cls.addClassCleanup(cls.b.close)
        cls.count = 0

    def make(self):
        ClusterTest.count += 1
        name = f"alice/model{ClusterTest.count}"
        self.assertEqual(self.a.create(name, self.alice).status, 200)
        return name

    def must(self, registry, method, path, token=None, body=None, headers=None):
        answer = registry.ask(method, path, token, body, headers)
        self.assertEqual(answer.status, 200, answer)
        return answer

    def wait_for(self, sql, expected):
        end = time.monotonic() + WAIT_SECONDS
        while (rows := self.a.sql(sql)) != expected and time.monotonic() < end:
            time.sleep(0.05)
        self.assertEqual(rows, expected)

    # Who one is.

    def test_a_session_and_a_token_of_one_daemon_hold_on_another(self):
        browser = site_test.Browser(self.a)
        self.assertEqual(browser.log_in("alice").status, 303)
        browser.registry = self.b
        self.assertIn("alice", browser.get("/").body.decode())
        self.assertEqual(browser.get("/reviews").status, 200)
        token = self.b.token("alice")
        self.assertEqual(self.must(self.a, "GET", "/api/whoami-v2", token).json()["name"], "alice")

    def test_a_token_revoked_on_one_daemon_is_refused_on_another(self):
        token = self.a.token("alice")
        self.must(self.b, "GET", "/api/whoami-v2", token)
        self.a.sql(f"UPDATE token SET revoked_at = now() WHERE hash = sha256('{token}')")
        self.assertEqual(self.b.ask("GET", "/api/whoami-v2", token).status, 401)

    # What is under way.

    def test_a_revocation_on_one_daemon_breaks_a_download_on_another(self):
        name = self.make()
        data = os.urandom(MIB) * (WEIGHTS_BYTES // MIB)
        self.assertEqual(self.a.commit(name, self.alice, {"w.bin": self.a.upload(name, self.alice, data)}).status, 200)
        self.must(self.a, "PUT", f"/api/models/{name}/settings", self.alice, dict(gated="manual"))
        requests = f"/api/models/{name}/user-access-request"
        self.must(self.a, "POST", requests + "/grant", self.alice, dict(user="bob"))
        connection = self.b.connect()
        connection.connect()
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        connection.request("GET", f"/{name}/resolve/main/w.bin", headers={"Authorization": f"Bearer {self.bob}"})
        answer = connection.getresponse()
        self.assertEqual(answer.status, 200)
        answer.read(65536)
        self.must(self.a, "POST", requests + "/revoke", self.alice, dict(user="bob"))
        # What was on its way when it came; the rest would be no sign of it.
        self.wait_for(f"SELECT complete FROM delivery WHERE size = {WEIGHTS_BYTES} AND bytes > 0", [["f"]])
        with self.assertRaises((http.client.IncompleteRead, ConnectionError)):
            answer.read()
        connection.close()

    def test_an_upload_begun_on_one_daemon_is_finished_on_another(self):
        name = self.make()
        data = os.urandom(MIB) * 65
        thing = dict(oid=sha(data), size=len(data))
        body = dict(operation="upload", transfers=["basic", "multipart"], hash_algo="sha256", objects=[thing])
        answer = self.must(self.a, "POST", f"/{name}.git/info/lfs/objects/batch", self.alice, body, LFS).json()
        upload = answer["objects"][0]["actions"]["upload"]
        size = int(upload["header"].pop("chunk_size"))
        for number, href in sorted(upload["header"].items()):
            at = (int(number) - 1) * size
            by = self.a if number == "00001" else self.b
            self.must(by, "PUT", href.removeprefix(self.a.url), None, data[at:at + size])
        self.must(self.b, "POST", upload["href"].removeprefix(self.a.url), None, dict(oid=sha(data), parts=[]))
        self.assertEqual(self.b.commit(name, self.alice, {"w.bin": dict(thing, algo="sha256")}).status, 200)
        self.assertEqual(sha(self.must(self.a, "GET", f"/{name}/resolve/main/w.bin").body), sha(data))

    def begin_upload(self, name, registry):
        """An upload that waits for its body, and what the daemon answered."""
        data = os.urandom(100)
        thing = dict(oid=sha(data), size=len(data))
        body = dict(operation="upload", transfers=["basic"], hash_algo="sha256", objects=[thing])
        answer = self.must(registry, "POST", f"/{name}.git/info/lfs/objects/batch", self.alice, body, LFS).json()
        path = answer["objects"][0]["actions"]["upload"]["href"].split("/", 3)[3]
        talk = socket.create_connection(("127.0.0.1", registry.port), 30)
        self.addCleanup(talk.close)
        talk.sendall(f"PUT /{path} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n".encode())
        return talk, data, int(talk.recv(4096).split()[1])

    def test_an_account_has_its_uploads_at_once_over_all_daemons(self):
        name = self.make()
        self.wait_for("SELECT count(*) FROM upload_slot", [["0"]])  # of other tests
        held = [self.begin_upload(name, registry) for registry in (self.a, self.b, self.a)]
        self.assertEqual([status for _, _, status in held], [100] * UPLOADS)
        for registry in (self.a, self.b):
            self.assertEqual(self.begin_upload(name, registry)[2], 429)
        talk, data, _ = held[0]
        talk.sendall(data)
        self.assertIn(b" 200 ", talk.recv(4096))
        self.wait_for("SELECT count(*) FROM upload_slot", [[str(UPLOADS - 1)]])
        self.assertEqual(self.begin_upload(name, self.b)[2], 100)
        held[1][0].close()  # who goes away has no upload any more
        self.wait_for("SELECT count(*) FROM upload_slot", [[str(UPLOADS - 1)]])

    def test_uploads_of_a_daemon_that_was_killed_end_with_their_lease(self):
        name = self.make()
        self.wait_for("SELECT count(*) FROM upload_slot", [["0"]])
        with beside(self.a) as c:
            for _ in range(UPLOADS):
                self.assertEqual(self.begin_upload(name, c)[2], 100)
            c.kill()
        self.assertEqual(self.begin_upload(name, self.b)[2], 429)
        self.a.sql("UPDATE upload_slot SET leased_until = now() - interval '1 s'")
        self.assertEqual(self.begin_upload(name, self.b)[2], 100)
        self.a.sql("DELETE FROM upload_slot")

    # Who works.

    def test_a_collector_that_starts_takes_nothing_that_was_just_written(self):
        name = self.make()
        waiting = self.a.upload(name, self.alice, os.urandom(1000))
        with beside(self.a) as c:  # collects at its start, and at its end
            committed = c.upload(name, self.alice, os.urandom(1000))
            self.assertEqual(c.commit(name, self.alice, {"c.bin": committed}).status, 200)
        self.assertEqual(self.b.commit(name, self.alice, {"a.bin": waiting}).status, 200)
        for path in ("a.bin", "c.bin"):
            self.assertEqual(len(self.must(self.b, "GET", f"/{name}/resolve/main/{path}").body), 1000)

    def test_while_one_is_killed_the_others_serve_and_do_its_work(self):
        name = self.make()
        self.must(self.a, "PUT", f"/api/models/{name}/settings", self.alice, dict(gated="manual"))
        self.must(self.a, "POST", f"/api/models/{name}/user-access-request/grant", self.alice, dict(user="bob"))
        statuses = []
        stop = threading.Event()

        def ask():
            while not stop.is_set():
                statuses.append(self.b.ask("GET", f"/api/models/{name}", self.alice).status)

        thread = threading.Thread(target=ask)
        with beside(self.a) as c:
            thread.start()
            c.kill()
            # A grant that ends now, and a leaf without a number, are for those that are left.
            self.a.sql("UPDATE access_grant SET ends_at = now() WHERE repository ="
                       f" (SELECT id FROM repository WHERE name = '{name[6:]}')")
            self.wait_for(f"SELECT status FROM request WHERE repository_name = '{name}'", [["reset"]])
            self.wait_for("SELECT count(*) FROM log_entry WHERE index IS NULL", [["0"]])
            stop.set()
            thread.join()
        self.assertGreater(len(statuses), 0)
        self.assertEqual(set(statuses), {200})

    # The schema.

    def migrate(self, *words, conninfo=None):
        return subprocess.Popen(
            [self.a.weighd, "--data", self.a.settings["data"], "--database", conninfo or self.a.conninfo(),
             "migrate", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.a.environment())

    def test_two_migrations_at_once_apply_each_level_once(self):
        database = f"empty_{os.getpid()}"
        self.a.sql(f'CREATE DATABASE "{database}"')
        try:
            conninfo = f"{self.a.conninfo()} dbname={database}"
            both = [self.migrate(conninfo=conninfo) for _ in range(2)]
            for process in both:
                self.assertEqual(process.communicate()[1], "")
                self.assertEqual(process.returncode, 0)
            levels = self.a.sql("SELECT level, name, digest FROM migration ORDER BY level", conninfo)
            self.assertEqual(levels, self.a.sql("SELECT level, name, digest FROM migration ORDER BY level"))
        finally:
            self.a.sql(f'DROP DATABASE "{database}" WITH (FORCE)')

    def test_no_level_is_taken_away_under_a_daemon(self):
        process = self.migrate("--to", "1")
        said = process.communicate()[1]
        self.assertEqual(process.returncode, 1)
        self.assertIn("a weighd works with this database; stop every one before an older level", said)
        self.must(self.a, "GET", "/api/models")
        self.must(self.b, "GET", "/api/models")

    def test_a_daemon_does_not_start_on_a_newer_schema_and_says_why(self):
        self.a.sql("INSERT INTO migration (level, name, digest) VALUES (999, 'later', '')")
        try:
            c = beside(self.a)
            with self.assertRaisesRegex(AssertionError, "the database is at level 999, newer than this program"):
                c.__enter__()
        finally:
            self.a.sql("DELETE FROM migration WHERE level = 999")


if __name__ == "__main__":
    unittest.main()
