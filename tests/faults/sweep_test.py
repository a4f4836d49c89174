"""Each call to the system fails once, in each operation that writes.

A dry run learns how many calls of a class an operation makes; then, for each
turn, the daemon is killed at that call or the call fails, and what must hold
is looked at.  The plain run takes a few turns of each; see points.py for all.
"""
import contextlib
import hashlib
import http.client
import io
import os
import random
import time

from tests.cli.weigh import Case
from tests.daemon import account
from tests.faults import points
from tests.faults.interposed import Interposed

WEIGHTS_BYTES = 300_000
WINDOWS_BYTES = 17 << 20  # two windows of sync_file_range
OLD = "now() - interval '10 days'"


def digest_of(content):
    return hashlib.sha256(content).hexdigest()


class Operation:
    """What is done again and again: alice writes to a model of hers."""

    name = "commit"
    model = "alice/tiny"

    def __init__(self, case):
        self.case, self.registry = case, case.registry
        self.number = 0
        self.acknowledged = []  # (revision, {path: digest})
        self.prepare()

    def prepare(self):
        self.registry.create(self.model, self.case.token)
        self.act(WEIGHTS_BYTES)

    def content(self, size):
        self.number += 1
        return random.Random(f"{self.name} {self.number}").randbytes(size), b"%d\n" % self.number

    def act(self, size):
        """Does it; True when it was acknowledged."""
        weights, small = self.content(size)
        self.tried = {"w.bin": digest_of(weights), "w.txt": digest_of(small)}
        try:
            files = {"w.bin": self.registry.upload(self.model, self.case.token, weights), "w.txt": small}
            answer = self.registry.commit(self.model, self.case.token, files, f"Change {self.number}")
        except (OSError, http.client.HTTPException, ValueError, AssertionError, KeyError, TypeError):
            return False
        if answer.status != 200:
            self.case.assertGreaterEqual(answer.status, 500, answer)
            return False
        self.acknowledged.append((answer.json()["commitOid"], self.tried))
        return True

    def served(self, revision, path):
        answer = self.registry.ask("GET", f"/{self.model}/resolve/{revision}/{path}", self.case.token)
        self.case.assertEqual(answer.status, 200, f"{self.model}@{revision} {path}: {answer}")
        return digest_of(answer.body)

    def check(self, done):
        """main is what was acknowledged last, or all of what was tried."""
        found = {path: self.served("main", path) for path in self.tried}
        last = self.acknowledged[-1][1]
        self.case.assertIn(found, [last] if done else [last, self.tried])
        # What is there without having been acknowledged is so from now on.
        if found != last:
            self.acknowledged.append(("main", found))

    def check_all(self):
        for revision, digests in self.acknowledged:
            if revision != "main":
                for path, digest in digests.items():
                    self.case.assertEqual(self.served(revision, path), digest)


class Publish(Operation):
    """A release: weigh signs a folder and sends it."""

    name = "publish"
    model = "alice/released"

    def prepare(self):
        self.folder = self.case.path("released")
        os.makedirs(self.folder)
        self.act(WEIGHTS_BYTES)
        self.main = self.tried

    def act(self, size):
        weights, small = self.content(size)
        self.tried = {"w.bin": digest_of(weights), "w.txt": digest_of(small)}
        for path, bytes_ in (("w.bin", weights), ("w.txt", small)):
            with open(os.path.join(self.folder, path), "wb") as file:
                file.write(bytes_)
        tag = f"v{self.number}"
        process = self.case.start("publish", self.folder, self.model, "--tag", tag)
        self.said = process.communicate(timeout=120)
        if process.returncode == 0:
            self.acknowledged.append((tag, self.tried))
        return process.returncode == 0

    def check(self, done):
        tags = {row[0] for row in self.registry.sql("SELECT tag FROM release WHERE withdrawn_at IS NULL")}
        tag = f"v{self.number}"
        if tag in tags and not done:
            self.acknowledged.append((tag, self.tried))
        for name, digests in self.acknowledged[-2:]:
            self.case.assertIn(name, tags)
            for path, digest in digests.items():
                self.case.assertEqual(self.served(name, path), digest)
        # The commit comes before the tag, so main may be ahead of the releases.
        main = {path: self.served("main", path) for path in self.tried}
        self.case.assertIn(main, [self.tried] if done else [self.main, self.tried])
        self.main = main

    def check_all(self):
        """weigh checks signature and digests of each release."""
        for tag, digests in self.acknowledged:
            result = self.case.json("pull", f"{self.model}@{tag}")
            self.case.weigh("verify", f"{self.model}@{tag}")
            with open(os.path.join(result["path"], "w.bin"), "rb") as file:
                self.case.assertEqual(digest_of(file.read()), digests["w.bin"])


