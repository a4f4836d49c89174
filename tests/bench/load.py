#!/usr/bin/env python3
"""load: what weighd does beside nginx and openssl, in one run on one machine.

    tests/database/cluster start DIR
    CLUSTER=DIR WEIGHD=build/weighd PYTHONPATH=. \\
        python3 -B tests/bench/load.py [--size MIB] [PART ...]

Parts: large (a resolve of a large file, plain and TLS), small (4 KiB of a
gated model, the whole gate check each time), upload (SHA-256 verified), memory
(weighd's resident memory under transfers and idle connections).  All of them
without a PART.  Needs nginx-light, wrk, curl, openssl, and root, since nginx
reads the very blob that weighd serves.  Use a release build on a machine that
does nothing else; a ratio is the median of ROUNDS turns that alternate.
"""
import argparse
import contextlib
import hashlib
import json
import os
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

from tests.daemon import Daemon, free_port

MIB = 1 << 20
ROUNDS = 5
WRK_SECONDS = 5
IDLE = 10000
TAIL_BYTES = 8
SETTINGS = dict(connections=20000, connections_per_address=20000)


def line(what, got, other, least):
    ratio = got / other
    verdict = "ok" if ratio >= least else "BELOW"
    print(f"{what:34} {got:10.1f} {other:10.1f}  {ratio:5.2f}  (aim {least}) {verdict}", flush=True)


def limit(what, got, most):
    print(f"{what:34} {got / MIB:8.1f} MiB added  (aim < {most} MiB) {'ok' if got < most * MIB else 'ABOVE'}",
          flush=True)


class Source:
    """Bytes to send: one file for all, and a tail that makes each its own."""

    def __init__(self, size):
        self.size = size
        self.file = tempfile.NamedTemporaryFile(dir="/dev/shm", prefix="load-")
        block = os.urandom(MIB)
        self.hash = hashlib.sha256()
        left = size - TAIL_BYTES
        while left > 0:
            piece = block[:left]
            self.file.write(piece)
            self.hash.update(piece)
            left -= len(piece)
        self.file.flush()

    def thing(self, number):
        whole = self.hash.copy()
        whole.update(number.to_bytes(TAIL_BYTES, "big"))
        return {"oid": whole.hexdigest(), "size": self.size}

    def send(self, sock, number):
        left, at = self.size - TAIL_BYTES, 0
        while left > 0:
            n = os.sendfile(sock.fileno(), self.file.fileno(), at, left)
            at, left = at + n, left - n
        sock.sendall(number.to_bytes(TAIL_BYTES, "big"))


class Registry(Daemon):
    """A weighd with a gated model, bob's access to it, and known settings."""

    def __init__(self, **more):
        super().__init__(**SETTINGS, **more)

    def __enter__(self):
        super().__enter__()
        self.tokens = {name: self.person(name) for name in ("owner", "bob")}
        self.organization("acme", "owner:admin")
        self.must("POST", "/api/repos/create", "owner", dict(name="tiny", organization="acme"))
        self.add({"config.json": b"{" + b" " * 4094 + b"}"})
        self.must("PUT", "/api/models/acme/tiny/gate", "owner", dict(mode="manual"))
        self.must("POST", "/acme/tiny/ask-access", "bob", {})
        self.must("POST", "/api/models/acme/tiny/user-access-request/handle", "owner",
                  dict(user="bob", status="accepted"))
        return self

    def must(self, method, path, who, body=None, headers=None):
        answer = self.ask(method, path, self.tokens[who], body, headers)
        if answer.status >= 400:
            raise SystemExit(f"{path}: {answer}")
        return answer

    def add(self, files):
        answer = self.commit("acme/tiny", self.tokens["owner"], files)
        if answer.status != 200:
            raise SystemExit(f"commit: {answer}")

    def begin_upload(self, thing):
        answer = self.must("POST", "/acme/tiny.git/info/lfs/objects/batch", "owner",
                           json.dumps({"operation": "upload", "transfers": ["basic"], "objects": [thing]}).encode(),
                           {"Content-Type": "application/vnd.git-lfs+json"})
        action = answer.json()["objects"][0]["actions"]["upload"]
        return action["href"].removeprefix(self.url), action.get("header", {})

    def upload_file(self, source, number):
        """Sends one object; how long its PUT took."""
        path, headers = self.begin_upload(source.thing(number))
        connection = self.connect(timeout=600)
        connection.connect()
        connection.sock.settimeout(None)  # else sendfile does not wait
        start = time.monotonic()
        connection.putrequest("PUT", path)
        connection.putheader("Content-Length", str(source.size))
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        if self.tls:
            with open(source.file.name, "rb") as file:
                while piece := file.read(MIB):
                    connection.sock.sendall(piece)
            connection.sock.sendall(number.to_bytes(TAIL_BYTES, "big"))
        else:
            source.send(connection.sock, number)
        answer = connection.getresponse()
        body = answer.read()
        took = time.monotonic() - start
        connection.close()
        if answer.status != 200:
            raise SystemExit(f"upload: {answer.status} {body}")
        return took

    def large(self, source):
        self.upload_file(source, 0)
        self.add({"weights.bin": dict(source.thing(0), algo="sha256")})
        return self.url + "/acme/tiny/resolve/main/weights.bin"

    def blob(self, size):
        for folder, _, names in os.walk(os.path.join(self.folder, "data", "blobs")):
            for name in names:
                path = os.path.join(folder, name)
                if os.path.getsize(path) == size:
                    return path
        raise SystemExit("no such blob")


