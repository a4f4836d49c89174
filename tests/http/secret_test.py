"""Secrets that weighd was given are in nothing that it wrote.

Each secret is unlike anything else; the search reads the log, every file of
the data folder (PostgreSQL's too), what clients got, and what /proc shows of
every process.
"""
import base64
import hashlib
import os
import re
import secrets
import shutil
import signal
import socketserver
import ssl
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from daemon import Daemon

WAIT_SECONDS = 30
# A sanitizer makes nothing of mlock.
with open(os.environ["WEIGHD"], "rb") as program:
    SANITIZED = re.search(rb"__(asan|tsan)_init", program.read()) is not None


def seed(name):
    return f"seeded-{name}-{secrets.token_hex(12)}"


def forms(secret):
    """A secret as it may be written down."""
    raw = secret if isinstance(secret, bytes) else secret.encode()
    found = {raw, raw.hex().encode(), raw.hex().upper().encode()}
    # Inside a longer base64 text it has one of three forms.
    for shift in range(3):
        text = base64.b64encode(b"\0" * shift + raw)
        found.add(text[4 if shift else 0:-4])
    return found


def processes(parent):
    """The process and all below it."""
    found = [parent]
    for pid in found:
        try:
            with open(f"/proc/{pid}/task/{pid}/children") as f:
                found += [int(word) for word in f.read().split()]
        except OSError:
            pass
    return found


def written(registry, *but):
    """Everything that registry wrote or shows: {where: bytes}."""
    places = [registry.log_path]
    for folder, _, names in os.walk(registry.settings["data"]):
        places += [os.path.join(folder, name) for name in names]
    for pid in processes(registry.process.pid):
        places += [f"/proc/{pid}/cmdline", f"/proc/{pid}/environ"]
    found = {}
    for place in places:
        try:
            if place not in but and (place.startswith("/proc") or os.path.isfile(place)):
                with open(place, "rb") as f:
                    found[place] = f.read()
        except OSError:
            pass  # it is gone, or hidden from us
    return found


def rewrite(registry):
    with open(registry.conf, "w") as f:
        for key, value in registry.settings.items():
            f.write(f"{key} = {value}\n")