class Decide(Operation):
    """The owner accepts or rejects what a person asked for."""

    name = "decide"
    model = "alice/gated"

    def prepare(self):
        self.bob = self.registry.person("bob")
        self.registry.create(self.model, self.case.token)
        self.registry.commit(self.model, self.case.token, {"w.txt": b"one\n"})
        self.registry.ask("PUT", f"/api/models/{self.model}/gate", self.case.token, {"mode": "manual"})
        answer = self.registry.ask("POST", f"/{self.model}/ask-access", self.bob, {})
        self.case.assertEqual(answer.status, 303, answer)
        self.last, self.tried = "pending", "accepted"

    def act(self, size):
        self.tried = "rejected" if self.last == "accepted" else "accepted"
        try:
            answer = self.registry.ask("POST", f"/api/models/{self.model}/user-access-request/handle",
                                       self.case.token, {"user": "bob", "status": self.tried})
        except (OSError, http.client.HTTPException):
            return False
        if answer.status != 200:
            self.case.assertGreaterEqual(answer.status, 500, answer)
        return answer.status == 200

    def check(self, done):
        (status, grants, decisions), = self.registry.sql(
            "SELECT status, (SELECT count(*) FROM access_grant g WHERE g.request = r.id AND revoked_at IS NULL),"
            " (SELECT count(*) FROM decision d WHERE d.request = r.id) FROM request r")
        self.case.assertIn(status, [self.tried] if done else [self.last, self.tried])
        self.case.assertEqual(int(grants), int(status == "accepted"))
        door = self.registry.ask("GET", f"/{self.model}/resolve/main/w.txt", self.bob)
        self.case.assertEqual(door.status, 200 if status == "accepted" else 403, door)
        self.last = status

    def check_all(self):
        pass


class Collect(Operation):
    """A start and its first round of the collector, over all it removes."""

    name = "collect"
    model = "alice/kept"

    def names(self):
        return {name for _, _, files in os.walk(self.blobs) for name in files}

    def litter(self):
        """A claim, garbage and an orphan, all past their time."""
        weights, _ = self.content(1000)
        self.lost = digest_of(weights)
        self.registry.upload(self.model, self.case.token, weights)
        self.registry.sql(f"UPDATE repository_content SET added_at = {OLD} WHERE committed_at IS NULL")
        self.rubbish = [f"{digest_of(b'%d %d' % (self.number, i))}.{'a' * self.tail}" for i in range(2)]
        for name in self.rubbish:
            folder = os.path.join(self.blobs, name[:2])
            os.makedirs(folder, exist_ok=True)
            path = os.path.join(folder, name)
            with open(path, "wb") as file:
                file.write(b"rubbish")
            os.utime(path, (0, 0))
            if account():
                for one in (folder, path):
                    os.chown(one, *self.owner)
        self.registry.sql(f"INSERT INTO blob_garbage VALUES ('{self.rubbish[0]}', {OLD})")

    def prepare(self):
        self.registry.create(self.model, self.case.token)
        super().act(WEIGHTS_BYTES)
        self.blobs = os.path.join(self.registry.folder, "data", "blobs")
        status = os.stat(self.blobs)
        self.owner = status.st_uid, status.st_gid
        self.tail = len(next(iter(self.names())).partition(".")[2])

    def is_over(self):
        (waiting,), = self.registry.sql(
            "SELECT (SELECT count(*) FROM repository_content WHERE committed_at IS NULL)"
            f" + (SELECT count(*) FROM blob_garbage WHERE name = '{self.rubbish[0]}')")
        return waiting == "0" and not self.names() & set(self.rubbish)

    def wait(self, until):
        end = time.monotonic() + 30
        while not until() and time.monotonic() < end:
            time.sleep(0.02)

    def act(self, size):
        plan = self.registry.plan.words[:]
        self.registry.plan.disarm()
        self.litter()
        self.registry.kill()
        self.registry.plan.words[:] = plan
        try:
            self.registry.start()
        except AssertionError:
            return False  # the first child met it
        self.wait(lambda: self.is_over() or self.registry.plan.fired())
        return False

    def check(self, done):
        if not self.is_over():
            self.case.restart()
            self.wait(self.is_over)
        self.case.assertTrue(self.is_over(), self.registry.log()[-2000:])
        answer = self.registry.ask(
            "POST", f"/{self.model}.git/info/lfs/objects/batch", self.case.token,
            {"operation": "download", "transfers": ["basic"], "objects": [{"oid": self.lost, "size": 1000}]},
            {"Content-Type": "application/vnd.git-lfs+json"})
        self.case.assertIn("error", answer.json()["objects"][0])
        super().check_all()


