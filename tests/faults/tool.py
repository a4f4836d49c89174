"""weigh pull and publish while things go wrong at random points.

    python3 -B tests/faults/tool.py [--points N] [--seed N]

Each point is one fault at a random byte: the tool killed, the network cut, a
bit flipped on its way, a length that lies, no room on the disk.  After every
one the same command is typed again.  What must hold, and is counted here:
nothing wrong ever has a final name; the second run fetches what the first one
did not, give or take what was under way; exit statuses are weigh(1)'s.
"""
import hashlib
import os
import random
import resource
import socket
import subprocess
import sys
import threading
import unittest

from tests.cli.fake import Registry
from tests.cli.weigh import Case
from tests.daemon import Daemon

POINTS = 20
SEED = random.SystemRandom().randrange(1 << 32)
MIB = 1 << 20
WEIGHTS = random.Random(3).randbytes(12 * MIB + 5)
UNDER_WAY = 4 * MIB  # what connections had fetched and not yet noted


class Proxy:
    """Passes bytes on, and calls on_byte when so many came back or went up."""

    def __init__(self, port):
        self.port, self.lock = port, threading.Lock()
        self.limit, self.act, self.flip = None, None, False
        self.down = self.up = 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def arm(self, limit=None, act=None, flip=False):
        """After limit bytes both ways: act once, then cut until armed anew."""
        with self.lock:
            self.limit, self.act, self.flip = limit, act, flip
            self.down = self.up = 0

    def accept(self):
        while True:
            try:
                near = self.socket.accept()[0]
                far = socket.create_connection(("127.0.0.1", self.port))
            except OSError:
                return
            for pair in ((near, far, True), (far, near, False)):
                threading.Thread(target=self.carry, args=pair, daemon=True).start()

    def count(self, data, is_up):
        """What goes on; None: cut."""
        act = None
        with self.lock:
            before = self.down + self.up
            if is_up:
                self.up += len(data)
            else:
                self.down += len(data)
            if self.limit is None or before + len(data) <= self.limit:
                return data
            if self.flip:
                at = max(0, self.limit - before)
                data = data[:at] + bytes([data[at] ^ 4]) + data[at + 1:]
                self.limit = None
                return data
            act, self.act = self.act, None
        if act is not None:
            act()
        return None

    def carry(self, source, sink, is_up):
        try:
            while data := source.recv(65536):
                data = self.count(data, is_up)
                if data is None:
                    break
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.socket.close()


class Tool(Case):
    def setUp(self):
        super().setUp()
        self.random = random.Random(SEED)

    def run_once(self, *arguments, limit=None, **options):
        """Exit status and what it said; no file may grow over limit bytes."""
        def before():
            if limit is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        self.process = self.start(*arguments, preexec_fn=before, **options)
        err = self.process.communicate(timeout=300)[1]
        self.assertNotIn("AddressSanitizer", err)
        return self.process.returncode, err

    def kill(self):
        self.process.kill()


