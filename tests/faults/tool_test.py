"""weigh pull and publish while things go wrong at random points.

    python3 -B tests/faults/tool_test.py [--points N] [--seed N] [--kind KIND]...

Each point is one fault at a random byte: the tool killed or stopped by Ctrl-C,
the network cut, reset or silent, a bit flipped on its way, no room on the
disk, a call to the system that fails or is the last one, a registry whose
bytes or lengths are wrong.  After every one the same
command is typed again.  What must hold, and is counted here: nothing wrong
ever has a final name; what came is not fetched again, beyond a bound; exit
statuses are weigh(1)'s.  The test run takes each kind once, at fixed points.
"""
import concurrent.futures
import contextlib
import errno
import hashlib
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import unittest

from tests.cli.fake import Registry
from tests.cli.weigh import WEIGH
from tests.daemon import Daemon
from tests.faults.interposed import Plan
from tests.faults.wire import Wire

MIB = 1 << 20
PAGE = 4096
WEIGHTS = random.Random(3).randbytes(8 * MIB + 5)
DIGEST = hashlib.sha256(WEIGHTS).hexdigest()
CONNECTIONS = 2
# Heads of requests and answers, lists, small files.
TALK = 128 << 10
# What a connection can have on its way that weigh has not seen: this side's
# and weigh's buffers, and the piece that the wire has in its hands.
ON_ITS_WAY = 768 << 10
# A publish sends objects so small in one piece, four at once.
OBJECT, OBJECTS, UPLOADS = 2 * MIB, 12, 4
PUBLISH_AGAIN = UPLOADS * (OBJECT + ON_ITS_WAY)

KILLED = 137  # as a shell, and the library that fails calls, say it
# What is remembered of a file is of no weight: that it cannot be written may
# pass without a word.
CALL_FATES = (("kill", 0, (KILLED,)), ("errno", errno.ENOSPC, (0, 7)), ("errno", errno.EIO, (0, 1)), ("short", 0, (0,)))

OPTIONS = {"points": None, "seed": 20261124, "kind": []}


class Violation(AssertionError):
    pass


def hold(condition, *words):
    if not condition:
        raise Violation(" ".join(str(word) for word in words))


