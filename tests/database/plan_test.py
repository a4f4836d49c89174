"""What PostgreSQL chooses for the statements of every day, at 10,000 models.

The database is tests/bench/growth.sql's.  Each statement is explained seven
times, so the last plan is what a connection really stays with.
"""
import json
import os
import re
import subprocess
import tempfile
import unittest

from tests.daemon import ROOT, account

COUNT = 10000
# Tables that stay small for every registry: the rest grows.
SMALL = {"secret", "migration", "licence", "pg_database"}
HASH = r"'\x00'"
OID = "'\\x" + "00" * 20 + "'"

# A statement and its parameters.
HOT = {
    "gate_check": ("1200", "1300", "5"),
    "right_find": ("'model'", "'lab'", "'model1'", "1300", "5"),
    "repository_find": ("'model'", "'lab'", "'model1'"),
    "git_ref_revision": ("1200", "'main'"),
    "git_object_read": ("1200", f"ARRAY[{OID}::bytea]"),
    "content_find": ("1200", HASH),
    "summary_find": ("1200",),
    "caller_find_by_token": (HASH,),
    "caller_find_by_session": (HASH, HASH),
    "caller_find_by_link": ("1300", "5"),
    "delivery_begin": ("1300", "'user300'", "5", "null", "'granted'", "1200", "'lab/model1'", HASH, "'w'", HASH, "1",
                       "'::1'", "''"),
    "right_list": ("0", "100"),

    "review_list_status": ("1001", "null", "'pending'", "null", "101"),
    "review_list_own": ("1300", "null", "101"),
    "grant_find": ("1300",),
    "grant_list_over": ("100",),
    "agreement_find": ("1200", "1300", HASH),
    "outbox_take": ("60",),
    "collect_uploads": ("100",),
    "collect_uncommitted": ("1000", "100"),
    "collect_list_garbage": ("1000", "100"),
}


def lists():
    """summary_list in each order and direction, first page and later ones."""
    for order in ("updated", "created", "downloads"):
        for ascending in ("true", "false"):
            for key, last in ((0, 0), (50000, 1300)):
                yield ("'model'", "0", "null", "null", "'{}'", "null", f"'{order}'", ascending, str(key), str(last), "101")


class PlanTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with open(os.path.join(os.environ["CLUSTER"], "conninfo")) as f:
            cluster = f.read().strip()
        database = f"plan_{os.getpid()}"
        cls.conninfo = f"{cluster} dbname={database}"
        cls.psql("-c", f'CREATE DATABASE "{database}"', conninfo=cluster)
        cls.addClassCleanup(cls.psql, "-c", f'DROP DATABASE "{database}" WITH (FORCE)', conninfo=cluster)
        with tempfile.TemporaryDirectory(dir="/tmp") as data:
            words = ["--user", account()] if account() else []
            subprocess.run([os.environ["WEIGHD"], "--data", data, "--database", cls.conninfo, *words, "migrate"],
                           check=True)
        # Whom growth.sql speaks of.
        cls.psql("-c", "INSERT INTO account (public_id, kind, name) SELECT lpad(to_hex(i), 24, '0'), 'user', 'person' || i"
                 " FROM generate_series(1, 3) AS i")
        cls.psql("-v", f"count={COUNT}", "-v", "lab=1", "-v", "reviewer=2", "-v", "named=3", "-f",
                 os.path.join(ROOT, "tests", "bench", "growth.sql"))

    @classmethod
    def psql(cls, *words, conninfo=None, text=None):
        return subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", *words, conninfo or cls.conninfo],
                              check=True, capture_output=True, text=True, input=text).stdout

    def plan(self, name, values, mode="auto"):
        """The plan that a connection stays with, as PostgreSQL's JSON."""
        for folder in ("storage/db/sql", "auth/sql"):
            path = os.path.join(ROOT, folder, f"{name}.sql")
            if os.path.exists(path):
                with open(path) as f:
                    sql = f.read()
        types = ", ".join(re.findall(r"^--   \$\d+ +(\S+)", sql, re.M))
        if "\n-- Planned for each call" in sql:
            mode = "force_custom_plan"  # as link_execute has it
        text = f"SET plan_cache_mode = {mode};\nPREPARE asked ({types}) AS {sql};\n"
        text += f"EXPLAIN EXECUTE asked ({', '.join(values)});\n" * 6
        text += f"\\echo PLAN\nEXPLAIN (FORMAT json) EXECUTE asked ({', '.join(values)});\n"
        return json.loads(self.psql(text=text).split("PLAN\n")[-1])[0]["Plan"]

    def nodes(self, plan):
        yield plan
        for below in plan.get("Plans", ()):
            yield from self.nodes(below)

    def check(self, name, values, mode="auto"):
        for node in self.nodes(self.plan(name, values, mode)):
            if node["Node Type"] == "Seq Scan" and node["Relation Name"] not in SMALL:
                self.fail(f"{name}{values}, {mode}: reads all of {node['Relation Name']}")

    def test_no_statement_of_every_day_reads_a_whole_table(self):
        for name, values in HOT.items():
            with self.subTest(name):
                self.check(name, values)

    def test_a_plan_for_any_parameters_reads_no_whole_table_either(self):
        for name, values in HOT.items():
            with self.subTest(name):
                self.check(name, values, "force_generic_plan")

    def test_a_list_in_any_order_is_an_indexs_on_every_page(self):
        for values in lists():
            with self.subTest(values):
                limits = [node for node in self.nodes(self.plan("summary_list", values)) if node["Node Type"] == "Limit"]
                scans = [below for node in limits for below in node["Plans"] if "Index Name" in below]
                self.assertEqual([scan["Index Name"] for scan in scans], ["repository_" + values[6].strip("'")])
                if values[9] != "0":
                    self.assertIn("ROW(", scans[0]["Index Cond"])

    def test_the_check_finds_a_statement_that_reads_a_whole_table(self):
        with self.assertRaisesRegex(AssertionError, "reads all of"):
            self.check("token_list", ("0",))


if __name__ == "__main__":
    unittest.main()
