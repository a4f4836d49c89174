"""Asking and deciding at the terminal, against a real registry."""

import base64
import hashlib
import json
import os
import shutil
import signal
import stat
import tempfile
import unittest

from tests.cli.weigh import Case
from tests.daemon import Daemon
from tests.faults.middle import Middle

LICENCE = "Acme Research Licence 1.0\n\nYou may use it for research.\n"
CARD = """---
license: other
extra_gated_prompt: Tell us who you are.
extra_gated_fields:
  Affiliation: text
  Purpose:
    type: select
    options:
      - research
      - label: Something else
        value: other
---
# Tiny
"""
WORDS = 'Type "I agree" to agree to Acme Research Licence 1.0 (sha256:'


def name_digest(text):
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def agreement_in(receipt):
    """The words that the person signed, out of what the registry signed."""
    return base64.b64decode(json.loads(receipt["agreement"])["payload"]).decode()


def write(path, text):
    with open(path, "w") as file:
        file.write(text)
    return path


class Gated(Case):
    """A model behind a gate, and everybody at a machine of their own."""

    people = ("publisher", "reviewer", "requester", "other")
    count = 0

    @classmethod
    def setUpClass(cls):
        cls.homes = tempfile.mkdtemp(prefix="weigh-homes-")
        cls.addClassCleanup(shutil.rmtree, cls.homes)
        cls.registry = Daemon()
        cls.registry.__enter__()
        cls.addClassCleanup(cls.registry.close)
        cls.tokens = {name: cls.registry.person(name) for name in cls.people}
        cls.registry.organization("acme", "publisher:admin", "reviewer:read")

    def setUp(self):
        super().setUp()
        self.environment.update(WEIGH_REGISTRY=self.registry.url,
                                WEIGH_PAGER="cat")
        self.licence = write(self.path("LICENSE"), LICENCE)

    def become(self, name):
        """From here on weigh runs as this person."""
        self.environment.update(
            WEIGH_HOME=os.path.join(self.homes, name),
            HF_HOME=self.path(name), HF_TOKEN=self.tokens[name])

    def publish(self, *options, mode="manual"):
        """Publishes a model of its own for the test."""
        Gated.count += 1
        self.model = "acme/tiny-%d" % Gated.count
        folder = self.path("tiny")
        os.makedirs(folder, exist_ok=True)
        write(os.path.join(folder, "README.md"), CARD)
        write(os.path.join(folder, "notes.txt"), "secret\n")
        self.become("publisher")
        return self.json("publish", folder, self.model, "--tag", "v1",
                         "--license", self.licence, "--gate", mode,
                         "--reviewer", "reviewer", *options)

    def flags(self, licence=LICENCE):
        return ("--answer", "Affiliation=ETH Zurich", "--answer",
                "Purpose=research", "--agree", name_digest(licence))

    def ask(self, name="requester", licence=LICENCE):
        self.become(name)
        return self.json("request", self.model, *self.flags(licence))

    def decide(self, verb, request, *options, name="reviewer", status=0):
        self.become(name)
        return self.json("review", verb, request, *options, status=status)

    def pull(self, name="requester", status=0):
        self.become(name)
        return self.weigh("pull", self.model, status=status)

    def requests(self, name="requester"):
        """One's own requests for the model."""
        self.become(name)
        return [one for one in self.json("requests")["requests"]
                if one["repo"]["name"] == self.model]

    def waiting(self, name="reviewer"):
        self.become(name)
        return [one for one in self.json("review")["requests"]
                if one["repo"]["name"] == self.model]


