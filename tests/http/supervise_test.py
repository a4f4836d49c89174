"""weighd under a supervisor: reload, restart in place, notify, passed sockets.

The test plays systemd: it binds the notify socket and passes listeners.
"""
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
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from daemon import Daemon, ROOT

WAIT_SECONDS = 60


def until(question, what, registry):
    """Waits for an answer that is true."""
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        answer = question()
        if answer:
            return answer
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come:\n{registry.log()}")


def events(registry, name):
    lines = [json.loads(line) for line in registry.log().splitlines() if line.startswith("{")]
    return [line for line in lines if line["event"] == name]


def children(registry):
    """The server children of weighd, in the order of their start."""
    pid = registry.process.pid
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        found = [int(word) for word in f.read().split()]
    mine = []
    for child in found:
        try:
            with open(f"/proc/{child}/comm") as f:
                if f.read().strip() == "weighd":
                    mine.append(child)
        except OSError:
            pass
    return mine


def change(registry, **settings):
    """Writes the configuration again; None takes a key out."""
    registry.settings.update(settings)
    with open(registry.conf, "w") as f:
        for key, value in registry.settings.items():
            if value is not None:
                f.write(f"{key} = {value}\n")


def hang_up(registry):
    """HUP, and what the log says then."""
    before = len(events(registry, "reload"))
    registry.process.send_signal(signal.SIGHUP)
    return until(lambda: events(registry, "reload")[before:], "the reload", registry)[0]


class Load(threading.Thread):
    """Requests without a pause until the end; what failed is in failures."""

    def __init__(self, registry, keep_alive):
        super().__init__()
        self.registry = registry
        self.keep_alive = keep_alive
        self.done = threading.Event()
        self.failures = []
        self.count = 0
        self.closed = 0
        self.start()

    def run(self):
        connection = None
        while not self.done.is_set():
            try:
                connection = connection or self.registry.connect()
                connection.request("GET", "/api/models")
                answer = connection.getresponse()
                answer.read()
                self.count += 1
                if answer.status != 200:
                    self.failures.append(answer.status)
                last = answer.headers.get("Connection", "").lower() == "close"
                self.closed += last
                if last or not self.keep_alive:
                    connection.close()
                    connection = None
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
                connection.close()
                connection = None
        if connection:
            connection.close()

    def finish(self):
        self.done.set()
        self.join()


def under_load(registry, what):
    loads = [Load(registry, keep_alive) for keep_alive in (True, True, False, False)]
    try:
        until(lambda: all(load.count > 2 for load in loads), "the load", registry)
        what()
        counts = [load.count for load in loads]
        until(lambda: all(load.count > count + 2 for load, count in zip(loads, counts)), "more load", registry)
    finally:
        for load in loads:
            load.finish()
    return loads


