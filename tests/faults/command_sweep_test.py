"""Each call to the system fails once, in backup, in restore and in a first start's parent.

As sweep_test.py, for what a person runs and for the process that serves nobody.
"""
import errno
import hashlib
import os
import shutil
import subprocess
import tarfile

from tests.cli.weigh import Case
from tests.daemon import Daemon
from tests.faults import points
from tests.faults.interposed import MEMORY, Plan

MODEL = "alice/tiny"
SMALL = {"loops": 1, "workers": 2, "io_threads": 1}  # so that a start is quick
WEIGHTS_BYTES = 100_000
# Each table's rows and each sequence; what a backup leaves out is left out here.
ROWS = """
    SELECT relname, md5(query_to_xml(format('SELECT * FROM %I t ORDER BY t::text', relname), true, false, '')::text)
      FROM pg_class
     WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname NOT IN ('migration', 'scrub')
    UNION ALL SELECT sequencename, coalesce(last_value, 0)::text FROM pg_sequences
     ORDER BY 1"""
SERVE_EVERY = 10  # restored registries


class Restored(Daemon):
    place = MEMORY


class CommandSweep(Case):
    def setUp(self):
        super().setUp()
        self.violations = []
        self.plan = Plan(self.path("plan"), is_parents=True)

    def sweep(self, name, act, check, always=()):
        """act gives whether it was acknowledged; check looks at what is there then."""
        self.plan.arm()
        done = act()
        self.assertTrue(done, self.said)
        counts = self.plan.disarm()[1]
        check(done)
        meet = points.meeting(name, self.plan, act, check, self.violations)
        points.sweep(name, counts, meet, self.violations, always)
        self.assertEqual(self.violations, [])

    def run_weighd(self, registry, *words, plan=None):
        """True when it says that all went well; what it said is kept."""
        environment = registry.environment()
        answer = subprocess.run(
            [registry.weighd, words[0], "--config", registry.conf, *words[1:]], capture_output=True, text=True,
            env=plan.environment(environment) if plan else environment)
        self.said = f"{answer.returncode} {answer.stderr}"
        return answer.returncode == 0

    def fill(self):
        """A registry with a release, and what it holds."""
        registry = Daemon(**SMALL).__enter__()
        self.addCleanup(registry.close)
        self.token = registry.person("alice")
        self.environment.update(WEIGH_REGISTRY=registry.url, HF_TOKEN=self.token)
        os.makedirs(self.path("tiny"))
        self.files = {"a.dat": os.urandom(WEIGHTS_BYTES), "b.dat": os.urandom(WEIGHTS_BYTES), "README.md": b"# Tiny\n"}
        for name, content in self.files.items():
            with open(self.path("tiny", name), "wb") as file:
                file.write(content)
        self.json("publish", self.path("tiny"), MODEL, "--tag", "v1")
        return registry

    def digests(self, archive):
        """Of all but the manifest, which names the moment; reading fails unless it is whole."""
        with tarfile.open(archive, errorlevel=2) as members:
            return {one.name: hashlib.sha256(members.extractfile(one).read()).hexdigest()
                    for one in members if one.name != "manifest.json"}

    def test_an_archive_has_its_name_whole_or_not_at_all(self):
        registry = self.fill()
        registry.stop()  # nothing changes meanwhile
        target = self.path("archive.tar")
        self.assertTrue(self.run_weighd(registry, "backup", "--with-secret", target), self.said)
        reference = self.digests(target)
        os.unlink(target)

        def act():
            return self.run_weighd(registry, "backup", "--with-secret", target, plan=self.plan)

        def check(done):
            beside = [name for name in os.listdir(self.folder) if name.startswith("weighd-backup")]
            self.assertEqual(beside, [], "something is left beside")
            if done:
                self.assertTrue(os.path.exists(target), "it said that it had written it")
            if os.path.exists(target):
                self.assertEqual(self.digests(target), reference)
                os.unlink(target)

        self.sweep("backup", act, check)

    def empty(self):
        """A registry that was never started."""
        registry = Restored(**SMALL)
        registry.write_conf()
        return registry

    def state(self, registry):
        """Its rows, and its weights."""
        rows = registry.sql(ROWS)
        found = {}
        for folder, _, names in os.walk(os.path.join(registry.folder, "data", "blobs")):
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    found[name] = hashlib.sha256(file.read()).hexdigest()
        return rows, found

    def check_whole(self, registry):
        """All is there; and now and then that it serves it."""
        self.assertTrue(self.state(registry) == self.reference, "not what was backed up")
        self.looks += 1
        if self.looks % SERVE_EVERY == 1:
            self.check_served(registry)

    def check_served(self, registry):
        try:
            registry.start()
            for path, content in self.files.items():
                answer = registry.ask("GET", f"/{MODEL}/resolve/v1/{path}", self.token)
                self.assertEqual((answer.status, answer.body == content), (200, True), f"{path} {answer}")
        finally:
            registry.stop()

    def rows(self, registry):
        """How many models there are; None without a table for them."""
        try:
            return int(registry.sql("SELECT count(*) FROM repository")[0][0])
        except subprocess.CalledProcessError:
            return None

    def test_a_restore_is_whole_or_starts_over(self):
        registry = self.fill()
        registry.stop()
        archive = self.path("archive.tar")
        self.assertTrue(self.run_weighd(registry, "backup", "--with-secret", archive), self.said)
        self.reference = self.state(registry)
        self.looks = 0

        def act():
            self.restored = self.empty()
            return self.run_weighd(self.restored, "restore", archive, plan=self.plan)

        def check(done):
            try:
                self.check_restored(self.restored, archive, done)
            finally:
                self.restored.close()

        # The folder of a blob that has its name already.
        self.sweep("restore", act, check, [("sync", "errno", errno.EIO, 4)])

    def check_restored(self, restored, archive, done):
        first = self.said
        if done or self.rows(restored):
            # What is there is whole, whatever was said; nothing may restore over it.
            self.check_whole(restored)
            self.assertFalse(self.run_weighd(restored, "restore", archive), first)
            self.assertIn("empty", self.said)
            return
        if not self.run_weighd(restored, "restore", archive):
            # A killed one leaves weights and tables, which a person removes.
            self.assertIn("a restore wants an empty registry", self.said, first)
            self.assertTrue(first.startswith(("137", "-")), f"{first} and then {self.said}")
            shutil.rmtree(os.path.join(restored.folder, "data"))
            self.assertTrue(self.run_weighd(restored, "migrate", "--to", "0"), self.said)
            self.assertTrue(self.run_weighd(restored, "restore", archive), f"{first} and then {self.said}")
        self.check_whole(restored)


if __name__ == "__main__":
    points.main()
