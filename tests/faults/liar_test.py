"""A registry that lies to weigh: exit statuses and messages by weigh(1).

A row is what the registry does, the status, and what the message has to name.
After each, nothing wrong has a final name, and an honest registry mends it.
"""
import concurrent.futures
import gzip
import hashlib
import json
import os
import random
import re
import signal
import threading
import unittest

from tests.cli.fake import Registry, git_oid
from tests.cli.weigh import Case
from tests.daemon import ROOT, Daemon
from tests.faults.middle import Middle, send

MIB = 1 << 20
WEIGHTS = random.Random(5).randbytes(MIB + MIB // 2)
OTHER = random.Random(6).randbytes(len(WEIGHTS))
FILES = {"model.bin": WEIGHTS, "other.bin": OTHER, "README.md": b"# Tiny\n"}


class Liar(Registry):
    """Rows are its methods: each switches one lie on."""

    def __init__(self):
        super().__init__(FILES, weights=["model.bin", "other.bin"])

    def on(self, part, act):
        """act(handler) answers what has this part in its path."""
        def hook(handler):
            if part not in handler.path:
                return False
            act(handler)
            return True
        self.hook = hook

    def listing(self, change):
        """The list of files, changed."""
        real = Registry.tree

        def tree():
            entries = real(self)
            change(entries)
            return entries
        self.tree = tree

    def bytes_of(self, change):
        self.tamper = lambda path, data: change(data) if path == "model.bin" else data

    def part(self, handler):
        """Begin and end of the range that was asked for."""
        words = handler.headers.get("Range")
        begin, end = words[6:].split("-") if words else (0, len(WEIGHTS) - 1)
        return int(begin), int(end) + 1

    def raw(self, handler, *pieces):
        for piece in pieces:
            handler.wfile.write(piece)
        handler.wfile.flush()
        handler.close_connection = True

    # Lists.

    def another_digest(self):
        self.listing(lambda entries: entries[1]["lfs"].update(oid=hashlib.sha256(b"x").hexdigest()))

    def another_size(self):
        self.listing(lambda entries: entries[1]["lfs"].update(size=len(WEIGHTS) - 1))

    def a_larger_size(self):
        self.listing(lambda entries: entries[1]["lfs"].update(size=len(WEIGHTS) + 1))

    def no_room_for_it(self):
        self.listing(lambda entries: entries[1]["lfs"].update(size=1 << 43))

    def no_size_at_all(self):
        self.listing(lambda entries: entries[1]["lfs"].update(size=-1))

    def a_size_past_every_bound(self):
        self.listing(lambda entries: entries[1]["lfs"].update(size=1 << 62))

    def no_digest(self):
        self.listing(lambda entries: entries[1]["lfs"].update(oid="abc"))

    def a_name_that_climbs(self):
        self.listing(lambda entries: entries[1].update(path="../../../.bashrc"))

    def a_name_twice(self):
        self.listing(lambda entries: entries.append(dict(entries[1])))

    def a_twin_in_case(self):
        self.listing(lambda entries: entries.append(dict(entries[2], path="MODEL.bin")))

    def a_file_that_is_a_folder_too(self):
        self.listing(lambda entries: entries.append(dict(entries[2], path="model.bin/x")))

    def a_list_that_is_none(self):
        self.on("/tree/", lambda handler: self.send_json(handler, {"files": []}))

    def a_list_squeezed_unasked(self):
        self.on("/tree/", lambda handler: self.send(
            handler, 200, gzip.compress(json.dumps(Registry.tree(self)).encode()), [("Content-Encoding", "gzip")]))

    def a_list_without_end(self):
        self.on("/tree/", lambda handler: self.send_json(
            handler, Registry.tree(self)[:1], headers=[("Link", '<%s>; rel="next"' % (self.url + handler.path))]))

    def a_commit_that_is_none(self):
        self.on("/revision/", lambda handler: self.send_json(handler, {"sha": "../../x"}))

    def json_too_deep(self):
        self.on("/revision/", lambda handler: self.send(handler, 200, b"[" * 100000))

    # Bytes.

    def bytes_of_another_file(self):
        self.bytes_of(lambda data: OTHER)

    def a_changed_bit(self):
        self.bytes_of(lambda data: data[:MIB] + bytes([data[MIB] ^ 1]) + data[MIB + 1:])

    def fewer_bytes(self):
        self.bytes_of(lambda data: data[:-1])

    def more_bytes(self):
        self.bytes_of(lambda data: data + b"x")

    def bytes_squeezed_unasked(self):
        self.on("model.bin", lambda handler: self.send(
            handler, 200, gzip.compress(WEIGHTS), [("Content-Encoding", "gzip")]))

    def another_range(self):
        def act(handler):
            begin, end = self.part(handler)
            self.send(handler, 206, WEIGHTS[begin:end],
                      [("Content-Range", "bytes %d-%d/%d" % (begin + 1, end, len(WEIGHTS)))])
        self.on("model.bin", act)

    def a_range_that_is_not_named(self):
        self.on("model.bin", lambda handler: self.send(handler, 206, WEIGHTS))

    def an_endless_body(self):
        def act(handler):
            self.raw(handler, b"HTTP/1.1 200 OK\r\n\r\n", *[bytes(MIB)] * 64)
        self.on("model.bin", act)

    def an_endless_refusal(self):
        def act(handler):
            self.raw(handler, b"HTTP/1.1 404 No\r\n\r\n", *[bytes(MIB)] * 64)
        self.on("model.bin", act)

    def a_length_that_is_too_long(self):
        def act(handler):
            begin, end = self.part(handler)
            self.raw(handler, b"HTTP/1.1 206 Part\r\nContent-Range: bytes %d-%d/%d\r\nContent-Length: %d\r\n\r\n" % (
                begin, end - 1, len(WEIGHTS), end - begin + 9), WEIGHTS[begin:end])
        self.on("model.bin", act)

    def a_length_that_is_too_short(self):
        def act(handler):
            begin, end = self.part(handler)
            least = min(end - begin, MIB // 2)
            self.raw(handler, b"HTTP/1.1 206 Part\r\nContent-Range: bytes %d-%d/%d\r\nContent-Length: %d\r\n\r\n" % (
                begin, end - 1, len(WEIGHTS), least), WEIGHTS[begin:end])
        self.on("model.bin", act)

    def an_etag_that_is_wrong(self):
        def act(handler):
            begin, end = self.part(handler)
            self.send(handler, 200, WEIGHTS, [("ETag", '"%064x"' % 7), ("X-Linked-Etag", '"%064x"' % 7)])
        self.on("model.bin", act)

    # Heads.

    def heads_without_end(self):
        self.on("model.bin", lambda handler: self.raw(
            handler, b"HTTP/1.1 200 OK\r\n", *[b"X-%d: %s\r\n" % (n, b"a" * 900) for n in range(100000)]))

    def one_endless_head(self):
        self.on("model.bin", lambda handler: self.raw(handler, b"HTTP/1.1 200 OK\r\nX: ", *[b"a" * MIB] * 64))

    def provisional_answers_without_end(self):
        self.on("model.bin", lambda handler: self.raw(
            handler, *[b"HTTP/1.1 103 Early Hints\r\nX: %s\r\n\r\n" % (b"a" * 4000)] * 10000))

    def no_http_at_all(self):
        self.on("model.bin", lambda handler: self.raw(handler, b"SSH-2.0-OpenSSH_9.2\r\n"))

    def two_lengths(self):
        self.on("model.bin", lambda handler: self.raw(
            handler, b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nContent-Length: 5\r\n\r\n" % len(WEIGHTS), WEIGHTS))

    # Redirects.

    def a_circle(self):
        self.on("model.bin", lambda handler: self.send(handler, 302, b"", [("Location", handler.path)]))

    def a_redirect_to_a_file(self):
        self.on("model.bin", lambda handler: self.send(handler, 302, b"", [("Location", "file:///etc/passwd")]))

    def a_redirect_to_nowhere(self):
        self.on("model.bin", lambda handler: self.send(handler, 302))

    # Statuses.

    def refuses(self, status, code, message, headers=()):
        self.on("model.bin", lambda handler: self.send_json(
            handler, {"error": message}, status, [("X-Error-Code", code), ("X-Error-Message", message), *headers]))

    def nothing_changed(self):
        self.on("model.bin", lambda handler: self.send(handler, 304))

    def the_gate(self):
        self.refuses(403, "GatedRepo", "Access to model acme/tiny is restricted")

    def a_token_that_ended(self):
        self.refuses(401, "Unauthenticated", "a valid token is required")

    def a_file_that_is_gone(self):
        self.refuses(404, "EntryNotFound", "Entry not found")

    def a_bug(self):
        self.refuses(500, "Internal", "an internal error; the log has the request's id")

    def a_night_off(self):
        self.refuses(503, "Unavailable", "the registry is busy", [("Retry-After", "3600")])

    def too_many_tries(self):
        self.refuses(429, "TooManyRequests", "too many tries", [("Retry-After", "900")])

    def a_short_break(self):
        seen = []

        def act(handler):
            seen.append(handler)
            if len(seen) < 3:
                self.send(handler, 503, b"", [("Retry-After", "1")])
            else:
                self.send_file(handler, "model.bin")
        self.on("model.bin", act)


WORKERS = 4
MENDED = (5, 6)  # after these something was kept that the next pull uses

# What the registry does, the exit status, what the message names.
ROWS = (
    ("another_digest", 5, "model.bin has other bytes", "takes that file anew"),
    ("another_size", 5, "model.bin: the registry gave another length"),
    ("a_larger_size", 5, "model.bin: the registry gave another length"),
    ("no_room_for_it", 7, "is needed", "is free in", "make room"),
    ("no_size_at_all", 1, "model.bin: no size"),
    ("a_size_past_every_bound", 1, "model.bin: no size"),
    ("no_digest", 1, "model.bin: not a digest"),
    ("a_name_that_climbs", 1, "lists a file whose name is not allowed"),
    ("a_name_twice", 1, "model.bin"),
    ("a_twin_in_case", 1, "MODEL.bin"),
    ("a_file_that_is_a_folder_too", 1, "model.bin"),
    ("a_list_that_is_none", 1, "the registry lists no files"),
    ("a_list_squeezed_unasked", 1, "the registry's list of files is not JSON"),
    ("a_list_without_end", 1, "list of files leads to itself"),
    ("a_commit_that_is_none", 1, "acme/tiny: the registry names no commit"),
    ("json_too_deep", 1, "JSON"),
    ("bytes_of_another_file", 5, "model.bin has other bytes"),
    ("a_changed_bit", 5, "model.bin has other bytes", "takes that file anew"),
    ("fewer_bytes", 5, "model.bin: the registry gave another length"),
    ("more_bytes", 5, "model.bin: the registry gave another length"),
    ("bytes_squeezed_unasked", 5, "model.bin"),
    ("another_range", 5, "model.bin: the registry gave another"),
    ("a_range_that_is_not_named", 5, "model.bin: the registry gave another"),
    ("an_endless_body", 5, "model.bin: the registry gave more"),
    ("an_endless_refusal", 1, "the registry's answer is over"),
    ("a_length_that_is_too_long", 5, "model.bin: the registry gave another length"),
    ("a_length_that_is_too_short", 5, "model.bin: the registry gave another length"),
    ("an_etag_that_is_wrong", 0),
    ("heads_without_end", 1, "the registry's headers are too large"),
    ("one_endless_head", 1, "headers are too large"),
    ("provisional_answers_without_end", 1, "the registry's headers are too large"),
    ("no_http_at_all", 1, "127.0.0.1", "does not speak HTTP"),
    ("two_lengths", 5, "model.bin: the registry gave another length"),
    ("a_circle", 1, "redirects"),
    ("a_redirect_to_a_file", 1, "redirects to nowhere safe"),
    ("a_redirect_to_nowhere", 1, "the registry answered with status 302"),
    ("nothing_changed", 1, "model.bin: the registry answered with status 304"),
    ("the_gate", 3, "restricted", "weigh request acme/tiny"),
    ("a_token_that_ended", 1, "a valid token is required", "weigh login"),
    ("a_file_that_is_gone", 4, "Entry not found"),
    ("a_bug", 1, "the log has the request's id"),
    ("a_night_off", 6, "busy", "3600 s", "later, the same command"),
    ("too_many_tries", 6, "too many tries", "900 s", "later, the same command"),
    ("a_short_break", 0),
)


class Pull(Case):
    def pull(self, home, registry):
        process = self.start("pull", "acme/tiny@main", "--allow-unsigned", "--connections", "2",
                             env={"HF_HOME": home, "WEIGH_REGISTRY": registry.url})
        err = process.communicate(timeout=120)[1]
        self.assertNotIn("Sanitizer", err)
        return process.returncode, err

    def check_names(self, home):
        blobs = os.path.join(home, "hub", "models--acme--tiny", "blobs")
        for name in os.listdir(blobs) if os.path.isdir(blobs) else []:
            with open(os.path.join(blobs, name), "rb") as file:
                data = file.read()
            if "." not in name:
                self.assertIn(name, (hashlib.sha256(data).hexdigest(), git_oid(data)))

    def take(self, row, status, *words):
        """What did not hold."""
        registry, home = Liar(), self.path(row)
        try:
            getattr(registry, row)()
            found, err = self.pull(home, registry)
            self.assertEqual(found, status, err)
            for word in words:
                self.assertIn(word, err)
            self.check_names(home)
            if status in MENDED:
                registry.hook = registry.tamper = None
                registry.__dict__.pop("tree", None)
                self.assertEqual(self.pull(home, registry)[0], 0)
                self.check_names(home)
        except AssertionError as problem:
            return "%s: %s" % (row, problem)
        finally:
            registry.close()

    def test_a_registry_that_says_nothing_is_left_by_ctrl_c(self):
        registry, asked, end = Liar(), threading.Event(), threading.Event()
        self.addCleanup(registry.close)
        self.addCleanup(end.set)
        registry.on("model.bin", lambda handler: (asked.set(), end.wait(60)))
        process = self.start("pull", "acme/tiny@main", "--allow-unsigned", env={"WEIGH_REGISTRY": registry.url})
        self.assertTrue(asked.wait(60))
        process.send_signal(signal.SIGINT)
        err = process.communicate(timeout=60)[1]
        self.assertEqual(process.returncode, 130)
        self.assertIn("the same command goes on from here", err)

    def test_every_exit_status_of_the_manual_is_met_by_a_test(self):
        """Here, but for wrong usage and Ctrl-C."""
        with open(os.path.join(ROOT, "cli", "weigh.1")) as file:
            page = file.read().split(".Sh EXIT STATUS\n")[1].split(".Sh")[0]
        documented = {int(number) for number in re.findall(r"^\.It (\d+)$", page, re.M)}
        self.assertEqual(documented, {row[1] for row in ROWS} | {2, 130})
        self.weigh("pull", status=2)
        self.assertIn("weigh pull --help", self.stderr)

    def test_every_lie_has_its_exit_status_and_its_message(self):
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            found = list(pool.map(lambda row: self.take(*row), ROWS))
        self.assertEqual([problem for problem in found if problem], [])


class Publish(Case):
    """Of a small file and one of weights, to a registry with a liar before it."""

    @classmethod
    def setUpClass(cls):
        cls.middle = Middle()
        cls.addClassCleanup(cls.middle.close)
        cls.registry = Daemon(url=cls.middle.url)
        cls.registry.__enter__()
        cls.addClassCleanup(cls.registry.close)
        cls.middle.port = cls.registry.port
        cls.token = cls.registry.person("lab")

    def setUp(self):
        super().setUp()
        self.model = "lab/m%d" % random.getrandbits(48)
        self.environment.update(WEIGH_REGISTRY=self.middle.url, HF_TOKEN=self.token)
        self.folder = self.path("m")
        os.mkdir(self.folder)
        for name, data in (("README.md", b"# Tiny\n"), ("weights.bin", WEIGHTS)):
            with open(os.path.join(self.folder, name), "wb") as file:
                file.write(data)
        self.key = os.path.join(self.registry.folder, "key.pem")
        if not os.path.exists(self.key):
            self.weigh("keygen", "--out", self.key)
        self.middle.lie = self.middle.stop = None
        self.middle.asked.clear()

    def publish(self, status=0):
        self.weigh("publish", self.folder, self.model, "--tag", "v1", "--key", self.key, status=status)
        return self.stderr

    def is_released(self):
        return self.registry.ask("GET", "/api/models/%s/revision/v1" % self.model, self.token).status == 200

    def lies(self, lie=None, stop=None, status=1, words=()):
        """Publishes to the liar, then to an honest registry."""
        self.middle.lie, self.middle.stop = lie, stop
        err = self.publish(status)
        for word in words:
            self.assertIn(word, err)
        self.assertFalse(self.is_released())
        self.middle.lie = self.middle.stop = None
        self.publish()
        self.assertTrue(self.is_released())
        answer = self.registry.ask("GET", "/%s/resolve/v1/weights.bin" % self.model, self.token)
        self.assertEqual(answer.body, WEIGHTS)

    @staticmethod
    def change_json(answer, change):
        value = json.loads(answer.body)
        change(value)
        answer.body = json.dumps(value).encode()

    def on_put(self, status, code="", message=""):
        def stop(handler, method, path, body):
            if method != "PUT" or not path.startswith("/lfs/"):
                return False
            send(handler, status, b"", [("X-Error-Code", code), ("X-Error-Message", message)] if code else ())
            return True
        return stop

    def test_a_commit_with_another_digest_gets_no_tag(self):
        def lie(answer, method, path, body):
            if method == "GET" and "/tree/" in path:
                self.change_json(answer, lambda entries: [
                    one["lfs"].update(oid="0" * 64) for one in entries if "lfs" in one])
        self.lies(lie, status=5, words=["weights.bin: the registry does not list it as it was sent"])

    def test_a_commit_that_the_registry_does_not_know_gets_no_tag(self):
        def lie(answer, method, path, body):
            if "/commit/" in path:
                self.change_json(answer, lambda value: value.update(commitOid="0" * 39 + "1"))
        self.lies(lie, words=["does not know its own commit"])

    def test_a_registry_that_takes_and_forgets_is_told_so_and_not_for_ever(self):
        self.lies(stop=self.on_put(200), words=["forgot what it had taken"])
        self.assertLessEqual(len([one for one in self.middle.asked if one[0] == "PUT" and "/lfs/" in one[1]]), 3)

    def test_a_bug_of_the_registry_is_told_in_its_words(self):
        self.lies(stop=self.on_put(500, "Internal", "the log has the request's id"),
                  words=["the log has the request's id"])

    def test_a_full_registry_exits_with_7(self):
        self.lies(stop=self.on_put(507, "NoSpace", "there is no space left"), status=7,
                  words=["there is no space left"])

    def test_bytes_that_changed_on_their_way_are_refused_by_the_registry(self):
        def stop(handler, method, path, body):
            if method == "PUT" and path.startswith("/lfs/"):
                self.middle.pass_on(handler, body[:-1] + bytes([body[-1] ^ 1]))
                return True
            return False
        self.lies(stop=stop, status=5, words=["the same command"])

    def test_words_about_an_upload_that_make_no_sense_are_refused(self):
        for change in (dict(href="file:///etc/passwd"), dict(href="gopher://127.0.0.1/"), dict(href=None),
                       dict(header={"chunk_size": "1"}), dict(header={"chunk_size": "-1", "00001": "/x"})):
            def lie(answer, method, path, body):
                if path.endswith("/objects/batch"):
                    self.change_json(answer, lambda value: value["objects"][0]["actions"]["upload"].update(change))
            self.middle.lie = lie
            err = self.publish(1)
            self.assertRegex(err, "weights.bin: .* make no sense|named no URL")
        self.assertFalse(self.is_released())

    def test_an_upload_that_the_registry_forgot_goes_on_with_the_parts_it_has(self):
        """The liar takes parts itself; at the third it forgets the upload."""
        part, parts, plans = MIB // 4, {}, []

        def lie(answer, method, path, body):
            if path.endswith("/objects/batch"):
                plans.append(path)
                self.change_json(answer, use_parts)

        def use_parts(value):
            upload = value["objects"][0]["actions"]["upload"]
            self.target = upload["href"][len(self.middle.url):]
            count = -(-len(WEIGHTS) // part)
            header = {"%05d" % n: "%s/part/%d/%d" % (self.middle.url, len(plans), n) for n in range(1, count + 1)}
            upload.update(href=self.middle.url + "/join", header=dict(header, chunk_size=str(part)),
                          present=sorted(parts))

        def stop(handler, method, path, body):
            found = re.fullmatch(r"/part/(\d+)/(\d+)", path)
            if found and found[1] == "1" and len(parts) >= 2:
                send(handler, 404, b"", [("X-Error-Code", "NotFound"), ("X-Error-Message", "no such upload")])
            elif found:
                parts[int(found[2])] = body
                send(handler, 200)
            elif path == "/join":
                whole = b"".join(parts[n] for n in sorted(parts))
                answer = self.registry.ask("PUT", self.target, body=whole)
                send(handler, answer.status, answer.body)
            else:
                return False
            return True

        self.middle.lie, self.middle.stop = lie, stop
        self.publish()
        self.assertTrue(self.is_released())
        self.assertEqual(len(plans), 2)
        sent = [path.rsplit("/", 1)[1] for method, path, _ in self.middle.asked if path.startswith("/part/2/")]
        self.assertEqual(len(sent), 4)


if __name__ == "__main__":
    unittest.main()