class Pull(Tool):
    def setUp(self):
        super().setUp()
        self.registry = Registry({"config.json": b"{}", "model.bin": WEIGHTS}, weights=["model.bin"])
        self.addCleanup(self.registry.close)
        self.proxy = Proxy(self.registry.server.server_port)
        self.addCleanup(self.proxy.close)
        self.environment["WEIGH_REGISTRY"] = self.proxy.url

    def begin(self, point):
        self.environment["HF_HOME"] = self.path("hf%d" % point)
        self.words = ("pull", "acme/tiny@main", "--allow-unsigned", "--connections", "2")
        self.proxy.arm()

    def check_names(self, is_done=False):
        """Nothing under a final name is wrong."""
        blobs = os.path.join(self.environment["HF_HOME"], "hub", "models--acme--tiny", "blobs")
        seen = os.listdir(blobs) if os.path.isdir(blobs) else []
        for name in seen:
            if len(name) == 64:
                with open(os.path.join(blobs, name), "rb") as file:
                    self.assertEqual(hashlib.sha256(file.read()).hexdigest(), name)
        if is_done:
            self.assertIn(hashlib.sha256(WEIGHTS).hexdigest(), seen)

    def finish(self, had, files=1):
        """The same command goes through, and asks for what was missing."""
        self.proxy.arm()
        status, err = self.run_once(*self.words)
        self.assertEqual(status, 0, err)
        self.check_names(is_done=True)
        self.assertLessEqual(self.proxy.down, len(WEIGHTS) * files - max(0, had - UNDER_WAY) + 65536)

    def cut(self, at):
        self.proxy.arm(at)
        status, err = self.run_once(*self.words)
        self.assertEqual(status, 6, err)
        return self.proxy.down

    def killed(self, at):
        self.proxy.arm(at, self.kill)
        status, err = self.run_once(*self.words)
        self.assertEqual(status, -9, err)
        return self.proxy.down

    def full(self, at):
        status, err = self.run_once(*self.words, limit=max(4096, at // 4096 * 4096))
        self.assertEqual(status, 7, err)
        return 0

    def flipped(self, at):
        """In a head or a body: mended by itself, or told and mended next."""
        self.proxy.arm(at, flip=True)
        status, err = self.run_once(*self.words)
        self.assertIn(status, (0, 1, 4, 5, 6), err)
        return 0

    def short(self, at):
        self.registry.tamper = lambda path, data: data[:at] if path == "model.bin" else data
        status, err = self.run_once(*self.words)
        self.registry.tamper = None
        self.assertIn(status, (5, 6), err)
        return 0

    def lying(self, at):
        wrong = WEIGHTS[:at] + bytes([WEIGHTS[at] ^ 1]) + WEIGHTS[at + 1:]
        self.registry.tamper = lambda path, data: wrong if path == "model.bin" else data
        status, err = self.run_once(*self.words)
        self.registry.tamper = None
        self.assertEqual(status, 5, err)
        self.assertLess(self.proxy.down, 2 * len(WEIGHTS) + MIB)  # once more, no oftener
        return 0

    def test_a_pull_survives_a_fault_at_any_byte(self):
        faults = (self.cut, self.killed, self.full, self.flipped, self.short, self.lying)
        for point in range(POINTS * 3 // 4):
            fault, at = faults[point % len(faults)], self.random.randrange(1, len(WEIGHTS))
            with self.subTest(seed=SEED, point=point, fault=fault.__name__, at=at):
                self.begin(point)
                had = fault(at)
                self.check_names()
                self.finish(had)
            subprocess.run(["rm", "-rf", self.environment["HF_HOME"]], check=True)


class Publish(Tool):
    def test_a_publish_survives_a_fault_at_any_byte(self):
        proxy = Proxy(None)
        self.addCleanup(proxy.close)
        with Daemon(url=proxy.url) as registry:  # or uploads go past the proxy
            self.environment["HF_TOKEN"] = registry.person("alice")
            proxy.port = registry.port
            self.environment["WEIGH_REGISTRY"] = proxy.url
            for point in range(POINTS - POINTS * 3 // 4):
                kind, at = ("cut", "kill", "flip")[point % 3], self.random.randrange(1, len(WEIGHTS))
                with self.subTest(seed=SEED, point=point, fault=kind, at=at):
                    self.point(registry, proxy, point, kind, at)

    def point(self, registry, proxy, point, kind, at):
        folder, data = self.path("m%d" % point), self.random.randbytes(64) + WEIGHTS
        os.mkdir(folder)
        with open(os.path.join(folder, "weights.bin"), "wb") as file:
            file.write(data)
        words = ("publish", folder, "alice/m%d" % point, "--tag", "v1")
        proxy.arm(at, self.kill if kind == "kill" else None, kind == "flip")
        status, err = self.run_once(*words)
        self.assertIn(status, dict(cut=(6,), kill=(-9,), flip=(0, 1, 4, 5, 6))[kind], err)
        releases = registry.sql("SELECT count(*) FROM release")[0][0]
        proxy.arm()
        if status != 0:
            self.assertEqual(releases, str(point), "a release nobody was told of")
            status, err = self.run_once(*words)
            self.assertEqual(status, 0, err)
        answer = registry.ask("GET", "/alice/m%d/resolve/v1/weights.bin" % point, self.environment["HF_TOKEN"])
        self.assertEqual(hashlib.sha256(answer.body).digest(), hashlib.sha256(data).digest())
        os.unlink(os.path.join(folder, "weights.bin"))


def take_option(name, fallback):
    if name not in sys.argv:
        return fallback
    at = sys.argv.index(name)
    value = int(sys.argv[at + 1])
    del sys.argv[at:at + 2]
    return value


if __name__ == "__main__":
    POINTS = take_option("--points", POINTS)
    SEED = take_option("--seed", SEED)
    print("seed", SEED, "points", POINTS)
    unittest.main()
