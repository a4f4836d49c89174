"""weigh pull, against a registry that lies and a network that breaks."""

import gzip
import hashlib
import os
import random
import resource
import signal
import threading
import time
import unittest

from tests.cli.fake import Registry, git_oid
from tests.cli.weigh import Case

MIB = 1 << 20
WEIGHTS = random.Random(1).randbytes(20 * MIB + 17)
FILES = {"README.md": b"# tiny\n", "empty": b"", "a/config.json": b"{}",
         "model.safetensors": WEIGHTS}


class Pull(Case):
    def setUp(self):
        super().setUp()
        self.registry = Registry(FILES, weights=["model.safetensors"])
        self.addCleanup(self.registry.close)
        self.environment["WEIGH_REGISTRY"] = self.registry.url
        self.cache = self.path("hf", "hub", "models--acme--tiny")

    def pull(self, *arguments, **options):
        return self.json("pull", "acme/tiny@main", "--allow-unsigned",
                         *arguments, **options)

    def read(self, path):
        with open(os.path.join(self.cache, "snapshots", self.registry.commit,
                               path), "rb") as file:
            return file.read()

    def test_every_file_arrives_in_the_hubs_layout(self):
        result = self.pull()
        for path, data in FILES.items():
            self.assertEqual(self.read(path), data)
        self.assertEqual(result["path"], os.path.join(
            self.cache, "snapshots", self.registry.commit))
        self.assertEqual(result["fetchedBytes"],
                         sum(len(data) for data in FILES.values()))
        self.assertEqual(
            os.readlink(os.path.join(result["path"], "a", "config.json")),
            "../../../blobs/" + git_oid(b"{}"))
        with open(os.path.join(self.cache, "refs", "main")) as file:
            self.assertEqual(file.read(), self.registry.commit)
        self.assertEqual(
            sorted(os.listdir(os.path.join(self.cache, "blobs"))),
            sorted([git_oid(b"{}"), git_oid(b""), git_oid(b"# tiny\n"),
                    hashlib.sha256(WEIGHTS).hexdigest()]))

    def test_a_second_pull_fetches_nothing(self):
        self.pull()
        sent = self.registry.sent
        self.assertEqual(self.pull()["fetchedBytes"], 0)
        self.assertEqual(self.registry.sent, sent)

    def test_a_changed_file_in_the_cache_is_noticed_and_fetched_again(self):
        self.pull()
        blob = os.path.join(self.cache, "blobs",
                            hashlib.sha256(WEIGHTS).hexdigest())
        with open(blob, "r+b") as file:
            file.seek(5)
            file.write(bytes([WEIGHTS[5] ^ 1]))
        self.assertEqual(self.pull()["fetchedBytes"], len(WEIGHTS))
        self.assertEqual(self.read("model.safetensors"), WEIGHTS)

    def test_an_unsigned_model_is_refused_without_the_flag(self):
        self.weigh("pull", "acme/tiny", status=5)
        self.weigh("pull", "acme/tiny@main", status=5)
        self.assertFalse(os.path.exists(os.path.join(self.cache, "blobs")))

    def test_wrong_bytes_never_get_the_final_name(self):
        self.registry.tamper = lambda path, data: data[:-1] + b"\0"
        self.pull(status=5)
        blobs = os.listdir(os.path.join(self.cache, "blobs"))
        self.assertNotIn(hashlib.sha256(WEIGHTS).hexdigest(), blobs)
        self.assertFalse(os.path.exists(os.path.join(self.cache, "snapshots",
                                                     self.registry.commit)))

    def test_bytes_that_were_wrong_once_are_fetched_once_more(self):
        seen = set()

        def tamper(path, data):
            if path == "README.md" and path not in seen:
                seen.add(path)
                return b"X" + data[1:]
            return data

        self.registry.tamper = tamper
        self.pull()
        self.assertEqual(self.read("README.md"), FILES["README.md"])
        self.assertLess(self.registry.sent, len(WEIGHTS) + 100)

    def test_a_kill_costs_at_most_what_was_on_its_way(self):
        self.slow_after(6 * MIB)
        process = self.start("pull", "acme/tiny@main", "--allow-unsigned")
        self.wait_for(lambda: self.registry.sent >= 6 * MIB)
        self.wait_for_journal(3)
        process.kill()
        process.communicate()
        self.registry.hook = None
        before = self.registry.sent
        self.pull()
        self.assertEqual(self.read("model.safetensors"), WEIGHTS)
        self.assertLessEqual(self.registry.sent - before,
                             len(WEIGHTS) - 3 * MIB + 100)

    def test_ctrl_c_ends_with_130_and_the_next_run_goes_on(self):
        self.slow_after(6 * MIB)
        process = self.start("pull", "acme/tiny@main", "--allow-unsigned")
        self.wait_for(lambda: self.registry.sent >= 6 * MIB)
        self.wait_for_journal(3)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130)
        self.registry.hook = None
        before = self.registry.sent
        self.pull()
        self.assertEqual(self.read("model.safetensors"), WEIGHTS)
        self.assertLessEqual(self.registry.sent - before,
                             len(WEIGHTS) - 3 * MIB + 100)

    def test_broken_connections_are_made_good(self):
        broken = []

        def cut(handler):
            if "model.safetensors" not in handler.path or len(broken) >= 3:
                return False
            broken.append(handler.path)
            handler.send_response(206)
            found = handler.headers["Range"][6:].split("-")
            begin, end = int(found[0]), int(found[1])
            handler.send_header("Content-Range", "bytes %d-%d/%d" %
                                (begin, end, len(WEIGHTS)))
            handler.send_header("Content-Length", str(end - begin + 1))
            handler.end_headers()
            handler.wfile.write(WEIGHTS[begin:begin + 2 * MIB])
            handler.wfile.flush()
            handler.close_connection = True
            return True

        self.registry.hook = cut
        self.pull()
        self.assertEqual(self.read("model.safetensors"), WEIGHTS)
        self.assertEqual(len(broken), 3)

    def test_a_refusal_by_the_gate_exits_with_3_and_says_how_to_ask(self):
        def refuse(handler):
            if "/resolve/" not in handler.path:
                return False
            self.registry.refuse(handler, 403, "GatedRepo",
                                 "Access to model acme/tiny is restricted")
            return True

        self.registry.hook = refuse
        self.weigh("pull", "acme/tiny@main", "--allow-unsigned", status=3)
        self.assertIn("Access to model acme/tiny is restricted", self.stderr)
        self.assertIn("weigh request acme/tiny", self.stderr)

    def test_what_is_not_there_exits_with_4(self):
        self.weigh("pull", "acme/other@main", "--allow-unsigned", status=4)
        self.assertIn("acme/other", self.stderr)

    def test_a_registry_that_is_not_there_exits_with_6(self):
        self.weigh("pull", "acme/tiny", "--registry", "http://127.0.0.1:1",
                   status=6)

    def test_a_folder_of_ones_own_gets_plain_files(self):
        out = self.path("out")
        result = self.pull("--local-dir", out)
        self.assertEqual(result["path"], out)
        for path, data in FILES.items():
            with open(os.path.join(out, path), "rb") as file:
                self.assertEqual(file.read(), data)
            self.assertFalse(os.path.islink(os.path.join(out, path)))
        self.assertEqual(self.pull("--local-dir", out)["fetchedBytes"], 0)

    def test_one_object_under_two_names_is_fetched_once(self):
        self.registry.files["copy.safetensors"] = WEIGHTS
        self.registry.weights.add("copy.safetensors")
        self.pull()
        self.assertLess(self.registry.sent, len(WEIGHTS) + 100)
        self.assertEqual(self.read("copy.safetensors"), WEIGHTS)
        out = self.path("out")
        self.pull("--local-dir", out)
        for name in ("copy.safetensors", "model.safetensors"):
            with open(os.path.join(out, name), "rb") as file:
                self.assertEqual(file.read(), WEIGHTS)

    def test_several_pulls_at_once_share_the_work(self):
        processes = [self.start("pull", "acme/tiny@main", "--allow-unsigned")
                     for _ in range(3)]
        for process in processes:
            out, err = process.communicate(timeout=120)
            self.assertEqual(process.returncode, 0, err)
        self.assertEqual(self.read("model.safetensors"), WEIGHTS)
        self.assertLess(self.registry.sent, len(WEIGHTS) + 100)

    def test_names_that_would_leave_the_folder_are_refused(self):
        """Hostile input 30."""
        for path in ("../../evil", "/etc/evil", "a/../../evil", ".git/hooks/x",
                     "a\\evil"):
            self.registry.files = {path: b"evil"}
            self.pull(status=1)
        self.registry.files = {"sub/.gitmodules": b"evil"}
        self.pull(status=5)

    def test_hostile_30_a_list_with_two_names_for_one_file_is_refused(self):
        for twins in (("config.json", "Config.json"),
                      ("caf\u00e9.txt", "cafe\u0301.txt"), ("A/x", "a")):
            self.registry.files = {path: b"evil" for path in twins}
            self.pull(status=1)
            self.assertIn(twins[1], self.stderr)
            self.assertEqual(self.registry.sent, 0)
            self.assertFalse(os.path.exists(self.cache))

    def test_the_token_does_not_follow_a_redirect_to_another_origin(self):
        """Hostile input 34."""
        elsewhere = Registry(FILES, weights=["model.safetensors"])
        self.addCleanup(elsewhere.close)

        def redirect(handler):
            if "/resolve/" not in handler.path:
                return False
            self.registry.send(handler, 302, b"",
                               [("Location", elsewhere.url + handler.path)])
            return True

        self.registry.hook = redirect
        self.pull(env={"HF_TOKEN": "hf_secret"})
        self.assertEqual(self.read("model.safetensors"), WEIGHTS)
        for _, path, headers in self.registry.requests:
            self.assertEqual(headers.get("Authorization"),
                             "Bearer hf_secret", path)
        self.assertTrue(elsewhere.requests)
        for _, path, headers in elsewhere.requests:
            self.assertNotIn("Authorization", headers, path)

    def test_a_redirect_to_a_file_or_in_a_circle_is_refused(self):
        """Hostile input 34."""
        for location in ("file:///etc/passwd", "gopher://127.0.0.1/", None):
            def redirect(handler):
                if "/resolve/" not in handler.path:
                    return False
                self.registry.send(handler, 302, b"", [
                    ("Location", location or handler.path)])
                return True

            self.registry.hook = redirect
            self.pull(status=1)

    def test_hostile_34_a_realm_that_points_elsewhere_gets_no_token(self):
        elsewhere = Registry(FILES)
        self.addCleanup(elsewhere.close)

        def refuse(handler):
            self.registry.send(handler, 401, b"{}", [
                ("WWW-Authenticate", 'Bearer realm="%s/token",service="x"' %
                 elsewhere.url), ("Link", "<%s/x>; rel=\"next\"" %
                                  elsewhere.url)])
            return True

        self.registry.hook = refuse
        for env in ({}, {"HF_TOKEN": "hf_secret"}):
            self.pull(status=1, env=env)
        self.assertEqual(elsewhere.requests, [])

    def test_hostile_34_a_list_that_goes_on_elsewhere_gets_no_token(self):
        elsewhere = Registry(FILES)
        self.addCleanup(elsewhere.close)

        def point(handler):
            if "/tree/" not in handler.path:
                return False
            self.registry.send_json(
                handler, self.registry.tree(),
                headers=[("Link", '<%s%s>; rel="next"' %
                          (elsewhere.url, handler.path))])
            return True

        self.registry.hook = point
        self.weigh("pull", "acme/tiny@main", "--allow-unsigned",
                   env={"HF_TOKEN": "hf_secret"}, status=1)
        for _, path, headers in elsewhere.requests:
            self.assertNotIn("Authorization", headers, path)

    def test_hostile_33_an_answer_that_says_it_is_packed_is_not_unpacked(self):
        bomb = gzip.compress(bytes(64 * MIB))

        def pack(handler):
            self.registry.send(handler, 200, bomb,
                               [("Content-Encoding", "gzip"),
                                ("Content-Type", "application/json")])
            return True

        self.registry.files = {"../a": b""}
        self.pull(status=1)
        self.registry.hook = pack
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        self.pull(status=1)
        after = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        self.assertNotIn("gzip", str(self.registry.requests[0][2]))
        self.assertLess(after - before, 48 << 10)

    def test_no_token_goes_over_plain_http_to_another_machine(self):
        """Hostile input 34."""
        self.weigh("pull", "acme/tiny", "--registry", "http://192.0.2.1",
                   env={"HF_TOKEN": "hf_secret"}, status=2)
        self.assertIn("plain HTTP", self.stderr)
        self.assertNotIn("hf_secret", self.stderr)

    def test_answers_without_end_are_bounded(self):
        """Hostile input 33."""
        def endless(handler):
            if "/tree/" not in handler.path:
                return False
            handler.send_response(200)
            handler.end_headers()
            for _ in range(200):
                handler.wfile.write(b"[" * MIB)
            handler.close_connection = True
            return True

        self.registry.hook = endless
        self.pull(status=1)

    def test_control_characters_of_a_registry_do_not_reach_the_terminal(self):
        def refuse(handler):
            self.registry.send_json(
                handler, {"error": "\x1b[31mred\x1b]0;title\x07\u202etxt"},
                403)
            return True

        self.registry.hook = refuse
        self.weigh("pull", "acme/tiny", status=1)
        self.assertIn("red", self.stderr)
        for character in "\x1b\x07\u202e":
            self.assertNotIn(character, self.stderr)

    def test_without_room_on_the_disk_it_exits_with_7(self):
        real = self.registry.tree

        def tree():
            entries = real()
            for entry in entries:
                if "lfs" in entry:
                    entry["size"] = entry["lfs"]["size"] = 1 << 43
            return entries

        self.registry.tree = tree
        self.pull(status=7)
        self.assertEqual(self.registry.sent, 0)

    def slow_after(self, limit):
        """Stops answering after so many bytes, without ending anything."""
        stop = threading.Event()
        self.addCleanup(stop.set)

        def hook(handler):
            if "model.safetensors" not in handler.path:
                return False
            begin, end = map(int, handler.headers["Range"][6:].split("-"))
            handler.send_response(206)
            handler.send_header("Content-Range", "bytes %d-%d/%d" %
                                (begin, end, len(WEIGHTS)))
            handler.send_header("Content-Length", str(end - begin + 1))
            handler.end_headers()
            for at in range(begin, end + 1, MIB // 2):
                piece = WEIGHTS[at:min(at + MIB // 2, end + 1)]
                handler.wfile.write(piece)
                with self.registry.lock:
                    self.registry.sent += len(piece)
                if self.registry.sent >= limit:
                    stop.wait(60)
            return True

        self.registry.hook = hook

    def wait_for(self, condition):
        limit = time.monotonic() + 60
        while not condition():
            self.assertLess(time.monotonic(), limit)
            time.sleep(0.01)

    def wait_for_journal(self, blocks):
        path = os.path.join(self.cache, "blobs",
                            hashlib.sha256(WEIGHTS).hexdigest() +
                            ".incomplete.journal")

        def lines():
            try:
                with open(path) as file:
                    return sum(1 for line in file) - 1
            except OSError:
                return 0

        self.wait_for(lambda: lines() >= blocks)


if __name__ == "__main__":
    unittest.main()
