"""A registry that an earlier level of the schema was left at opens and works.

The registry of the newest level, with a signed release behind a gate, is taken
back to each level; a first test holds that such a database has the schema that
the level had when it was new.
"""
import glob
import os
import random
import subprocess

from tests.cli.weigh import Case
from tests.daemon import ROOT, Daemon

LEVELS = len(glob.glob(os.path.join(ROOT, "migrations", "*.up.sql")))

SCHEMA = """
SELECT 'column', table_name, column_name, data_type, is_nullable, column_default, is_generated, is_identity
  FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL
SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid), NULL, NULL, NULL, NULL
  FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL
SELECT 'index', tablename, indexname, indexdef, NULL, NULL, NULL, NULL FROM pg_indexes WHERE schemaname = 'public'
UNION ALL
SELECT 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(oid), NULL, NULL, NULL, NULL
  FROM pg_trigger WHERE NOT tgisinternal
ORDER BY 1, 2, 3, 4"""


class UpgradeTest(Case):
    @classmethod
    def setUpClass(cls):
        cls.source = Daemon().__enter__()
        cls.addClassCleanup(cls.source.close)
        cls.alice = cls.source.person("alice")
        cls.bob = cls.source.person("bob")
        cls.weights = random.Random(1).randbytes(100000)

    def setUp(self):
        super().setUp()
        self.environment.update(WEIGH_REGISTRY=self.source.url, HF_TOKEN=self.alice)
        if self.source.process is None:
            return
        os.makedirs(self.path("tiny"))
        for name, content in {"README.md": b"# Tiny\n", "a.dat": self.weights}.items():
            with open(self.path("tiny", name), "wb") as file:
                file.write(content)
        self.json("publish", self.path("tiny"), "alice/tiny", "--tag", "v1", "--gate", "auto")
        self.assertIn(self.source.ask("POST", "/alice/tiny/ask-access", self.bob, form={}).status, (200, 303))
        self.source.stop()

    def weighd(self, registry, *words):
        subprocess.run([registry.weighd, words[0], "--config", registry.conf, *words[1:]], check=True,
                       capture_output=True, env=registry.environment())

    def schema(self, registry):
        """As rows; 0006's way back makes jsonb of what was json in 0002."""
        return [[cell.replace("jsonb", "json") for cell in row] if row[1] == "catalog" else row
                for row in registry.sql(SCHEMA)]

    def registry_at(self, level):
        """A copy of the source, taken back."""
        registry = Daemon()
        self.addCleanup(registry.close)
        registry.write_conf()
        cluster = registry.conninfo().rpartition(" dbname=")[0]
        registry.sql(f'DROP DATABASE "{registry.database}"', cluster)
        registry.sql(f'CREATE DATABASE "{registry.database}" TEMPLATE "{self.source.database}"', cluster)
        subprocess.run(["cp", "-a", os.path.join(self.source.folder, "data"), registry.folder], check=True)
        self.weighd(registry, "migrate", "--to", str(level))
        return registry

    def check_old(self, registry, level):
        """What was there at that level is there."""
        self.assertEqual(registry.ask("GET", "/api/whoami-v2", self.alice).json()["name"], "alice")
        if level < 2:
            return
        answer = registry.ask("GET", "/alice/tiny/resolve/main/README.md", self.alice)
        self.assertEqual((answer.status, answer.body), (200, b"# Tiny\n"))
        if level < 3:
            return
        path = "/alice/tiny/resolve/main/a.dat"
        self.assertTrue(registry.ask("GET", path, self.alice).body == self.weights)
        if level < 4:
            return
        self.assertTrue(registry.ask("GET", path, self.bob).body == self.weights)
        self.assertEqual(registry.ask("GET", path).status, 401)
        if level < 5:
            return
        self.environment.update(WEIGH_REGISTRY=registry.url, HF_HOME=self.path(f"hf-{level}"))
        self.assertTrue(self.json("pull", "alice/tiny")["signed"])

    def check_new(self, registry):
        """What is made now works."""
        content = random.Random(2).randbytes(1000)
        self.assertEqual(registry.create("alice/new", self.alice).status, 200)
        named = registry.upload("alice/new", self.alice, content)
        answer = registry.commit("alice/new", self.alice, {"b.dat": named, "README.md": b"# New\n"})
        self.assertEqual(answer.status, 200, answer)
        self.assertTrue(registry.ask("GET", "/alice/new/resolve/main/b.dat", self.bob).body == content)
        listed = [each["id"] for each in registry.ask("GET", "/api/models?author=alice", self.alice).json()]
        self.assertIn("alice/new", listed)

    def test_a_registry_left_at_any_earlier_level_opens_and_works(self):
        for level in range(1, LEVELS + 1):
            with self.subTest(level=level):
                registry = self.registry_at(level)
                registry.start()
                self.check_old(registry, level)
                self.check_new(registry)
                registry.close()

    def test_a_level_taken_back_has_the_schema_it_had_when_it_was_new(self):
        new = Daemon()
        self.addCleanup(new.close)
        new.write_conf()
        old = self.registry_at(LEVELS)
        new_schemas = []
        for level in range(1, LEVELS + 1):
            self.weighd(new, "migrate", "--to", str(level))
            new_schemas.append(self.schema(new))
        for level in range(LEVELS, 0, -1):
            self.weighd(old, "migrate", "--to", str(level))
            with self.subTest(level=level):
                self.assertEqual(self.schema(old), new_schemas[level - 1])


if __name__ == "__main__":
    import unittest
    unittest.main()
