"""Each limit at its edge: what reaches it passes, one more is refused.

Sockets are used raw, since a client's library would mend what is tested.  The
limits are small, so that nothing waits for long.
"""
import hashlib
import json
import socket
import threading
import time
import unittest

from tests.daemon import Daemon

HEAD_BYTES = 16384
JSON_BYTES = 2048
COMMIT_BYTES = 8192
LINE_BYTES = 4096
SECONDS = 20
MEDIA_LFS = "application/vnd.git-lfs+json"


class Talk:
    """One connection: bytes out, answers in."""

    def __init__(self, registry):
        self.socket = socket.create_connection(("127.0.0.1", registry.port), timeout=SECONDS)
        self.waiting = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, *pieces):
        for piece in pieces:
            self.socket.sendall(piece if isinstance(piece, bytes) else piece.encode())
        return self

    def more(self):
        piece = self.socket.recv(65536)
        self.waiting += piece
        return bool(piece)

    def answer(self):
        """Status, headers and body of the next answer."""
        while b"\r\n\r\n" not in self.waiting:
            if not self.more():
                raise AssertionError(f"no answer, but {self.waiting!r}")
        head, _, self.waiting = self.waiting.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines[1:])}
        length = int(headers.get("content-length", 0))
        while len(self.waiting) < length and self.more():
            pass
        body, self.waiting = self.waiting[:length], self.waiting[length:]
        return int(lines[0].split()[1]), headers, body

    def is_ended(self):
        """True when nothing follows but the end."""
        try:
            while self.more():
                pass
        except ConnectionError:
            pass
        return self.waiting == b""


def head(method="GET", path="/health", *fields, token=None):
    lines = [f"{method} {path} HTTP/1.1", "Host: registry.test", *fields]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    return "\r\n".join(lines) + "\r\n\r\n"


def padded(length, path="/health"):
    """A head of exactly that many bytes."""
    bare = len(head("GET", path, "X-Pad: "))
    return head("GET", path, "X-Pad: " + "a" * (length - bare))


SETTINGS = dict(
    header_bytes=HEAD_BYTES, header_timeout_ms=1000, json_bytes=JSON_BYTES, commit_bytes=COMMIT_BYTES,
    commit_line_bytes=LINE_BYTES, body_window_ms=1000, body_bytes_per_second=100, uploads_per_account=2,
    open_requests_per_account=2, login_tries_per_account=3, login_tries_per_address=50)
shared = None


def setUpModule():
    global shared
    shared = Daemon(**SETTINGS).__enter__()
    unittest.addModuleCleanup(shared.close)


class LimitsCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.registry = shared

    def refused(self, status, *pieces, is_json=False):
        """What is sent gets this status, and the connection ends."""
        with Talk(self.registry) as talk:
            talk.send(*pieces)
            got, headers, body = talk.answer()
            self.assertEqual(got, status, body)
            self.assertEqual(headers["connection"], "close")
            self.assertTrue(talk.is_ended())
            if is_json:
                self.assertEqual(headers["content-type"].split(";")[0], "application/json")
                self.assertIn("error", json.loads(body))
            return headers

    def passes(self, *pieces, status=200):
        with Talk(self.registry) as talk:
            got, headers, body = talk.send(*pieces).answer()
            self.assertEqual(got, status, body)
            return headers


class HeadTest(LimitsCase):
    def test_a_head_at_its_limit_passes_and_one_byte_more_is_431(self):
        self.passes(padded(HEAD_BYTES))
        self.refused(431, padded(HEAD_BYTES + 1))

    def test_two_mebibytes_of_headers_are_431(self):
        with Talk(self.registry) as talk:
            talk.send(head()[:-2])
            try:
                for _ in range(256):
                    talk.send("X-Pad: " + "a" * 8192 + "\r\n")
            except ConnectionError:
                return  # ended under what was still being sent
            self.assertEqual(talk.answer()[0], 431)

    def test_a_path_at_its_limit_passes_and_one_byte_more_is_414(self):
        path = "/health?" + "a" * (8192 - len("/health?"))
        self.passes(head("GET", path))
        self.refused(414, head("GET", path + "a"))

    def test_so_many_headers_pass_and_one_more_is_431(self):
        fields = [f"X-{i}: a" for i in range(127)]  # and the host
        self.passes(head("GET", "/health", *fields))
        self.refused(431, head("GET", "/health", *fields, "X-More: a"))

    def test_headers_that_do_not_end_in_time_are_408(self):
        self.refused(408, "GET /health HTTP/1.1\r\nHost:")

    def test_what_is_refused_before_routing_is_json_under_api(self):
        self.refused(431, padded(HEAD_BYTES + 1, "/api/models"), is_json=True)
        self.refused(400, "GET /api/models HTTP/1.1\r\n\r\n", is_json=True)
        self.refused(414, head("GET", "/api/models?" + "a" * 8192), is_json=True)
        self.refused(408, "GET /api/models HTTP/1.1\r\nHost:", is_json=True)

    def test_an_unknown_route_of_the_api_is_404_and_no_repository(self):
        for path in ("/api/nosuch", "/api/nosuch.git/info/refs", "/api/nosuch/resolve/main/x"):
            headers = self.passes(head("GET", path), status=404)
            self.assertEqual(headers["x-error-code"], "NotFound", path)