class Ask(Gated):
    def test_a_refused_pull_says_what_to_agree_to_and_how(self):
        self.publish()
        self.pull(status=3)
        lines = self.stderr.splitlines()
        self.assertEqual(len(lines), 2, lines)
        self.assertEqual(
            lines[0], 'weigh: %s is gated: agree to "Acme Research Licence '
            '1.0" and ask for access' % self.model)
        self.assertIn("weigh request " + self.model, lines[1])
        self.assertIn(self.registry.url + "/" + self.model, lines[1])

    def test_asking_by_flags_keeps_the_receipt_of_what_was_agreed(self):
        self.publish()
        asked = self.ask()
        self.assertEqual(asked["status"], "pending")
        self.assertEqual(asked["model"], self.model)
        self.assertEqual(
            stat.S_IMODE(os.stat(asked["receipt"]).st_mode), 0o600)
        with open(asked["receipt"]) as file:
            receipt = json.load(file)
        payload = json.loads(base64.b64decode(receipt["payload"]))
        self.assertEqual(payload["request"], asked["request"])
        self.assertIn(name_digest(LICENCE)[7:], agreement_in(payload))
        self.assertEqual([one["requestId"] for one in self.waiting()],
                         [asked["request"]])
        self.assertEqual(self.waiting()[0]["fields"], {
            "Affiliation": "ETH Zurich", "Purpose": "research"})

    def test_nothing_is_signed_that_names_another_registry(self):
        """Whoever stands between could have agreements made out to others."""
        self.publish()
        middle = Middle(self.registry.port)
        self.addCleanup(middle.close)
        self.become("requester")
        self.weigh("request", self.model, *self.flags(), status=5,
                   env={"WEIGH_REGISTRY": middle.url})
        self.assertIn("wants an agreement with %s: nothing was signed"
                      % self.registry.url, self.stderr)
        self.assertIn("--registry " + self.registry.url, self.stderr)
        self.assertFalse([one for one in middle.asked if one[0] == "POST"])
        self.weigh("request", self.model, *self.flags(), "--registry",
                   self.registry.url, env={"WEIGH_REGISTRY": middle.url})
        self.assertEqual(len(self.waiting()), 1)

    def test_without_terminal_or_flag_nothing_is_sent(self):
        self.publish()
        self.become("requester")
        agree = ("--agree", name_digest(LICENCE))
        answers = ("--answer", "Affiliation=x", "--answer", "Purpose=research")
        for words, said in (
                ((), "--agree " + name_digest(LICENCE)),
                (answers, "--agree"),
                (agree, '--answer "Affiliation='),
                (answers + ("--agree", name_digest("another")),
                 "weigh license " + self.model),
                (answers + ("--agree", "yes"), "sha256:HEX"),
                (answers + agree + ("--answer", "Shoe size=45"),
                 "no such question"),
                (("--answer", "Affiliation=x", "--answer", "Purpose=war")
                 + agree, '"Purpose" takes no "war"')):
            self.weigh("request", self.model, *words, status=2)
            self.assertIn(said, self.stderr)
        self.assertEqual(self.waiting(), [])

    def talk(self, words="I agree\n"):
        return [("Affiliation: ", "ETH Zurich\n"),
                ("Purpose (research, Something else): ", "war\n"),
                ("Purpose (research, Something else): ", "Something else\n"),
                (WORDS, words)]

    def test_at_a_terminal_one_reads_answers_and_types_the_words(self):
        self.publish()
        self.become("requester")
        text = self.at_terminal("request", self.model, talk=self.talk())
        shown = text.replace("\r\n", "\n")
        self.assertLess(shown.index(LICENCE), shown.index("Affiliation"))
        self.assertIn("Tell us who you are.", shown)
        self.assertIn("asked      request ", shown)
        self.assertRegex(shown, r"receipt +\S+\.json\n")
        request, = self.waiting()
        self.assertEqual(request["fields"], {
            "Affiliation": "ETH Zurich", "Purpose": "other"})
        self.assertEqual(self.registry.sql(
            "SELECT how FROM agreement WHERE repository_name = '%s'"
            % self.model), [["terminal"]])

    def shown_by(self, pager):
        """What appears with this pager, and what the agreement says of it."""
        self.publish()
        self.become("requester")
        text = self.at_terminal("request", self.model, talk=self.talk(),
                                env={"WEIGH_PAGER": pager})
        request, = self.requests()
        kept = [name for name in os.listdir(self.receipts())
                if request["requestId"][:4] + ".json" in name]
        with open(os.path.join(self.receipts(), kept[0])) as file:
            receipt = json.load(file)
        payload = json.loads(base64.b64decode(receipt["payload"]))
        return (text.replace("\r\n", "\n"),
                json.loads(agreement_in(payload))["shown"]["what"])

    def receipts(self):
        return os.path.join(self.homes, "requester", "receipts")

    def test_the_licence_is_shown_in_the_pager_of_ones_choice(self):
        text, how = self.shown_by("sed 's/^/| /'")
        self.assertIn("| Acme Research Licence 1.0\n", text)
        self.assertEqual(how, "whole text in a pager")

    def test_a_pager_that_is_not_there_hides_nothing(self):
        text, how = self.shown_by("no-such-pager")
        self.assertIn(LICENCE, text)
        self.assertEqual(how, "whole text printed")

    def test_ctrl_c_ends_the_wait_and_not_the_request(self):
        self.publish()
        self.become("requester")
        process = self.start("request", self.model, *self.flags(), "--wait")
        while not self.waiting():
            self.assertIsNone(process.poll())
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130)
        self.assertEqual(len(self.waiting()), 1)

    def test_other_words_than_these_agree_to_nothing(self):
        self.publish()
        self.become("requester")
        text = self.at_terminal("request", self.model, status=1,
                                talk=self.talk("yes\n"))
        self.assertIn("nothing was sent", text)
        self.assertEqual(self.waiting(), [])
        self.assertEqual(self.registry.sql(
            "SELECT count(*) FROM agreement WHERE repository_name = '%s'"
            % self.model), [["0"]])

    def test_whoever_waits_is_told_of_the_decision(self):
        self.publish()
        self.become("requester")
        process = self.start("request", self.model, *self.flags(), "--wait",
                             "--json")
        while not self.waiting():
            self.assertIsNone(process.poll())
        self.decide("accept", self.waiting()[0]["requestId"])
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, err)
        self.assertEqual(json.loads(out)["status"], "accepted")

    def test_whoever_waits_and_is_refused_learns_why(self):
        self.publish()
        self.become("requester")
        process = self.start("request", self.model, *self.flags(), "--wait")
        while not self.waiting():
            self.assertIsNone(process.poll())
        self.decide("reject", self.waiting()[0]["requestId"], "--reason",
                    "no room left")
        _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 3, err)
        self.assertIn("no room left", err)

    def test_a_request_that_waits_can_be_taken_back(self):
        self.publish()
        self.ask()
        self.assertEqual(self.json("requests", "withdraw", self.model), {
            "model": self.model, "status": "withdrawn"})
        self.assertEqual(self.waiting(), [])
        self.assertEqual(self.ask()["status"], "pending")

    def test_a_click_lets_in_whoever_agrees(self):
        self.publish(mode="click")
        self.become("requester")
        asked = self.json("request", self.model, "--agree",
                          name_digest(LICENCE))
        self.assertEqual(asked["status"], "accepted")
        self.pull()

    def test_a_changed_licence_asks_again_and_keeps_the_grant(self):
        self.publish()
        self.decide("accept", self.ask()["request"])
        self.pull()
        changed = LICENCE + "And for teaching.\n"
        self.become("publisher")
        self.weigh("gate", self.model, "--license",
                   write(self.path("NEW"), changed))
        self.pull(status=3)
        self.assertIn("weigh request " + self.model, self.stderr)
        self.assertEqual(self.ask(licence=changed)["status"], "accepted")
        self.pull()


