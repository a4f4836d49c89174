"""weighd is killed while it is written to and read from, and starts again."""
import hashlib
import http.client
import json
import os
import random
import socket
import threading
import time
import unittest

from tests.daemon import Daemon

ROUNDS = 20
WEIGHTS_BYTES = 300_000
HOLD_SECONDS = 0.7  # of the 3 that a start waits


class Publisher(threading.Thread):
    """Commits until it is cut off, and notes what was acknowledged."""

    def __init__(self, registry, token, number, promised):
        super().__init__()
        self.registry, self.token, self.number, self.promised = registry, token, number, promised

    def run(self):
        try:
            for step in range(1000):
                self.publish(f"{self.number}-{step}")
        except (OSError, http.client.HTTPException, ValueError, AssertionError):
            pass  # the daemon was killed

    def publish(self, name):
        content = os.urandom(WEIGHTS_BYTES)
        small = name.encode()
        weights = self.registry.upload("alice/tiny", self.token, content)
        answer = self.registry.commit("alice/tiny", self.token,
                                      {f"{name}.bin": weights, f"{name}.txt": small}, f"Add {name}")
        if answer.status == 200:
            digests = {f"{name}.bin": hashlib.sha256(content).hexdigest(),
                       f"{name}.txt": hashlib.sha256(small).hexdigest()}
            self.promised.append((answer.json()["commitOid"], digests))


class Puller(threading.Thread):
    """Reads what is there; a body that looks whole must be the right one."""

    def __init__(self, registry, promised, wrong):
        super().__init__()
        self.registry, self.promised, self.wrong = registry, promised, wrong

    def run(self):
        try:
            while True:
                if not self.promised:
                    time.sleep(0.005)
                    continue
                _, digests = random.choice(self.promised)
                path, digest = random.choice(list(digests.items()))
                body = self.registry.ask("GET", f"/alice/tiny/resolve/main/{path}").body
                if hashlib.sha256(body).hexdigest() != digest:
                    self.wrong.append(path)
        except (OSError, http.client.HTTPException):
            pass


class Kill(unittest.TestCase):
    def test_twenty_kills_lose_nothing_that_was_acknowledged(self):
        with Daemon(private=True) as registry:
            token = registry.person("alice")
            registry.create("alice/tiny", token)
            promised, wrong = [], []
            for number in range(ROUNDS):
                threads = [Publisher(registry, token, number, promised), Puller(registry, promised, wrong)]
                for thread in threads:
                    thread.start()
                time.sleep(random.uniform(0.05, 0.8))
                registry.kill()
                for thread in threads:
                    thread.join()
                registry.start()
                self.check_head(registry, promised)
            self.assertEqual(wrong, [])
            self.assertGreater(len(promised), 0)
            self.check_all(registry, promised)

    def listing(self, registry):
        path = "/api/models/alice/tiny/tree/main?limit=1000"
        files = {}
        while path:
            answer = registry.ask("GET", path)
            self.assertEqual(answer.status, 200, answer)
            files.update({entry["path"]: entry for entry in answer.json()})
            link = answer.headers.get("Link") or ""
            path = link.split(">")[0].removeprefix("<").removeprefix(registry.url) if "next" in link else None
        return files

    def check_head(self, registry, promised):
        """The last acknowledged commit is there; no file is without its twin."""
        files = self.listing(registry)
        for name in files:
            twin = {"bin": "txt", "txt": "bin"}.get(name[-3:])
            if twin:
                self.assertIn(name[:-3] + twin, files, "half of a commit is visible")
        for _, digests in promised[-3:]:
            self.check_files(registry, digests)

    def check_files(self, registry, digests):
        for path, digest in digests.items():
            answer = registry.ask("GET", f"/alice/tiny/resolve/main/{path}")
            self.assertEqual(answer.status, 200, answer)
            self.assertEqual(hashlib.sha256(answer.body).hexdigest(), digest, path)

    def check_all(self, registry, promised):
        for _, digests in promised:
            self.check_files(registry, digests)
        # What is listed without having been acknowledged is whole all the same.
        for path, entry in self.listing(registry).items():
            answer = registry.ask("GET", f"/alice/tiny/resolve/main/{path}")
            self.assertEqual(answer.status, 200, path)
            if "lfs" in entry:
                self.assertEqual(hashlib.sha256(answer.body).hexdigest(), entry["lfs"]["oid"])
        print(json.dumps({"rounds": ROUNDS, "acknowledged": len(promised), "violations": 0}))

    def test_a_start_waits_for_the_address_that_a_killed_one_had(self):
        with Daemon() as registry:
            for _ in range(3):
                registry.kill()
                registry.start()
            registry.stop()
            # As a server process that takes its time to end.
            holder = socket.create_server(("127.0.0.1", registry.port))
            threading.Timer(HOLD_SECONDS, holder.close).start()
            registry.start()

    def test_an_address_that_stays_in_use_is_named(self):
        with socket.create_server(("127.0.0.1", 0)) as holder:
            address = "127.0.0.1:%d" % holder.getsockname()[1]
            with self.assertRaisesRegex(AssertionError, f"{address}: Address already in use"), Daemon(listen=address):
                pass


if __name__ == "__main__":
    unittest.main()
