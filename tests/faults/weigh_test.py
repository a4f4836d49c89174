"""weighd is killed again and again while weigh publishes and pulls."""

import hashlib
import os
import random
import threading
import unittest

from tests.cli.weigh import Case
from tests.daemon import Daemon

ROUNDS = 10
WEIGHTS = random.Random(7).randbytes(48 << 20)


class Killer(threading.Thread):
    """Kills the registry and starts it again, some moments apart."""

    def __init__(self, registry):
        super().__init__()
        self.registry, self.kills, self.end = registry, 0, threading.Event()

    def run(self):
        while self.kills < ROUNDS:
            if self.end.wait(random.uniform(0.05, 0.4)):
                break
            self.registry.kill()
            self.registry.start()
            self.kills += 1

    def stop(self):
        self.end.set()
        self.join()
        return self.kills


class Kills(Case):
    def until_done(self, registry, *arguments):
        """A person who types the same command until it went through."""
        killer = Killer(registry)
        killer.start()
        try:
            for tries in range(1, 50):
                process = self.start(*arguments)
                err = process.communicate(timeout=300)[1]
                if process.returncode == 0:
                    return killer.stop(), tries
                self.assertIn(process.returncode, (1, 6), err)
            self.fail("it never went through: " + err)
        finally:
            killer.stop()

    def test_the_same_command_gets_through_and_nothing_is_lost(self):
        folder = self.path("model")
        os.makedirs(folder)
        for name, data in (("weights.bin", WEIGHTS), ("README.md", b"# x\n")):
            with open(os.path.join(folder, name), "wb") as file:
                file.write(data)
        with Daemon(private=True) as registry:
            self.environment.update(WEIGH_REGISTRY=registry.url,
                                    HF_TOKEN=registry.person("alice"))
            published = self.until_done(registry, "publish", folder,
                                        "alice/m", "--tag", "v1")
            pulled = self.until_done(registry, "pull", "alice/m",
                                     "--connections", "2")
            result = self.json("pull", "alice/m")
            self.assertEqual(result["fetchedBytes"], 0)
            with open(os.path.join(result["path"], "weights.bin"),
                      "rb") as file:
                self.assertEqual(hashlib.sha256(file.read()).digest(),
                                 hashlib.sha256(WEIGHTS).digest())
            self.weigh("verify", "alice/m")
            self.assertEqual(len(registry.sql(
                "SELECT 1 FROM release WHERE withdrawn_at IS NULL")), 1)
        print("kills and tries:", published, pulled)


if __name__ == "__main__":
    unittest.main()
