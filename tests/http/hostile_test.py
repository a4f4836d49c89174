"""Hostile input against a real registry over a socket, each under its number
in the list of what a registry must survive (tests/unit/hostile_gguf_test.c has
1 to 21).  What two servers could read in two ways (32) is in limits_test.
"""
import base64
import gzip
import hashlib
import io
import json
import os
import re
import socket
import struct
import subprocess
import threading
import unittest
import zipfile
import zlib

from tests.daemon import ROOT, Daemon

MEDIA_LFS = "application/vnd.git-lfs+json"
JSON = "application/json"
NDJSON = "application/x-ndjson"
MIB = 1 << 20
BOMB_BYTES = 192 * MIB  # what is sent comes to so much when it is unpacked
MEMORY_MOST = 64 * MIB  # that a bomb may add, sanitizers and all
DEEP = 10000
COMPOSED, DECOMPOSED = "caf\u00e9.txt", "cafe\u0301.txt"
shared = None


def setUpModule():
    global shared
    # What was freed is not held for long, so that memory can be measured.
    os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=8"
    shared = Daemon(login_tries_per_account=1000, login_tries_per_address=1000).__enter__()
    unittest.addModuleCleanup(shared.close)


class HostileCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.registry = shared
        cls.owner = shared.person(cls.__name__.lower())

    def model(self, files=None):
        """A new model of the owner's with these files; its name."""
        name = f"{type(self).__name__.lower()}/{self.id().rsplit('.', 1)[1][5:]}".replace("_", "-")[:90].strip("-")
        self.assertEqual(self.registry.create(name, self.owner).status, 200)
        if files:
            self.commits(name, files)
        return name

    def post(self, path, body, kind=JSON, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.registry.ask("POST", path, self.owner, body, {"Content-Type": kind, **headers})

    def batch(self, name, oid, size, operation="upload", token=None):
        return self.registry.ask(
            "POST", f"/{name}.git/info/lfs/objects/batch", token or self.owner,
            {"operation": operation, "transfers": ["basic"], "objects": [{"oid": oid, "size": size}]},
            {"Content-Type": MEDIA_LFS})

    def commits(self, name, files, status=200):
        answer = self.registry.commit(name, self.owner, files)
        self.assertEqual(answer.status, status, answer)
        return answer

    def paths(self, name):
        answer = self.registry.ask("GET", f"/api/models/{name}/tree/main?recursive=true", self.owner)
        return {entry["path"] for entry in answer.json()}

    def insert_tree(self, name, entries, content=b"1"):
        """A main that no request can make: rows as git would have them."""
        rows = []

        def add(kind, word, data):
            oid = hashlib.sha1(b"%s %d\0" % (word, len(data)) + data).hexdigest()
            rows.append(f"('{oid}', {kind}, '{data.hex()}')")
            return oid
        blob = add(3, b"blob", content)
        tree = add(2, b"tree", b"".join(
            mode + b" " + path + b"\0" + bytes.fromhex(blob) for mode, path in entries))
        person = "a <a@b.c> 0 +0000"
        commit = add(1, b"commit", f"tree {tree}\nauthor {person}\ncommitter {person}\n\nx\n".encode())
        found = f"(SELECT id FROM repository WHERE name = '{name.split('/')[1]}')"
        self.registry.sql(
            f"INSERT INTO git_object (repository, oid, kind, size, data) SELECT {found}, decode(oid, 'hex'), kind,"
            f" octet_length(decode(data, 'hex')), decode(data, 'hex')"
            f" FROM (VALUES {', '.join(rows)}) n(oid, kind, data)"
            f" ON CONFLICT DO NOTHING;"
            f" UPDATE git_ref SET target = decode('{commit}', 'hex')"
            f" WHERE name = 'refs/heads/main' AND repository = {found}")

    def children(self):
        """The daemon's processes."""
        pids = [self.registry.process.pid]
        for pid in pids:
            with open(f"/proc/{pid}/task/{pid}/children") as f:
                pids += map(int, f.read().split())
        return pids

    def most_memory(self):
        """The most that each process ever held, together, in bytes."""
        total = 0
        for pid in self.children():
            with open(f"/proc/{pid}/status") as f:
                total += sum(int(line.split()[1]) * 1024 for line in f if line.startswith("VmHWM"))
        return total

    def bounded(self, ask, status):
        """What is asked gets this status and costs little memory."""
        before = self.most_memory()
        answer = ask()
        self.assertIn(answer.status, status if isinstance(status, tuple) else (status,), answer)
        self.assertLess(self.most_memory() - before, MEMORY_MOST)
        return answer


class TwinTest(HostileCase):
    """30: names that a disk without regard to case or composition takes for one."""

    def refused(self, name, files, *named):
        message = self.commits(name, files, 422).headers["X-Error-Message"]
        for path in named:
            self.assertIn(path, message.encode("latin-1").decode(), message)

    def test_hostile_30_two_names_of_one_commit_that_fold_alike_are_refused(self):
        name = self.model()
        before = self.paths(name)
        for pair in (("weights.bin", "Weights.bin"), (COMPOSED, DECOMPOSED), ("stra\u00dfe", "STRASSE"),
                     ("a/b/c.txt", "a/B/c.txt"), ("dir/x", "Dir"), ("k", "\u212a")):
            self.refused(name, {path: b"1" for path in pair})
        self.refused(name, {"weights.bin": b"1", "Weights.bin": b"2"}, "weights.bin", "Weights.bin")
        self.refused(name, {"sub/" + COMPOSED: b"1", "sub/" + DECOMPOSED: b"2"})
        self.assertEqual(self.paths(name), before)

    def test_hostile_30_a_new_name_that_folds_like_one_that_is_there_is_refused(self):
        name = self.model({"config.json": b"{}", "sub/" + COMPOSED: b"1"})
        self.refused(name, {"Config.json": b"{}"}, "Config.json", "config.json")
        self.refused(name, {"sub/" + DECOMPOSED: b"2"})
        self.refused(name, {"Sub/new.txt": b"2"}, "Sub", "sub")
        large = self.registry.upload(name, self.owner, b"weights " * 1000)
        self.refused(name, {"CONFIG.JSON": large})
        self.commits(name, {"Config.json": b"{}", "config.json": None})  # another name for it is no twin
        self.assertIn("Config.json", self.paths(name))

    def test_hostile_30_twins_that_were_there_before_hold_up_nobody(self):
        name = self.model()
        self.insert_tree(name, [(b"100644", b"A.txt"), (b"100644", b"a.txt")])
        self.commits(name, {"a.txt": b"changed", "other.txt": b"new"})
        self.assertEqual(self.paths(name), {"A.txt", "a.txt", "other.txt"})
        self.refused(name, {"a.TXT": b"third"}, "a.TXT")
        self.commits(name, {"A.txt": None})

    def test_hostile_30_letters_that_look_alike_are_two_names_and_both_are_shown(self):
        name = self.model({"model.txt": b"latin", "m\u043edel.txt": b"cyrillic"})
        self.assertLessEqual({"model.txt", "m\u043edel.txt"}, self.paths(name))
        answer = self.registry.ask("GET", f"/{name}/resolve/main/m%D0%BEdel.txt", self.owner)
        self.assertEqual(answer.body, b"cyrillic")


class PathTest(HostileCase):
    """29 and 30 in addresses, and names of repositories."""

    def test_hostile_30_no_spelling_of_a_path_leads_out_of_the_registry(self):
        name = self.model({"a.txt": b"a"})
        connection = self.registry.connect()
        for before in (f"/{name}/resolve/main/", f"/{name}/raw/main/", f"/api/models/{name}/tree/main/",
                       f"/api/models/{name}/revision/", f"/{name}/resolve/", "/api/licences/", f"/{name}.git/", "/"):
            for path in ("../../../../etc/passwd", "..%2f..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd",
                         "..%5c..%5cetc%5cpasswd", "%c0%ae%c0%ae%c0%afetc%c0%afpasswd", "%252e%252e%252fetc%252fpasswd",
                         "%e0%80%ae%e0%80%ae/etc/passwd", "a.txt%00.md", "%00", "%ff%fe", "//etc/passwd",
                         "a.txt/../../..",
                         ".git/config", "%2egit/HEAD", "C:%5cWindows%5cwin.ini", "a.txt::$DATA", "a.txt%0d%0aX-A: b"):
                path = (before + path).replace(" ", "%20")
                connection.request("GET", path, headers={"Authorization": f"Bearer {self.owner}"})
                answer = connection.getresponse()
                body = answer.read()
                self.assertIn(answer.status, (400, 403, 404, 405, 422), path)
                self.assertNotIn(b"root:", body)
                self.assertIsNone(answer.headers["X-A"])
        connection.close()

    def test_hostile_30_a_repository_has_no_name_that_could_be_taken_for_anothers(self):
        name = self.model()
        owner, short = name.split("/")
        for bad in (short + "\0", short + "\u200b", "\u0430bc", "abc\u202e", short + ".git", "..", "a\\b", "a b",
                    "a" * 97, "caf\u00e9", "", ".", "a..b", "a:b", short + ".", "-a"):
            self.assertEqual(self.registry.create(f"{owner}/{bad}", self.owner).status, 400, bad)
        raw = b'{"name":"a\xc0\xafb","type":"model"}'
        self.assertEqual(self.registry.ask("POST", "/api/repos/create", self.owner, raw,
                                           {"Content-Type": "application/json"}).status, 400)
        for twin in (short.upper(), short.title()):
            self.assertEqual(self.registry.create(f"{owner}/{twin}", self.owner).status, 409, twin)

    def test_hostile_30_a_files_name_is_quoted_in_every_header(self):
        names = {'a"; filename="evil.sh': b"1", "a;b=c,d": b"2", "%0d%0aX-A b": b"3", "caf\u00e9\u202egpj.txt": b"4"}
        name = self.model(names)
        for path, content in names.items():
            answer = self.registry.ask("GET", f"/{name}/resolve/main/" + "".join(
                f"%{byte:02x}" for byte in path.encode()), self.owner)
            self.assertEqual((answer.status, answer.body), (200, content), path)
            self.assertIsNone(answer.headers["X-A"])
            value = answer.headers["Content-Disposition"]
            self.assertNotIn('filename="evil.sh', value)
            self.assertTrue(value.isascii() and value.isprintable(), value)


class ByteTest(HostileCase):
    """Bytes that are no text, NUL, overlong forms and what moves the eye, wherever text is taken."""

    def first_line(self, head, body=b""):
        with socket.create_connection(("127.0.0.1", self.registry.port), timeout=30) as s:
            s.sendall(b"\r\n".join((*head, b"Connection: close", b"Content-Length: %d" % len(body), b"", body)))
            with s.makefile("rb") as answer:
                return answer.readline()

    def not_ours(self, head, body=b""):
        """Whatever the answer is, the server is not at fault."""
        line = self.first_line(head, body)
        self.assertRegex(line, rb"^HTTP/1.1 [2-4]\d\d ", head)

    def test_hostile_30_no_bytes_in_an_address_or_a_form_are_a_fault_of_the_server(self):
        name = self.model({"x.txt": b"1"}).encode()
        host, token = b"Host: a", b"Authorization: Bearer " + self.owner.encode()
        form = (host, token, b"Origin: " + self.registry.url.encode(),
                b"Content-Type: application/x-www-form-urlencoded")
        fields = (b"name", b"password", b"email", b"fullname", b"next", b"token", b"csrf", b"agree", b"link")
        for bad in (b"%ff", b"a%c0%afb", b"%00", b"%ed%a0%80", b"%e2%80%ae%f3%a0%80%81", b"'%22;--%25n"):
            for path in (b"/login", b"/join", b"/password", b"/verify", b"/" + name + b"/ask-access"):
                self.not_ours((b"POST " + path + b" HTTP/1.1", *form), b"&".join(f + b"=" + bad for f in fields))
            for path in (b"/api/models?search=", b"/api/models?author=", b"/api/models?cursor=", b"/login?next=",
                         b"/verify?link=", b"/api/reviews?model=", b"/api/users/", b"/api/organizations/", b"/",
                         b"/" + name + b"/resolve/", b"/" + name + b"/resolve/main/", b"/api/requests/",
                         b"/api/models/" + name + b"/revision/", b"/" + name + b".git/info/refs?service="):
                self.not_ours((b"GET " + path + bad + b" HTTP/1.1", host, token))

    def test_hostile_30_no_bytes_in_a_header_are_a_fault_of_the_server(self):
        name = self.model({"x.txt": b"1"}).encode()
        for bad in (b"\xff\xfe", b"\xc0\xaf", b"\xed\xa0\x80", b"'\";--%s%n", b"a" * 4000):
            for field in (b"Authorization: Bearer " + bad, b"Authorization: Basic " + base64.b64encode(bad + b":" + bad),
                          b"Authorization: Basic " + bad, b"Cookie: session=" + bad, b"User-Agent: " + bad,
                          b"If-None-Match: " + bad, b"Range: " + bad, b"Origin: " + bad, b"X-Forwarded-For: " + bad):
                self.not_ours((b"GET /" + name + b"/resolve/main/x.txt HTTP/1.1", b"Host: a", field))
            self.not_ours((b"GET / HTTP/1.1", b"Host: " + bad))


class LinkTest(HostileCase):
    """31: what is no plain file."""

    def modes(self, name):
        folder = os.path.join(self.registry.folder, name.replace("/", "-"))
        url = f"http://x:{self.owner}@127.0.0.1:{self.registry.port}/{name}"
        subprocess.run(["git", "clone", "-q", "--bare", url, folder], check=True, capture_output=True)
        answer = subprocess.run(["git", "-C", folder, "ls-tree", "-r", "main"], check=True, capture_output=True,
                                text=True)
        return {line.split("\t")[1]: line.split()[0] for line in answer.stdout.splitlines()}

    def test_hostile_31_no_line_of_a_commit_makes_a_link(self):
        name = self.model()
        lines = [{"key": "header", "value": {"summary": "a", "description": ""}}]
        for i, more in enumerate(({"mode": "120000"}, {"type": "symlink"}, {"executable": True}, {"mode": "160000"})):
            value = dict(path=f"f{i}", content="../../etc/passwd", encoding="utf-8", **more)
            lines.append({"key": "file", "value": value})
        body = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        answer = self.post(f"/api/models/{name}/commit/main", body, NDJSON)
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(set(self.modes(name).values()), {"100644"})
        for key in ("symlink", "link", "submodule"):
            lines[1] = {"key": key, "value": {"path": "l", "target": "/etc/passwd"}}
            body = b"".join(json.dumps(line).encode() + b"\n" for line in lines[:2])
            answer = self.post(f"/api/models/{name}/commit/main", body, NDJSON)
            self.assertEqual(answer.status, 400, key)

    def test_hostile_31_a_link_in_a_tree_is_a_text_and_never_followed(self):
        name = self.model()
        for mode in (b"120000", b"160000", b"100755", b"100600"):
            self.insert_tree(name, [(mode, b"thing")], b"/etc/passwd")
            answer = self.registry.ask("GET", f"/{name}/resolve/main/thing", self.owner)
            self.assertIn((answer.status, answer.body), ((200, b"/etc/passwd"), (404, answer.body)), mode)
            self.assertNotIn(b"root:", answer.body)
            self.assertEqual(self.registry.ask("GET", f"/{name}/resolve/main/thing/x", self.owner).status, 404, mode)
            self.assertLess(self.registry.ask("GET", f"/api/models/{name}/tree/main", self.owner).status, 500, mode)
            self.assertLess(self.registry.ask("GET", f"/api/models/{name}", self.owner).status, 500, mode)


class BombTest(HostileCase):
    """33 and 36: little that becomes much."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        packer = zlib.compressobj(9, wbits=31)
        cls.bomb = b"".join(packer.compress(bytes(MIB)) for _ in range(BOMB_BYTES // MIB)) + packer.flush()

    def test_hostile_33_a_packed_body_grows_to_its_limit_and_no_further(self):
        name = self.model({"a.txt": b"a"})
        path = f"/{name}.git/git-upload-pack"
        kind = "application/x-git-upload-pack-request"

        def send(body, encoding):
            return lambda: self.post(path, body, kind, Content_Encoding=encoding)
        self.bounded(send(self.bomb, "gzip"), 413)
        self.bounded(send(gzip.compress(self.bomb), "gzip"), 400)
        for encoding in ("br", "zstd", "deflate", "gzip, gzip", "GZIP;q=1"):
            self.bounded(send(self.bomb, encoding), (400, 413))
        self.bounded(send(self.bomb[:1000], "gzip"), (400, 413))

    def test_hostile_33_no_other_route_unpacks_what_it_is_sent(self):
        name = self.model()
        small = gzip.compress(b'{"name":"packed","type":"model"}')
        for path, kind in (("/api/repos/create", JSON), (f"/api/models/{name}/commit/main", NDJSON),
                           (f"/{name}.git/info/lfs/objects/batch", MEDIA_LFS)):
            for body in (small, self.bomb):
                self.bounded(lambda: self.post(path, body, kind, Content_Encoding="gzip"), (400, 413, 415))

    def test_hostile_33_an_archive_is_looked_at_and_not_unpacked(self):
        name = self.model()
        text = io.BytesIO()
        with zipfile.ZipFile(text, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for i in range(4):
                with archive.open(f"model/{i}.npy", "w", force_zip64=True) as entry:
                    for _ in range(BOMB_BYTES // MIB // 4):
                        entry.write(bytes(MIB))
        for path, content in (("a.zip", text.getvalue()), ("b.gz", self.bomb), ("c.npz", text.getvalue())):
            thing = self.registry.upload(name, self.owner, content)
            self.bounded(lambda: self.registry.commit(name, self.owner, {path: thing}), (200, 422))

    @staticmethod
    def pack(count, *objects):
        body = struct.pack(">4sII", b"PACK", 2, count) + b"".join(objects)
        return body + hashlib.sha1(body).digest()

    @staticmethod
    def packed_object(kind, size, data, reference=b""):
        head, size = bytearray([kind << 4 | size & 15]), size >> 4
        while size:
            head[-1] |= 128
            head.append(size & 127)
            size >>= 7
        return bytes(head) + reference + zlib.compress(data)

    def packs(self):
        """As somebody would send them who pushes: {what: bytes}."""
        zeros = zlib.compressobj(9)
        zeros = b"".join(zeros.compress(bytes(MIB)) for _ in range(64)) + zeros.flush()
        name = hashlib.sha1(b"none").digest()
        return {
            "a bomb": self.pack(1, bytes([0xb0, 0x80, 0x80, 0x80, 0x80, 0x10]) + zeros),
            "more objects than bytes": self.pack(0xffffffff),
            "a delta of itself": self.pack(1, self.packed_object(7, 8, b"\1\1\x90\1", name)),
            "a delta of nothing": self.pack(1, self.packed_object(6, 8, b"\1\1\x90\1", b"\x7f")),
            "a chain of deltas": self.pack(20000, self.packed_object(3, 1, b"a"), *(
                self.packed_object(6, 4, b"\1\1\x90\1", b"\x0f") for _ in range(19999))),
            "a size of 2^63": self.pack(1, b"\xb0" + b"\x80" * 8 + b"\x7f" + zlib.compress(b"a")),
        }

    def test_hostile_36_no_pack_is_taken_so_that_none_can_do_harm(self):
        name = self.model({"a.txt": b"a"})
        counts = "SELECT count(*), sum(size) FROM git_object"
        before = self.registry.sql(counts)
        line = f"{'0' * 40} {'1' * 40} refs/heads/main\0report-status".encode()
        command = b"%04x" % (len(line) + 4) + line + b"0000"
        for what, pack in self.packs().items():
            for body in (command + pack, pack):
                with self.subTest(what=what):
                    for service, status in (("git-receive-pack", 403), ("git-upload-pack", 400)):
                        self.bounded(lambda: self.post(
                            f"/{name}.git/{service}", body, f"application/x-{service}-request"), status)
        answer = self.registry.ask("GET", f"/{name}.git/info/refs?service=git-receive-pack", self.owner)
        self.assertEqual(answer.status, 403)
        self.assertEqual(self.registry.sql(counts), before)

    def test_hostile_36_an_object_of_over_two_gibibytes_is_refused_by_its_announcement(self):
        name = self.model()
        for path, kind in ((f"/api/models/{name}/commit/main", NDJSON),
                           (f"/{name}.git/git-receive-pack", "application/x-git-receive-pack-request")):
            connection = self.registry.connect()
            connection.putrequest("POST", path)
            for field, value in (("Authorization", f"Bearer {self.owner}"), ("Content-Type", kind),
                                 ("Content-Length", str(3 << 30))):
                connection.putheader(field, value)
            connection.endheaders()
            self.assertEqual(connection.getresponse().status, 413, path)
            connection.close()
        for size in ((1 << 63) - 1, 1 << 63, 1 << 70, -1, 1e30, 1.5, "1", None, True):
            answer = self.batch(name, "a" * 64, size)
            self.assertLess(answer.status, 500, size)
            if answer.status != 400:
                self.assertIn(answer.json()["objects"][0]["error"]["code"], (413, 422), size)


    def test_hostile_37_a_link_for_an_enormous_object_lives_no_longer_than_a_week(self):
        name = self.model()
        for size, most in ((1, 3600), (16 << 40, 7 * 24 * 3600)):
            actions = self.batch(name, "b" * 64, size).json()["objects"][0]["actions"]
            self.assertLessEqual(actions["upload"]["expires_in"], most)


class CountTest(HostileCase):
    """1 to 28 over the wire, and counts that are larger than what follows."""

    def refused(self, name, path, content):
        thing = self.registry.upload(name, self.owner, content)
        answer = self.registry.commit(name, self.owner, {path: thing})
        self.assertEqual(answer.status, 422, f"{path} {content[:64]!r} {answer}")

    def test_hostile_01_to_21_a_bad_gguf_is_in_no_commit(self):
        name, folder = self.model(), os.path.join(ROOT, "tests", "vectors", "gguf-bad")
        for file in sorted(os.listdir(folder)):
            with open(os.path.join(folder, file), "rb") as f:
                content = f.read()
            if file.startswith("bad-"):
                self.refused(name, "model.gguf", content)
        for head in ((3, 1 << 63, 0), (3, 0, 1 << 32), (3, (1 << 64) - 1, (1 << 64) - 1)):
            self.refused(name, "model.gguf", b"GGUF" + struct.pack("<IQQ", *head) + bytes(64))
        self.assertNotIn("model.gguf", self.paths(name))

    def test_hostile_22_to_26_bad_safetensors_are_in_no_commit(self):
        name = self.model()
        one = b'"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}'
        for length in (0xffffffffffffffff, 100000001, 1000, 0):
            self.refused(name, "model.safetensors", struct.pack("<Q", length) + b"{}")
        for header, data in ((b"[" + one + b"]", 8), (b"{" + one + b"," + one + b"}", 8), (b"{" + one + b"}", 9),
                             (b"{" + one + b"}", 7), (b'{"a\xff":{}}', 0), (b'{"a":' * DEEP, 0),
                             (b'{"__metadata__":' * DEEP, 0), (b'{"__metadata__":{"a":' + b"[" * DEEP, 0),
                             (one.replace(b"[2]", b"[4294967296,4294967296]").join((b"{", b"}")), 8),
                             (b"{" + b",".join(b'"%d":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}' % i
                                               for i in range(100001)) + b"}", 0)):
            content = struct.pack("<Q", len(header)) + header + bytes(data)
            before = self.most_memory()
            self.refused(name, "model.safetensors", content)
            self.assertLess(self.most_memory() - before, MEMORY_MOST)

    def test_hostile_27_a_pickle_is_found_under_every_name(self):
        name, folder = self.model(), os.path.join(ROOT, "tests", "vectors", "scan")
        self.registry.ask("PUT", f"/api/models/{name}/settings", self.owner, dict(gated="manual"))
        for file, path in (("pickle-2.bin", "model.safetensors"), ("pickle-prefix.bin", "data.bin"),
                           ("torch-flag-bits.pt", "a.txt"), ("seven.pt", "model.pt"),
                           ("torch-name-mismatch.pt", "x.onnx"),
                           ("model-outside.onnx", "model.onnx"), ("model.h5", "weights.bin"), ("keras.keras", "a.zip")):
            with open(os.path.join(folder, file), "rb") as f:
                self.refused(name, path, f.read())

    def test_hostile_23_a_commit_of_more_lines_than_it_may_have_is_refused(self):
        name = self.model({"a.txt": b"a"})
        lines = [b'{"key":"header","value":{"summary":"a"}}']
        lines += [b'{"key":"deletedFile","value":{"path":"%d"}}' % i for i in range(100001)]
        self.bounded(lambda: self.post(f"/api/models/{name}/commit/main", b"\n".join(lines), NDJSON), 413)

    def test_hostile_numbers_in_an_address_are_bounded_or_refused(self):
        name = self.model({f"{i}.txt": b"a" for i in range(3)})
        for number in ("99999999999999999999", "-1", "0", "1e9", "0x10", "%00", "9223372036854775807", "4294967297",
                       "+1", "", "NaN"):
            for path in ("/api/models?limit=%s", "/api/models?cursor=%s", f"/api/models/{name}/tree/main?limit=%s",
                         f"/api/models/{name}/tree/main?recursive=%s", f"/api/models/{name}/tree/main?cursor=%s",
                         f"/api/models/{name}/commits/main?limit=%s", f"/api/models/{name}/commits/main?p=%s",
                         "/api/reviews?limit=%s", f"/api/models/{name}/user-access-request/pending?limit=%s",
                         "/api/requests/%s/wait"):
                status = self.bounded(lambda: self.registry.ask("GET", path % number, self.owner),
                                      (200, 400, 404, 405)).status
                self.assertLess(status, 500, path % number)

    def test_hostile_38_json_that_is_ten_thousand_deep_is_refused(self):
        name = self.model()
        for opening, closing in ((b"[", b"]"), (b'{"a":', b"}")):
            deep = opening * DEEP + b"1" + closing * DEEP
            for path, body, kind in (
                    ("/api/repos/create", deep, JSON), ("/api/repos/create", opening * 150000, JSON),
                    (f"/api/models/{name}/commit/main", b'{"key":"header","value":' + deep + b"}\n", NDJSON),
                    (f"/api/models/{name}/preupload/main", b'{"files":' + deep + b"}", JSON),
                    (f"/{name}.git/info/lfs/objects/batch", b'{"objects":' + deep + b"}", MEDIA_LFS)):
                answer = self.bounded(lambda: self.post(path, body, kind), 400)
                self.assertIn(b"error" if kind != MEDIA_LFS else b"message", answer.body)

    def test_hostile_38_a_key_that_comes_twice_is_refused(self):
        name = self.model()
        for path, body, kind in (
                ("/api/repos/create", b'{"name":"a","name":"b","type":"model"}', JSON),
                (f"/api/models/{name}/commit/main", b'{"key":"header","key":"file","value":{}}\n', NDJSON),
                (f"/{name}.git/info/lfs/objects/batch",
                 b'{"operation":"upload","operation":"download","objects":[]}', MEDIA_LFS)):
            self.assertEqual(self.post(path, body, kind).status, 400, path)


class ContentTest(HostileCase):
    """35 and 37: bytes, digests and sizes that do not belong together."""

    def upload_link(self, name, content):
        answer = self.batch(name, hashlib.sha256(content).hexdigest(), len(content))
        return answer.json()["objects"][0]["actions"]["upload"]["href"].removeprefix(self.registry.url)

    def test_hostile_35_of_many_writers_of_one_digest_only_those_with_its_bytes_are_believed(self):
        name, content = self.model(), os.urandom(2 * MIB)
        links = [self.upload_link(name, content) for _ in range(6)]
        bodies = [content, content[:-1] + b"x", content, bytes(len(content)), content[:-1], content]
        statuses = [None] * len(links)

        def write(i):
            statuses[i] = self.registry.ask("PUT", links[i], body=bodies[i]).status
        threads = [threading.Thread(target=write, args=(i,)) for i in range(len(links))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([status == 200 for status in statuses], [body == content for body in bodies], statuses)
        thing = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "algo": "sha256"}
        self.commits(name, {"a.bin": thing})
        self.assertEqual(self.registry.ask("GET", f"/{name}/resolve/main/a.bin", self.owner).body, content)

    def test_hostile_37_a_pointer_of_a_false_oid_or_size_is_in_no_commit(self):
        name, content = self.model(), os.urandom(1000)
        true = self.registry.upload(name, self.owner, content)
        before = self.paths(name)
        for change in (dict(size=len(content) + 1), dict(size=0), dict(size=-5), dict(size=1e3),
                       dict(size=str(len(content))), dict(size=1 << 62), dict(oid="0" * 64),
                       dict(oid="../" + true["oid"][3:]), dict(oid=true["oid"].upper()), dict(algo="sha512")):
            answer = self.registry.commit(name, self.owner, {"a.bin": dict(true, **change)})
            self.assertIn(answer.status, (400, 422), change)
        for oid, size in ((true["oid"], len(content) + 1), ("0" * 64, 1), (true["oid"], 1 << 62)):
            text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {size}\n".encode()
            self.commits(name, {"a.bin": text}, 422)
        self.assertEqual(self.paths(name), before)


class NumberTest(unittest.TestCase):
    """Each input of the list has its number in a test's name or beside one."""

    def test_no_number_is_left_out(self):
        found = set()
        for folder, _, files in os.walk(os.path.join(ROOT, "tests")):
            for file in files:
                if not file.endswith(("_test.c", "_test.py")):
                    continue
                with open(os.path.join(folder, file)) as f:
                    text = f.read()
                for first, last in re.findall(r"(?:TEST\(|test_)hostile_(\d\d)(?:_to_(\d\d))?_", text):
                    found.update(range(int(first), int(last or first) + 1))
                for first, second in re.findall(r"Hostile input (\d+)(?: and (\d+))?", text):
                    found.update((int(first), int(second or first)))
        self.assertEqual(sorted({*range(1, 39), *range(41, 45)} - found), [])


class GateTest(HostileCase):
    """41 to 44: what somebody tries who may not have the weights, or not any more."""

    def test_hostile_44_a_link_in_other_hands_is_its_owners_and_ends_with_the_right(self):
        name, content = self.model(), os.urandom(1000)
        thing = self.registry.upload(name, self.owner, content)
        self.commits(name, {"a.bin": thing})
        self.registry.ask("PUT", f"/api/models/{name}/settings", self.owner, dict(gated="manual"))
        token, stranger = self.registry.person("getsit"), self.registry.person("stranger")
        access = f"/api/models/{name}/user-access-request/"
        self.assertEqual(self.registry.ask("POST", access + "grant", self.owner, dict(user="getsit")).status, 200)
        batch = self.batch(name, thing["oid"], thing["size"], "download", token)
        action = batch.json()["objects"][0]["actions"]["download"]
        self.assertLessEqual(action["expires_in"], 600)
        path = action["href"].removeprefix(self.registry.url)
        self.assertEqual(self.registry.ask("GET", path, stranger).body, content)
        who = ("SELECT a.name FROM delivery d JOIN account a ON a.id = d.account"
               f" WHERE d.repository = (SELECT id FROM repository WHERE name = '{name.split('/')[1]}')")
        self.assertEqual(self.registry.sql(who), [["getsit"]])
        self.assertEqual(self.registry.ask("GET", f"/{name}/resolve/main/a.bin", stranger).status, 403)
        self.registry.ask("POST", access + "handle", self.owner, dict(user="getsit", status="rejected"))
        self.assertEqual(self.registry.ask("GET", path, stranger).status, 403)
        self.registry.ask("POST", access + "grant", self.owner, dict(user="getsit"))
        self.assertEqual(self.registry.ask("DELETE", "/api/tokens/current", token).status, 200)
        self.assertEqual(self.registry.ask("GET", path, stranger).status, 401)


if __name__ == "__main__":
    unittest.main()