class Nginx:
    """nginx as one would set it up to serve the files of a folder."""

    def __init__(self, files, certificate=None, key=None):
        self.folder = tempfile.mkdtemp(prefix="load-nginx-")
        self.port = free_port()
        self.scheme = "https" if certificate else "http"
        tls = f"ssl_certificate {certificate}; ssl_certificate_key {key};" if certificate else ""
        places = "".join(f"location = /{name} {{ alias {path}; }}\n" for name, path in files.items())
        with open(os.path.join(self.folder, "conf"), "w") as f:
            f.write(f"""user root; worker_processes 2; daemon off; pid {self.folder}/pid;
                error_log {self.folder}/log;
                events {{ worker_connections 8000; }}
                http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000;
                server {{ listen 127.0.0.1:{self.port}{' ssl' if tls else ''}; {tls} {places} }} }}""")

    def __enter__(self):
        self.process = subprocess.Popen(["nginx", "-c", os.path.join(self.folder, "conf")], stderr=subprocess.DEVNULL)
        while True:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port)).close()
                return self
            if self.process.poll() is not None:
                raise SystemExit("nginx did not start")
            time.sleep(0.02)

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder)

    def url(self, name):
        return f"{self.scheme}://127.0.0.1:{self.port}/{name}"


def curl(url, size, token=None):
    """MB/s of one download."""
    words = ["curl", "-fsk", "-o", "/dev/null", "-w", "%{size_download} %{speed_download}", url]
    if token:
        words[1:1] = ["-H", f"Authorization: Bearer {token}"]
    got, speed = subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()
    if int(got) != size:
        raise SystemExit(f"{url}: {got} bytes")
    return float(speed) / 1e6


def wrk(url, connections, token=None):
    """Requests a second."""
    words = ["wrk", "-t1", f"-c{connections}", f"-d{WRK_SECONDS}s", url]
    if token:
        words[1:1] = ["-H", f"Authorization: Bearer {token}"]
    out = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in out:
        raise SystemExit(out)
    return next(float(text.split()[1]) for text in out.splitlines() if text.startswith("Requests/sec"))


def alternate(one, other, rounds=ROUNDS):
    pairs = [(one(), other()) for _ in range(rounds)]
    return tuple(statistics.median(column) for column in zip(*pairs))


def bench_large(source):
    for tls in (False, True):
        with Registry(tls=tls) as registry:
            url = registry.large(source)
            files = {"weights.bin": registry.blob(source.size)}
            pair = (registry.certificate, registry.settings["tls_key"]) if tls else ()
            with Nginx(files, *pair) as nginx:
                curl(nginx.url("weights.bin"), source.size)  # into the page cache
                got, other = alternate(lambda: curl(url, source.size, registry.tokens["bob"]),
                                       lambda: curl(nginx.url("weights.bin"), source.size))
                line(f"large, {'TLS' if tls else 'plain'}: MB/s, nginx", got, other, 0.9)


