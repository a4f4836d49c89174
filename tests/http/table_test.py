"""Every route, asked by every kind of caller, and the status that each gets.

ROUTES names the program that lists the routes; one that has no row here fails
the test.  A row's request does no harm where the right is there: it asks for
something that is not, or sends a body that says nothing, so that the rows can
be asked in any order; what does change something is put back by its row.
"""
import http.client
import json
import os
import subprocess
import unittest

from tests.daemon import Daemon

CALLERS = ("anonymous none pending rejected reset accepted expired revoked outdated member reviewer owner"
           " administrator read write fine expired_token revoked_token").split()
BAD_TOKENS = dict(expired_token=401, revoked_token=401)
STRANGERS = "none pending rejected reset accepted expired revoked outdated administrator fine".split()
# Who passes the gate of acme/tiny: its organisation, by whatever token, and who was accepted.
INSIDE = "accepted member owner read write".split()


def everybody(status, **others):
    """The same for all; of a token that is no good it is 401 everywhere."""
    return {**dict.fromkeys(CALLERS, status), **BAD_TOKENS, **others}


def signed_in(status, **others):
    return everybody(status, anonymous=401, **others)


def account(status, **others):
    """Who may change an account: not by a token that only reads, or is fine-grained."""
    return signed_in(status, **{**dict(read=403, fine=403), **others})


def content(status, **others):
    """Who gets bytes that the gate holds."""
    return everybody(403, **{"anonymous": 401, **dict.fromkeys(INSIDE, status), **others})


def write(status, **others):
    return signed_in(403, **{**dict.fromkeys(["owner", "write"], status), **others})


def review(status, **others):
    return write(status, reviewer=status, **others)


def manage(status, **others):
    return signed_in(403, **{"owner": status, **others})


def asking(**others):
    """An ask that agrees to nothing: refused, unless a request is there already, which stays."""
    return signed_in(400, **{**dict(pending=303, accepted=303, rejected=303, fine=303), **others})


MODEL = "/api/{types}/:namespace/:name"
PAGE = "/{prefix}:namespace/:name"
REQUESTS = MODEL + "/user-access-request"
NOTHING = {}

