"""What PostgreSQL chooses for the registry's statements, at 10,000 models.

The database is tests/bench/growth.sql's.  Each statement there is, a new one
too, must have an index to go by, whatever its parameters.  Those of HOT must
choose it by themselves: they are planned seven times over, so that the last
plan is what a connection stays with.  What is planned for each call is in HOT.
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
SMALL = {"secret", "migration", "licence", "scrub", "upload_slot"}
LINK = "random_page_cost = 1.1"  # as storage/db/link.c has it
HASH = r"'\x00'"
OID = "'\\x" + "00" * 20 + "'"

# Statements that may read all of a table, and why.
EXCEPTED = {
    "account_list": "an administrator's list of everybody, in order",
    "dump_blobs": "a backup holds all blobs",
    "dump_sequences": "a backup: of PostgreSQL's own tables",
    "dump_tables": "a backup: of PostgreSQL's own tables",
}

# What requests and jobs run all day, and parameters.
HOT = {
    "gate_check": ("1200", "1300", "5"),
    "door_find": (f"ARRAY[{HASH}::bytea, null]", "ARRAY[0, 1300]", "ARRAY[0, 5]", "ARRAY['model', 'model']",
                  "ARRAY['lab', 'lab']", "ARRAY['model1', 'model2']", "ARRAY['main', null]"),
    "token_note_use": ("5",),
    "repository_find": ("'model'", "'lab'", "'model1'"),
    "git_ref_revision": ("1200", "'main'"),
    "git_object_read": ("1200", f"ARRAY[{OID}::bytea]"),
    "content_find": ("1200", HASH),
    "object_find_all": ("1200", f"ARRAY[{HASH}::bytea]"),
    "summary_find": ("1200",),
    "summary_list": ("'model'", "1300", "null", "null", "'{}'", "null", "'updated'", "false", "0", "0", "101"),
    "caller_find_by_token": (HASH,),
    "caller_find_by_session": (HASH, HASH),
    "caller_find_by_link": ("1300", "5"),
    "delivery_begin": ("1300", "'user300'", "5", "null", "'granted'", "1200", "'lab/model1'", HASH, "'w'", HASH, "1",
                       "'::1'", "''"),
    "right_list": ("0", "100"),
    "review_list": ("1001", "null", "null", "null", "'infinity'", "null", "101"),
    "review_list_status": ("null", "3", "'pending'", "null", "101"),
    "review_list_own": ("1300", "1001", "null", "2"),
    "review_list_find": ("1001", "'0000'"),
    "review_list_wait": ("1001",),
    "token_list": ("1300",),
    "grant_find": ("1300",),
    "agreement_find": ("1200", "1300", HASH),
    "attempt_add": ("'login'", "'account:user7'", "'address:::1'", "60", "5", "5"),
    "attempt_remove": ("'login'", "'account:user7'", "'address:::1'"),
    "statistics_find": (),
    "grant_list_over": ("100",),
    "notice_list_waiting": (),
    "log_number": ("100",),
    "outbox_take": ("60",),
    "collect_uploads": ("100",),
    "collect_uncommitted": ("1000", "100"),
    "collect_next_content": (HASH, "1000"),
    "collect_lock_content": (HASH, r"'\\x10'"),
    "collect_next_blob": ("''", "1000"),
    "collect_blobs": ("''", "'1'"),
    "collect_list_garbage": ("1000", "100"),
}


def chosen():
    """A statement, parameters, and the index that keeps it flat."""
    for order in ("updated", "created", "downloads"):
        for ascending in ("true", "false"):
            for key, last in (("0", "0"), ("50000", "1300")):
                page = (f"'{order}'", ascending, key, last, "101")
                yield "summary_list", ("'model'", "0", "null", "null", "'{}'", "null", *page), f"repository_{order}"
    newest = ("'updated'", "false", "0", "0", "101")
    yield "summary_list", ("'model'", "1300", "null", "null", "'{}'", "null", *newest), "repository_private"
    yield "summary_list", ("'model'", "0", "null", "'model777'", "'{}'", "null", *newest), "repository_search"
    yield "right_list", ("1300", "100"), "repository_private"
    yield "review_list_status", ("null", "3", "'pending'", "null", "101"), "request_namespace"
    yield "review_list_status", ("1001", "null", "'pending'", "null", "101"), "request_queue"
    yield "review_list_wait", ("1001",), "request_decided"
    yield "review_list_find", ("1001", "'0000'"), "request_prefix"
    yield "statistics_find", (), "request_waiting"
    yield "account_clean", (), "attempt_at"
    yield "notice_list_waiting", (), "gate_bulk"
    yield "notice_list_waiting", (), "outbox_dedupe"


def statements():
    """The text of each statement that has a plan, by name."""
    found = {}
    for folder in ("storage/db/sql", "auth/sql"):
        for file in os.listdir(os.path.join(ROOT, folder)):
            with open(os.path.join(ROOT, folder, file)) as f:
                text = f.read()
            if re.search(r"^(SELECT|WITH|INSERT|UPDATE|DELETE)\b", text, re.M):
                found[file.removesuffix(".sql")] = text
    return found


def is_planned_anew(text):
    return "\n-- Planned for each call" in text  # as link_execute has it


def nodes(plan, is_limited=False):
    """All nodes, each with whether a limit above may end it early."""
    yield plan, is_limited
    for below in plan.get("Plans", ()):
        yield from nodes(below, plan["Node Type"] == "Limit" or is_limited and plan["Node Type"] != "Sort")


# References to accounts, repositories and the like without an index that serves
# every row; licences and signing keys stay.
UNINDEXED = r"""
SELECT conrelid::regclass, conname
  FROM pg_constraint k
  JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
 WHERE contype = 'f'
   AND confrelid NOT IN ('licence'::regclass, 'signing_key'::regclass)
   AND NOT EXISTS (SELECT
                     FROM pg_index i
                    WHERE i.indrelid = k.conrelid
                      AND i.indkey[0] = k.conkey[1]
                      AND (i.indpred IS NULL
                           OR pg_get_expr(i.indpred, i.indrelid)
                              = format('(%I IS NOT NULL)', a.attname)))"""


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
        cls.psql("-c", "INSERT INTO account (public_id, kind, name)"
                 " SELECT lpad(to_hex(i), 24, '0'), 'user', 'person' || i FROM generate_series(1, 3) AS i")
        cls.psql("-v", f"count={COUNT}", "-v", "lab=1", "-v", "reviewer=2", "-v", "named=3", "-f",
                 os.path.join(ROOT, "tests", "bench", "growth.sql"))

        cls.statements = statements()
        cls.partial = cls.psql("-c", "SELECT indexrelid::regclass FROM pg_index WHERE indpred IS NOT NULL").split()

    @classmethod
    def psql(cls, *words, conninfo=None, text=None):
        return subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", *words, conninfo or cls.conninfo],
                              check=True, capture_output=True, text=True, input=text).stdout

    def plans(self, asked, setting):
        """The plan that a connection stays with for each statement and its values, as PostgreSQL's JSON."""
        sql = f"SET {setting};\n"
        for name, values in asked:
            text = self.statements[name]
            types = re.findall(r"^--   \$\d+ +(\S+)", text, re.M)
            words = f"({', '.join(values)})" if values else ""
            mode = "force_custom_plan" if is_planned_anew(text) else "auto"
            sql += f"SET plan_cache_mode = {mode};\n" if "plan_cache_mode" not in setting else ""
            sql += f"PREPARE asked{'(' + ', '.join(types) + ')' if types else ''} AS {text};\n"
            sql += f"EXPLAIN EXECUTE asked{words};\n" * 6
            sql += f"\\echo PLAN\nEXPLAIN (FORMAT json) EXECUTE asked{words};\n\\echo END\nDEALLOCATE asked;\n"
        for part in self.psql(text=sql).split("PLAN\n")[1:]:
            yield json.loads(part.split("END\n")[0])[0]["Plan"]

    def plan(self, name, values):
        plan, = self.plans([(name, values)], LINK)
        return plan

    def forced_plans(self):
        """By name, of all that are not planned for each call: for any parameters, by an index if there is one."""
        names = [name for name, text in self.statements.items() if not is_planned_anew(text)]
        asked = [(name, ["null"] * len(re.findall(r"^--   \$\d+ ", self.statements[name], re.M))) for name in names]
        return dict(zip(names, self.plans(asked, "plan_cache_mode = force_generic_plan; SET enable_seqscan = off")))

    def check(self, name, plan):
        for node, is_limited in nodes(plan):
            table = node.get("Relation Name", "pg_")
            if table in SMALL or table.startswith("pg_"):
                continue
            if node["Node Type"] == "Seq Scan":
                self.fail(f"{name}: reads all of {table}")
            if node["Node Type"].startswith("Index") and "Index Cond" not in node and not is_limited:
                if node["Index Name"] not in self.partial:
                    self.fail(f"{name}: reads all of {table} by {node['Index Name']}")

    def test_no_statement_of_every_day_reads_a_whole_table(self):
        for name, plan in zip(HOT, self.plans(HOT.items(), LINK)):
            with self.subTest(name):
                self.check(name, plan)

    def test_no_statement_reads_a_whole_table_whatever_its_parameters(self):
        for name, plan in self.forced_plans().items():
            if name not in EXCEPTED:
                with self.subTest(name):
                    self.check(name, plan)

    def test_a_statement_that_is_planned_for_each_call_has_parameters_here(self):
        self.assertLessEqual({name for name, text in self.statements.items() if is_planned_anew(text)}, set(HOT))

    def test_exceptions_are_statements_and_need_to_be(self):
        plans = self.forced_plans()
        for name in EXCEPTED:
            if not name.startswith("dump_"):
                with self.subTest(name), self.assertRaisesRegex(AssertionError, "reads all of"):
                    self.check(name, plans[name])

    def test_what_refers_to_a_row_that_can_go_is_found_by_an_index(self):
        """PostgreSQL looks there, unplanned, for each row that is removed."""
        self.assertEqual(self.psql("-c", UNINDEXED), "")

    def test_what_grows_most_goes_by_the_index_made_for_it(self):
        asked = list(chosen())
        plans = self.plans([(name, values) for name, values, _ in asked], LINK)
        for (name, values, index), plan in zip(asked, plans):
            with self.subTest(name, values=values):
                self.assertIn(index, {node.get("Index Name") for node, _ in nodes(plan)})

    def test_a_list_is_never_sorted_and_a_later_page_begins_in_the_index(self):
        asked = [(name, values) for name, values, _ in chosen() if values[1:4] == ("0", "null", "null")]
        for (_, values), plan in zip(asked, self.plans(asked, LINK)):
            with self.subTest(values):
                limits = [node for node, _ in nodes(plan) if node["Node Type"] == "Limit"]
                scan, = [below for node in limits for below in node["Plans"] if "Index Name" in below]
                if values[9] != "0":
                    self.assertIn("ROW(", scan["Index Cond"])

    def test_the_check_finds_a_statement_that_reads_a_whole_table(self):
        with self.assertRaisesRegex(AssertionError, "reads all of"):
            self.check("token_list", self.plan("token_list", ("0",)))


if __name__ == "__main__":
    unittest.main()
