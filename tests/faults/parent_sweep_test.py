"""Each call to the system fails once in the parent: at a first start, a reload and a restart in place.

As sweep_test.py, for the process that starts PostgreSQL, keeps the secret file
and the listeners, and watches over the one that serves.
"""
import json
import os
import shutil
import signal
import subprocess
import time

from tests.cli.weigh import Case
from tests.daemon import Daemon
from tests.faults import points
from tests.faults.interposed import CLASSES, MEMORY, Plan

WAIT_SECONDS = 20


class Planned(Daemon):
    place = MEMORY

    def __init__(self, plan, **settings):
        super().__init__(loops=1, workers=2, io_threads=1, **settings)  # so that a start is quick
        self.plan = plan

    def environment(self):
        return self.plan.environment(super().environment())


class ParentSweep(Case):
    def setUp(self):
        super().setUp()
        self.violations = []
        self.plan = Plan(self.path("plan"), is_parents=True)

    def sweep(self, name, act, check, kinds=CLASSES, few=points.POINTS):
        """act gives whether it was done; check looks at what is there then."""
        self.plan.arm()
        done = act()
        counts = self.plan.disarm()[1]
        self.assertTrue(done)
        check(done)
        meet = points.meeting(name, self.plan, act, check, self.violations)
        points.sweep(name, {kind: counts[kind] if kind in kinds else 0 for kind in CLASSES}, meet, self.violations,
                     few=few)
        self.assertEqual(self.violations, [])

    def begin(self, cluster=None):
        """A first start, with a cluster that is made already if one is given; whether it came up."""
        self.registry = Planned(self.plan, private=True)
        self.registry.write_conf()
        if cluster:
            subprocess.run(["cp", "-a", cluster, os.path.join(self.registry.folder, "data")], check=True)
        try:
            self.registry.start()
            return True
        except AssertionError as error:
            self.said = str(error)
            return False

    def end(self, done):
        try:
            self.check_start(done)
        finally:
            self.registry.close()

    def test_a_first_start_that_failed_is_begun_again(self):
        self.sweep("first start", self.begin, self.end, ("write", "sync", "name", "read"), few=1)

    def test_a_database_that_was_half_made_is_begun_again(self):
        self.plan.arm("send", "kill", 0, 1)
        self.assertFalse(self.begin())
        self.plan.disarm()
        self.registry.stop_postgres()
        cluster = os.path.join(self.registry.folder, "data")
        try:
            self.sweep("first database", lambda: self.begin(cluster), self.end, ("send", "recv", "memory"), few=1)
        finally:
            shutil.rmtree(os.path.dirname(cluster), ignore_errors=True)

    def check_start(self, done):
        registry = self.registry
        if not done:
            self.assertIsNotNone(registry.process.poll(), f"it neither serves nor ends: {self.said}")
            registry.start()
        token = registry.person("alice")
        registry.kill()
        registry.start()
        self.assertEqual(registry.ask("GET", "/api/whoami-v2", token).status, 200)

    def events(self, registry, *names):
        found = []
        for line in registry.log().splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                pass
        return sum(one.get("event") in names for one in found)

    def signal(self, how, *names):
        """Whether one of the events followed."""
        registry = self.registry
        before = self.events(registry, *names)
        registry.process.send_signal(how)
        end = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < end and registry.process.poll() is None:
            if self.events(registry, *names) > before:
                return True
            time.sleep(0.01)
        return False

    def open(self):
        self.registry = Planned(self.plan).__enter__()
        self.addCleanup(self.registry.close)
        self.token = self.registry.person("alice")

    def change(self):
        """A configuration that wants a new server process."""
        self.registry.settings["workers"] = 5 - self.registry.settings["workers"]
        self.registry.write_conf()

    def check_serves(self):
        """It does so still, or after a start; and the next signal is heeded."""
        registry = self.registry
        if registry.process.poll() is not None:
            registry.start()
        self.assertEqual(registry.ask("GET", "/api/whoami-v2", self.token).status, 200)

    def test_a_reload_that_failed_leaves_what_was(self):
        self.open()

        def act():
            self.change()
            self.signal(signal.SIGHUP, "reload")
            return True

        def check(_):
            self.check_serves()
            self.change()
            self.assertTrue(self.signal(signal.SIGHUP, "reload"), "it does not reload any more")

        self.sweep("reload", act, check)

    def test_a_restart_in_place_that_failed_leaves_what_was(self):
        self.open()

        def act():
            return self.signal(signal.SIGUSR2, "start", "restart failed")

        def check(_):
            self.check_serves()
            self.assertTrue(self.signal(signal.SIGUSR2, "start"), "it does not restart any more")

        self.sweep("restart in place", act, check)


if __name__ == "__main__":
    points.main()