# (method and pattern, what fills the pattern, body, who gets what).  A form is bytes.
TABLE = [
    ("GET /", {}, None, everybody(200)),
    ("GET /health", {}, None, everybody(200)),
    ("GET /ready", {}, None, everybody(200)),
    ("GET /metrics", {}, None, everybody(200)),
    ("GET /status", {}, None, everybody(200)),
    ("GET /static/:name", dict(name="style.css"), None, everybody(200)),
    ("GET /avatars/:account", dict(account="acme"), None, everybody(302)),
    ("GET /login", {}, None, everybody(200)),
    ("POST /login", {}, b"name=none&password=correct+horse+battery", everybody(303)),
    ("POST /logout", {}, b"", everybody(303)),
    ("GET /join", {}, None, everybody(200)),
    ("POST /join", {}, b"", everybody(400)),
    ("GET /verify", {}, None, everybody(404)),
    ("POST /verify", {}, b"", everybody(404)),
    ("GET /password", {}, None, everybody(200)),
    ("POST /password", {}, b"", everybody(400)),
    ("GET /settings/tokens", {}, None, account(200)),
    ("POST /settings/tokens", {}, b"", account(403)),
    ("POST /settings/tokens/revoke", {}, b"", account(403)),
    ("GET /settings/account", {}, None, account(200)),
    ("POST /settings/account", {}, b"", account(403)),
    ("POST /settings/password", {}, b"", account(403)),
    ("GET /settings/gated-repos", {}, None, signed_in(200)),
    ("GET /reviews", {}, None, account(200)),
    ("GET " + PAGE, {}, None, everybody(200)),
    ("POST " + PAGE + "/ask-access", {}, NOTHING, asking()),
    ("POST " + PAGE + "/withdraw-access", {}, b"", signed_in(403)),
    ("POST " + PAGE + "/review-access", {}, b"", review(403)),
    ("GET " + PAGE + "/user-access-report", {}, None, review(200)),
    ("GET " + PAGE + "/resolve/:revision/*path", dict(revision="main", path="config.json"), None, content(200)),
    ("GET " + PAGE + "/raw/:revision/*path", dict(revision="main", path="README.md"), None, content(200)),
    ("POST " + PAGE + ".git/info/lfs/objects/batch", {}, dict(operation="download", objects=[]), content(200)),
    ("POST " + PAGE + ".git/info/lfs/verify", {}, NOTHING, write(422)),
    ("GET " + PAGE + ".git/info/lfs/locks", {}, None, everybody(501)),
    ("POST " + PAGE + ".git/info/lfs/locks", {}, NOTHING, everybody(501)),
    ("POST " + PAGE + ".git/info/lfs/locks/verify", {}, NOTHING, everybody(501)),
    ("PUT /lfs/upload/:link", dict(link="none"), b"", everybody(403)),
    ("PUT /lfs/part/:link", dict(link="none"), b"", everybody(403)),
    ("POST /lfs/complete/:link", dict(link="none"), NOTHING, everybody(403)),
    ("GET /lfs/download/:link", dict(link="none"), None, everybody(403)),
    ("GET " + PAGE + ".git/info/refs", {}, None, everybody(403)),
    ("POST " + PAGE + ".git/git-upload-pack", {}, b"", content(200)),
    ("POST " + PAGE + ".git/git-receive-pack", {}, b"", everybody(403)),
    ("GET " + PAGE + "/info/refs", {}, None, everybody(403)),
    ("POST " + PAGE + "/git-upload-pack", {}, b"", content(200)),
    ("POST " + PAGE + "/git-receive-pack", {}, b"", everybody(403)),
    ("GET /api/agent-harnesses", {}, None, everybody(200)),
    ("GET /api/models-tags-by-type", {}, None, everybody(200)),
    ("POST /api/validate-yaml", {}, NOTHING, everybody(400)),
    ("GET /api/whoami-v2", {}, None, signed_in(200)),
    ("GET /api/users/:account/overview", dict(account="none"), None, everybody(200)),
    ("GET /api/organizations/:account/overview", dict(account="acme"), None, everybody(200)),
    ("GET /api/organizations/:account/members", dict(account="acme"), None, signed_in(200)),
    ("PUT /api/organizations/:account/members/:member", dict(account="acme", member="nobody"), dict(role="read"),
     account(403, owner=404)),
    ("DELETE /api/organizations/:account/members/:member", dict(account="acme", member="nobody"), None,
     account(403, owner=404)),
    ("POST /api/organizations/create", {}, NOTHING, account(400)),
    ("GET /api/models", {}, None, everybody(200)),
    ("GET /api/datasets", {}, None, everybody(200)),
    ("GET /api/spaces", {}, None, everybody(200)),
    ("POST /api/tokens", {}, NOTHING, everybody(400)),
    ("GET /api/tokens", {}, None, account(200)),
    ("DELETE /api/tokens/:id", dict(id="none"), None, account(404)),
    ("POST /api/credentials/revoke", {}, dict(credentials=[]), everybody(202)),
    ("POST /api/join", {}, NOTHING, everybody(400)),
    ("POST /api/verify", {}, NOTHING, everybody(400)),
    ("POST /api/invitations", {}, NOTHING, signed_in(403, administrator=400)),
    ("GET /api/licences/:digest", dict(digest="0" * 64), None, everybody(404)),
    ("POST /api/licences", {}, NOTHING, account(400)),
    ("GET /api/namespaces/:namespace/keys", dict(namespace="acme"), None, everybody(200)),
    ("POST /api/namespaces/:namespace/keys", dict(namespace="acme"), NOTHING, manage(400)),
    ("POST /api/namespaces/:namespace/keys/:hint/revoke", dict(namespace="acme", hint="none"), NOTHING, manage(404)),
    ("GET /api/reviews", {}, None, account(200)),
    ("GET /api/reviews/:request", dict(request="0000"), None, account(404)),
    ("GET /api/settings/gated-repos", {}, None, signed_in(200)),
    ("PATCH /api/settings/notifications", {}, NOTHING, account(200)),
    ("POST /api/repos/create", {}, NOTHING, signed_in(400)),
    ("DELETE /api/repos/delete", {}, dict(name="acme/none"), signed_in(404)),
    ("POST /api/repos/move", {}, NOTHING, signed_in(400)),
    ("GET " + MODEL, {}, None, everybody(200)),
    ("GET " + MODEL + "/revision/:revision", dict(revision="main"), None, everybody(200)),
    ("GET " + MODEL + "/tree/:revision", dict(revision="main"), None, everybody(200)),
    ("GET " + MODEL + "/tree/:revision/*path", dict(revision="main", path="none"), None, everybody(404)),
    ("POST " + MODEL + "/paths-info/:revision", dict(revision="main"), dict(paths=["none"]), everybody(200)),
    ("GET " + MODEL + "/refs", {}, None, everybody(200)),
    ("GET " + MODEL + "/commits/:revision", dict(revision="main"), None, everybody(200)),
    ("GET " + MODEL + "/releases", {}, None, everybody(200)),
    ("POST " + MODEL + "/preupload/:revision", dict(revision="main"), NOTHING, write(400)),
    ("POST " + MODEL + "/commit/:revision", dict(revision="main"), b"{}", write(400)),
    ("POST " + MODEL + "/branch/:branch", dict(branch="new"), dict(startingPoint="nowhere"), write(404)),
    ("DELETE " + MODEL + "/branch/:branch", dict(branch="none"), None, write(404)),
    ("POST " + MODEL + "/tag/:revision", dict(revision="main"), NOTHING, write(400)),
    ("DELETE " + MODEL + "/tag/:revision", dict(revision="none"), None, write(404)),
    ("PUT " + MODEL + "/settings", {}, NOTHING, manage(200)),
    ("GET " + MODEL + "/gate", {}, None, everybody(200)),
    ("PUT " + MODEL + "/gate", {}, dict(nothing=1), manage(400)),
    ("GET " + MODEL + "/auth-check", {}, None, content(200)),
    ("GET " + MODEL + "/auth-check/write", {}, None, write(200)),
    ("POST " + REQUESTS, {}, NOTHING, asking(pending=200, accepted=200, rejected=200, fine=200)),
    ("GET " + REQUESTS, {}, None,
     signed_in(404, **dict.fromkeys("pending rejected reset accepted expired revoked outdated fine".split(), 200))),
    ("GET " + REQUESTS + "/receipt", {}, None,
     signed_in(404, **dict.fromkeys("pending rejected reset accepted expired revoked outdated fine".split(), 200))),
    ("POST " + REQUESTS + "/cancel", {}, None, signed_in(404, pending=200)),
    ("GET " + REQUESTS + "/:status", dict(status="pending"), None, review(200)),
    ("POST " + REQUESTS + "/handle", {}, NOTHING, review(400)),
    ("POST " + REQUESTS + "/grant", {}, NOTHING, review(400)),
    ("POST " + REQUESTS + "/batch", {}, NOTHING, review(400)),
    ("POST " + REQUESTS + "/revoke", {}, NOTHING, review(400)),
    # Last: it takes the tokens away.
    ("DELETE /api/tokens/current", {}, None, signed_in(200)),
]


class TableTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.registry = Daemon().__enter__()
        cls.addClassCleanup(cls.registry.close)
        cls.tokens = {"anonymous": None}
        cls.connections = {}
        for name in CALLERS[1:10] + ["reviewer", "owner", "writer", "outsider"]:
            cls.tokens[name] = cls.registry.person(name)
        cls.tokens["administrator"] = cls.registry.person("root-person", "--administrator")
        cls.registry.organization("acme", "owner:admin", "writer:write", "member:read")
        cls.tokens["read"] = cls.registry.token("owner", "read")
        cls.tokens["write"] = cls.tokens["writer"]
        cls.tokens["fine"] = cls.registry.token("accepted", "fine-grained")
        cls.tokens["revoked_token"] = cls.registry.token("owner")
        cls.tokens["expired_token"] = cls.registry.token("owner")
        cls.make_model("tiny")
        cls.make_requests()
        cls.end_tokens()
        cls.must("POST", "/api/repos/create", "owner", dict(name="hidden", organization="acme", private=True))

    @classmethod
    def end_tokens(cls):
        cls.must("DELETE", "/api/tokens/current", "revoked_token")
        cls.registry.sql("UPDATE token SET expires_at = now() WHERE id = (SELECT max(id) FROM token"
                         " WHERE revoked_at IS NULL AND role = 'write')")

    @classmethod
    def make_model(cls, name):
        cls.must("POST", "/api/repos/create", "owner", dict(name=name, organization="acme"))
        answer = cls.registry.commit(f"acme/{name}", cls.tokens["owner"], {"config.json": b"{}", "README.md": b"hi"})
        assert answer.status == 200, answer
        cls.set_licence("An older licence.\n", mode="manual", reviewers=["reviewer"])

    @classmethod
    def set_licence(cls, text, **members):
        licence = cls.must("POST", "/api/licences", "owner", dict(text=text, label="Acme Licence")).json()
        cls.agree = licence["digest"]
        cls.must("PUT", "/api/models/acme/tiny/gate", "owner", dict(licence=cls.agree, **members))

    @classmethod
    def make_requests(cls):
        """outdated agreed to a text that has changed since; the others to the one of now."""
        cls.ask_for_access("outdated")
        cls.decide("outdated", "accepted")
        cls.set_licence("A newer licence.\n")
        for name in "pending rejected reset accepted expired revoked".split():
            cls.ask_for_access(name)
        for name, status in dict(rejected="rejected", reset="reset", accepted="accepted", expired="accepted",
                                 revoked="accepted").items():
            cls.decide(name, status)
        cls.must("POST", "/api/models/acme/tiny/user-access-request/revoke", "owner", dict(user="revoked"))
        cls.registry.sql("UPDATE access_grant SET ends_at = now() WHERE account ="
                         " (SELECT id FROM account WHERE name = 'expired')")

    @classmethod
    def ask_for_access(cls, name):
        cls.must("POST", "/acme/tiny/ask-access", name, dict(agree=cls.agree))

    @classmethod
    def decide(cls, name, status):
        cls.must("POST", "/api/models/acme/tiny/user-access-request/handle", "owner", dict(user=name, status=status))

    @classmethod
    def must(cls, method, path, caller, body=None):
        answer = cls.registry.ask(method, path, cls.tokens[caller], body)
        assert answer.status < 400, (method, path, caller, answer)
        return answer

    def status(self, caller, method, path, body):
        """Over the caller's own connection, opened again where the server closed it."""
        headers = {}
        if self.tokens[caller]:
            headers["Authorization"] = f"Bearer {self.tokens[caller]}"
        if isinstance(body, bytes):
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        elif body is not None:
            body = json.dumps(body)
            headers["Content-Type"] = "application/json"
        for is_last in (False, True):
            connection = self.connections.get(caller) or self.registry.connect()
            self.connections[caller] = connection
            try:
                connection.request(method, path, body, headers)
                answer = connection.getresponse()
                answer.read()
                return answer.status
            except (http.client.HTTPException, OSError):
                connection.close()
                self.connections.pop(caller)
                if is_last:
                    raise

    @staticmethod
    def path(pattern, parameters, name="tiny"):
        path = pattern.replace("{types}", "models").replace("{prefix}", "")
        for key, value in {**dict(namespace="acme", name=name), **parameters}.items():
            path = path.replace(f":{key}", value).replace(f"*{key}", value)
        return path

    def test_every_route_has_a_row(self):
        listed = subprocess.run([os.environ["ROUTES"]], check=True, capture_output=True, text=True).stdout.split("\n")
        self.assertEqual(sorted(filter(None, listed)), sorted(row[0] for row in TABLE))

    def test_each_caller_gets_the_status_that_the_table_states(self):
        wrong = []
        for row, parameters, body, expected in TABLE:
            method, pattern = row.split(" ")
            for caller in CALLERS:
                status = self.status(caller, method, self.path(pattern, parameters), body)
                if status != expected[caller]:
                    wrong.append(f"{row}: {caller} gets {status}, not {expected[caller]}")
                if row.endswith("/cancel") and status == 200:
                    self.ask_for_access(caller)
        self.assertEqual(wrong, [])

    def test_a_private_repository_is_hidden_on_every_route(self):
        wrong = []
        for row, parameters, body, _ in TABLE:
            method, pattern = row.split(" ")
            if "/:namespace/:name" not in pattern.replace("}:", "}/:"):
                continue
            path = self.path(pattern, {k: v for k, v in parameters.items() if k != "name"}, "hidden")
            for caller, expected in dict(anonymous=401, outsider=404).items():
                status = self.status(caller, method, path, body)
                if status != expected:
                    wrong.append(f"{row}: {caller} gets {status}, not {expected}")
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    unittest.main()
