"""The pages, as a browser without scripts meets them."""
import email
import html.parser
import http.cookies
import json
import socketserver
import threading
import time
import unittest

from tests.daemon import Daemon

PASSWORD = "correct horse battery"
WAIT_SECONDS = 20


class Page(html.parser.HTMLParser):
    """Text, forms, and what makes a page hard to use or unsafe."""

    def __init__(self, text):
        super().__init__()
        self.forms = []
        self.text = ""
        self.inputs = []
        self.labelled = set()
        self.inline = []
        self.language = None
        self.headings = 0
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        a = dict(attributes)
        if tag == "form":
            self.forms.append(dict(action=a["action"], fields={}))
        if tag in ("input", "textarea", "select"):
            if self.forms and "name" in a:
                self.forms[-1]["fields"].setdefault(a["name"], a.get("value", ""))
            if a.get("type") not in ("hidden", "radio", "checkbox"):
                self.inputs.append(a)
        if tag == "label" and "for" in a:
            self.labelled.add(a["for"])
        if tag in ("script", "style") or "style" in a or any(key.startswith("on") for key in a):
            self.inline.append(tag)
        if tag == "html":
            self.language = a.get("lang")
        if tag == "h1":
            self.headings += 1

    def handle_data(self, data):
        self.text += data

    def form(self, action):
        return next(form["fields"] for form in self.forms if form["action"] == action)


class Browser:
    """Keeps cookies, follows no redirect by itself."""

    def __init__(self, registry):
        self.registry = registry
        self.cookies = {}
        self.set_cookie = None

    def ask(self, method, path, form=None, headers=None):
        headers = dict(headers or {}, Accept="text/html")
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        answer = self.registry.ask(method, path, form=form, headers=headers)
        self.set_cookie = answer.headers.get("Set-Cookie")
        if self.set_cookie:
            for name, morsel in http.cookies.SimpleCookie(self.set_cookie).items():
                self.cookies[name] = morsel.value
                if morsel["max-age"] == "0":
                    del self.cookies[name]
        answer.page = Page(answer.body.decode())
        return answer

    def get(self, path):
        return self.ask("GET", path)

    def post(self, path, **form):
        return self.ask("POST", path, form)

    def log_in(self, name="alice", password=PASSWORD, next_path=""):
        return self.post("/login", name=name, password=password, next=next_path)


class SiteTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.registry = Daemon().__enter__()
        cls.addClassCleanup(cls.registry.close)
        cls.token = cls.registry.person("alice", "--fullname", "Alice <b>A</b>")
        cls.registry.person("bob")

    def setUp(self):
        self.browser = Browser(self.registry)

    def test_signing_in_gives_a_cookie_that_scripts_cannot_read(self):
        answer = self.browser.log_in()
        self.assertEqual((answer.status, answer.headers["Location"]), (303, "/"))
        for part in ("HttpOnly", "SameSite=Lax", "Path=/"):
            self.assertIn(part, self.browser.set_cookie)
        self.assertNotIn("Secure", self.browser.set_cookie)
        self.assertIn("alice", self.browser.get("/").page.text)

    def test_over_https_the_cookie_is_secure(self):
        with Daemon(url="https://registry.example.org") as registry:
            registry.person("alice")
            browser = Browser(registry)
            browser.log_in()
            self.assertIn("Secure", browser.set_cookie)

    def test_a_wrong_password_shows_the_form_again_without_it(self):
        answer = self.browser.log_in(password="a wrong one")
        self.assertEqual(answer.status, 403)
        self.assertIn("Invalid username or password.", answer.page.text)
        self.assertEqual(answer.page.form("/login")["name"], "alice")
        self.assertNotIn("a wrong one", answer.body.decode())
        self.assertEqual(self.browser.cookies, {})
        self.assertEqual(answer.headers["X-Error-Code"], "Unauthenticated")
        self.assertEqual(answer.headers["X-Error-Message"], "Invalid username or password.")

    def test_after_signing_in_one_only_gets_to_a_path_of_this_site(self):
        self.assertEqual(self.browser.log_in(next_path="/settings/tokens").headers["Location"], "/settings/tokens")
        for elsewhere in ("//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)",
                          "/\t/evil.example", "/a\r\nX-Evil: 1"):
            self.assertEqual(Browser(self.registry).log_in(next_path=elsewhere).headers["Location"], "/", elsewhere)

    def test_a_page_that_wants_an_account_leads_over_signing_in_and_back(self):
        answer = self.browser.get("/settings/tokens?a=b")
        self.assertEqual((answer.status, answer.headers["Location"]), (303, "/login?next=/settings/tokens%3Fa%3Db"))
        form = self.browser.get(answer.headers["Location"]).page.form("/login")
        self.assertEqual(self.browser.log_in(next_path=form["next"]).headers["Location"], "/settings/tokens?a=b")
        self.assertEqual(self.registry.ask("GET", "/settings/tokens").status, 401)

    def test_what_a_link_brings_along_is_escaped(self):
        body = self.browser.get("/login?next=/%22%3E%3Cscript%3E").body.decode()
        self.assertNotIn("<script>", body)
        self.browser.log_in()
        self.assertIn("Alice &lt;b&gt;A&lt;/b&gt;", self.browser.get("/settings/account").body.decode())

    def test_signing_out_ends_the_session_for_whoever_has_the_cookie(self):
        self.browser.log_in()
        stolen = Browser(self.registry)
        stolen.cookies = dict(self.browser.cookies)
        csrf = self.browser.get("/").page.form("/logout")["csrf"]
        self.assertEqual(self.browser.post("/logout", csrf=csrf).status, 303)
        self.assertEqual(self.browser.cookies, {})
        self.assertEqual(stolen.get("/settings/account").status, 303)

    def test_a_form_needs_its_own_sessions_mark(self):
        other = Browser(self.registry)
        other.log_in("bob")
        foreign = other.get("/settings/tokens").page.form("/settings/tokens")["csrf"]
        self.browser.log_in()
        for csrf in ("", "0" * 64, foreign):
            for path in ("/settings/tokens", "/settings/tokens/revoke", "/settings/account", "/settings/password",
                         "/logout"):
                self.assertEqual(self.browser.post(path, csrf=csrf, role="read").status, 403, path)

    def test_another_sites_page_cannot_sign_somebody_in(self):
        answer = self.browser.ask("POST", "/login", dict(name="alice", password=PASSWORD),
                                  {"Origin": "https://evil.example"})
        self.assertEqual(answer.status, 403)
        self.assertEqual(self.browser.cookies, {})

    def test_a_token_is_made_shown_once_and_revoked(self):
        self.browser.log_in()
        form = self.browser.get("/settings/tokens").page.form("/settings/tokens")
        made = self.browser.post("/settings/tokens", csrf=form["csrf"], label="page test", role="read", days="30")
        self.assertEqual(made.status, 200)
        self.assertIn("no-store", made.headers.get_all("Cache-Control")[-1])
        token = next(word for word in made.page.text.split() if len(word) == 43 and word.startswith("hf_"))
        self.assertEqual(self.registry.ask("GET", "/api/whoami-v2", token).status, 200)
        listed = self.browser.get("/settings/tokens")
        self.assertNotIn(token, listed.body.decode())
        self.assertIn("page test", listed.page.text)
        row = next(f["fields"] for f in listed.page.forms if f["action"] == "/settings/tokens/revoke")
        self.assertEqual(self.browser.post("/settings/tokens/revoke", **row).status, 303)
        self.assertEqual(self.registry.ask("GET", "/api/whoami-v2", token).status, 401)

    def test_a_token_form_that_is_wrong_says_why(self):
        self.browser.log_in()
        csrf = self.browser.get("/settings/tokens").page.form("/settings/tokens")["csrf"]
        for form, why in ((dict(role="king"), "a role is"), (dict(role="fine-grained", rights="everything"), "a right"),
                          (dict(role="read", rights="gated"), "fine-grained"), (dict(role="read", days="-1"), "ends")):
            answer = self.browser.post("/settings/tokens", csrf=csrf, **form)
            self.assertEqual(answer.status, 400, form)
            self.assertIn(why, answer.page.text)

    def test_the_password_changes_only_with_the_old_one_and_ends_other_sessions(self):
        self.registry.person("carol")
        other = Browser(self.registry)
        other.log_in("carol")
        self.browser.log_in("carol")
        csrf = self.browser.get("/settings/account").page.form("/settings/password")["csrf"]
        change = lambda old, new: self.browser.post("/settings/password", csrf=csrf, old=old, password=new)
        self.assertEqual(change("wrong", "another password").status, 403)
        self.assertEqual(change(PASSWORD, "short").status, 400)
        self.assertEqual(change(PASSWORD, "another password").status, 200)
        self.assertEqual(self.browser.get("/settings/account").status, 200)
        self.assertEqual(other.get("/settings/account").status, 303)
        self.assertEqual(Browser(self.registry).log_in("carol", "another password").status, 303)

    def test_every_page_can_be_read_by_everybody(self):
        self.browser.log_in()
        paths = ["/", "/settings/tokens", "/settings/account"]
        answers = [self.browser.get(path) for path in paths]
        answers += [Browser(self.registry).get(path) for path in ("/", "/login", "/join", "/password", "/nothing/here")]
        for answer in answers:
            page = answer.page
            self.assertEqual((page.language, page.headings), ("en", 1))
            self.assertEqual(page.inline, [])
            for field in page.inputs:
                self.assertIn(field.get("id"), page.labelled, field)
            policy = answer.headers["Content-Security-Policy"]
            self.assertIn("default-src 'none'", policy)
            self.assertNotIn("unsafe-inline", policy)

    def test_the_front_page_lists_what_its_reader_may_see(self):
        self.registry.create("alice/open", self.token)
        self.registry.create("alice/hidden", self.token, private=True)
        stranger = Browser(self.registry).get("/").page.text
        self.assertIn("alice/open", stranger)
        self.assertNotIn("alice/hidden", stranger)
        self.browser.log_in()
        self.assertIn("alice/hidden", self.browser.get("/").page.text)


