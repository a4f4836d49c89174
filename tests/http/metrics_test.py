"""GET /metrics: its format, who may read it, and that its counters count."""
import glob
import json
import math
import os
import re
import shutil
import subprocess
import unittest

from tests.daemon import ROOT, Daemon

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
SAMPLE = re.compile(rf"({NAME})(?:\{{(.*)\}})? (\S+)")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)')
TYPES = ("counter", "gauge", "histogram")


def read_labels(text):
    labels, at = {}, 0
    while at < len(text):
        label = LABEL.match(text, at)
        assert label, f"labels: {text}"
        assert label[1] not in labels, f"twice: {text}"
        labels[label[1]] = label[2]
        at = label.end()
    return labels


def family_of(name, types):
    """The metric that a sample belongs to: its own name but for histograms."""
    for ending in ("_bucket", "_sum", "_count"):
        base = name.removesuffix(ending)
        if base != name and types.get(base) == "histogram":
            return base
    return name


def parse(text):
    """The text format 0.0.4, strictly: {(name, labels): value} and {name: type}."""
    assert text.endswith("\n") and "\r" not in text
    types, helped, samples, closed, current = {}, set(), {}, set(), None
    for line in text[:-1].split("\n"):
        if line.startswith("# HELP "):
            name = line.split(" ", 3)[2]
            assert name not in helped, line
            helped.add(name)
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name in helped and name not in types and kind in TYPES, line
            types[name] = kind
        else:
            sample = SAMPLE.fullmatch(line)
            assert sample, line
            family = family_of(sample[1], types)
            assert family in types, f"no TYPE before: {line}"
            if family != current:
                assert family not in closed, f"not together: {line}"
                closed.add(current)
                current = family
            key = (sample[1], tuple(sorted(read_labels(sample[2] or "").items())))
            assert key not in samples, f"twice: {line}"
            samples[key] = float(sample[3])
            assert types[family] != "counter" or samples[key] >= 0, line
    check_histograms(samples, types)
    return samples, types


def check_histograms(samples, types):
    series = {}
    for (name, labels), value in samples.items():
        if name.endswith("_bucket") and types.get(name[:-7]) == "histogram":
            rest = tuple(label for label in labels if label[0] != "le")
            series.setdefault((name[:-7], rest), []).append((float(dict(labels)["le"]), value))
    for (name, rest), buckets in series.items():
        assert buckets == sorted(buckets), name
        counts = [count for _, count in buckets]
        assert counts == sorted(counts) and buckets[-1][0] == math.inf, name
        assert samples[name + "_count", rest] == counts[-1], name
        assert (name + "_sum", rest) in samples, name