class Point:
    """One fault, what came of it, and the same command again."""

    def __init__(self, kind, seed):
        self.kind, self.random = kind, random.Random(seed)
        self.folder = tempfile.mkdtemp(prefix="weigh-fault-")
        self.environment = {name: os.environ[name] for name in (
            "PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS") if name in os.environ}
        self.environment.update(HOME=self.folder, WEIGH_HOME=os.path.join(self.folder, "weigh"), NO_PROXY="*",
                                HF_HOME=os.path.join(self.folder, "hf"))
        self.process, self.again = None, 0

    def weigh(self, *words, limit=None, plan=None):
        """Exit status and message; no file may grow over limit bytes."""
        environment = plan.environment(self.environment) if plan else self.environment
        def before():
            if limit is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        self.process = subprocess.Popen(
            [WEIGH, *words], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True, preexec_fn=before)
        err = self.process.communicate(timeout=300)[1]
        hold("Sanitizer" not in err, err)
        return self.process.returncode, err

    def expect(self, statuses, found, *words):
        status, err = found
        hold(status in statuses, "status", status, "not", statuses, err)
        for word in words:
            hold(word in err, repr(word), "not said:", err)
        if status > 0 and status != KILLED:
            hold("\nweigh: " in "\n" + err, "no message:", err)
        return status

    def break_call(self, words):
        """One call to the system fails, or is the last; what may come of it."""
        plan = Plan(os.path.join(self.folder, "plan"), is_parents=True)
        kind, most = self.random.choice(self.CALLS)
        fate, number, statuses = self.random.choice(CALL_FATES)
        if fate == "short" and kind != "write":
            fate, number, statuses = "kill", 0, (KILLED,)
        plan.arm(kind, fate, number, self.random.randrange(1, most))
        found = self.weigh(*words, plan=plan)
        fired, _ = plan.disarm()
        self.kind += " (%s %s)" % (kind, errno.errorcode.get(number, fate))
        return self.expect(statuses if fired else (0,), found)

    def signal(self, number):
        return lambda: self.process.send_signal(number)

    def at(self, size):
        """A random byte of a body so large, or of what is said around it; in a
        test run a late one, where a start from zero costs most."""
        return size * 7 // 8 if OPTIONS["points"] is None else self.random.randrange(1, size)

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class Pull(Point):
    """Of one file of 8 MiB and a small one, over two connections."""

    CALLS = (("write", 540), ("sync", 13), ("name", 17))  # and how many there are
    WORDS = ("pull", "acme/tiny@main", "--allow-unsigned", "--connections", str(CONNECTIONS))

    def run(self):
        with contextlib.ExitStack() as stack:
            stack.callback(self.close)
            self.registry = Registry({"config.json": b"{}", "model.bin": WEIGHTS}, weights=["model.bin"])
            stack.callback(self.registry.close)
            self.wire = Wire(self.registry.server.server_port)
            stack.callback(self.wire.close)
            self.environment["WEIGH_REGISTRY"] = self.wire.url
            is_over = getattr(self, self.kind)(self.at(len(WEIGHTS)))
            self.check_names()
            if not is_over:
                self.finish()

    def blobs(self):
        return os.path.join(self.environment["HF_HOME"], "hub", "models--acme--tiny", "blobs")

    def check_names(self):
        """What lies under a final name is right."""
        blobs = self.blobs()
        seen = os.listdir(blobs) if os.path.isdir(blobs) else []
        for name in seen:
            with open(os.path.join(blobs, name), "rb") as file:
                hold(len(name) != 64 or hashlib.sha256(file.read()).hexdigest() == name, "wrong bytes in", name)
        return DIGEST in seen

    def kept(self):
        """Bytes of the weights that are on the disk, and those on record."""
        path = os.path.join(self.blobs(), DIGEST)
        if os.path.exists(path):
            return len(WEIGHTS), len(WEIGHTS)
        data, lines = b"", []
        with contextlib.suppress(FileNotFoundError):
            with open(path + ".incomplete", "rb") as file:
                data = file.read()
            with open(path + ".incomplete.journal") as file:
                lines = re.findall(r"^[ws] (\d+)$", file.read(), re.M)
        written = sum(min(PAGE, len(data) - at) for at in range(0, len(data), PAGE)
                      if data[at:at + PAGE] == WEIGHTS[at:at + PAGE])
        return written, sum(min(MIB, len(WEIGHTS) - int(n) * MIB) for n in set(lines))

    def finish(self, is_right=True):
        """The same command goes through, and asks for what was missing."""
        written, noted = self.kept() if is_right else (0, 0)
        self.again = max(0, written - noted)
        hold(self.again <= CONNECTIONS * MIB, "fetched twice:", self.again)
        self.wire.begin()
        self.registry.requests.clear()
        self.expect((0,), self.weigh(*self.WORDS))
        hold(self.check_names(), "not there")
        ranges = sorted(tuple(map(int, headers["Range"][6:].split("-")))
                        for _, path, headers in self.registry.requests if path.endswith("/model.bin"))
        if not is_right:
            return
        hold(all(one[1] < other[0] for one, other in zip(ranges, ranges[1:])), "asked for twice:", ranges)
        hold(sum(end + 1 - begin for begin, end in ranges) == len(WEIGHTS) - noted, "asked for", ranges, "had", noted)

    def recovers(self, at, fate):
        """By itself; what was fetched twice was lost on the broken wire."""
        self.wire.begin(at, fate)
        self.expect((0,), self.weigh(*self.WORDS))
        hold(self.check_names(), "not there")
        self.again = max(0, self.wire.down - len(WEIGHTS) - TALK)
        hold(self.again <= CONNECTIONS * ON_ITS_WAY, "fetched twice:", self.again)
        return True

    def cut(self, at):
        return self.recovers(at, "cut")

    def reset(self, at):
        return self.recovers(at, "reset")

    def stall(self, at):
        return self.recovers(at, "stall")

    def gone(self, at):
        self.wire.begin(at, "gone")
        self.expect((6,), self.weigh(*self.WORDS), "127.0.0.1", "trying again", "goes on from here")

    def silent(self, at):
        self.wire.begin(at, "silent")
        self.expect((6,), self.weigh(*self.WORDS), "nothing came from", "goes on from here")

    def kill(self, at):
        self.wire.begin(at, "cut", self.signal(signal.SIGKILL))
        self.expect((-9,), self.weigh(*self.WORDS))

    def interrupt(self, at):
        self.wire.begin(at, "pass", self.signal(signal.SIGINT))
        return self.expect((0, 130), self.weigh(*self.WORDS)) == 0

    def full(self, at):
        self.expect((7,), self.weigh(*self.WORDS, limit=max(4096, at // 4096 * 4096)), "model.bin", "make room")

    def call(self, at):
        self.wire.begin()
        return self.break_call(self.WORDS) == 0

    def flip(self, at):
        """In a head or a body: mended by itself, or told and mended next."""
        self.wire.begin(at, "flip")
        if self.expect((0, 1, 4, 5, 6), self.weigh(*self.WORDS)) != 0:
            self.finish(is_right=False)
        return True

    def lie(self, data, statuses=(5,), words=("model.bin",)):
        """The registry gives these bytes for the weights."""
        self.registry.tamper = lambda path, right: data if path == "model.bin" else right
        self.expect(statuses, self.weigh(*self.WORDS), *words)
        self.registry.tamper = None
        hold(self.wire.down < 2 * len(WEIGHTS) + MIB, "fetched more than once more:", self.wire.down)

    def short(self, at):
        self.lie(WEIGHTS[:at])

    def long(self, at):
        self.lie(WEIGHTS + WEIGHTS[:at])

    def wrong(self, at):
        self.lie(WEIGHTS[:at] + bytes([WEIGHTS[at] ^ 1]) + WEIGHTS[at + 1:])


class Publish(Point):
    """Of twelve files of 2 MiB to a real registry."""

    CALLS = (("write", 27), ("sync", 25), ("name", 12))
    registry = wire = None  # shared; one point at a time

    def run(self):
        with contextlib.ExitStack() as stack:
            stack.callback(self.close)
            self.name = "lab%d" % self.random.getrandbits(48)
            self.token = self.registry.person(self.name)
            self.model, self.source = self.name + "/m", os.path.join(self.folder, "m")
            self.environment.update(WEIGH_REGISTRY=self.wire.url, HF_TOKEN=self.token)
            os.mkdir(self.source)
            self.files = {}
            for n in range(OBJECTS):
                data = self.random.randbytes(64) + WEIGHTS[n:n + OBJECT]
                with open(os.path.join(self.source, "%d.bin" % n), "wb") as file:
                    file.write(data)
                self.files["%d.bin" % n] = hashlib.sha256(data).digest()
            self.words = ("publish", self.source, self.model, "--tag", "v1")
            getattr(self, self.kind)(self.at(OBJECTS * OBJECT))

    def check(self, is_done):
        """The release is there whole, or not at all."""
        answer = self.registry.ask("GET", "/api/models/%s/revision/v1" % self.model, self.token)
        hold(answer.status in ((200,) if is_done else (200, 404)), answer)
        if answer.status != 200:
            return
        for name, digest in self.files.items():
            path = "/%s/resolve/v1/%s" % (self.model, name)
            hold(hashlib.sha256(self.registry.ask("GET", path, self.token).body).digest() == digest, name, "is wrong")
        self.expect((0,), self.weigh("pull", self.model))

    def finish(self):
        """The same command goes through, and sends what was missing."""
        had = self.wire.up
        self.check(False)
        self.wire.begin()
        self.expect((0,), self.weigh(*self.words))
        up = self.wire.up
        self.again = max(0, had + up - OBJECTS * OBJECT - TALK)
        hold(self.again <= PUBLISH_AGAIN, "sent twice:", self.again)
        hold(had < PUBLISH_AGAIN or up < OBJECTS * OBJECT, "from zero")
        self.check(True)

    def recovers(self, at, fate):
        self.wire.begin(at, fate)
        self.expect((0,), self.weigh(*self.words))
        self.again = max(0, self.wire.up - OBJECTS * OBJECT - TALK)
        hold(self.again <= PUBLISH_AGAIN, "sent twice:", self.again)
        self.check(True)

    def send_cut(self, at):
        self.recovers(at, "cut")

    def send_reset(self, at):
        self.recovers(at, "reset")

    def send_stall(self, at):
        self.recovers(at, "stall")

    def send_gone(self, at):
        self.wire.begin(at, "gone")
        self.expect((6,), self.weigh(*self.words), "127.0.0.1", "goes on from here")
        self.finish()

    def send_kill(self, at):
        self.wire.begin(at, "cut", self.signal(signal.SIGKILL))
        self.expect((-9,), self.weigh(*self.words))
        self.finish()

    def send_interrupt(self, at):
        self.wire.begin(at, "pass", self.signal(signal.SIGINT))
        if self.expect((0, 130), self.weigh(*self.words)) == 130:
            self.finish()

    def send_call(self, at):
        self.wire.begin()
        if self.break_call(self.words) != 0:
            self.finish()

    def send_flip(self, at):
        self.wire.begin(at, "flip")
        if self.expect((0, 1, 3, 4, 5, 6), self.weigh(*self.words)) != 0:
            self.finish()


# What takes as long as weigh's patience is left to --points, and more of
# publish, which takes a registry.
PULLS = ("stall", "kill", "cut", "reset", "interrupt", "full", "call", "flip", "short", "long", "wrong")
PUBLISHES = ("send_kill", "send_cut")
PULLS_SLOW = ("gone", "silent")
PUBLISHES_SLOW = ("send_call", "send_flip", "send_reset", "send_interrupt", "send_gone", "send_stall")
WORKERS = 3


class Faults(unittest.TestCase):
    def points(self):
        count = OPTIONS["points"]
        if count is None:
            kinds = [*PULLS, *PUBLISHES]
        else:
            pulls = [kind for kind in (*PULLS, *PULLS_SLOW) if kind in (OPTIONS["kind"] or [kind])]
            publishes = [kind for kind in (*PUBLISHES, *PUBLISHES_SLOW) if kind in (OPTIONS["kind"] or [kind])]
            kinds = [self.pick(pulls, publishes, n) for n in range(count)]
        return [(Pull if hasattr(Pull, kind) else Publish)(kind, "%d %d" % (OPTIONS["seed"], n))
                for n, kind in enumerate(kinds)]

    @staticmethod
    def pick(pulls, publishes, n):
        """Every fourth point is a publish; the kinds take turns."""
        if publishes and (n % 4 == 3 or not pulls):
            return publishes[(n // 4 if pulls else n) % len(publishes)]
        return pulls[(n - n // 4 if publishes else n) % len(pulls)]

    def take(self, points):
        for n, point in points:
            began = time.monotonic()
            try:
                point.run()
                verdict = "holds"
            except Exception as problem:  # of this point alone
                verdict = "FAILS " + ("" if isinstance(problem, Violation) else traceback.format_exc()) + str(problem)
                self.failed.append("%s, point %d: %s" % (point.kind, n, verdict))
            self.again[point.kind] = max(point.again, self.again.get(point.kind, 0))
            print("%4d %-14s %5.1f s  %8d twice  %s" % (n, point.kind, time.monotonic() - began, point.again, verdict),
                  flush=True)

    def test_a_fault_at_any_byte_breaks_nothing_and_costs_little(self):
        self.failed, self.again = [], {}
        points = list(enumerate(self.points()))
        pulls = [one for one in points if isinstance(one[1], Pull)]
        publishes = [one for one in points if isinstance(one[1], Publish)]
        with contextlib.ExitStack() as stack:
            if publishes:
                Publish.wire = Wire()
                stack.callback(Publish.wire.close)
                Publish.registry = stack.enter_context(Daemon(url=Publish.wire.url))
                Publish.wire.port = Publish.registry.port
            pool = stack.enter_context(concurrent.futures.ThreadPoolExecutor(WORKERS + 1))
            turns = [pool.submit(self.take, publishes)]
            turns += [pool.submit(self.take, [one]) for one in pulls]
            for turn in turns:
                turn.result()
        print("seed %d, %d points, %d violations; most bytes twice: %s" % (
            OPTIONS["seed"], len(points), len(self.failed), self.again))
        self.assertEqual(self.failed, [])


def take_options():
    while len(sys.argv) > 2 and sys.argv[-2].removeprefix("--") in OPTIONS:
        name, value = sys.argv[-2].removeprefix("--"), sys.argv[-1]
        if name == "kind":
            OPTIONS["kind"].append(value)
        else:
            OPTIONS[name] = int(value)
        del sys.argv[-2:]


if __name__ == "__main__":
    take_options()
    unittest.main()
