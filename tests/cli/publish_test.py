"""Publishing a folder, against a real registry behind a counting proxy."""

import os
import pickle
import random
import signal
import socket
import threading
import unittest

from tests.cli.weigh import Case
from tests.daemon import Daemon, free_port

MIB = 1 << 20
PART = 32 * MIB  # UPLOAD_PART_BYTES; files from two parts on come in parts
LICENCE = "Acme Research Licence 1.0\n\nYou may use it for research.\n"


class Proxy:
    """Hands bytes through; counts those to the registry, and can hold them."""

    def __init__(self, port):
        self.target = ("127.0.0.1", port)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        self.changed = threading.Condition()
        self.round = self.sent = 0
        self.limit = None
        self.sockets = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        try:
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(self.target)
                self.sockets += [client, server]
                for way in ((client, server, self.round),
                            (server, client, None)):
                    threading.Thread(target=self.copy, args=way,
                                     daemon=True).start()
        except OSError:
            pass

    def count(self, length, number):
        """Counts what goes up in this round, and waits above the limit."""
        with self.changed:
            if number == self.round:
                self.sent += length
            self.changed.notify_all()
            self.changed.wait_for(
                lambda: number != self.round or self.limit is None
                or self.sent <= self.limit)

    def copy(self, source, target, number):
        try:
            while data := source.recv(65536):
                if number is not None:
                    self.count(len(data), number)
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            self.end(source, target)

    @staticmethod
    def end(*sockets):
        for one in sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def begin(self, limit=None):
        """A new round: counts new connections; past the limit they wait."""
        with self.changed:
            self.round += 1
            self.sent, self.limit = 0, limit
            self.changed.notify_all()

    def cut(self):
        """Ends every connection, as a network does, and begins anew."""
        self.end(*self.sockets)
        for one in self.sockets:
            one.close()  # with bytes unread: the other side gets a reset
        self.sockets = []
        self.begin()

    def wait_full(self):
        with self.changed:
            return self.changed.wait_for(lambda: self.sent > self.limit, 60)

    def close(self):
        self.end(self.listener, *self.sockets)
        self.listener.close()
        for one in self.sockets:
            one.close()