class Sweep(Case):
    def setUp(self):
        super().setUp()
        self.registry = Interposed(loops=1, workers=2, io_threads=1)  # so that a start is quick
        self.registry.__enter__()
        self.addCleanup(self.registry.close)
        self.token = self.registry.person("alice")
        self.environment.update(WEIGH_REGISTRY=self.registry.url, HF_TOKEN=self.token)
        self.violations = []

    def restart(self):
        if self.registry.process.poll() is None:
            self.registry.kill()
        self.registry.process = None
        self.registry.start()

    def check_rows(self):
        """No row is without its bytes."""
        folder = os.path.join(self.registry.folder, "data", "blobs")
        for name, size in self.registry.sql("SELECT name, size FROM blob"):
            path = os.path.join(folder, name[:2], name)
            self.assertTrue(os.path.exists(path), f"a row without its blob: {name}")
            self.assertEqual(os.path.getsize(path), int(size), name)

    def point(self, operation, kind, fate, number, turn):
        """One fault and the look at what is left; whether the fault came."""
        self.registry.plan.arm(kind, fate, number, turn)
        done = False
        try:
            with contextlib.redirect_stderr(io.StringIO()):  # Daemon.ask says more when it is hung up on
                done = operation.act(WINDOWS_BYTES if kind == "sync" else WEIGHTS_BYTES)
        except AssertionError as error:
            self.violations.append(f"{operation.name} {kind} {fate} {number} at {turn}: {error}")
        fired, _ = self.registry.plan.disarm()
        if fired and (fate == "kill" or kind == "memory") or self.registry.process.poll() is not None:
            self.restart()
        try:
            operation.check(done)
            self.check_rows()
        except AssertionError as error:
            self.violations.append(f"{operation.name} {kind} {fate} {number} at {turn}: {error}")
        return fired

    def learn(self, operation):
        """How many calls of each class there are, at most, in two dry runs."""
        most = {}
        for size in (WEIGHTS_BYTES, WINDOWS_BYTES):
            self.registry.plan.arm()
            done = operation.act(size)
            for kind, count in self.registry.plan.disarm()[1].items():
                if kind == "sync" or size == WEIGHTS_BYTES:
                    most[kind] = max(most.get(kind, 0), count)
            operation.check(done)
        return most

    def sweep(self, operation):
        counts = self.learn(operation)
        points.sweep(operation.name, counts, lambda *point: self.point(operation, *point), self.violations)
        operation.check_all()
        self.assertEqual(self.violations, [])

    def test_a_commit_is_there_whole_or_not_at_all(self):
        self.sweep(Operation(self))

    def test_a_release_is_there_whole_or_not_at_all(self):
        self.sweep(Publish(self))

    def test_a_decision_is_made_or_not(self):
        self.sweep(Decide(self))

    def test_the_collector_takes_what_is_past_its_time_and_nothing_else(self):
        self.sweep(Collect(self))


if __name__ == "__main__":
    points.main()
