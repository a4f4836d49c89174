"""The gate as programs and browsers meet it: the Hub's words, and ours."""
import hashlib
import http.client
import json
import os
import socket
import time
import unittest

from tests.daemon import Daemon
from tests.http import site_test

LICENCE = "You may look at it, and <b>do</b> no harm.\n"
REQUESTS = "/api/models/acme/tiny/user-access-request"
WEIGHTS_BYTES = 48 * 1024 * 1024
WAIT_SECONDS = 20


class GateTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.registry = Daemon().__enter__()
        cls.addClassCleanup(cls.registry.close)
        cls.tokens = {name: cls.registry.person(name) for name in ("owner", "bob", "carol", "first", "second")}
        cls.registry.organization("acme", "owner:admin")
        cls.count = 0

    def setUp(self):
        """A model of its own for each test, called acme/tiny while it runs."""
        GateTest.count += 1
        self.must("POST", "/api/repos/create", "owner", dict(name="tiny", organization="acme"))
        self.addCleanup(self.put_away)

    def put_away(self):
        self.must("POST", "/api/repos/move", "owner",
                  dict(fromRepo="acme/tiny", toRepo=f"acme/old{GateTest.count}", type="model"))
        self.registry.sql("DELETE FROM repository_redirect")

    def ask(self, method, path, who=None, body=None, **more):
        return self.registry.ask(method, path, self.tokens.get(who), body, **more)

    def must(self, method, path, who, body=None):
        answer = self.ask(method, path, who, body)
        self.assertLess(answer.status, 400, answer)
        return answer

    def set_gate(self, **members):
        return self.must("PUT", "/api/models/acme/tiny/gate", "owner", members).json()

    def set_licence(self, text=LICENCE):
        made = self.must("POST", "/api/licences", "owner", dict(text=text, label="Acme Licence", version="1.0")).json()
        self.set_gate(licence=made["digest"])
        return made["digest"]

    def request(self, who="bob", **answers):
        return self.ask("POST", "/acme/tiny/ask-access", who, answers)

    def handle(self, who="owner", user="bob", **body):
        return self.ask("POST", REQUESTS + "/handle", who, dict(user=user, **body))

    def door(self, who="bob"):
        return self.ask("GET", "/api/models/acme/tiny/auth-check", who)

    def test_the_gate_is_off_until_it_is_switched_on(self):
        self.assertIs(self.ask("GET", "/api/models/acme/tiny").json()["gated"], False)
        for value in ("auto", "manual", False):
            answer = self.ask("PUT", "/api/models/acme/tiny/settings", "owner", dict(gated=value))
            self.assertEqual((answer.status, answer.json()), (200, dict(gated=value)))
            self.assertEqual(self.ask("GET", "/api/models/acme/tiny").json()["gated"], value)

    def test_settings_echo_what_was_sent_but_not_the_notifications(self):
        path = "/api/models/acme/tiny/settings"
        sent = dict(private=False, discussionsDisabled=True, orgMembersGated=True,
                    gatedNotificationsMode="bulk", gatedNotificationsEmail="gate@acme.org")
        answer = self.ask("PUT", path, "owner", sent)
        self.assertEqual(answer.json(), dict(private=False, discussionsDisabled=True, orgMembersGated=True))
        self.assertEqual(self.ask("PUT", path, "owner", {}).json(), {})
        self.assertIn(self.ask("GET", path, "owner").status, (404, 405))
        answer = self.ask("PUT", path, "owner", dict(gated=True))
        self.assertEqual(answer.status, 400)
        self.assertIn("at gated", answer.headers["X-Error-Message"].encode("latin-1").decode())
        settings = self.ask("GET", "/api/models/acme/tiny/gate", "owner").json()["settings"]
        self.assertEqual((settings["notificationsMode"], settings["notificationsEmail"]), ("bulk", "gate@acme.org"))

    def test_visibility_is_said_in_two_ways_and_holds_for_the_next_request(self):
        path = "/api/models/acme/tiny/settings"
        for hidden, shown in ((dict(private=True), dict(private=False)),
                              (dict(visibility="private"), dict(visibility="public"))):
            self.assertEqual(self.must("PUT", path, "owner", hidden).json(), hidden)
            self.assertEqual(self.ask("GET", "/api/models/acme/tiny", "bob").status, 404)
            self.assertEqual(self.must("PUT", path, "owner", shown).json(), shown)
            self.assertEqual(self.ask("GET", "/api/models/acme/tiny", "bob").status, 200)
        for bad in (dict(private="true"), dict(visibility="hidden"), dict(visibility=True),
                    dict(discussionsDisabled=1), dict(allowUnsafe="yes"), dict(orgMembersGated="yes")):
            self.assertEqual(self.ask("PUT", path, "owner", dict(private=True, **bad) if "private" not in bad else bad)
                             .status, 400, bad)
            self.assertEqual(self.ask("GET", "/api/models/acme/tiny", "bob").status, 200, bad)

    def test_a_decision_that_is_not_understood_decides_nothing(self):
        self.set_gate(mode="manual")
        self.assertLess(self.request().status, 400)
        for bad in (dict(status="accepted", rejectionReason="no"), dict(status="rejected", resetReason="no"),
                    dict(status="rejected", rejectionReason=7), dict(status="accepted", until="soon"),
                    dict(status="accepted", until="2026-02-30"), dict(status="accepted", until="2020-01-01"),
                    dict(status="granted"), {}):
            self.assertEqual(self.handle(**bad).status, 400, bad)
        self.assertEqual(len(self.must("GET", REQUESTS + "/pending", "owner").json()), 1)

    def test_a_list_says_what_it_cannot_be_narrowed_by(self):
        self.set_gate(mode="manual")
        for bad in ("after=soon", "before=2026-13-01", "q=" + "x" * 251, "limit=9", "limit=1001", "limit=ten"):
            self.assertEqual(self.ask("GET", f"{REQUESTS}/pending?{bad}", "owner").status, 400, bad)
        self.assertEqual(self.ask("GET", REQUESTS + "/nonsense", "owner").status, 404)

    def test_a_value_that_is_shown_already_changes_nothing(self):
        self.set_gate(mode="quorum", quorum=2, reviewers=["first", "second"])
        self.assertEqual(self.ask("GET", "/api/models/acme/tiny").json()["gated"], "manual")
        self.must("PUT", "/api/models/acme/tiny/settings", "owner", dict(gated="manual"))
        self.assertEqual(self.ask("GET", "/api/models/acme/tiny/gate").json()["mode"], "quorum")
        self.must("PUT", "/api/models/acme/tiny/settings", "owner", dict(gated="auto"))
        self.assertEqual(self.ask("GET", "/api/models/acme/tiny/gate").json()["mode"], "auto")

    def test_the_gate_says_in_the_hubs_words_where_a_person_stands(self):
        self.set_gate(mode="manual")
        page = f"{self.registry.url}/acme/tiny"
        name = "model acme/tiny"

        def stands(status, text, who="bob"):
            answer = self.door(who)
            self.assertEqual((answer.status, answer.headers["X-Error-Code"]), (status, "GatedRepo"))
            self.assertEqual(answer.headers["X-Error-Message"], text)
            self.assertEqual(answer.json()["error"], text)

        stands(401, f"Access to {name} is restricted. You must have access to it and be authenticated to access it."
                    " Please log in.", None)
        stands(403, f"Access to {name} is restricted and you are not in the authorized list."
                    f" Visit {page} to ask for access.")
        asked = self.request()
        self.assertEqual((asked.status, asked.headers["Location"]), (303, "/acme/tiny"))
        stands(403, f"Your request to access {name} is awaiting a review from the repo authors.")
        self.handle(status="rejected")
        stands(403, f"Your request to access {name} has been rejected by the repo's authors.")
        self.handle(status="reset")
        stands(403, f"Your request to access {name} has been reset by the repo's authors."
                    f" Visit {page} to submit a new request.")
        self.request()
        self.assertEqual(self.handle(status="accepted").json(), {})
        self.assertEqual((self.door().status, self.door().body), (200, b"OK"))

    def test_items_have_the_shape_that_the_hubs_clients_read(self):
        self.set_gate(mode="manual", questions={"Affiliation": "text"})
        self.request(Affiliation="ETH Zürich")
        item, = self.ask("GET", REQUESTS + "/pending", "owner").json()
        self.assertEqual(item["user"]["user"], "bob")
        self.assertEqual(item["user"]["email"], "bob@example.org")
        self.assertEqual(item["user"]["type"], "user")
        self.assertRegex(item["user"]["_id"], "^[0-9a-f]{24}$")
        self.assertRegex(item["requestId"], "^[0-9a-f]{24}$")
        self.assertEqual((item["status"], item["fields"]), ("pending", {"Affiliation": "ETH Zürich"}))
        self.assertNotIn("reviewedAt", item)
        answer = self.ask("POST", REQUESTS + "/handle", "owner", dict(requestId=item["requestId"], status="accepted"))
        self.assertEqual((answer.status, answer.json()), (200, {}))
        item, = self.ask("GET", REQUESTS + "/accepted", "owner").json()
        self.assertIn("reviewedAt", item)
        self.must("POST", REQUESTS + "/grant", "owner", dict(user="carol"))
        granted = self.ask("GET", REQUESTS + "/accepted?q=car", "owner").json()[0]
        self.assertEqual(granted["grantedBy"]["user"], "owner")
        self.assertNotIn("email", granted["user"])

    def test_a_list_goes_on_where_its_link_points(self):
        self.set_gate(mode="manual")
        for i in range(12):
            self.registry.sql("INSERT INTO account (public_id, kind, name) VALUES"
                              f" (lpad('{GateTest.count}{i:02}', 24, '0'), 'user', 'many{GateTest.count}-{i}')")
            self.must("POST", REQUESTS + "/grant", "owner", dict(user=f"many{GateTest.count}-{i}"))
        answer = self.ask("GET", REQUESTS + "/accepted?limit=10", "owner")
        self.assertEqual(len(answer.json()), 10)
        self.assertIn('rel="next"', answer.headers["Link"])
        following = answer.headers["Link"].split(">")[0].lstrip("<").replace(self.registry.url, "")
        rest = self.ask("GET", following, "owner")
        self.assertEqual(len(rest.json()), 2)
        self.assertNotIn("Link", rest.headers)
        self.assertEqual(self.ask("GET", REQUESTS + "/accepted?limit=9", "owner").status, 400)
        self.assertEqual(self.ask("GET", REQUESTS + "/accepted?after=2999-01-01", "owner").json(), [])

    def test_a_batch_answers_one_by_one_in_the_same_order(self):
        self.set_gate(mode="manual")
        self.request()
        body = dict(status="rejected", rejectionReason="no", requests=[
            dict(user="nobody"), dict(user="bob"), dict(user="carol"), dict(user="bob")])
        answer = self.ask("POST", REQUESTS + "/batch", "owner", body)
        self.assertEqual(answer.json(), [
            dict(user="nobody", ok=False, error="user_not_found"), dict(user="bob", ok=True),
            dict(user="carol", ok=False, error="request_not_found"), dict(user="bob", ok=True)])
        self.assertEqual(self.ask("POST", REQUESTS + "/batch", "owner", dict(body, requests=[])).status, 400)

    def test_the_report_is_a_file_of_all_who_asked(self):
        self.set_gate(mode="auto")
        self.request()
        answer = self.ask("GET", "/acme/tiny/user-access-report", "owner")
        self.assertEqual(answer.headers["Content-Disposition"],
                         "attachment; filename=user-access-report-acme-tiny.json")
        entry, = answer.json()
        self.assertEqual((entry["user"], entry["email"], entry["status"]), ("bob", "bob@example.org", "accepted"))

    def test_a_licence_is_agreed_to_before_anything_and_can_always_be_read(self):
        self.set_gate(mode="auto")
        digest = self.set_licence()
        self.assertEqual(digest, "sha256:" + hashlib.sha256(LICENCE.encode()).hexdigest())
        refused = self.request()
        self.assertEqual(refused.status, 400)
        self.assertIn(digest, refused.headers["X-Error-Message"])
        text = self.ask("GET", "/api/licences/" + digest.removeprefix("sha256:"))
        self.assertEqual((text.status, text.body), (200, LICENCE.encode()))
        self.assertTrue(text.headers["Content-Type"].startswith("text/plain"))
        self.assertEqual(self.request(agree=digest).status, 303)
        self.assertEqual(self.door().status, 200)
        receipt = self.ask("GET", REQUESTS + "/receipt", "bob")
        self.assertEqual(receipt.json()["payloadType"], "application/vnd.weighhouse.receipt+json")
        changed = self.set_licence("Another text.\n")
        self.assertEqual((self.door().status, self.door().headers["X-Error-Code"]), (403, "GatedRepo"))
        self.assertEqual(self.request(agree=digest).status, 400)
        self.assertEqual(self.request(agree=changed).status, 303)
        self.assertEqual(self.door().status, 200)

    def test_a_quorum_takes_votes_of_those_it_names(self):
        self.set_gate(mode="quorum", quorum=2, reviewers=["first", "second"])
        self.request()
        self.assertEqual(self.ask("POST", REQUESTS + "/grant", "owner", dict(user="bob")).status, 403)
        self.assertEqual(self.handle("owner", status="accepted").status, 403)
        self.assertEqual(self.handle("first", status="accepted").status, 200)
        self.assertEqual(self.door().status, 403)
        self.assertEqual(self.handle("second", status="accepted").status, 200)
        self.assertEqual(self.door().status, 200)
        self.assertEqual(self.door("first").status, 403)

    def test_a_short_id_finds_a_request_for_those_concerned(self):
        self.set_gate(mode="manual", reviewers=["first"])
        made = self.ask("POST", REQUESTS, "bob", {}).json()
        self.assertEqual((made["status"], made["changed"]), ("pending", True))
        for who, status in dict(owner=200, first=200, bob=200, carol=404).items():
            answer = self.ask("GET", "/api/reviews/" + made["requestId"][:8], who)
            self.assertEqual(answer.status, status, who)
        self.assertEqual(answer.json(), dict(error=f"no request begins with {made['requestId'][:8]}"))
        queue = self.ask("GET", "/api/reviews", "first").json()
        self.assertIn(made["requestId"], [item["requestId"] for item in queue])

    # Weights, and what is recorded of them.

    def upload(self, content):
        oid = hashlib.sha256(content).hexdigest()
        batch = self.must("POST", "/acme/tiny.git/info/lfs/objects/batch", "owner",
                          dict(operation="upload", transfers=["basic"], objects=[dict(oid=oid, size=len(content))]))
        action = batch.json()["objects"][0]["actions"]["upload"]
        path = action["href"].removeprefix(self.registry.url)
        answer = self.registry.ask("PUT", path, body=content, headers=action.get("header", {}))
        self.assertEqual(answer.status, 200, answer)
        lines = [dict(key="header", value=dict(summary="Add weights")),
                 dict(key="lfsFile", value=dict(path="weights.bin", algo="sha256", oid=oid, size=len(content)))]
        body = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        answer = self.registry.ask("POST", "/api/models/acme/tiny/commit/main", self.tokens["owner"], body,
                                   {"Content-Type": "application/x-ndjson"})
        self.assertEqual(answer.status, 200, answer)

    def wait_for(self, sql, expected):
        end = time.monotonic() + WAIT_SECONDS
        while (rows := self.registry.sql(sql)) != expected and time.monotonic() < end:
            time.sleep(0.05)
        self.assertEqual(rows, expected)

    def test_questions_and_deliveries_are_recorded(self):
        self.upload(b"0123456789" * 100)
        self.set_gate(mode="auto")
        path = "/acme/tiny/resolve/main/weights.bin"
        self.assertEqual(self.ask("GET", path, "bob").status, 403)
        self.request()
        for span in ("0-499", "500-999"):
            answer = self.ask("GET", path, "bob", headers={"Range": f"bytes={span}"})
            self.assertEqual(answer.status, 206, answer)
        mine = "WHERE repository = (SELECT id FROM repository WHERE name = 'tiny') AND account = (SELECT id FROM" \
               " account WHERE name = 'bob')"
        self.wait_for(f"SELECT reason, access_grant IS NOT NULL, size, bytes, complete FROM delivery {mine}",
                      [["granted", "t", "1000", "1000", "t"]])
        self.wait_for(f"SELECT string_agg(reason, ' ' ORDER BY id) FROM gate_question {mine}"
                      " AND path = 'weights.bin'", [["no_request granted granted"]])

    def test_a_revocation_holds_for_the_next_request_on_every_connection(self):
        self.set_gate(mode="auto")
        self.request()
        headers = {"Authorization": f"Bearer {self.tokens['bob']}"}
        connections = [self.registry.connect() for _ in range(4)]

        def statuses():
            found = []
            for connection in connections:
                connection.request("GET", "/api/models/acme/tiny/auth-check", headers=headers)
                answer = connection.getresponse()
                answer.read()
                found.append(answer.status)
            return found

        self.assertEqual(statuses(), [200] * 4)
        self.must("POST", REQUESTS + "/revoke", "owner", dict(user="bob"))
        self.assertEqual(statuses(), [403] * 4)
        for connection in connections:
            connection.close()

    def test_a_revocation_breaks_a_download_under_way(self):
        self.upload(os.urandom(1024) * (WEIGHTS_BYTES // 1024))
        self.set_gate(mode="auto")
        self.request()
        connection = self.registry.connect()
        connection.connect()
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        connection.request("GET", "/acme/tiny/resolve/main/weights.bin",
                           headers={"Authorization": f"Bearer {self.tokens['bob']}"})
        answer = connection.getresponse()
        self.assertEqual(answer.status, 200)
        answer.read(65536)
        self.must("POST", REQUESTS + "/revoke", "owner", dict(user="bob"))
        self.wait_for("SELECT complete FROM delivery WHERE size = %d AND bytes > 0" % WEIGHTS_BYTES, [["f"]])
        with self.assertRaises((http.client.IncompleteRead, ConnectionError)):
            answer.read()
        connection.close()

    # Browsers.

    def browser(self, name):
        browser = site_test.Browser(self.registry)
        self.assertEqual(browser.log_in(name).status, 303)
        return browser

    def check_page(self, answer):
        self.assertEqual(answer.page.language, "en")
        self.assertEqual(answer.page.headings, 1)
        self.assertEqual(answer.page.inline, [])
        for field in answer.page.inputs:
            self.assertIn(field.get("id"), answer.page.labelled, field)

    def test_the_page_shows_the_licence_whole_to_everybody_and_escapes_it(self):
        self.set_gate(mode="manual")
        self.set_licence()
        answer = site_test.Browser(self.registry).get("/acme/tiny")
        self.assertEqual(answer.status, 200)
        self.check_page(answer)
        self.assertIn(LICENCE.strip(), answer.page.text)
        self.assertIn(b"&lt;b&gt;do&lt;/b&gt;", answer.body)
        self.assertEqual(answer.page.forms, [])
        self.assertIn(b'href="/login?next=/acme/tiny"', answer.body)

    def test_a_person_asks_waits_and_is_let_in_by_pages_alone(self):
        self.set_gate(mode="manual", reviewers=["first"], questions=[
            dict(label="Who <are> you", type="text"), dict(label="Country", type="country"),
            dict(label="Purpose", type="select", options=["research", "teaching"]),
            dict(label="Born", type="date_picker"), dict(label="I am over 18", type="checkbox")])
        self.set_licence()
        bob = self.browser("bob")
        page = bob.get("/acme/tiny")
        self.check_page(page)
        form = page.page.form("/acme/tiny/ask-access")
        self.assertIn(form["agree"], self.registry.sql("SELECT 'sha256:' || encode(digest, 'hex') FROM licence")[0])
        answers = {"Who <are> you": "Bob & co", "Country": "CH", "Purpose": "research", "Born": "2000-01-01",
                   "I am over 18": "on"}
        untold = bob.post("/acme/tiny/ask-access", **{**form, **answers, "Country": ""})
        self.assertEqual(untold.status, 400)
        self.check_page(untold)
        self.assertIn('The question "Country" has no answer'.lower(), untold.page.text.lower())
        self.assertEqual(untold.page.form("/acme/tiny/ask-access")["Who <are> you"], "Bob & co")
        self.assertEqual(bob.post("/acme/tiny/ask-access", **{**form, **answers, "csrf": "x"}).status, 403)
        self.assertEqual(bob.post("/acme/tiny/ask-access", **{**form, **answers}).status, 303)
        self.assertIn("Your request waits", bob.get("/acme/tiny").page.text)
        mine = bob.get("/settings/gated-repos")
        self.check_page(mine)
        self.assertIn("acme/tiny", mine.page.text)

        first = self.browser("first")
        queue = first.get("/reviews")
        self.check_page(queue)
        self.assertIn("Bob & co", queue.page.text)
        review = queue.page.form("/acme/tiny/review-access")
        decision = dict(csrf=review["csrf"], request=review["request"], status="accepted", reason="")
        self.assertEqual(bob.post("/acme/tiny/review-access", **decision).status, 403)
        self.assertEqual(first.post("/acme/tiny/review-access", **decision).status, 303)
        again = first.post("/acme/tiny/review-access", **decision)
        self.assertEqual(again.status, 404)
        self.assertIn("No access request found", again.page.text)
        page = bob.get("/acme/tiny")
        self.assertIn("You have access", page.page.text)
        self.check_page(page)
        self.assertIn(f'href="{REQUESTS}/receipt"'.encode(), page.body)
        self.assertIn("payload", bob.get(REQUESTS + "/receipt").body.decode())
        self.assertIn("page", [row[0] for row in self.registry.sql("SELECT how FROM agreement")])

    def test_a_reason_is_shown_to_who_asked_and_a_request_can_be_withdrawn(self):
        self.set_gate(mode="manual")
        bob = self.browser("bob")
        csrf = bob.get("/acme/tiny").page.form("/acme/tiny/ask-access")["csrf"]
        bob.post("/acme/tiny/ask-access", csrf=csrf)
        self.assertEqual(bob.post("/acme/tiny/withdraw-access", csrf=csrf).status, 303)
        self.assertIn("not asked for access yet", bob.get("/acme/tiny").page.text)
        bob.post("/acme/tiny/ask-access", csrf=csrf)
        self.handle(status="rejected", rejectionReason="no <affiliation>")
        page = bob.get("/acme/tiny")
        self.assertIn("no <affiliation>", page.page.text)
        self.assertIn("no <affiliation>", bob.get("/settings/gated-repos").page.text)
        self.assertIn("no <affiliation>".replace("<", "").split()[0], self.door().headers["X-HF-Warning"])


if __name__ == "__main__":
    unittest.main()
