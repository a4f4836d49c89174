"""Restarts and reloads in a row under load: no request fails, whatever it is doing.

RESTART_REQUESTS is how many requests lie between two of them (80 unless set).
"""
import base64
import hashlib
import json
import os
import signal
import threading
import time
import unittest

from tests.daemon import Daemon
from tests.http import supervise_test as watched

REQUESTS = int(os.environ.get("RESTART_REQUESTS", "80"))
MIB = 1 << 20
PAUSE_SECONDS = 0.02  # in a transfer, so that it is under way when it happens
NDJSON = {"Content-Type": "application/x-ndjson"}


class Client(threading.Thread):
    """Does the same again and again until the end, on a kept connection or on new ones."""

    def __init__(self, scene, act):
        super().__init__()
        self.scene = scene
        self.act = act
        self.connection = None
        self.count = 0
        self.failures = []
        self.start()

    def run(self):
        while not self.scene.is_over.is_set():
            try:
                self.act(self)
                self.count += 1
            except Exception as error:  # whatever it is, it is what is looked for
                self.failures.append(f"{self.act.__name__}: {error!r}")
                self.close()
        self.close()

    def close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def finish(self, expected=200):
        """Reads the answer; a kept connection stays until the server says that it ends."""
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != expected:
            raise AssertionError(f"{answer.status} {body[:200]}")
        if answer.headers.get("Connection", "").lower() == "close":
            self.close()
        return body

    def ask(self, method, path, body=None, headers=None):
        self.connection = self.connection or self.scene.registry.connect()
        headers = dict(headers or {}, Authorization=f"Bearer {self.scene.alice}")
        self.connection.request(method, path, body, headers)
        return self.finish()

    # What it may do.

    def read_on(self):
        self.ask("GET", "/api/models/alice/tiny")

    def read_anew(self):
        self.ask("GET", "/alice/tiny/resolve/main/config.json")
        self.close()

    def read_seldom(self):
        self.ask("GET", "/health")
        time.sleep(0.5)

    def write(self):
        content = base64.b64encode(os.urandom(8)).decode()
        path = f"{self.ident}.txt"
        lines = [{"key": "header", "value": {"summary": "Change"}},
                 {"key": "file", "value": {"path": path, "content": content, "encoding": "base64"}}]
        self.ask("POST", "/api/models/alice/tiny/commit/main", b"".join(json.dumps(line).encode() + b"\n" for line in lines),
                 NDJSON)

    def download(self):
        self.connection = self.connection or self.scene.registry.connect()
        self.connection.request("GET", "/alice/tiny/resolve/main/big.bin",
                                headers={"Authorization": f"Bearer {self.scene.alice}"})
        answer = self.connection.getresponse()
        content = bytearray()
        while piece := answer.read(MIB):
            content += piece
            time.sleep(PAUSE_SECONDS)
        if (answer.status, content) != (200, self.scene.big):
            raise AssertionError(f"{answer.status}, {len(content)} bytes")
        self.close()

    def upload(self):
        content = os.urandom(MIB)
        oid = hashlib.sha256(content).hexdigest()
        answer = json.loads(self.ask("POST", "/alice/tiny.git/info/lfs/objects/batch", json.dumps(
            {"operation": "upload", "transfers": ["basic"], "objects": [{"oid": oid, "size": MIB}]}),
            {"Content-Type": "application/vnd.git-lfs+json"}))
        href = answer["objects"][0]["actions"]["upload"]["href"]
        self.connection = self.connection or self.scene.registry.connect()
        self.connection.putrequest("PUT", href.removeprefix(self.scene.registry.url))
        self.connection.putheader("Content-Length", str(MIB))
        self.connection.endheaders()
        for at in range(0, MIB, 1 << 16):
            self.connection.send(content[at:at + (1 << 16)])
            time.sleep(PAUSE_SECONDS)
        self.finish()


class RestartTest(unittest.TestCase):
    def wait_requests(self):
        """Until so many more requests were answered."""
        target = sum(client.count for client in self.clients) + REQUESTS
        watched.until(lambda: sum(client.count for client in self.clients) >= target, "the requests", self.registry)

    def restart(self):
        starts = len(watched.events(self.registry, "start"))
        self.registry.process.send_signal(signal.SIGUSR2)
        watched.until(lambda: len(watched.events(self.registry, "start")) > starts, "the new program", self.registry)

    def reload(self):
        watched.change(self.registry, json_bytes=100_000)
        self.assertNotIn("message", watched.hang_up(self.registry))

    def test_restarts_and_a_reload_in_a_row_fail_no_request(self):
        with Daemon(tls=True) as self.registry:
            registry = self.registry
            self.alice = registry.person("alice")
            registry.create("alice/tiny", self.alice)
            self.big = os.urandom(MIB) * 32
            named = registry.upload("alice/tiny", self.alice, self.big)
            self.assertEqual(registry.commit("alice/tiny", self.alice, {"big.bin": named, "config.json": b"{}"}).status, 200)
            self.is_over = threading.Event()
            acts = (Client.read_on, Client.read_on, Client.read_anew, Client.read_seldom, Client.write, Client.download,
                    Client.upload)
            self.clients = [Client(self, act) for act in acts]
            try:
                for again in (self.restart, self.reload, self.restart):
                    self.wait_requests()
                    again()
                self.wait_requests()
                watched.until(lambda: all(client.count for client in self.clients), "one of each", registry)
            finally:
                self.is_over.set()
                for client in self.clients:
                    client.join()
            self.assertEqual([client.failures for client in self.clients], [[]] * len(acts))
            watched.until(lambda: len(watched.children(registry)) == 1, "the end of the old ones", registry)
            self.assertEqual(watched.events(registry, "server killed"), [])


if __name__ == "__main__":
    unittest.main()
