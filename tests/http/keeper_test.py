"""weighd's server process: one that dies, hangs or does not end is replaced."""
import os
import signal
import time
import unittest

from tests.daemon import Daemon
from tests.http import supervise_test as watched

with open(os.environ["WEIGHD"], "rb") as program:
    THREAD_SANITIZED = b"__tsan_init" in program.read()


def serving(registry, not_these=()):
    """The one child, once it is none of those before and answers."""
    def look():
        found = [pid for pid in watched.children(registry) if pid not in not_these]
        return found if len(found) == 1 else None
    (child,) = watched.until(look, "the child", registry)
    return child


def started(registry):
    """The child that serves, once the parent has heard so."""
    watched.until(lambda: watched.events(registry, "start"), "the start", registry)
    return serving(registry)


def halt(pid):
    """Stops the process, and waits until each of its threads has."""
    os.kill(pid, signal.SIGSTOP)
    tasks = f"/proc/{pid}/task"
    while True:
        states = []
        for task in os.listdir(tasks):
            with open(f"{tasks}/{task}/stat") as f:
                states.append(f.read().rpartition(")")[2].split()[0])
        if set(states) == {"T"}:
            return
        time.sleep(0.01)


def reason(registry, pid):
    """Why the log says that the child was killed."""
    return [line["why"] for line in watched.events(registry, "server killed") if line["pid"] == pid]


class KeeperTest(unittest.TestCase):
    @unittest.skipIf(os.environ.get("COVERAGE"), "coverage writes files, so nothing is confined")
    @unittest.skipIf(THREAD_SANITIZED, "ThreadSanitizer's own thread is older than the confinement")
    def test_every_thread_of_the_server_is_confined_and_without_privileges(self):
        with Daemon() as registry:
            child = serving(registry)
            tasks = os.listdir(f"/proc/{child}/task")
            self.assertGreater(len(tasks), 8)
            for task in tasks:
                with open(f"/proc/{child}/task/{task}/status") as f:
                    status = dict(line.rstrip().split(":\t", 1) for line in f if ":\t" in line)
                self.assertEqual([status[name] for name in ("NoNewPrivs", "Seccomp", "CapPrm", "CapEff")],
                                 ["1", "2", "0" * 16, "0" * 16])
                self.assertNotIn("0", status["Uid"].split())
                self.assertNotIn("0", status["Gid"].split() + status["Groups"].split())

    def test_a_child_that_hangs_is_killed_and_another_serves(self):
        with Daemon(hang_timeout_ms=400) as registry:
            old = started(registry)
            halt(old)
            self.assertEqual(registry.ask("GET", "/ready").status, 200)
            self.assertNotEqual(serving(registry), old)
            self.assertEqual(reason(registry, old), ["it hangs"])
            self.assertEqual(registry.stop(), 0)

    def test_with_hang_timeout_0_a_child_that_hangs_is_left_alone(self):
        with Daemon(hang_timeout_ms=0) as registry:
            old = started(registry)
            halt(old)
            time.sleep(1.5)  # the parent has asked it meanwhile
            os.kill(old, signal.SIGCONT)
            self.assertEqual(registry.ask("GET", "/ready").status, 200)
            self.assertEqual(serving(registry), old)

    def test_a_child_that_hangs_does_not_keep_weighd_from_stopping(self):
        with Daemon(hang_timeout_ms=0, stop_timeout_ms=100) as registry:
            child = started(registry)
            halt(child)
            self.assertEqual(registry.stop(), 0)
            self.assertEqual(reason(registry, child), ["it does not end"])

    def test_a_first_child_that_hangs_before_it_serves_does_not_keep_weighd_from_stopping(self):
        with Daemon(stop_timeout_ms=100) as registry:
            registry.stop()
            registry.begin()
            child = serving(registry)
            halt(child)
            self.assertEqual(registry.stop(), 0)
            self.assertEqual(reason(registry, child), ["it does not end"])

    def test_a_hangup_while_a_child_starts_is_done_when_that_serves(self):
        with Daemon() as registry:
            registry.stop()
            registry.begin()
            child = serving(registry)
            halt(child)
            watched.change(registry, sign_up="closed")
            registry.process.send_signal(signal.SIGHUP)
            os.kill(child, signal.SIGCONT)
            (line,) = watched.until(lambda: watched.events(registry, "reload"), "the reload", registry)
            self.assertNotIn("message", line)
            self.assertNotEqual(serving(registry, [child]), child)

    def test_a_download_that_outlasts_the_drain_is_cut_and_does_not_look_whole(self):
        with Daemon(drain_timeout_ms=300) as registry:
            token = registry.person("alice")
            registry.create("alice/tiny", token)
            content = os.urandom(1 << 20) * 32
            named = registry.upload("alice/tiny", token, content)
            self.assertEqual(registry.commit("alice/tiny", token, {"data.bin": named}).status, 200)
            old = serving(registry)
            connection = registry.connect()
            self.addCleanup(connection.close)
            connection.request("GET", "/alice/tiny/resolve/main/data.bin", headers={"Authorization": f"Bearer {token}"})
            answer = connection.getresponse()
            answer.read(1)
            watched.change(registry, sign_up="closed")
            self.assertNotIn("message", watched.hang_up(registry))
            serving(registry, [old])
            watched.until(lambda: old not in watched.children(registry), "the old child's end", registry)
            self.assertEqual(reason(registry, old), [])
            with self.assertRaises(Exception):  # a reset, or an end before the announced length
                answer.read()

    def test_a_killed_child_is_followed_within_a_second_and_no_connection_is_refused(self):
        with Daemon() as registry:
            loads = [watched.Load(registry, keep_alive=False) for _ in range(4)]
            old = serving(registry)
            watched.until(lambda: all(load.count > 5 for load in loads), "the load", registry)
            os.kill(old, signal.SIGKILL)
            serving(registry, [old])
            counts = [load.count for load in loads]
            watched.until(lambda: all(load.count > count for load, count in zip(loads, counts)), "service", registry)
            for load in loads:
                load.finish()
            # Those under way are lost; each client loses one at most, and none is turned away.
            self.assertTrue(all(len(load.failures) <= 1 for load in loads), [load.failures for load in loads])
            self.assertFalse(any("refused" in failure for load in loads for failure in load.failures))


if __name__ == "__main__":
    unittest.main()
