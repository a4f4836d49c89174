"""daemon: a real weighd for a test, on a database and a folder of its own.

    with Daemon() as registry:
        token = registry.person("alice")
        answer = registry.ask("GET", "/api/whoami-v2", token=token)

WEIGHD names the program.  CLUSTER names the folder of the run's PostgreSQL
(tests/database/cluster); private=True has weighd make its own instead.
"""
import base64
import hashlib
import http.client
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.parse

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
START_SECONDS = 60


class Answer:
    """What came back: status, headers without regard to case, body."""

    def __init__(self, answer, body):
        self.status = answer.status
        self.headers = answer.headers
        self.body = body

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.headers.get('X-Error-Message')} {self.body[:300]!r}"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def account():
    """Whom root's programs become."""
    return "postgres" if os.geteuid() == 0 else None


class Daemon:
    place = "/tmp"  # where its folder is made

    def __init__(self, private=False, tls=False, **settings):
        self.folder = tempfile.mkdtemp(prefix="weigh-", dir=self.place)
        os.chmod(self.folder, 0o755)
        self.port = free_port()
        self.tls = tls
        self.private = private
        self.settings = settings
        self.process = None
        self.database = None
        self.log_path = os.path.join(self.folder, "weighd.log")
        self.conf = os.path.join(self.folder, "weighd.conf")
        self.weighd = os.environ["WEIGHD"]

    @property
    def url(self):
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self):
        try:
            self.write_conf()
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    # The configuration and what it needs.

    def make_database(self):
        with open(os.path.join(os.environ["CLUSTER"], "conninfo")) as f:
            cluster = f.read().strip()
        # A port may come again while another's database is not dropped yet.
        self.database = f"daemon_{os.getpid()}_{self.port}_{time.monotonic_ns()}"
        self.sql(f'CREATE DATABASE "{self.database}"', cluster)
        return f"{cluster} dbname={self.database}"

    def sql(self, text, conninfo=None):
        """Runs SQL; the rows as lists of text."""
        answer = subprocess.run(
            ["psql", "-XAtq", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-c", text, conninfo or self.conninfo()],
            check=True, capture_output=True, text=True)
        return [line.split("\t") for line in answer.stdout.splitlines()]

    def conninfo(self):
        if self.private:
            with open(os.path.join(self.folder, "data", "conninfo")) as f:
                return f.read().strip()
        return self.settings["database"]

    def make_certificate(self):
        paths = [os.path.join(self.folder, name) for name in ("key.pem", "certificate.pem")]
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-keyout", paths[0], "-out", paths[1], "-days", "2", "-subj", "/CN=127.0.0.1",
             "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"],
            check=True, capture_output=True)
        self.settings.update(tls_key=paths[0], tls_certificate=paths[1])
        self.certificate = paths[1]

    def write_conf(self):
        if self.tls:
            self.make_certificate()
        if not self.private and "database" not in self.settings:
            self.settings["database"] = self.make_database()
        self.settings.setdefault("data", os.path.join(self.folder, "data"))
        self.settings.setdefault("listen", f"127.0.0.1:{self.port}")
        if account():
            self.settings.setdefault("user", account())
        if os.environ.get("COVERAGE"):  # it writes counts where a confined process may not
            self.settings.setdefault("confine", "no")
        with open(self.conf, "w") as f:
            for key, value in self.settings.items():
                f.write(f"{key} = {value}\n")

    # Its life.

    def environment(self):
        # The leak checker cannot look into a confined process.
        options = os.environ.get("ASAN_OPTIONS", "")
        return dict(os.environ, ASAN_OPTIONS=f"{options}:detect_leaks=0")

    def start(self):
        self.begin()
        self.wait_ready()

    def begin(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [self.weighd, "--config", self.conf], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=self.environment())

    def wait_ready(self):
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise AssertionError("weighd did not start:\n" + self.log())
            try:
                if self.ask("GET", "/ready").status == 200:
                    return
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(0.02)
        raise AssertionError("weighd is not ready:\n" + self.log())

    def stop(self, how=signal.SIGTERM):
        """Stops it; its exit status, negative for a signal's."""
        if self.process is None:
            return None
        self.process.send_signal(how)
        try:
            status = self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("weighd did not stop:\n" + self.log()) from None
        self.process = None
        return status

    def kill(self):
        return self.stop(signal.SIGKILL)

    def close(self):
        try:
            if self.process is not None:
                self.stop()
            elif self.private:
                self.stop_postgres()
        finally:
            if self.database:
                with open(os.path.join(os.environ["CLUSTER"], "conninfo")) as f:
                    self.sql(f'DROP DATABASE IF EXISTS "{self.database}" WITH (FORCE)', f.read().strip())
            shutil.rmtree(self.folder, ignore_errors=True)

    def stop_postgres(self):
        """A killed parent leaves its PostgreSQL to the next; there is none."""
        path = os.path.join(self.folder, "data", "postgres", "postmaster.pid")
        try:
            with open(path) as f:
                os.kill(int(f.readline()), signal.SIGINT)
        except (OSError, ValueError):
            return
        for _ in range(500):
            if not os.path.exists(path):
                return
            time.sleep(0.02)

    def log(self):
        with open(self.log_path, errors="replace") as f:
            return f.read()

    # Who is there.

    def admin(self, *words, stdin=None):
        answer = subprocess.run(
            [self.weighd, "admin", "--config", self.conf, *words], capture_output=True, text=True, input=stdin,
            env=self.environment())
        if answer.returncode != 0:
            raise AssertionError(f"weighd admin {words}: {answer.stderr}")
        return answer.stdout

    def person(self, name, *options, role="write", password="correct horse battery"):
        """Makes an account; the text of a token for it."""
        path = os.path.join(self.folder, "password")
        with open(path, "w") as f:
            f.write(password)
        self.admin("account", "add", name, "--email", f"{name}@example.org", "--password-file", path, *options)
        return self.token(name, role)

    def token(self, name, role="write", *options):
        return self.admin("token", "add", name, "--role", role, *options).strip()

    def organization(self, name, *members):
        words = [word for member in members for word in ("--member", member)]
        self.admin("organization", "add", name, *words)

    # Talking to it.

    def connect(self, timeout=30):
        if not self.tls:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        context = ssl.create_default_context(cafile=self.certificate)
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=timeout, context=context)

    def ask(self, method, path, token=None, body=None, headers=None, form=None):
        """One request; body is bytes, or anything else as JSON."""
        headers = dict(headers or {})
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if form is not None:
            body = urllib.parse.urlencode(form).encode()
            headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        elif body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        connection = self.connect()
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return Answer(answer, answer.read())
        except http.client.RemoteDisconnected:
            print("the end of weighd's log:\n" + self.log()[-4000:], file=sys.stderr)
            raise
        finally:
            connection.close()

    def create(self, name, token, kind="model", **more):
        namespace, _, short = name.rpartition("/")
        body = dict(name=short, type=kind, **more)
        if namespace:
            body["organization"] = namespace
        return self.ask("POST", "/api/repos/create", token, body)

    def upload(self, name, token, content):
        """Brings weights in by LFS, in one piece; what a commit names them by."""
        thing = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content)}
        answer = self.ask("POST", f"/{name}.git/info/lfs/objects/batch", token,
                          {"operation": "upload", "transfers": ["basic"], "objects": [thing], "hash_algo": "sha256"},
                          {"Content-Type": "application/vnd.git-lfs+json"})
        actions = answer.json()["objects"][0].get("actions")
        if actions:
            path = actions["upload"]["href"].removeprefix(self.url)
            answer = self.ask("PUT", path, body=content)
            if answer.status != 200:
                raise AssertionError(answer)
        return dict(thing, algo="sha256")

    def commit(self, name, token, files, summary="Add files", revision="main", kind="model"):
        """Commits files: {path: bytes, what upload gave, or None to delete}."""
        lines = [{"key": "header", "value": {"summary": summary, "description": ""}}]
        for path, content in files.items():
            if content is None:
                lines.append({"key": "deletedFile", "value": {"path": path}})
            elif isinstance(content, dict):
                lines.append({"key": "lfsFile", "value": dict(content, path=path)})
            else:
                lines.append({"key": "file", "value": {
                    "path": path, "encoding": "base64", "content": base64.b64encode(content).decode()}})
        body = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        return self.ask("POST", f"/api/{kind}s/{name}/commit/{revision}", token, body,
                        {"Content-Type": "application/x-ndjson"})