def wait_for(what):
    """What a job does within its interval; fails loudly, sleeps briefly."""
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen")


def links(registry, address):
    """Links that the log holds for an address, newest last."""
    lines = [json.loads(line) for line in registry.log().splitlines() if '"mail not sent"' in line]
    return [line["link"] for line in lines if line["to"] == address]


def path_of(link, registry):
    assert link.startswith(registry.url + "/"), link
    return link[len(registry.url):]


class JoinTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.registry = Daemon(sign_up="open").__enter__()
        cls.addClassCleanup(cls.registry.close)

    def setUp(self):
        self.browser = Browser(self.registry)

    def join(self, name, email=None, password=PASSWORD):
        return self.browser.post("/join", name=name, email=email or f"{name}@example.org", fullname="",
                                 password=password)

    def test_joining_takes_a_confirmed_address(self):
        answer = self.join("dora")
        self.assertEqual(answer.status, 200)
        early = self.browser.log_in("dora")
        self.assertEqual(early.status, 403)
        self.assertIn("confirm your e-mail address", early.page.text)
        link = path_of(wait_for(lambda: links(self.registry, "dora@example.org"))[0], self.registry)
        form = self.browser.get(link).page.form("/verify")
        self.assertEqual(self.browser.log_in("dora").status, 403, "opening the link alone confirmed")
        self.assertEqual(self.browser.post("/verify", **form).status, 200)
        self.assertEqual(self.browser.post("/verify", **form).status, 404)
        self.assertEqual(self.browser.log_in("dora").status, 303)

    def test_an_address_in_use_is_answered_like_a_new_one(self):
        self.registry.person("erna")
        fresh = self.join("fresh")
        used = self.join("other", "erna@example.org")
        self.assertEqual((used.status, used.page.text), (fresh.status, fresh.page.text))
        self.assertEqual(self.registry.ask("GET", "/api/users/other/overview").status, 404)

    def test_what_is_wrong_is_said_on_the_form(self):
        self.registry.person("frank")
        for answer, status, why in (
                (self.join("Frank"), 409, "taken"), (self.join("api"), 400, "reserved"),
                (self.join("a--b"), 400, "--"), (self.join("gina", password="short"), 400, "at least 8"),
                (self.join("gina", email="gina"), 400, "e-mail")):
            self.assertEqual(answer.status, status)
            self.assertIn(why, answer.page.text)
            self.assertIn("name", answer.page.form("/join"))

    def test_a_forgotten_password_is_set_by_a_mailed_link(self):
        self.registry.person("hugo")
        self.browser.log_in("hugo")
        anew = Browser(self.registry)
        unknown = anew.post("/password", email="nobody@example.org")
        known = anew.post("/password", email="hugo@example.org")
        self.assertEqual((unknown.status, unknown.page.text), (known.status, known.page.text))
        link = path_of(wait_for(lambda: links(self.registry, "hugo@example.org"))[0], self.registry)
        form = anew.get(link).page.form("/password")
        self.assertEqual(anew.post("/password", link=form["link"], password="short").status, 400)
        self.assertEqual(anew.post("/password", link=form["link"], password="a new password").status, 200)
        self.assertEqual(anew.get(link).status, 404)
        self.assertEqual(self.browser.get("/settings/account").status, 303)
        self.assertEqual(anew.log_in("hugo", "a new password").status, 303)

    def test_the_api_joins_too(self):
        body = dict(name="ines", email="ines@example.org", password=PASSWORD)
        self.assertEqual(self.registry.ask("POST", "/api/join", body=body).status, 202)
        link = wait_for(lambda: links(self.registry, "ines@example.org"))[0]
        text = link.partition("link=")[2]
        self.assertEqual(self.registry.ask("POST", "/api/verify", body=dict(link=text)).status, 200)
        self.assertEqual(self.registry.ask("POST", "/api/tokens", body=dict(name="ines", password=PASSWORD)).status,
                         201)