class ReloadTest(unittest.TestCase):
    def test_a_hangup_takes_the_new_configuration_and_drops_no_request(self):
        with Daemon(sign_up="open") as registry:
            join = lambda name: registry.ask("POST", "/api/join", body=dict(
                name=name, email=f"{name}@example.org", password="correct horse battery"))
            self.assertEqual(join("dora").status, 202)
            old = children(registry)

            def reload():
                change(registry, sign_up="closed")
                self.assertNotIn("message", hang_up(registry))
                until(lambda: not set(old) & set(children(registry)), "the old child's end", registry)
            loads = under_load(registry, reload)
            self.assertEqual([load.failures for load in loads], [[], [], [], []])
            self.assertTrue(all(load.closed == 1 for load in loads[:2]), [load.closed for load in loads])
            self.assertEqual(join("emil").status, 403)

    def test_a_configuration_with_a_mistake_changes_nothing_and_names_its_line(self):
        with Daemon() as registry:
            old = children(registry)
            change(registry, no_such_key="1")
            with open(registry.conf) as f:
                line = len(f.readlines())
            message = hang_up(registry)["message"]
            self.assertIn(f"{registry.conf}:{line}:", message)
            self.assertEqual(children(registry), old)
            self.assertEqual(registry.ask("GET", "/ready").status, 200)

    def test_a_key_that_needs_a_restart_is_said_and_keeps_its_value(self):
        with Daemon() as registry:
            change(registry, listen="127.0.0.1:1", blobs="/nowhere", workers="3")
            self.assertNotIn("message", hang_up(registry))
            self.assertEqual([line["key"] for line in events(registry, "needs a restart")], ["listen", "blobs"])
            self.assertEqual(registry.ask("GET", "/ready").status, 200)
            self.assertFalse(os.path.exists("/nowhere"))

    def test_a_new_certificate_is_for_new_connections_and_a_bad_one_for_none(self):
        with Daemon(tls=True) as registry:
            kept = registry.connect()
            self.addCleanup(kept.close)
            kept.request("GET", "/ready")
            self.assertEqual(kept.getresponse().read() and 200, 200)
            first = ssl.get_server_certificate(("127.0.0.1", registry.port))
            old = children(registry)
            registry.make_certificate()
            self.assertNotIn("message", hang_up(registry))
            until(lambda: ssl.get_server_certificate(("127.0.0.1", registry.port)) != first, "the certificate", registry)
            second = ssl.get_server_certificate(("127.0.0.1", registry.port))
            with open(registry.certificate, "w") as f:
                f.write("no certificate")
            self.assertIn(registry.certificate, hang_up(registry)["message"])
            self.assertEqual(ssl.get_server_certificate(("127.0.0.1", registry.port)), second)
            kept.request("GET", "/ready")
            self.assertEqual(kept.getresponse().status, 200)
            self.assertEqual(children(registry), old)


class RestartTest(unittest.TestCase):
    def test_a_restart_in_place_fails_no_request_and_keeps_number_and_database(self):
        with Daemon(private=True) as registry:
            postgres = os.path.join(registry.folder, "data", "postgres", "postmaster.pid")
            with open(postgres) as f:
                before = f.readline()
            old = children(registry)

            def restart():
                starts = len(events(registry, "start"))
                registry.process.send_signal(signal.SIGUSR2)
                until(lambda: len(events(registry, "start")) > starts, "the new program", registry)
                until(lambda: not set(old) & set(children(registry)), "the old child's end", registry)
            loads = under_load(registry, restart)
            self.assertEqual([load.failures for load in loads], [[], [], [], []])
            self.assertTrue(all(load.closed == 1 for load in loads[:2]), [load.closed for load in loads])
            self.assertIsNone(registry.process.poll())
            with open(postgres) as f:
                self.assertEqual(f.readline(), before)
            self.assertEqual(registry.stop(), 0)
            self.assertFalse(os.path.exists(postgres))

    def test_a_program_that_does_not_start_leaves_the_old_one_serving(self):
        with Daemon() as registry:
            change(registry, sign_up="perhaps")
            registry.process.send_signal(signal.SIGUSR2)
            until(lambda: any("message" in line for line in events(registry, "restart")), "the refusal", registry)
            self.assertEqual(registry.ask("GET", "/ready").status, 200)