class Decide(Gated):
    def test_a_reviewer_lets_in_until_a_day_by_the_beginning_of_an_id(self):
        self.publish()
        request = self.ask()["request"]
        self.pull(status=3)
        self.assertIn("awaiting a review", self.stderr)
        decided = self.decide("accept", request[:8], "--until", "2037-11-23")
        self.assertEqual(decided["requests"][0]["status"], "accepted")
        self.pull()
        own, = self.requests()
        self.assertEqual(own["status"], "accepted")
        self.assertTrue(own["grantEndsAt"].startswith("2037-11-23"))

    def test_a_reviewer_sees_who_asks_and_what_they_said(self):
        self.publish()
        request = self.ask()["request"]
        self.become("reviewer")
        table = self.weigh("review")
        self.assertRegex(table.splitlines()[0],
                         r"^REQUEST +MODEL +PERSON +SINCE +ANSWERS$")
        self.assertRegex(table, r"%s +%s +requester +now +ETH Zurich, "
                         "research" % (request[:8], self.model))
        shown = self.weigh("review", "show", request[:8])
        self.assertIn("answer     Affiliation: ETH Zurich", shown)
        self.assertIn("agreed     " + name_digest(LICENCE), shown)
        self.assertEqual(self.json("review", "show", request)["request"],
                         request)

    def test_a_refusal_with_its_reason_reaches_the_person(self):
        self.publish()
        request = self.ask()["request"]
        self.decide("reject", request, "--reason", "students only")
        own, = self.requests()
        self.assertEqual((own["status"], own["reason"]),
                         ("rejected", "students only"))
        self.assertIn("students only", self.weigh("requests"))
        self.pull(status=3)
        self.assertIn("students only", self.stderr)
        self.weigh("request", self.model, *self.flags(), status=3)
        self.assertIn("rejected", self.stderr)

    def test_after_a_reset_one_may_ask_again(self):
        self.publish()
        first = self.ask()["request"]
        self.decide("reject", first)
        self.decide("reset", first, "--reason", "say more")
        self.assertEqual(self.requests()[0]["status"], "reset")
        self.pull(status=3)
        self.assertEqual(self.ask()["status"], "pending")
        self.assertEqual(len(self.waiting()), 1)

    def test_somebody_who_did_not_ask_can_be_let_in(self):
        self.publish()
        granted = self.decide("grant", self.model, "other", "--days", "30")
        self.assertEqual(granted["person"], "other")
        self.pull("other", status=3)
        self.become("other")
        agreed = self.json("request", self.model, *self.flags())
        self.assertEqual(agreed["status"], "accepted")
        self.pull("other")

    def test_what_is_revoked_cannot_be_pulled_again(self):
        self.publish()
        request = self.ask()["request"]
        self.decide("accept", request)
        self.pull()
        revoked = self.decide("revoke", request[:8], "--reason", "it is over")
        self.assertEqual(revoked["person"], "requester")
        shutil.rmtree(self.path("requester"))
        self.pull(status=3)
        self.assertIn("it is over", self.stderr)
        self.assertEqual(self.ask()["status"], "pending")

    def test_after_a_final_revocation_nobody_asks_again(self):
        self.publish()
        self.decide("accept", self.ask()["request"])
        self.decide("revoke", self.model, "requester", "--final")
        self.become("requester")
        self.weigh("request", self.model, *self.flags(), status=3)
        self.assertEqual(self.waiting(), [])

    def test_a_quorum_of_two_needs_both(self):
        self.publish("--reviewer", "publisher", "--quorum", "2",
                     mode="quorum")
        request = self.ask()["request"]
        voted = self.decide("accept", request)
        self.assertEqual(voted["requests"][0]["status"], "pending")
        self.pull(status=3)
        self.become("publisher")
        self.assertIn("accepted   requester may pull",
                      self.weigh("review", "accept", request[:8]))
        self.pull()

    def test_several_are_decided_at_once(self):
        self.publish()
        ids = [self.ask(name)["request"] for name in ("requester", "other")]
        self.become("reviewer")
        decided = self.json("review", "accept", *ids)
        self.assertEqual([one["user"]["user"] for one in decided["requests"]],
                         ["requester", "other"])
        self.pull("other")

    def test_nobody_else_decides(self):
        self.publish()
        request = self.ask()["request"]
        self.decide("accept", request, name="other", status=4)
        self.decide("accept", request, name="requester", status=1)
        self.pull(status=3)

    def test_what_is_no_id_decides_nothing(self):
        self.publish()
        self.ask()
        for word in ("", "../users", "x" * 24, "0" * 25):
            answer = self.decide("accept", word, status=2)
            self.assertEqual(answer["error"]["exit"], 2)
        self.decide("accept", "0" * 24, status=4)
        self.assertEqual(len(self.waiting()), 1)

    def test_the_report_names_everybody_who_asked(self):
        self.publish()
        self.decide("accept", self.ask()["request"])
        self.ask("other")
        self.become("publisher")
        entries = self.json("review", "report", self.model)["entries"]
        self.assertEqual(sorted(one["user"] for one in entries),
                         ["other", "requester"])
        path = self.path("report.json")
        self.weigh("review", "report", self.model, "--output", path)
        with open(path) as file:
            self.assertEqual(json.load(file), entries)

    def test_a_date_that_is_none_is_refused_before_anything_is_decided(self):
        self.publish()
        request = self.ask()["request"]
        for options in (("--until", "soon"), ("--days", "0"),
                        ("--days", "3", "--until", "2037-01-01")):
            self.decide("accept", request, *options, status=2)
        self.assertEqual(len(self.waiting()), 1)


if __name__ == "__main__":
    unittest.main()