class SmugglingTest(LimitsCase):
    """Hostile input 32: what two servers could read in two ways."""

    def post(self, *fields, body=""):
        return head("POST", "/api/repos/create", *fields) + body

    def test_a_length_beside_chunks_is_refused(self):
        for fields in (("Content-Length: 5", "Transfer-Encoding: chunked"),
                       ("Transfer-Encoding: chunked", "Content-Length: 5")):
            self.refused(400, self.post(*fields, body="0\r\n\r\nGET /health HTTP/1.1\r\n\r\n"), is_json=True)

    def test_a_length_that_comes_twice_is_refused(self):
        for fields in (("Content-Length: 5", "Content-Length: 5"), ("Content-Length: 5", "Content-Length: 6"),
                       ("Content-Length: 5, 5",), ("Content-Length: 5", "content-length: 5")):
            self.refused(400, self.post(*fields, body="hello"))

    def test_a_length_that_is_no_number_is_refused(self):
        for length in ("+5", "-1", "0x5", "5 5", "", "18446744073709551616", "9" * 40):
            self.refused(400, self.post(f"Content-Length: {length}", body="hello"))

    def test_a_coding_spelled_in_another_way_is_refused(self):
        for coding, status in (("xchunked", (400, 501)), ("chunked, chunked", (400, 501)), ("identity", (400, 501)),
                               ("\vchunked", (400,)), ("gzip, chunked", (400, 501))):
            with Talk(self.registry) as talk:
                talk.send(self.post(f"Transfer-Encoding: {coding}", body="0\r\n\r\nGET /health HTTP/1.1\r\n\r\n"))
                self.assertIn(talk.answer()[0], status, coding)
                self.assertTrue(talk.is_ended(), coding)
        self.refused(400, self.post("Transfer-Encoding: chunked", "Transfer-Encoding: identity", body="0\r\n\r\n"))
        self.refused(400, self.post("Transfer-Encoding : chunked", body="0\r\n\r\n"))

    def test_a_bare_newline_or_return_is_refused_at_once(self):
        self.refused(400, "GET /health HTTP/1.1\nHost: registry.test\n\n")
        self.refused(400, "GET /health HTTP/1.1\r\nHost: registry.test\nX-A: b\r\n\r\n")
        self.refused(400, "GET /health HTTP/1.1\r\nHost: registry.test\rX-A: b\r\n\r\n")
        self.refused(400, "GET /health HTTP/1.1\r\nHost: registry.test\r\nX-A: b\x00c\r\n\r\n")

    def test_a_folded_header_and_one_without_a_name_are_refused(self):
        self.refused(400, head("GET", "/health", "X-A: b\r\n c"))
        self.refused(400, head("GET", "/health", ": b"))

    def test_two_hosts_are_refused(self):
        self.refused(400, head("GET", "/health", "Host: other.test"))

    def test_a_line_break_in_a_path_comes_out_in_no_header(self):
        for path in ("/acme/tiny%0d%0aX-Split:%20a", "/login?next=/%0d%0aX-Split:%20a", "/%0d%0aX-Split:%20a",
                     "/acme/tiny/resolve/main/a%0d%0aX-Split:%20a"):
            with Talk(self.registry) as talk:
                _, headers, _ = talk.send(head("GET", path, "Accept: text/html")).answer()
                self.assertNotIn("x-split", headers, path)

    def test_chunk_extensions_are_refused_on_the_first(self):
        token = self.registry.person("chunky")
        fields = ("Content-Type: application/json", "Transfer-Encoding: chunked")
        start = head("POST", "/api/repos/create", *fields, token=token)
        self.refused(400, start, "2;a=b\r\n{}\r\n0\r\n\r\n", is_json=True)
        self.refused(400, start, "2;" + "a" * 60000 + "\r\n{}\r\n0\r\n\r\n")
        self.refused(400, start, "2\n{}\n0\n\n")
        self.refused(400, start, "fffffffffffffffff\r\n{}\r\n0\r\n\r\n")

    def test_a_second_request_behind_a_refused_one_is_never_answered(self):
        with Talk(self.registry) as talk:
            talk.send(self.post("Content-Length: 5", "Transfer-Encoding: chunked", body="0\r\n\r\n"), head())
            self.assertEqual(talk.answer()[0], 400)
            self.assertTrue(talk.is_ended())


