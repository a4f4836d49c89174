"""PostgreSQL fails under a registry that serves, and comes back.

Its own cluster, since the others' must not be killed.
"""
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest

from tests.daemon import ROOT, Daemon

CLUSTER = os.path.join(ROOT, "tests", "database", "cluster")
RETURN_SECONDS = 5  # weighhouse-reliability(7)
CONNECTIONS = 24
REQUESTS = 30  # at once: more than there are workers


class Database(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="weigh-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.cluster("start")
        cls.addClassCleanup(cls.cluster, "stop")
        shared, os.environ["CLUSTER"] = os.environ["CLUSTER"], cls.folder
        cls.addClassCleanup(os.environ.__setitem__, "CLUSTER", shared)
        with open(os.path.join(cls.folder, "place")) as file:
            cls.place = file.read().strip()
        cls.programs = sorted(os.listdir("/usr/lib/postgresql"), key=float)[-1]
        with open(os.path.join(cls.place, "data", "postgresql.conf"), "a", encoding="ascii") as file:
            file.write("fsync = on\nsynchronous_commit = on\nfull_page_writes = on\n")
        cls.control("restart", "-m", "fast")
        cls.registry = Daemon()
        cls.registry.__enter__()
        cls.addClassCleanup(cls.close)
        cls.token = cls.registry.person("alice")

    @classmethod
    def close(cls):
        cls.registry.close()

    @classmethod
    def cluster(cls, action):
        subprocess.run([CLUSTER, action, cls.folder], check=True)

    @classmethod
    def control(cls, *words):
        words = [f"/usr/lib/postgresql/{cls.programs}/bin/pg_ctl", *words, "-D", f"{cls.place}/data", "-w", "-s",
                 "-l", f"{cls.place}/data/server.log"]
        if os.geteuid() == 0:
            words = ["runuser", "-u", "postgres", "--", *words]
        subprocess.run(words, check=True, cwd="/", stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)

    def begin(self):
        """What a killed server leaves goes by itself, after a moment."""
        for _ in range(50):
            try:
                return self.control("start")
            except subprocess.CalledProcessError:
                time.sleep(0.1)
        return self.control("start")

    def setUp(self):
        self.model = "alice/" + self.id().rpartition(".")[2][:60]
        self.registry.create(self.model, self.token)
        self.assertEqual(self.write(b"one").status, 200)

    def write(self, content):
        return self.registry.commit(self.model, self.token, {"w.txt": content})

    def read(self):
        return self.registry.ask("GET", f"/{self.model}/resolve/main/w.txt", self.token)

    def check_refused(self, answer):
        self.assertEqual(answer.status, 503, answer)
        self.assertIsNotNone(answer.headers["Retry-After"])

    def check_back(self):
        """It serves within the promised time, and then every request."""
        for _ in range(600):
            if subprocess.run(["psql", "-Xqc", "", self.registry.conninfo()], capture_output=True).returncode == 0:
                break
            time.sleep(0.05)
        end = time.monotonic() + RETURN_SECONDS
        while (answer := self.read()).status != 200:
            self.check_refused(answer)
            self.assertLess(time.monotonic(), end, "it did not come back")
            time.sleep(0.05)
        for _ in range(40):
            self.assertEqual(self.read().body, b"one")
            self.assertEqual(self.registry.ask("GET", "/ready").status, 200)
        self.assertEqual(self.write(b"two").status, 200)
        self.assertEqual(self.read().body, b"two")

    def backends(self):
        return [int(row[0]) for row in self.registry.sql(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'weighd'")]

    def test_links_that_the_server_ends_are_not_missed(self):
        self.registry.sql("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                          " WHERE application_name = 'weighd'")
        for _ in range(40):
            self.assertEqual(self.read().status, 200)
        self.check_back()

    def test_a_killed_backend_takes_the_service_away_for_seconds_only(self):
        os.kill(self.backends()[0], signal.SIGKILL)
        self.check_back()

    def test_a_killed_server_costs_a_503_until_it_is_back(self):
        with open(f"{self.place}/data/postmaster.pid") as file:
            os.kill(int(file.readline()), signal.SIGKILL)
        while self.read().status == 200:
            time.sleep(0.02)
        self.check_refused(self.write(b"lost"))
        self.begin()
        self.check_back()

    def test_a_stopped_server_costs_a_503_until_it_is_back(self):
        for mode in ("immediate", "fast"):
            with self.subTest(mode):
                self.control("stop", "-m", mode)
                self.check_refused(self.read())
                self.check_refused(self.write(b"lost"))
                self.check_refused(self.registry.ask("GET", "/ready"))
                self.assertEqual(self.registry.ask("GET", "/health").status, 200)
                self.begin()
                self.check_back()
                self.assertEqual(self.write(b"one").status, 200)

    def processes(self):
        """The server's own first, so that no other comes up."""
        with open(f"{self.place}/data/postmaster.pid") as file:
            first = int(file.readline())
        yield first
        with open(f"/proc/{first}/task/{first}/children") as file:
            yield from map(int, file.read().split())

    def test_a_server_that_hangs_costs_a_503_and_not_the_requests_patience(self):
        answers, hung = [], []
        ask = [lambda: answers.append(self.read())] * REQUESTS + [lambda: answers.append(self.write(b"lost"))]
        for process in self.processes():
            os.kill(process, signal.SIGSTOP)
            hung.append(process)
        try:
            threads = [threading.Thread(target=one) for one in ask]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()  # a request that is not answered fails after connect's time
            self.assertEqual(len(answers), len(ask))
            for answer in answers:
                self.check_refused(answer)
            self.assertEqual(self.registry.ask("GET", "/health").status, 200)
        finally:
            for process in hung:
                os.kill(process, signal.SIGCONT)
        self.check_back()

    def test_a_server_without_connections_left_costs_a_503(self):
        self.registry.sql(f"ALTER SYSTEM SET max_connections = {CONNECTIONS}")
        self.control("restart", "-m", "fast")
        # It is in already, so it can go on to end weighd's links.
        ender = subprocess.Popen(["psql", "-Xqo", os.devnull, self.registry.conninfo()], stdin=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL, text=True)
        holders = []
        try:
            refused = 0
            while refused < 3:
                if (answer := self.read()).status != 200:
                    self.check_refused(answer)
                    refused += 1
                    continue
                refused = 0
                print("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'weighd';",
                      file=ender.stdin, flush=True)
                holders.append(subprocess.Popen(["psql", "-Xqc", "SELECT pg_sleep(300)", self.registry.conninfo()],
                                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
                self.assertLess(len(holders), 10 * CONNECTIONS)
        finally:
            for holder in [ender, *holders]:
                holder.kill()
                holder.wait()
            ender.stdin.close()
            self.control("restart", "-m", "fast")
        self.check_back()

    def test_a_commit_that_the_server_refuses_leaves_nothing(self):
        self.registry.sql(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
            " $$BEGIN RAISE 'no space' USING ERRCODE = 'disk_full'; END$$;"
            "CREATE CONSTRAINT TRIGGER refuse AFTER INSERT OR UPDATE ON git_ref"
            " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()")
        self.check_refused(self.write(b"lost"))
        self.assertEqual(self.read().body, b"one")
        self.registry.sql("DROP TRIGGER refuse ON git_ref; DROP FUNCTION refuse()")
        self.check_back()

    @unittest.skipUnless(os.geteuid() == 0, "a file system of one's own needs root")
    def test_a_full_disk_under_the_server_costs_a_503_until_there_is_room(self):
        disk = os.path.join(self.place, "disk")
        os.mkdir(disk)
        owner = os.stat(self.place).st_uid
        if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size=8m,mode=0700,uid={owner}", "weigh", disk],
                          capture_output=True).returncode:
            self.skipTest("mount is not allowed here")
        try:
            self.fill(disk)
            self.check_back()
        finally:
            self.registry.sql("ALTER TABLE git_object SET TABLESPACE pg_default")
            self.registry.sql("DROP TABLESPACE small")
            # A recovery must not look for it again.
            self.registry.sql("CHECKPOINT")
            subprocess.run(["umount", "-l", disk], check=True)

    def fill(self, disk):
        self.registry.sql(f"CREATE TABLESPACE small LOCATION '{disk}'")
        self.registry.sql("ALTER TABLE git_object SET TABLESPACE small")
        filler = os.path.join(disk, "filler")
        with self.assertRaises(OSError), open(filler, "wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        # The pages that are there have room for some objects.
        for _ in range(100):
            answer = self.write(os.urandom(100_000))
            if answer.status != 200:
                break
        self.check_refused(answer)
        os.unlink(filler)
        self.assertEqual(self.write(b"one").status, 200)


if __name__ == "__main__":
    unittest.main()