class Supervisor:
    """The socket that a supervisor listens on."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        os.chmod(self.path, 0o777)
        self.socket.settimeout(WAIT_SECONDS)

    def hear(self, start):
        """The next message that begins so."""
        while True:
            message = self.socket.recv(4096).decode()
            if message.startswith(start):
                return message


class Supervised(Daemon):
    """weighd with the environment of a supervisor, and its sockets."""

    def __init__(self, watchdog_ms=0, passed=None, **settings):
        super().__init__(**settings)
        self.supervisor = Supervisor(self.folder)
        self.watchdog_ms = watchdog_ms
        self.passed = passed

    def environment(self):
        result = dict(super().environment(), NOTIFY_SOCKET=self.supervisor.path)
        if self.watchdog_ms:
            result["WATCHDOG_USEC"] = str(self.watchdog_ms * 1000)
        return result

    def close(self):
        self.supervisor.socket.close()
        super().close()

    def start(self):
        words = [self.weighd, "--config", self.conf]
        pass_fds = ()
        if self.passed is not None:
            # The shell becomes weighd: only it knows the process's number.
            number = self.passed.fileno()
            pass_fds = (number,)
            words = ["bash", "-c", f'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@" 3<&{number}', "bash"] + words
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=self.environment(), pass_fds=pass_fds)
        self.wait_ready()


class NotifyTest(unittest.TestCase):
    def test_a_supervisor_hears_ready_reloading_and_stopping(self):
        with Supervised() as registry:
            supervisor = registry.supervisor
            self.assertIn(f"MAINPID={registry.process.pid}", supervisor.hear("READY=1"))
            registry.process.send_signal(signal.SIGHUP)
            self.assertIn("MONOTONIC_USEC=", supervisor.hear("RELOADING=1"))
            supervisor.hear("READY=1")
            registry.process.send_signal(signal.SIGUSR2)
            supervisor.hear("RELOADING=1")
            self.assertIn(f"MAINPID={registry.process.pid}", supervisor.hear("READY=1"))
            registry.process.send_signal(signal.SIGTERM)
            supervisor.hear("STOPPING=1")

    def test_the_watchdog_hears_nothing_from_a_child_that_hangs(self):
        with Supervised(watchdog_ms=300) as registry:
            supervisor = registry.supervisor
            supervisor.hear("WATCHDOG=1")
            supervisor.hear("WATCHDOG=1")
            (child,) = children(registry)
            os.kill(child, signal.SIGSTOP)
            supervisor.socket.settimeout(1)
            with self.assertRaises(TimeoutError):
                for _ in range(20):  # those that were under way
                    supervisor.hear("WATCHDOG=1")
            os.kill(child, signal.SIGCONT)
            supervisor.socket.settimeout(WAIT_SECONDS)
            supervisor.hear("WATCHDOG=1")

    def test_sockets_that_a_supervisor_opened_are_served(self):
        with socket.socket() as passed:
            passed.bind(("127.0.0.1", 0))
            passed.listen(16)
            registry = Supervised(passed=passed, listen="127.0.0.1:1")
            registry.port = passed.getsockname()[1]
            with registry:
                self.assertEqual(registry.ask("GET", "/ready").status, 200)

    def test_a_descriptor_that_is_no_listener_is_refused_by_its_number(self):
        with socket.socket() as passed:
            registry = Supervised(passed=passed)
            with self.assertRaisesRegex(AssertionError, "LISTEN_FDS: 3"):
                with registry:
                    pass

    def test_sockets_meant_for_another_process_are_left_alone(self):
        os.environ.update(LISTEN_PID="1", LISTEN_FDS="999999999999")
        try:
            with Daemon() as registry:
                self.assertEqual(registry.ask("GET", "/ready").status, 200)
        finally:
            del os.environ["LISTEN_PID"], os.environ["LISTEN_FDS"]


class UnitTest(unittest.TestCase):
    @unittest.skipUnless(shutil.which("systemd-analyze"), "no systemd here")
    def test_systemd_finds_no_fault_in_the_units(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("weighd.service", "weighd.socket"):
                with open(os.path.join(ROOT, "deploy", "systemd", name)) as f:
                    text = f.read().replace("/usr/bin/weighd", os.environ["WEIGHD"])
                with open(os.path.join(folder, name), "w") as f:
                    f.write(text)
            answer = subprocess.run(
                ["systemd-analyze", "verify", "--man=no", os.path.join(folder, "weighd.service"),
                 os.path.join(folder, "weighd.socket")], capture_output=True, text=True)
            self.assertEqual((answer.returncode, answer.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main()
