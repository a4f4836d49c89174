"""A thousand connections that never end their headers: what does a HEAD cost?

    WEIGHD=… CLUSTER=… python3 -B tests/bench/loris.py [--connections N]

Prints the 99th percentile of a HEAD of a file, quiet and under them, in one
run, and the ratio; exits with 1 when it is over 2.  Quiet rounds and loud ones
alternate, so that both meet the same machine.
"""
import argparse
import os
import resource
import socket
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
from tests.daemon import Daemon  # noqa: E402

DRIP_SECONDS = 0.25
RATIO_MOST = 2.0
ROUNDS = 10


class Lorises:
    """Connections that send a byte of a header now and then, and begin anew."""

    def __init__(self, port, count):
        self.port = port
        self.sockets = []
        self.begun = 0
        for _ in range(count):
            self.begin()
        self.due = time.monotonic() + DRIP_SECONDS

    def begin(self):
        s = socket.create_connection(("127.0.0.1", self.port))
        s.setblocking(False)
        s.send(b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ")
        self.sockets.append(s)
        self.begun += 1

    def drip(self):
        """Sends a byte on each when it is time; replaces those that ended."""
        if time.monotonic() < self.due:
            return
        self.due = time.monotonic() + DRIP_SECONDS
        alive, ended = [], 0
        for s in self.sockets:
            try:
                s.send(b"a")
                alive.append(s)
            except OSError:
                s.close()
                ended += 1
        self.sockets = alive
        for _ in range(ended):
            self.begin()

    def close(self):
        for s in self.sockets:
            s.close()


def measure(registry, path, token, count, between=lambda: None):
    connection = registry.connect()
    headers = {"Authorization": f"Bearer {token}"}
    times = []
    for _ in range(count):
        between()
        began = time.perf_counter()
        connection.request("HEAD", path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        times.append(time.perf_counter() - began)
        if answer.status != 200:
            raise AssertionError(answer.status)
    connection.close()
    return times


def percentile(times, share):
    return sorted(times)[min(len(times) - 1, int(len(times) * share))] * 1000


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument("--requests", type=int, default=4000)
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with Daemon(connections_per_address=options.connections + 100) as registry:
        token = registry.person("alice")
        registry.create("alice/tiny", token)
        registry.commit("alice/tiny", token, {"a.txt": b"hello"})
        path = "/alice/tiny/resolve/main/a.txt"
        measure(registry, path, token, 500)
        each = options.requests // ROUNDS
        quiet, loud = [], []
        for _ in range(ROUNDS):
            quiet += measure(registry, path, token, each)
            lorises = Lorises(registry.port, options.connections)
            loud += measure(registry, path, token, each, lorises.drip)
            held = len(lorises.sockets)
            lorises.close()
    ratio = percentile(loud, 0.99) / percentile(quiet, 0.99)
    for name, times in (("quiet", quiet), ("under lorises", loud)):
        print(f"{name}: p50 {percentile(times, 0.5):.3f} ms, p99 {percentile(times, 0.99):.3f} ms, n {len(times)}")
    print(f"{held} lorises held; ratio of p99 {ratio:.2f} (at most {RATIO_MOST})")
    return ratio > RATIO_MOST


if __name__ == "__main__":
    sys.exit(main())