class BodyTest(LimitsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.token = cls.registry.person("alice")
        cls.registry.create("alice/tiny", cls.token)

    def post(self, path, body, *fields):
        return head("POST", path, "Content-Type: application/json", *fields, token=self.token) + body

    def test_json_at_its_limit_passes_and_one_byte_more_is_413(self):
        def body(length):
            text = json.dumps(dict(name="tiny", organization="alice", type="model"))
            return text + " " * (length - len(text))
        at, over = body(JSON_BYTES), body(JSON_BYTES + 1)
        self.passes(self.post("/api/repos/create", at, f"Content-Length: {len(at)}"), status=409)
        self.refused(413, self.post("/api/repos/create", over, f"Content-Length: {len(over)}"), is_json=True)
        chunked = "Transfer-Encoding: chunked"
        self.passes(self.post("/api/repos/create", f"{len(at):x}\r\n{at}\r\n0\r\n\r\n", chunked), status=409)
        self.refused(413, self.post("/api/repos/create", f"{len(over):x}\r\n{over}\r\n0\r\n\r\n", chunked))

    def commit(self, line_bytes, total_bytes, status):
        header = json.dumps(dict(key="header", value=dict(summary="a", description="")))
        line = json.dumps(dict(key="file", value=dict(path="a.txt", content="YQ==", encoding="base64")))
        text = header + "\n" + line + " " * (line_bytes - len(line)) + "\n"
        text += "\n" * (total_bytes - len(text))
        answer = self.registry.ask("POST", "/api/models/alice/tiny/commit/main", self.token, text.encode(),
                                   {"Content-Type": "application/x-ndjson"})
        self.assertEqual(answer.status, status, answer)

    def test_a_commit_is_measured_a_line_and_in_all(self):
        self.commit(LINE_BYTES, COMMIT_BYTES, 200)
        self.commit(LINE_BYTES + 1, COMMIT_BYTES, 413)
        self.commit(LINE_BYTES, COMMIT_BYTES + 1, 413)

    def test_a_body_that_comes_too_slowly_is_408(self):
        self.refused(408, self.post("/api/repos/create", "{", "Content-Length: 100"), is_json=True)

    def test_a_batch_of_too_many_objects_is_413(self):
        for count in (1001, 10**9):
            body = f'{{"operation":"upload","objects":[{",".join(["1"] * min(count, 1001))}]}}'
            token = self.token
            with Talk(self.registry) as talk:
                talk.send(head("POST", "/alice/tiny.git/info/lfs/objects/batch", f"Content-Type: {MEDIA_LFS}",
                               f"Content-Length: {len(body) if count < 10**9 else count}", token=token), body)
                self.assertEqual(talk.answer()[0], 413)

    def test_a_digest_that_is_none_names_no_object(self):
        """Hostile input 29."""
        digest = hashlib.sha256(b"a").hexdigest()
        for oid in ("../" + digest[3:], digest[:63], digest + "0", digest.upper(), "sha512:" + digest,
                    "sha256:" + digest, "", digest[:-1] + "g"):
            answer = self.registry.ask(
                "POST", "/alice/tiny.git/info/lfs/objects/batch", self.token,
                {"operation": "upload", "objects": [{"oid": oid, "size": 1}]}, {"Content-Type": MEDIA_LFS})
            self.assertEqual(answer.json()["objects"][0]["error"]["code"], 422, oid)

    def test_a_path_that_some_disk_reads_otherwise_is_refused(self):
        """Hostile input 30."""
        for path in ("../a", "a/../b", "a\\b", "a\0b", "a.", "a ", "/a", "a//b", ".git/config", "x/.GIT/config",
                     "a" * 2048, "a\x01b", "./a"):
            answer = self.registry.commit("alice/tiny", self.token, {path: b"x"})
            self.assertIn(answer.status, (400, 422), path)
        raw = (b'{"key":"header","value":{"summary":"a","description":""}}\n'
               b'{"key":"file","value":{"path":"\xff\xfe","content":"YQ==","encoding":"base64"}}\n')
        answer = self.registry.ask("POST", "/api/models/alice/tiny/commit/main", self.token, raw,
                                   {"Content-Type": "application/x-ndjson"})
        self.assertEqual(answer.status, 400)

    def test_ranges_that_overlap_make_no_more_bytes_than_there_are(self):
        self.registry.commit("alice/tiny", self.token, {"range.txt": b"0123456789"})
        for ranges in (",".join(["0-"] * 5), ",".join(["0-9"] * 1000), ",".join(["0-0"] * 33)):
            answer = self.registry.ask("GET", "/alice/tiny/resolve/main/range.txt", self.token,
                                       headers={"Range": f"bytes={ranges}"})
            self.assertEqual((answer.status, answer.body), (200, b"0123456789"))


class ConnectionsTest(unittest.TestCase):
    def connect(self, registry):
        """A connection that is served, once the one that asked whether the daemon is there is gone."""
        end = time.monotonic() + 10
        while (talk := Talk(registry).send(head())).answer()[0] != 200:
            talk.socket.close()
            self.assertLess(time.monotonic(), end)
        return talk

    def check(self, status, **settings):
        with Daemon(**settings) as registry:
            held = [self.connect(registry) for _ in range(3)]
            try:
                with Talk(registry) as talk:
                    got, headers, _ = talk.send(head()).answer()
                    self.assertEqual(got, status)
                    self.assertGreater(int(headers["retry-after"]), 0)
                    self.assertTrue(talk.is_ended())
                for talk in held:  # those that are there are served on
                    self.assertEqual(talk.send(head()).answer()[0], 200)
            finally:
                for talk in held:
                    talk.socket.close()

    def test_one_connection_more_than_an_address_has_is_429(self):
        self.check(429, connections_per_address=3)

    def test_one_connection_more_than_there_are_is_503(self):
        self.check(503, connections=3)


class AccountTest(LimitsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.owner = cls.registry.person("owner")
        cls.registry.create("owner/tiny", cls.owner)

    def begin_upload(self, content):
        """An upload that waits for its last byte; its first answer's bytes."""
        oid = hashlib.sha256(content).hexdigest()
        answer = self.registry.ask("POST", "/owner/tiny.git/info/lfs/objects/batch", self.owner,
                                   {"operation": "upload", "objects": [{"oid": oid, "size": len(content)}]},
                                   {"Content-Type": MEDIA_LFS})
        path = answer.json()["objects"][0]["actions"]["upload"]["href"].removeprefix(self.registry.url)
        talk = Talk(self.registry)
        self.addCleanup(talk.socket.close)
        return talk.send(head("PUT", path, f"Content-Length: {len(content)}", "Expect: 100-continue"))

    def test_one_upload_more_than_an_account_may_have_is_429(self):
        contents = [b"weights %d" % i for i in range(4)]
        held = [self.begin_upload(content) for content in contents[:2]]
        for talk in held:
            self.assertEqual(talk.answer()[0], 100)
        over = self.begin_upload(contents[2])
        status, headers, _ = over.answer()
        self.assertEqual(status, 429)
        self.assertGreater(int(headers["retry-after"]), 0)
        self.assertTrue(over.is_ended())
        self.assertEqual(held[0].send(contents[0]).answer()[0], 200)
        held.append(self.begin_upload(contents[3]))  # the place is free
        self.assertEqual(held[2].answer()[0], 100)
        self.assertEqual(held[2].send(contents[3]).answer()[0], 200)
        self.assertEqual(held[1].send(contents[1]).answer()[0], 200)

    def test_one_open_request_more_than_an_account_may_have_is_429(self):
        asker = self.registry.person("asker")
        names = [f"owner/gated{i}" for i in range(3)]
        for name in names:
            self.registry.create(name, self.owner)
            self.registry.ask("PUT", f"/api/models/{name}/settings", self.owner, dict(gated="manual"))

        def ask(name):
            return self.registry.ask("POST", f"/{name}/ask-access", asker, {})
        for name in names[:2]:
            self.assertLess(ask(name).status, 400)
        over = ask(names[2])
        self.assertEqual(over.status, 429, over)
        self.assertGreater(int(over.headers["Retry-After"]), 0)
        self.assertLess(ask(names[0]).status, 400)  # one that waits is asked for again
        self.registry.ask("POST", f"/api/models/{names[0]}/user-access-request/cancel", asker, {})
        self.registry.sql("UPDATE request SET withdrawn_at = now() WHERE repository_name = 'owner/gated0'")
        self.assertLess(ask(names[2]).status, 400)

    def log_in(self, name, password="wrong"):
        return self.registry.ask("POST", "/api/tokens", body=dict(name=name, password=password, label="a"))

    def test_a_login_more_than_an_account_may_have_is_429(self):
        self.registry.person("guessed")
        self.assertEqual([self.log_in("guessed").status for _ in range(3)], [401] * 3)
        over = self.log_in("guessed", "correct horse battery")
        self.assertEqual(over.status, 429, over)
        self.assertGreater(int(over.headers["Retry-After"]), 0)

    def test_logins_at_once_pass_the_limit_no_further(self):
        statuses = []
        threads = [threading.Thread(target=lambda: statuses.append(self.log_in("raced").status)) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(statuses), [401] * 3 + [429] * 13)


if __name__ == "__main__":
    unittest.main()