def bench_small(_):
    with Registry() as registry:
        path = os.path.join(registry.folder, "config.json")
        with open(path, "wb") as f:
            f.write(b"{" + b" " * 4094 + b"}")
        url = registry.url + "/acme/tiny/resolve/main/config.json"
        with Nginx({"config.json": path}) as nginx:
            for connections in (100, 1000):
                got, other = alternate(lambda: wrk(url, connections, registry.tokens["bob"]),
                                       lambda: wrk(nginx.url("config.json"), connections), 2)
                line(f"small, {connections} connections: 1/s, nginx", got, other, 0.3)


def openssl(path, size):
    start = time.monotonic()
    subprocess.run(["openssl", "dgst", "-sha256", path], check=True, capture_output=True)
    return size / (time.monotonic() - start) / 1e6


def bench_upload(source):
    with Registry() as registry:
        numbers = iter(range(1, 1000))
        got, other = alternate(lambda: source.size / registry.upload_file(source, next(numbers)) / 1e6,
                               lambda: openssl(source.file.name, source.size))
        line("upload: MB/s, openssl dgst", got, other, 0.8)


def family(pid):
    """weighd's parent and child, without PostgreSQL."""
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        return [pid] + [int(child) for child in f.read().split()]


def resident(pid):
    total = 0
    for one in family(pid):
        with open(f"/proc/{one}/status") as f:
            total += next(int(text.split()[1]) * 1024 for text in f if text.startswith("VmRSS"))
    return total


class Watch:
    """The most memory that weighd had while it ran, above what it had before."""

    def __init__(self, registry, before):
        self.pid = registry.process.pid
        self.before, self.most = before, resident(self.pid)
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.over.wait(0.01):
            self.most = max(self.most, resident(self.pid))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    def added(self):
        return self.most - self.before


def together(count, call):
    threads = [threading.Thread(target=call, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def watch_idle(registry):
    held = []
    request = b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n"
    with Watch(registry, resident(registry.process.pid)) as watch:
        for _ in range(IDLE):
            sock = socket.create_connection(("127.0.0.1", registry.port))
            sock.sendall(request)
            if not sock.recv(4096).startswith(b"HTTP/1.1 200"):
                raise SystemExit(f"connection {len(held)} was refused")
            held.append(sock)
        time.sleep(0.5)
    for sock in held:
        sock.close()
    return watch.added()


def bench_memory(source):
    with Registry() as registry:
        before = resident(registry.process.pid)  # it has seen no long body yet
        registry.large(source)
        base = 1
        for count, most in ((1, 64), (8, 256)):
            with Watch(registry, before) as watch:
                together(count, lambda number: registry.upload_file(source, base + number))
            limit(f"memory, {count} uploads at once", watch.added(), most)
            base += count
        url = registry.url + "/acme/tiny/resolve/main/weights.bin"
        for count, most in ((1, 64), (8, 256)):
            with Watch(registry, before) as watch:
                together(count, lambda number: curl(url, source.size, registry.tokens["bob"]))
            limit(f"memory, {count} downloads at once", watch.added(), most)
    with Registry() as registry:
        limit(f"memory, {IDLE} idle connections", watch_idle(registry), 256)


PARTS = dict(large=bench_large, small=bench_small, upload=bench_upload, memory=bench_memory)


def main():
    arguments = argparse.ArgumentParser(description="weighd beside nginx and openssl")
    arguments.add_argument("--size", type=int, default=2048, metavar="MIB", help="of the large file")
    arguments.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    given = arguments.parse_args()
    unknown = [part for part in given.parts if part not in PARTS]
    if unknown:
        arguments.error(f"no part {unknown[0]}: {', '.join(PARTS)}")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    source = Source(given.size * MIB)
    for part in given.parts or PARTS:
        PARTS[part](source)


if __name__ == "__main__":
    sys.exit(main())
