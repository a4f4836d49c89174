"""The five journeys through the real programs, over TLS, as three people."""
import hashlib
import os
import shutil
import unittest

from tests.cli.weigh import Case
from tests.daemon import ROOT, Daemon

VECTORS = os.path.join(ROOT, "tests", "vectors")
MODEL = os.path.join(VECTORS, "models", "stories260K.gguf")
LICENCE = os.path.join(VECTORS, "try", "LICENSE")


def sha256(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


class Journeys(Case):
    @classmethod
    def setUpClass(cls):
        cls.registry = Daemon(tls=True)
        cls.registry.__enter__()
        cls.addClassCleanup(cls.registry.close)
        cls.tokens = {name: cls.registry.person(name) for name in ("publisher", "reviewer", "requester")}
        cls.registry.organization("acme", "publisher:admin", "reviewer:read")

    def as_person(self, name):
        """From here on weigh runs as this person, with a home of theirs."""
        self.environment.update(
            WEIGH_HOME=self.path(name, "weigh"), HF_HOME=self.path(name, "hf"), HF_ENDPOINT=self.registry.url,
            SSL_CERT_FILE=self.registry.certificate)
        if not os.path.exists(self.path(name)):
            os.makedirs(self.path(name))
            self.weigh("login", "--token", "-", input=self.tokens[name] + "\n")

    def make_folder(self):
        folder = self.path("tiny")
        os.makedirs(folder)
        shutil.copy(MODEL, folder)
        shutil.copy(LICENCE, folder)
        shutil.copy(os.path.join(VECTORS, "try", "README.md"), folder)
        return folder

    def test_publish_request_approve_pull_verify_and_run(self):
        self.as_person("publisher")
        published = self.json(
            "publish", self.make_folder(), "acme/tiny", "--license", LICENCE, "--gate", "manual",
            "--reviewer", "reviewer", "--grant-days", "365", "--tag", "v1")
        self.assertEqual(published["model"], "acme/tiny")

        self.as_person("requester")
        self.weigh("pull", "acme/tiny@v1", status=3)
        self.assertIn("weigh request acme/tiny", self.stderr)
        asked = self.json(
            "request", "acme/tiny", "--answer", "Affiliation=ETH Zurich", "--answer", "Purpose=research",
            "--agree", "sha256:" + sha256(LICENCE))
        self.assertEqual(asked["status"], "pending")
        self.assertTrue(os.path.exists(asked["receipt"]))
        self.weigh("pull", "acme/tiny@v1", status=3)

        self.as_person("reviewer")
        waiting = self.json("review", "list")["requests"]
        self.assertEqual([one["user"]["user"] for one in waiting], ["requester"])
        self.weigh("review", "accept", waiting[0]["requestId"][:6])

        self.as_person("requester")
        pulled = self.json("pull", "acme/tiny@v1")
        self.assertTrue(pulled["signed"])
        self.assertEqual(sha256(os.path.join(pulled["path"], "stories260K.gguf")), sha256(MODEL))
        self.weigh("verify", "acme/tiny@v1")
        text = self.weigh("run", "acme/tiny", "Once upon a time", "--predict", "20", "--temp", "0")
        self.assertTrue(text.startswith("Once upon a time, there was a little girl named Lily."), text)
        self.check_evidence(pulled["commit"])

    def check_evidence(self, commit):
        """Who agreed to what, and who received which bytes, is on record."""
        rows = self.registry.sql(
            "SELECT account_name, repository_name, how, encode(licence, 'hex') FROM agreement")
        self.assertEqual(rows, [["requester", "acme/tiny", "flag", sha256(LICENCE)]])
        rows = self.registry.sql(
            "SELECT account_name, reason, encode(commit_oid, 'hex') FROM delivery WHERE path = 'stories260K.gguf'")
        self.assertEqual(rows, [["requester", "granted", commit]])
        kinds = [kind for kind, in self.registry.sql("SELECT kind FROM log_entry ORDER BY id")]
        for kind in ("key", "release", "agreement"):
            self.assertIn(kind, kinds)


if __name__ == "__main__":
    unittest.main()
