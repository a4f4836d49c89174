"""Gates, licences and lists at the terminal, against a real registry."""

import hashlib
import json
import os
import unittest

from tests.cli.weigh import Case
from tests.daemon import Daemon

LICENCE = "Acme Research Licence 1.0\n\nYou may use it for research.\n"
DIGEST = "sha256:" + hashlib.sha256(LICENCE.encode()).hexdigest()
CARD = b"""---
extra_gated_fields:
  Affiliation: text
---
# Tiny
"""


class Gate(Case):
    count = 0

    @classmethod
    def setUpClass(cls):
        cls.registry = Daemon()
        cls.registry.__enter__()
        cls.addClassCleanup(cls.registry.close)
        cls.owner = cls.registry.person("owner", role="write")
        cls.other = cls.registry.person("other", role="read")
        cls.registry.organization("acme", "owner:admin")
        cls.registry.organization("friends", "other:read")

    def setUp(self):
        super().setUp()
        self.environment.update(WEIGH_REGISTRY=self.registry.url,
                                HF_TOKEN=self.owner, WEIGH_PAGER="cat")
        Gate.count += 1
        self.model = "acme/tiny-%d" % Gate.count
        self.json("create", self.model)
        answer = self.registry.commit(
            self.model, self.owner,
            {"README.md": CARD, "notes.txt": b"secret"})
        self.assertEqual(answer.status, 200, answer)

    def file(self, name, text):
        with open(self.path(name), "w") as file:
            file.write(text)
        return self.path(name)

    def download(self):
        return self.registry.ask(
            "GET", "/%s/resolve/main/notes.txt" % self.model,
            self.other).status

    def test_a_new_model_is_open_until_its_gate_says_otherwise(self):
        self.assertEqual(self.json("gate", self.model)["mode"], "open")
        self.assertEqual(self.download(), 200)
        changed = self.json("gate", self.model, "--mode", "manual",
                            "--license", self.file("L", LICENCE),
                            "--grant-days", "30")
        self.assertEqual(changed["mode"], "manual")
        self.assertEqual(changed["grantDays"], 30)
        self.assertEqual(self.download(), 403)
        shown = self.weigh("gate", self.model)
        self.assertIn("gate       %s: manual" % self.model, shown)
        self.assertIn("licence    Acme Research Licence 1.0, " + DIGEST[:13],
                      shown)
        self.assertIn("question   Affiliation (text)", shown)
        self.assertIn("last 30 days", shown)
        ended = self.json("gate", self.model, "--grant-days", "0")
        self.assertIsNone(ended["grantDays"])
        self.json("gate", self.model, "--mode", "open")
        self.assertEqual(self.download(), 200)

    def test_what_is_not_named_stays_as_it_is(self):
        self.json("gate", self.model, "--mode", "manual", "--license",
                  self.file("L", LICENCE), "--reviewer", "owner")
        changed = self.json("gate", self.model, "--grant-days", "7")
        self.assertEqual(changed["mode"], "manual")
        self.assertEqual(changed["licence"]["digest"].split(":")[-1],
                         DIGEST.split(":")[1])

    def test_questions_come_from_a_file_and_go_back_to_the_card(self):
        asked = self.json(
            "gate", self.model, "--mode", "manual", "--questions",
            self.file("Q", json.dumps({"Shoe size": "text"})))
        self.assertEqual([one["label"] for one in asked["questions"]],
                         ["Shoe size"])
        asked = self.json("gate", self.model, "--questions", "card")
        self.assertEqual([one["label"] for one in asked["questions"]],
                         ["Affiliation"])

    def test_a_gate_that_makes_no_sense_changes_nothing(self):
        for options, status in (
                (("--mode", "maybe"), 1), (("--grant-days", "-1"), 2),
                (("--members-gated", "perhaps"), 2),
                (("--quorum", "0"), 2),
                (("--reviewer", "nobody-of-that-name"), 1),
                (("--released-at", "soon"), 1),
                (("--questions", self.file("Q", "[")), 1),
                (("--questions", self.path("missing")), 4),
                (("--license", self.path("missing")), 4),
                (("--license", "sha256:" + "0" * 64), 1)):
            with self.subTest(options):
                self.weigh("gate", self.model, *options, status=status)
                self.assertTrue(self.stderr.startswith("weigh: "))
        self.assertEqual(self.json("gate", self.model)["mode"], "open")

    def test_nobody_but_who_manages_it_changes_a_gate(self):
        self.environment["HF_TOKEN"] = self.other
        self.weigh("gate", self.model, "--mode", "click", status=1)
        self.assertEqual(self.json("gate", self.model)["mode"], "open")

    def test_friends_are_let_in_when_they_ask_and_strangers_are_not(self):
        self.json("gate", self.model, "--mode", "manual",
                  "--refuse-domain", "example.org",
                  "--accept-organization", "friends")
        self.environment["HF_TOKEN"] = self.other
        refused = self.json("request", self.model, "--answer",
                            "Affiliation=x", status=3)
        self.assertEqual(refused["error"]["exit"], 3)
        self.assertEqual(self.download(), 403)

        self.environment["HF_TOKEN"] = self.owner
        self.json("gate", self.model, "--refuse-domain", "")
        reset = self.json("review", "list", "--status", "rejected")
        request = [one["requestId"] for one in reset["requests"]
                   if one["repo"]["name"] == self.model][0]
        self.json("review", "reset", request)
        self.environment["HF_TOKEN"] = self.other
        asked = self.json("request", self.model, "--answer", "Affiliation=x")
        self.assertEqual(asked["status"], "accepted")
        self.assertEqual(self.download(), 200)

    def test_an_embargo_holds_until_it_is_lifted(self):
        self.json("gate", self.model, "--released-at", "2099-01-01")
        self.assertEqual(self.download(), 403)
        self.json("gate", self.model, "--released-at", "none")
        self.assertEqual(self.download(), 200)

    def test_a_licence_is_shown_as_it_was_left_byte_for_byte(self):
        left = self.json("license", self.file("L", LICENCE), "--add")
        self.assertEqual(left["digest"].split(":")[-1],
                         DIGEST.split(":")[1])
        self.assertEqual((left["label"], left["version"]),
                         ("Acme Research Licence", "1.0"))
        self.json("gate", self.model, "--license", DIGEST)
        for word in (self.model, DIGEST):
            self.assertEqual(self.json("license", word),
                             {"digest": DIGEST, "text": LICENCE})
            self.assertEqual(self.weigh("license", word), LICENCE + "\n")

    def test_a_licence_cannot_play_with_the_terminal(self):
        text = "Licence\n\x1b]0;stolen\x07\x1b[2Jx\n"
        left = self.json("license", self.file("L", text), "--add")
        if "error" in left:
            return
        shown = self.weigh("license", left["digest"])
        self.assertNotIn("\x1b", shown)
        self.assertNotIn("\x07", shown)

    def test_a_model_without_a_licence_has_none_to_show(self):
        self.weigh("license", self.model, status=4)
        self.assertIn("names no licence", self.stderr)
        self.weigh("license", "sha256:" + "0" * 64, status=4)

    def test_models_are_listed_by_namespace_and_words(self):
        self.json("create", "acme/large-%d" % Gate.count)
        self.json("create", "owner/private-%d" % Gate.count, "--private")
        name = self.model.split("/")[1]
        for options in (("--search", name), ("--author", "acme")):
            ids = [one["id"] for one in
                   self.json("list", *options)["models"]]
            self.assertIn(self.model, ids)
        self.assertEqual(len(self.json("list", "--limit", "1")["models"]), 1)
        self.assertRegex(self.weigh("list").splitlines()[0],
                         "^MODEL +GATE +CHANGED$")
        self.assertIn("private-%d" % Gate.count, self.weigh("list"))
        self.environment["HF_TOKEN"] = self.other
        self.assertNotIn("private-%d" % Gate.count, self.weigh("list"))
        self.assertEqual(
            self.json("list", "--search", "no such")["models"], [])
        self.weigh("list", "--limit", "0", status=2)

    def test_info_tells_the_gate_the_releases_and_where_one_stands(self):
        folder = self.path("tiny")
        os.makedirs(folder)
        with open(os.path.join(folder, "README.md"), "wb") as file:
            file.write(CARD)
        key = self.path("key.pem")
        self.weigh("keygen", "--out", key)
        self.environment["HF_TOKEN"] = self.registry.person(
            "info%d" % Gate.count)
        model = "info%d/tiny" % Gate.count
        self.json("publish", folder, model, "--tag", "v1", "--key", key,
                  "--gate", "manual", "--license", self.file("L", LICENCE))
        answer = self.json("info", model)
        self.assertEqual([one["tag"] for one in answer["releases"]], ["v1"])
        self.environment["HF_TOKEN"] = self.other
        shown = self.weigh("info", model)
        for line in ("model      " + model, "gate       manual",
                     "licence    Acme Research Licence 1.0",
                     "you        have not asked yet", "release    v1"):
            self.assertIn(line, shown)
        self.weigh("info", "acme/missing", status=4)
        self.weigh("info", "nonsense", status=2)


if __name__ == "__main__":
    unittest.main()