class PolicyTest(unittest.TestCase):
    def test_a_closed_registry_takes_nobody(self):
        with Daemon(sign_up="closed") as registry:
            self.assertIn("no new accounts", Browser(registry).get("/join").page.text)
            body = dict(name="ida", email="ida@example.org", password=PASSWORD)
            self.assertEqual(registry.ask("POST", "/api/join", body=body).status, 403)

    def test_an_invitation_is_good_for_one_account_with_its_address(self):
        with Daemon(sign_up="invitation") as registry:
            root = registry.person("chief", "--administrator")
            person = registry.person("alice")
            browser = Browser(registry)
            self.assertEqual(browser.post("/join", name="jo", email="jo@example.org", password=PASSWORD).status, 403)
            invite = lambda token: registry.ask("POST", "/api/invitations", token, {"email": "jo@example.org"})
            self.assertEqual(invite(person).status, 403)
            self.assertEqual(invite(root).status, 202)
            link = path_of(wait_for(lambda: links(registry, "jo@example.org"))[0], registry)
            form = browser.get(link).page.form("/join")
            answer = browser.post("/join", name="jo", password=PASSWORD, fullname="", link=form["link"])
            self.assertEqual(answer.status, 303)
            self.assertEqual(browser.log_in("jo").status, 303)
            self.assertEqual(browser.get(link).status, 404)


class Smtp(socketserver.ThreadingTCPServer):
    """A mail server that keeps what it gets; refuses one address for good."""
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self):
        self.mails = []
        self.refused = 0
        super().__init__(("127.0.0.1", 0), SmtpHandler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class SmtpHandler(socketserver.StreamRequestHandler):
    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def handle(self):
        recipient = None
        self.say("220 test")
        for line in self.rfile:
            word = line.decode().strip().upper()
            if word.startswith("RCPT TO:<REFUSED@"):
                self.server.refused += 1
                self.say("550 no such mailbox")
            elif word == "DATA":
                self.say("354 go on")
                text = b""
                for part in self.rfile:
                    if part == b".\r\n":
                        break
                    text += part
                self.server.mails.append((recipient, text.decode("ascii")))
                self.say("250 kept")
            elif word == "QUIT":
                self.say("221 bye")
                return
            else:
                if word.startswith("RCPT TO:"):
                    recipient = line.decode().strip()[9:-1]
                self.say("250 ok")


class MailTest(unittest.TestCase):
    def test_mail_leaves_by_smtp_once_and_its_link_is_in_no_log(self):

        server = Smtp()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        with Daemon(smtp_url=f"smtp://127.0.0.1:{server.server_address[1]}", mail_from="registry@example.org",
                    sign_up="open") as registry:
            join = lambda name: registry.ask("POST", "/api/join", body=dict(
                name=name, email=f"{name}@example.org", password=PASSWORD))
            self.assertEqual(join("kim").status, 202)
            recipient, text = wait_for(lambda: server.mails)[0]
            self.assertEqual(recipient, "kim@example.org")
            mail = email.message_from_string(text)
            self.assertIn("registry@example.org", mail["From"])
            self.assertEqual(mail["Subject"], "Confirm your e-mail address")
            body = mail.get_payload(decode=True).decode()
            link = next(word for word in body.split() if word.startswith(registry.url + "/verify?link="))
            form = Browser(registry).get(path_of(link, registry)).page.form("/verify")
            self.assertEqual(Browser(registry).post("/verify", **form).status, 200)
            self.assertNotIn(link, registry.log())
            wait_for(lambda: registry.sql("SELECT 1 FROM outbox WHERE sent_at IS NOT NULL AND body = ''"))
            # What the server will never take is tried once.
            self.assertEqual(join("refused").status, 202)
            wait_for(lambda: registry.sql("SELECT 1 FROM outbox WHERE failed_at IS NOT NULL AND problem <> ''"))
            self.assertEqual((server.refused, len(server.mails)), (1, 1))


if __name__ == "__main__":
    unittest.main()
