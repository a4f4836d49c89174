"""The link to PostgreSQL breaks around a COMMIT: before it, or before its answer.

A proxy of the test's own stands between weighd and PostgreSQL.
"""
import contextlib
import hashlib
import os
import shutil
import socket
import tempfile
import threading
import unittest

from tests.daemon import Daemon

SOCKET = ".s.PGSQL.5432"
COMMIT = b"COMMIT\0"
PIECE = 65536
BEFORE, AFTER = "before", "after"  # PostgreSQL has it


class Proxy:
    """Passes on all, and cuts the link of a transaction that it was told of at its COMMIT."""

    def __init__(self, folder, behind):
        self.behind = behind
        self.told = None  # a statement of the transaction, and whether PostgreSQL gets the COMMIT
        self.cuts = 0
        self.listener = socket.socket(socket.AF_UNIX)
        path = os.path.join(folder, SOCKET)
        self.listener.bind(path)
        os.chmod(path, 0o777)
        self.listener.listen(64)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self.behind)
            muted = threading.Event()
            for way in (self.forward, self.give_back):
                threading.Thread(target=way, args=(client, server, muted), daemon=True).start()

    def forward(self, client, server, muted):
        is_theirs = False  # the transaction under way is the one
        try:
            while piece := client.recv(PIECE):
                told = self.told
                is_theirs = is_theirs or told is not None and b"\0%s\0" % told[0] in piece
                if is_theirs and COMMIT in piece:
                    self.told = None
                    self.cuts += 1
                    if told[1] is BEFORE:
                        break
                    muted.set()
                server.sendall(piece)
            server.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def give_back(self, client, server, muted):
        """What PostgreSQL answers when muted is what is lost: it has done it."""
        try:
            while piece := server.recv(PIECE):
                if muted.is_set():
                    break
                client.sendall(piece)
        except OSError:
            pass
        for end in (client, server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def close(self):
        self.listener.close()


class Commit(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="weigh-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        os.chmod(cls.folder, 0o755)
        with open(os.path.join(os.environ["CLUSTER"], "conninfo")) as file:
            words = dict(word.split("=") for word in file.read().split())
        cls.proxy = Proxy(cls.folder, os.path.join(words["host"], SOCKET))
        cls.addClassCleanup(cls.proxy.close)
        cls.registry = Daemon()
        cls.direct = cls.registry.make_database()
        cls.registry.settings["database"] = cls.direct.replace(words["host"], cls.folder)
        cls.registry.__enter__()
        cls.addClassCleanup(cls.registry.close)
        cls.token = cls.registry.person("alice")
        cls.bob = cls.registry.person("bob")

    def rows(self, text):
        return self.registry.sql(text, self.direct)

    def cut(self, statement, act):
        """Does it with its COMMIT cut off; the answer."""
        before = self.proxy.cuts
        self.proxy.told = statement, self.where
        answer = act()
        self.assertEqual(self.proxy.cuts, before + 1)
        return answer

    def check_refused(self, answer):
        self.assertEqual(answer.status, 503, answer)
        self.assertIsNotNone(answer.headers["Retry-After"])

    def each(self):
        for self.where in (BEFORE, AFTER):
            yield f"alice/{self.id().rpartition('.')[2][:40]}-{self.where}"

    def test_a_change_is_there_or_not_and_comes_once_when_asked_for_again(self):
        for model in self.each():
            self.registry.create(model, self.token)
            weights = self.registry.upload(model, self.token, os.urandom(1000))
            files = {"w.bin": weights, "w.txt": b"one\n"}
            self.check_refused(self.cut(b"log_add", lambda: self.registry.commit(model, self.token, files)))
            there = self.registry.ask("GET", f"/{model}/resolve/main/w.txt", self.token).status
            self.assertEqual(there, 200 if self.where == AFTER else 404)
            self.assertEqual(self.registry.commit(model, self.token, files).status, 200)
            tree = self.registry.ask("GET", f"/api/models/{model}/tree/main", self.token).json()
            self.assertEqual([entry["path"] for entry in tree if entry["path"].startswith("w.")], ["w.bin", "w.txt"])
            commits = self.registry.ask("GET", f"/api/models/{model}/commits/main", self.token).json()
            self.assertEqual([commit["title"] for commit in commits], ["Add files", "initial commit"])

    def test_a_model_is_there_or_not_and_is_made_once(self):
        for model in self.each():
            self.check_refused(self.cut(b"repository_add", lambda: self.registry.create(model, self.token)))
            again = self.registry.create(model, self.token)
            self.assertEqual(again.status, 409 if self.where == AFTER else 200, again)
            self.assertEqual(self.registry.ask("GET", f"/api/models/{model}", self.token).status, 200)

    def test_weights_are_kept_once(self):
        for model in self.each():
            self.registry.create(model, self.token)
            content = os.urandom(1000)
            digest = hashlib.sha256(content).hexdigest()
            thing = {"oid": digest, "size": len(content)}
            answer = self.registry.ask("POST", f"/{model}.git/info/lfs/objects/batch", self.token,
                                       {"operation": "upload", "transfers": ["basic"], "objects": [thing]},
                                       {"Content-Type": "application/vnd.git-lfs+json"})
            path = answer.json()["objects"][0]["actions"]["upload"]["href"].removeprefix(self.registry.url)
            # An upload tries again by itself, since nobody likes to send its bytes twice.
            answer = self.cut(b"content_add_blob", lambda: self.registry.ask("PUT", path, body=content))
            self.assertEqual(answer.status, 200)
            self.assertEqual(self.registry.ask("PUT", path, body=content).status, 200)
            self.assertEqual(self.registry.commit(model, self.token, {"w.bin": dict(thing, algo="sha256")}).status, 200)
            answer = self.registry.ask("GET", f"/{model}/resolve/main/w.bin", self.token)
            self.assertEqual(answer.body, content)
            self.assertEqual(self.rows(f"SELECT count(*) FROM content WHERE digest = '\\x{digest}'"), [["1"]])

    def status(self, model):
        """The request's state, and how many requests, grants and decisions there are."""
        name = model.partition("/")[2]
        return self.rows(
            "SELECT max(status), count(*), (SELECT count(*) FROM access_grant g WHERE g.request = max(r.id)),"
            " (SELECT count(*) FROM decision d WHERE d.request = max(r.id) AND d.kind = 'accept')"
            f" FROM request r WHERE repository = (SELECT id FROM repository WHERE name = '{name}')")

    def test_a_request_and_its_decision_are_made_once(self):
        for model in self.each():
            self.registry.create(model, self.token)
            self.registry.commit(model, self.token, {"w.txt": b"one\n"})
            self.registry.ask("PUT", f"/api/models/{model}/gate", self.token, {"mode": "manual"})

            def ask():
                return self.registry.ask("POST", f"/{model}/ask-access", self.bob, {})

            def accept():
                return self.registry.ask("POST", f"/api/models/{model}/user-access-request/handle", self.token,
                                         {"user": "bob", "status": "accepted"})

            self.check_refused(self.cut(b"access_ask", ask))
            self.assertEqual(ask().status, 303)
            self.assertEqual(self.status(model), [["pending", "1", "0", "0"]])
            self.check_refused(self.cut(b"access_set", accept))
            # None waits any more where the first one was done.
            self.assertEqual(accept().status, 404 if self.where == AFTER else 200)
            self.assertEqual(self.status(model), [["accepted", "1", "1", "1"]])
            door = self.registry.ask("GET", f"/{model}/resolve/main/w.txt", self.bob)
            self.assertEqual(door.status, 200, door)


if __name__ == "__main__":
    unittest.main()