class MailServer(socketserver.ThreadingTCPServer):
    """Speaks TLS, and refuses who logs in, repeating what they said."""
    allow_reuse_address = True
    daemon_threads = True

    class RequestHandlerClass(socketserver.StreamRequestHandler):
        def handle(self):
            say = lambda text: self.wfile.write(text.encode() + b"\r\n")
            say("220 mail")
            for line in self.rfile:
                word = line.split(b" ")[0].strip().upper()
                self.server.said.append(line)
                if word in (b"EHLO", b"HELO"):
                    say("250-mail")
                    say("250 AUTH PLAIN")
                elif word == b"AUTH":
                    say("334 ")
                    line = self.rfile.readline()
                    self.server.said.append(line)
                    say("535 no: " + line.decode(errors="replace").strip())
                elif word == b"QUIT":
                    say("221 bye")
                    return
                else:
                    say("530 log in first")

    def __init__(self, certificate, key):
        super().__init__(("127.0.0.1", 0), self.RequestHandlerClass)
        self.said = []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class SecretTest(unittest.TestCase):
    def check(self, secret, places, what):
        for form in forms(secret):
            for where, content in places.items():
                self.assertFalse(form in content, f"{what} is in {where}")

    def wait(self, question, what, registry):
        end = time.monotonic() + WAIT_SECONDS
        while not question():
            self.assertLess(time.monotonic(), end, f"{what} did not come: {registry.log()}")
            time.sleep(0.02)

    def test_what_people_and_files_hold_in_secret_is_written_nowhere(self):
        password, wrong = seed("password"), seed("wrong")
        bad_token, mail = "hf_" + secrets.token_hex(17), seed("mail")
        registry = Daemon(private=True, tls=True, smtp_user="weighd", sign_up="open")
        registry.make_certificate()
        # The mail server's is a copy: weighd makes its own anew.
        names = [os.path.join(registry.folder, name) for name in ("mail.pem", "mail-key.pem")]
        for name, key in zip(names, ("tls_certificate", "tls_key")):
            shutil.copy(registry.settings[key], name)
        os.chmod(names[0], 0o644)
        server = MailServer(*names)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        registry.settings.update(smtp_url=f"smtps://127.0.0.1:{server.server_address[1]}", smtp_ca_file=names[0])
        path = os.path.join(registry.folder, "mail-password")
        with open(path, "w") as f:
            f.write(mail + "\n")
        os.chmod(path, 0o644)
        registry.settings["smtp_password_file"] = path
        with registry:
            token = registry.person("alice", password=password)
            os.remove(os.path.join(registry.folder, "password"))
            answers = {}

            def ask(name, *words, **more):
                answer = registry.ask(*words, **more)
                answers[f"the answer to {name}"] = answer.body + str(answer.headers).encode()
                return answer
            origin = {"Origin": registry.url}
            login = registry.ask("POST", "/login", form={"name": "alice", "password": password}, headers=origin)
            self.assertEqual(login.status, 303, login)
            cookie = login.headers["Set-Cookie"].split(";")[0].split("=", 1)[1]
            self.assertGreater(len(cookie), 20)
            ask("a wrong password", "POST", "/login", form={"name": "alice", "password": wrong}, headers=origin)
            ask("a page", "GET", "/", headers={"Cookie": login.headers["Set-Cookie"].split(";")[0]})
            ask("whoami", "GET", "/api/whoami-v2", token=token)
            ask("a wrong token", "GET", "/api/whoami-v2", token=bad_token)
            ask("a token in the path", "GET", "/api/models/none", token=token)
            basic = base64.b64encode(f"alice:{token}".encode()).decode()
            ask("basic", "GET", "/api/models/alice/none", headers={"Authorization": f"Basic {basic}"})
            ask("a broken body", "POST", "/api/repos/create", token=token, body=b'{"name": ')
            ask("a wrong password in JSON", "POST", "/api/join", body=dict(
                name="x", email="nobody", password=wrong))
            ask("a join", "POST", "/api/join", body=dict(
                name="dora", email="dora@example.org", password=wrong))
            plain = base64.b64encode(f"\0weighd\0{mail}".encode())
            self.wait(lambda: any(plain in line for line in server.said), "the mail's password", registry)
            self.wait(lambda: registry.sql("SELECT id FROM outbox WHERE problem IS NOT NULL"), "the refusal", registry)
            signed = self.upload(registry, token, answers)
            registry.process.send_signal(signal.SIGHUP)
            self.wait(lambda: '"reload"' in registry.log(), "the reload", registry)
            secret_file = os.path.join(registry.settings["data"], "secret")
            places = dict(written(registry, secret_file), **answers)
            self.assertGreater(len(places), 20)
            with open(registry.settings["tls_key"], "rb") as f:
                tls = b"".join(f.read().splitlines()[1:-1])
            with open(secret_file, "rb") as f:
                sealing = f.read().strip()
            for name, secret in {"the password": password, "the wrong password": wrong, "the token": token,
                                 "the wrong token": bad_token, "the session": cookie, "the mail password": mail,
                                 "the TLS key": tls[:64], "the sealing key": sealing,
                                 "the answer to the mail server": plain}.items():
                self.check(secret, places, name)
            # A signed address is the client's; nothing else may have it.
            places.pop("the answer to a batch")
            self.check(signed, places, "a signed address")

    def upload(self, registry, token, answers):
        """Uses a signed address rightly and wrongly; its secret part."""
        registry.create("alice/tiny", token)
        content = os.urandom(1000)
        oid = hashlib.sha256(content).hexdigest()
        answer = registry.ask("POST", "/alice/tiny.git/info/lfs/objects/batch", token, {
            "operation": "upload", "transfers": ["basic"], "objects": [{"oid": oid, "size": 1000}]},
            {"Content-Type": "application/vnd.git-lfs+json"})
        answers["the answer to a batch"] = answer.body
        path = answer.json()["objects"][0]["actions"]["upload"]["href"].removeprefix(registry.url)
        signed = max(re.split(r"[/?&=]", path.replace(oid, "")), key=len)
        self.assertGreater(len(signed), 30, path)
        for name, body in (("short bytes", content[:10]), ("wrong bytes", bytes(1000)), ("right bytes", content)):
            answer = registry.ask("PUT", path, body=body)
            answers[f"the answer to {name}"] = answer.body + str(answer.headers).encode()
        self.assertEqual(answer.status, 200)
        answer = registry.ask("GET", path + "x")
        answers["the answer to a wrong address"] = answer.body + str(answer.headers).encode()
        return signed

    def test_the_password_of_the_database_is_in_no_error(self):
        password = seed("database")
        with Daemon() as registry:
            # The cluster trusts all; the password is taken and not needed.
            registry.stop()
            registry.settings["database"] += f" password={password}"
            rewrite(registry)
            registry.start()
            registry.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                         f" WHERE datname = '{registry.database}' AND pid <> pg_backend_pid()")
            registry.wait_ready()
            registry.settings["workers"] = 2
            rewrite(registry)
            registry.process.send_signal(signal.SIGHUP)
            self.wait(lambda: '"reload"' in registry.log(), "the reload", registry)
            self.check(password, written(registry), "the password")
            registry.stop()
            good = registry.settings["database"]
            for bad in (f"postgresql://someone:{password}@127.0.0.1:1/none", f"postgresql://someone:{password}@host:port",
                        f"password={password} nonsense", f"postgres://someone:{password}"):
                registry.settings["database"] = bad
                rewrite(registry)
                with self.assertRaisesRegex(AssertionError, "did not start"):
                    registry.start()
                registry.process = None
            registry.settings["database"] = good
            with open(registry.log_path, "rb") as f:
                self.check(password, {"the log": f.read()}, "the password")

    def test_no_process_can_be_dumped_or_read_by_its_own_account(self):
        with Daemon() as registry:
            found = 0
            for pid in processes(registry.process.pid):
                with open(f"/proc/{pid}/comm") as f:
                    if f.read().strip() != "weighd":
                        continue
                found += 1
                with open(f"/proc/{pid}/limits") as f:
                    (core,) = [line.split()[4:6] for line in f if line.startswith("Max core")]
                self.assertEqual(core, ["0", "0"])
                # What cannot be dumped belongs to root, whoever runs it.
                self.assertEqual(os.stat(f"/proc/{pid}/environ").st_uid, 0)
                # Keys are in memory that is locked, and left out of any dump.
                if os.geteuid() != 0:
                    with self.assertRaises(PermissionError):
                        open(f"/proc/{pid}/smaps")
                    continue
                with open(f"/proc/{pid}/smaps") as f:
                    flags = [line.split()[1:] for line in f if line.startswith("VmFlags")]
                if not SANITIZED:
                    self.assertTrue(any({"lo", "dd"} <= set(each) for each in flags))
            self.assertEqual(found, 2)


if __name__ == "__main__":
    unittest.main()