class Publish(Case):
    @classmethod
    def setUpClass(cls):
        port = free_port()
        cls.proxy = Proxy(port)
        cls.addClassCleanup(cls.proxy.close)
        cls.registry = Daemon(listen="127.0.0.1:%d" % port, url=cls.proxy.url)
        cls.registry.port = port
        cls.registry.__enter__()
        cls.addClassCleanup(cls.registry.close)

    def setUp(self):
        super().setUp()
        # A namespace of its own, and so a key of its own.
        self.name = "lab%d" % random.getrandbits(48)
        self.token = self.registry.person(self.name)
        self.model = self.name + "/tiny"
        self.environment.update(WEIGH_REGISTRY=self.proxy.url,
                                HF_TOKEN=self.token)
        self.folder = self.path("tiny")
        os.makedirs(self.folder)
        self.write("README.md", b"# Tiny\n")
        self.write("notes.txt", b"one\n")
        self.proxy.begin()

    def write(self, name, content):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def write_weights(self, size, seed=1):
        self.write("weights.dat", random.Random(seed).randbytes(size))

    def publish(self, *options, tag="v1", **more):
        return self.json("publish", self.folder, self.model, "--tag", tag,
                         *options, **more)

    def ask(self, path):
        return self.registry.ask("GET", path, self.token)

    def has_release(self, tag):
        path = "/api/models/%s/revision/%s" % (self.model, tag)
        return self.ask(path).status == 200

    def tree(self, revision="main"):
        path = "/api/models/%s/tree/%s" % (self.model, revision)
        return {one["path"] for one in self.ask(path).json()}

    def test_a_folder_becomes_a_signed_release(self):
        answer = self.publish()
        self.assertEqual(answer["new"], ["README.md", "notes.txt",
                                         "model.sig"])
        self.assertLessEqual({"README.md", "notes.txt", "model.sig"},
                             self.tree("v1"))
        self.assertTrue(self.json("pull", self.model)["signed"])

    def test_what_is_said_of_the_gate_is_what_was_asked_for(self):
        words = ("publish", self.folder, self.model, "--gate", "manual")
        shown = self.weigh(*words, "--tag", "v1", "--grant-days", "30")
        self.assertIn("gate: manual, grants last 30 days\n", shown)
        self.assertRegex(shown, r"uploaded +(.*) new of \1\n")
        self.write("notes.txt", b"two\n")
        shown = self.weigh(*words, "--tag", "v2")
        self.assertIn("gate: manual\n", shown)
        gate = self.ask("/api/models/%s/gate" % self.model).json()
        self.assertEqual(gate["grantDays"], 30)

    def test_a_dry_run_changes_nothing(self):
        answer = self.publish("--gate", "manual", "--dry-run")
        self.assertTrue(answer["dryRun"])
        self.assertIn("notes.txt", answer["new"])
        self.assertEqual(
            self.ask("/api/models/" + self.model).status, 404)
        self.assertEqual(
            self.ask("/api/namespaces/%s/keys" % self.name).json(), [])
        for _, _, files in os.walk(self.path("weigh")):
            self.assertFalse([one for one in files if one.endswith(".pem")])

    def test_what_is_there_is_not_sent_again(self):
        self.write_weights(11 * MIB)
        first = self.publish()
        self.proxy.begin()
        again = self.publish()
        self.assertEqual(again["new"], [])
        self.assertEqual(again["newBytes"], 0)
        self.assertEqual(again["commit"], first["commit"])
        self.assertLess(self.proxy.sent, MIB // 4)

    def test_a_new_release_sends_what_changed_and_drops_what_is_gone(self):
        self.write_weights(11 * MIB)
        self.publish()
        self.write("README.md", b"# Tiny, mended\n")
        os.remove(os.path.join(self.folder, "notes.txt"))
        self.proxy.begin()
        answer = self.publish(tag="v2")
        self.assertEqual(answer["new"], ["README.md", "model.sig"])
        self.assertLess(self.proxy.sent, MIB // 4)
        self.assertNotIn("notes.txt", self.tree())
        self.assertIn("notes.txt", self.tree("v1"))

    def parts(self):
        """How many the registry has of this test's upload."""
        return int(self.registry.sql(
            "SELECT count(*) FROM content_part JOIN content_upload u "
            "ON u.id = upload JOIN account a ON a.id = u.account "
            "WHERE a.name = '%s'" % self.name)[0][0])

    def start_and_hold(self, *options):
        """Publishes five parts; stops with four of them sent."""
        # Four fly at once, so past four at least one is whole.
        self.write_weights(5 * PART)
        self.proxy.begin(4 * PART + MIB)
        process = self.start("publish", self.folder, self.model, "--tag",
                             "v1", *options)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        self.assertTrue(self.proxy.wait_full())
        return process

    def test_a_killed_upload_goes_on_with_the_parts_that_are_left(self):
        licence = self.path("LICENSE")
        with open(licence, "w") as file:
            file.write(LICENCE)
        options = ("--gate", "manual", "--license", licence)
        process = self.start_and_hold(*options)
        while self.parts() == 0:
            self.assertIsNone(process.poll())
        process.kill()
        process.wait()
        gate = self.ask("/api/models/%s/gate" % self.model).json()
        self.assertEqual(gate["mode"], "manual")
        self.assertFalse(self.has_release("v1"))

        present = self.parts()
        self.proxy.begin()
        self.publish(*options)
        self.assertLess(self.proxy.sent, (5 - present) * PART + MIB)
        self.weigh("pull", self.model + "@v1")

    def test_ctrl_c_ends_an_upload_and_says_that_it_can_go_on(self):
        process = self.start_and_hold()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, err)
        self.assertIn("goes on", err)
        self.assertFalse(self.has_release("v1"))

    def test_a_cut_connection_costs_the_parts_under_way_and_no_more(self):
        process = self.start_and_hold()
        while self.parts() == 0:
            self.assertIsNone(process.poll())
        present = self.parts()
        self.proxy.cut()
        self.assertEqual(process.wait(120), 0)
        self.assertLess(self.proxy.sent, (5 - present) * PART + MIB)
        self.assertTrue(self.has_release("v1"))

    def test_a_format_that_runs_code_is_refused_by_name(self):
        class Evil:
            def __reduce__(self):
                return os.system, ("true",)

        self.write("weights.pkl", pickle.dumps(Evil()))
        self.publish(status=1)
        self.assertIn("weights.pkl can run code", self.stderr)
        self.assertEqual(self.ask("/api/models/" + self.model).status, 404)
        self.publish("--gate", "manual", "--allow-unsafe")
        self.assertIn("weights.pkl", self.tree())

    def test_a_release_never_moves(self):
        self.publish()
        before = self.tree(), self.ask("/%s/resolve/main/notes.txt"
                                       % self.model).body
        self.write("notes.txt", b"two\n")
        answer = self.publish(status=1)
        self.assertEqual(answer["error"]["code"], "Conflict")
        self.assertIn("releases never move", self.stderr)
        self.publish("--dry-run", status=1)
        self.assertEqual(before, (
            self.tree(),
            self.ask("/%s/resolve/main/notes.txt" % self.model).body))
        self.publish(tag="v2")

    def test_another_machine_makes_no_second_key(self):
        self.publish()
        self.write("notes.txt", b"two\n")
        self.publish(tag="v2", status=1,
                     env={"WEIGH_HOME": self.path("elsewhere")})
        self.assertIn("not on this machine", self.stderr)
        self.assertIn("--key", self.stderr)
        self.assertFalse(self.has_release("v2"))

    def test_a_private_model_is_seen_by_nobody_else(self):
        self.publish("--private")
        other = self.registry.person("x" + self.name)
        path = "/api/models/" + self.model
        self.assertEqual(self.registry.ask("GET", path, other).status, 404)
        self.assertEqual(self.ask(path).status, 200)

    def test_a_release_needs_a_name_and_a_folder_with_files(self):
        self.weigh("publish", self.folder, self.model, status=2)
        self.assertIn("--tag v1", self.stderr)
        self.publish(tag="../v1", status=2)
        os.makedirs(self.path("empty"))
        self.weigh("publish", self.path("empty"), self.model, "--tag", "v1",
                   status=1)
        self.assertIn("no files", self.stderr)


if __name__ == "__main__":
    unittest.main()