class Metrics(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.registry = Daemon(tls=True).__enter__()
        cls.addClassCleanup(cls.registry.__exit__)
        cls.alice = cls.registry.person("alice")
        cls.bob = cls.registry.person("bob")
        r = cls.registry
        assert r.create("alice/m", cls.alice).status == 200
        assert r.commit("alice/m", cls.alice, {"config.json": b"{}"}).status == 200
        assert r.ask("PUT", "/api/models/alice/m/settings", cls.alice, {"gated": "manual"}).status == 200

    def read(self):
        answer = self.registry.ask("GET", "/metrics")
        self.assertEqual((answer.status, answer.headers["Content-Type"]),
                         (200, "text/plain; version=0.0.4; charset=utf-8"))
        return parse(answer.body.decode())

    def value(self, name, **labels):
        return self.read()[0].get((name, tuple(sorted(labels.items()))), 0)

    def wait_value(self, wanted, name, **labels):
        """A request is counted by another thread, after its answer has left."""
        for _ in range(2000):
            found = self.value(name, **labels)
            if found >= wanted:
                break
        self.assertEqual(found, wanted)

    def test_requests_are_counted_by_family_method_and_status(self):
        for labels, method, path in (
                (dict(family="health", method="GET", status="2xx"), "GET", "/health"),
                (dict(family="health", method="HEAD", status="2xx"), "HEAD", "/health"),
                (dict(family="resolve", method="GET", status="4xx"), "GET", "/no/such/resolve/main/x"),
                (dict(family="none", method="GET", status="4xx"), "GET", "/a/b/c/d/e/f"),
                (dict(family="none", method="other", status="4xx"), "BREW", "/health")):
            with self.subTest(labels):
                before = self.value("weighd_http_requests_total", **labels)
                for _ in range(3):
                    self.registry.ask(method, path)
                self.wait_value(before + 3, "weighd_http_requests_total", **labels)

    def test_each_request_is_in_its_familys_histogram(self):
        before = self.value("weighd_http_request_seconds_count", family="health")
        for _ in range(5):
            self.registry.ask("GET", "/health")
        self.wait_value(before + 5, "weighd_http_request_seconds_count", family="health")

    def test_bytes_of_bodies_are_counted_as_they_came(self):
        before = self.value("weighd_http_request_body_bytes_total")
        self.registry.upload("alice/m", self.alice, os.urandom(100_000))
        after = self.value("weighd_http_request_body_bytes_total")
        self.assertGreaterEqual(after - before, 100_000)
        self.assertLess(after - before, 101_000)  # the batch request

    def test_bytes_of_answers_are_counted_as_they_left(self):
        self.registry.commit("alice/m", self.alice, {"out.txt": b"x" * 100_000})
        before = self.value("weighd_http_response_body_bytes_total")
        self.registry.ask("GET", "/alice/m/resolve/main/out.txt", self.alice)
        after = self.value("weighd_http_response_body_bytes_total")
        self.assertGreaterEqual(after - before, 100_000)
        self.assertLess(after - before, 200_000)  # the pages of numbers

    def test_the_gates_answers_are_counted_by_reason(self):
        for token, answer, reason in ((None, "refused", "anonymous"), (self.bob, "refused", "no_request"),
                                      (self.alice, "allowed", "owner")):
            labels = dict(answer=answer, reason=reason)
            before = self.value("weighd_gate_decisions_total", **labels)
            self.registry.ask("GET", "/alice/m/resolve/main/config.json", token)
            self.registry.ask("GET", "/alice/m/resolve/main/config.json", token)
            self.wait_value(before + 2, "weighd_gate_decisions_total", **labels)

    def test_what_waits_is_what_the_database_holds(self):
        before = self.value("weighd_access_requests_open")
        self.assertEqual(self.registry.create("alice/queue", self.alice).status, 200)
        self.registry.ask("PUT", "/api/models/alice/queue/settings", self.alice, {"gated": "manual"})
        self.registry.ask("POST", "/alice/queue/ask-access", self.bob, form={})
        self.assertEqual(self.value("weighd_access_requests_open"), before + 1)
        self.registry.upload("alice/queue", self.alice, b"one more blob")
        [[count, size]] = self.registry.sql("SELECT count(*), sum(size) FROM blob")
        self.assertEqual(self.value("weighd_blobs"), float(count))
        self.assertEqual(self.value("weighd_blob_bytes"), float(size))

    def test_a_lost_connection_to_the_database_is_counted(self):
        before = self.value("weighd_database_connects_total")
        self.registry.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                          "WHERE datname = current_database() AND pid <> pg_backend_pid()")
        self.wait_value_over(before, "weighd_database_connects_total")

    def wait_value_over(self, least, name):
        for _ in range(2000):
            if self.value(name) > least:
                return
        self.fail(f"{name} stays at {least}")

    def test_the_process_and_its_certificate_are_described(self):
        samples, _ = self.read()
        plain = {name: value for (name, labels), value in samples.items() if not labels}
        now = os.stat(self.registry.certificate).st_mtime
        self.assertAlmostEqual(plain["weighd_certificate_expiry_timestamp_seconds"], now + 2 * 86400, delta=60)
        self.assertGreater(plain["process_resident_memory_bytes"], 1 << 20)
        self.assertGreater(plain["process_open_fds"], 3)
        self.assertGreater(plain["process_start_time_seconds"], now - 60)
        self.assertEqual(plain["weighd_workers"], 8)
        self.assertGreaterEqual(plain["weighd_workers_busy"], 1)
        self.assertGreaterEqual(plain["weighd_connections"], 1)
        self.assertEqual(plain["weighd_database_up"], 1)

    def test_no_label_names_a_person_or_a_repository(self):
        for (_, labels) in self.read()[0]:
            for name, value in labels:
                self.assertNotIn("alice", value)
                self.assertIn(name, ("family", "method", "status", "le", "answer", "reason", "job", "version"))

    def test_a_request_that_a_proxy_passed_on_is_refused(self):
        for headers in ({"X-Forwarded-For": "127.0.0.1"}, {"Forwarded": "for=127.0.0.1"}):
            for path in ("/metrics", "/status"):
                self.assertEqual(self.registry.ask("GET", path, headers=headers).status, 403)

    @unittest.skipUnless(shutil.which("promtool"), "Prometheus is not here")
    def test_prometheus_own_tool_finds_no_fault_in_numbers_and_alerts(self):
        self.registry.ask("GET", "/health")
        for words, text in ((("metrics",), self.registry.ask("GET", "/metrics").body),
                            (("rules", ROOT + "/deploy/prometheus/weighd.rules.yml"), b"")):
            answer = subprocess.run(["promtool", "check", *words], input=text, capture_output=True)
            self.assertEqual((answer.returncode, answer.stderr), (0, b""))

    def test_the_dashboard_and_the_alerts_name_only_what_there_is(self):
        self.registry.ask("GET", "/health")
        samples, types = self.read()
        known = set(types) | {name for name, _ in samples}
        named = set()
        for path in glob.glob(ROOT + "/deploy/grafana/*.json") + glob.glob(ROOT + "/deploy/prometheus/*.yml"):
            with open(path) as file:
                text = file.read()
            if path.endswith(".json"):
                json.loads(text)
            named |= set(re.findall(r"\b(?:weighd|process)_[a-z0-9_]+", text))
        self.assertGreater(len(named), 20)
        self.assertEqual(named - known, set())


class Status(unittest.TestCase):
    def ask(self, registry, *words):
        return subprocess.run([registry.weighd, "--config", registry.conf, "status", *words],
                              capture_output=True, text=True, env=registry.environment())

    def test_status_says_how_the_daemon_is(self):
        with Daemon(tls=True) as registry:
            answer = self.ask(registry, "--json")
            self.assertEqual(answer.returncode, 0, answer.stderr)
            status = json.loads(answer.stdout)
            self.assertEqual((status["up"], status["url"], status["database"]["up"]), (True, registry.url, True))
            self.assertEqual([job["name"] for job in status["jobs"]],
                             ["record", "sequencer", "expiry", "outbox", "collector", "cleaner", "scrubber", "uploads"])
            self.assertIn(f"listens       127.0.0.1:{registry.port}", self.ask(registry).stdout)
            registry.stop()
            answer = self.ask(registry, "--json")
            self.assertEqual((answer.returncode, json.loads(answer.stdout)["up"]), (1, False))
            self.assertIn("does not answer", answer.stderr)


class Readers(unittest.TestCase):
    def test_only_addresses_in_the_key_read(self):
        for key, status in (("", 403), ("10.0.0.0/8", 403), ("10.0.0.0/8,127.0.0.0/8", 200)):
            with Daemon(metrics=key) as registry:
                self.assertEqual(registry.ask("GET", "/metrics").status, status)


if __name__ == "__main__":
    unittest.main()
