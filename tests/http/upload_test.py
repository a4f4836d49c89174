"""Files on their way in and out: preupload, commit, LFS, resolve, and the gate."""
import base64
import concurrent.futures
import hashlib
import json
import os
import pickle
import struct
import unittest

from tests.daemon import Daemon

LFS = {"Content-Type": "application/vnd.git-lfs+json"}
NDJSON = {"Content-Type": "application/x-ndjson"}
MIB = 1024 * 1024


def sha(data):
    return hashlib.sha256(data).hexdigest()


def safetensors(count=4):
    header = json.dumps({"w": {"dtype": "F32", "shape": [count], "data_offsets": [0, 4 * count]}}).encode()
    return struct.pack("<Q", len(header)) + header + b"\1" * (4 * count)


def line(key, **value):
    return {"key": key, "value": value}


class UploadTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.registry = Daemon().__enter__()
        cls.addClassCleanup(cls.registry.close)
        cls.alice = cls.registry.person("alice")
        cls.bob = cls.registry.person("bob")
        cls.count = 0

    def ask(self, *words, **more):
        return self.registry.ask(*words, **more)

    def make(self, **more):
        UploadTest.count += 1
        name = f"alice/model{UploadTest.count}"
        self.assertEqual(self.registry.create(name, self.alice, **more).status, 200)
        return name

    def commit(self, name, *lines, token="", parent=None, summary="change", revision="main"):
        header = line("header", summary=summary, description="")
        if parent:
            header["value"]["parentCommit"] = parent
        body = b"\n".join(json.dumps(each).encode() for each in (header, *lines))
        return self.ask("POST", f"/api/models/{name}/commit/{revision}", token or self.alice, body, NDJSON)

    def commit_file(self, name, path, data, **more):
        return self.commit(name, line("file", path=path, encoding="base64",
                                      content=base64.b64encode(data).decode()), **more)

    def head(self, name):
        return self.ask("GET", f"/api/models/{name}", self.alice).json()["sha"]

    def files(self, name):
        info = self.ask("GET", f"/api/models/{name}", self.alice).json()
        return [s["rfilename"] for s in info["siblings"]]

    def batch(self, name, *objects, operation="upload", token="", **more):
        body = dict(operation=operation, transfers=["basic"], hash_algo="sha256",
                    objects=[dict(oid=oid, size=size) for oid, size in objects])
        return self.ask("POST", f"/{name}.git/info/lfs/objects/batch", token or self.alice, {**body, **more}, LFS)

    def local(self, href):
        self.assertTrue(href.startswith(self.registry.url))
        return href[len(self.registry.url):]

    def upload(self, name, data):
        action = self.batch(name, (sha(data), len(data))).json()["objects"][0]["actions"]["upload"]
        return self.ask("PUT", self.local(action["href"]), None, data)

    def commit_weights(self, name, path, data):
        self.assertEqual(self.upload(name, data).status, 200)
        return self.commit(name, line("lfsFile", path=path, algo="sha256", oid=sha(data), size=len(data)))

    # Preupload.

    def modes(self, name, files, **more):
        body = dict(files=[dict(path=p, size=size, sample=base64.b64encode(s).decode()) for p, s, size in files], **more)
        answer = self.ask("POST", f"/api/models/{name}/preupload/main", self.alice, body)
        self.assertEqual(answer.status, 200, answer)
        return answer, {f["path"]: f for f in answer.json()["files"]}

    def test_a_file_is_judged_by_size_and_sample_before_its_name(self):
        answer, files = self.modes(self.make(), [
            ("text.txt", b"words", 5), ("binary.txt", b"\0\1\2", 3), ("latin.txt", b"\xe9t\xe9", 3),
            ("huge.txt", b"words", 11 * MIB), ("weights.bin", b"words", 5), ("empty.bin", b"", 0)])
        self.assertEqual({p: f["uploadMode"] for p, f in files.items()}, {
            "text.txt": "regular", "binary.txt": "lfs", "latin.txt": "lfs", "huge.txt": "lfs", "weights.bin": "lfs",
            "empty.bin": "regular"})
        self.assertIn("HF_HUB_DISABLE_XET=1", answer.headers["X-HF-Warning"])

    def test_a_sample_cut_inside_of_a_character_is_text(self):
        _, files = self.modes(self.make(), [("a.txt", "aé".encode()[:2], 100)])
        self.assertEqual(files["a.txt"]["uploadMode"], "regular")

    def test_preupload_tells_what_is_there_and_what_is_ignored(self):
        name = self.make()
        self.commit_file(name, "a.txt", b"hello")
        self.commit_file(name, ".gitignore", b"*.log\n")
        _, files = self.modes(name, [("a.txt", b"x", 1), ("b.log", b"x", 1)])
        self.assertEqual(files["a.txt"]["oid"], hashlib.sha1(b"blob 5\0hello").hexdigest())
        self.assertEqual((files["a.txt"]["shouldIgnore"], files["b.log"]["shouldIgnore"]), (False, True))
        self.assertNotIn("oid", files["b.log"])
        _, files = self.modes(name, [("b.log", b"x", 1)], gitIgnore="")
        self.assertFalse(files["b.log"]["shouldIgnore"])

    # Commits.

    def test_a_commit_writes_replaces_and_deletes(self):
        name = self.make()
        self.commit_file(name, "a/1.txt", b"one")
        self.commit_file(name, "a/2.txt", b"two")
        answer = self.commit(name, line("deletedFolder", path="a/"), line("file", path="a/3.txt", content="three"),
                             summary="title")
        self.assertEqual(answer.status, 200)
        oid = answer.json()["commitOid"]
        self.assertEqual(answer.json()["commitUrl"], f"{self.registry.url}/{name}/commit/{oid}")
        self.assertEqual(self.files(name), [".gitattributes", "a/3.txt"])
        self.assertEqual(self.ask("GET", f"/{name}/resolve/{oid}/a/3.txt").body, b"three")

    def test_a_stale_parent_is_refused_and_nothing_changes(self):
        name = self.make()
        parent = self.head(name)
        self.commit_file(name, "a", b"1")
        answer = self.commit_file(name, "b", b"1", parent=parent)
        self.assertEqual(answer.status, 412)
        self.assertIn("The branch was updated since you opened this page. Please refresh and try again.",
                      answer.json()["error"])
        self.assertEqual(self.files(name), [".gitattributes", "a"])

    def test_a_commit_sent_again_is_the_same_commit(self):
        name = self.make()
        self.commit_file(name, "old", b"1")
        parent = self.head(name)
        lines = [line("file", path="a", content="1"), line("deletedFile", path="old")]
        for more in (dict(parent=parent), {}):
            first = self.commit(name, *lines, **more)
            again = self.commit(name, *lines, **more)
            self.assertEqual((first.status, again.status), (200, 200), again)
            self.assertEqual(first.json()["commitOid"], again.json()["commitOid"])
        self.assertEqual(len(self.ask("GET", f"/api/models/{name}/commits/main").json()), 3)

    def test_a_commit_that_changes_nothing_makes_none(self):
        name = self.make()
        self.commit_file(name, "a", b"1")
        head = self.head(name)
        self.assertEqual(self.commit_file(name, "a", b"1", summary="again").json()["commitOid"], head)

    def test_commits_at_once_all_land(self):
        name = self.make()
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda i: self.commit_file(name, f"{i}.txt", b"x").status, range(4)))
        self.assertEqual(answers, [200] * 4)
        self.assertEqual(len(self.files(name)), 5)

    def test_what_a_commit_may_not_say_is_refused_by_name(self):
        name = self.make()
        for path in ("..\\ddd", "../x", "a//b", "/a", "a/.git/config", "a\n", "x" * 300):
            self.assertEqual(self.commit_file(name, path, b"x").status, 422, path)
        missing = self.commit(name, line("deletedFile", path="none"))
        self.assertEqual((missing.status, missing.headers["X-Error-Code"]), (404, "EntryNotFound"))
        self.assertIn("A file with this name doesn't exist", missing.json()["error"])
        elsewhere = self.commit_file(name, "a", b"1", revision="nowhere")
        self.assertEqual(elsewhere.headers["X-Error-Code"], "RevisionNotFound")
        for body in (b"", b"{}", b"nonsense", b'{"key":"file","value":{}}', b'{"key":"other","value":{}}'):
            answer = self.ask("POST", f"/api/models/{name}/commit/main", self.alice, body, NDJSON)
            self.assertEqual(answer.status, 400, body)

    def test_a_reader_does_not_commit(self):
        name = self.make()
        self.assertEqual(self.commit_file(name, "a", b"1", token=self.bob).status, 403)

    def test_pull_requests_are_said_not_to_be_offered(self):
        name = self.make()
        answer = self.ask("POST", f"/api/models/{name}/commit/main?create_pr=1", self.alice, b"", NDJSON)
        self.assertEqual(answer.status, 501)

    def test_a_file_line_may_be_long_but_not_longer(self):
        name = self.make()
        self.assertEqual(self.commit_file(name, "ten.txt", b"x" * 10 * MIB).status, 200)
        self.assertEqual(self.commit_file(name, "twelve.txt", b"x" * 12 * MIB).status, 413)

    def test_a_commit_of_many_files_and_weights_keeps_each(self):
        name, data = self.make(), safetensors(9)
        self.assertEqual(self.upload(name, data).status, 200)
        weights = [line("lfsFile", path=f"w/{i}.safetensors", algo="sha256", oid=sha(data), size=len(data))
                   for i in range(130)]
        texts = [line("file", path=f"t/{i}.txt", encoding="utf-8", content=f"text {i}") for i in range(130)]
        mixed = [each for pair in zip(weights, texts) for each in pair]
        self.assertEqual(self.commit(name, *mixed).status, 200)
        self.assertEqual(sorted(self.files(name)), sorted(
            [".gitattributes"] + [each["value"]["path"] for each in mixed]))
        for i in (0, 31, 32, 63, 64, 129):
            self.assertEqual(self.ask("GET", f"/{name}/resolve/main/t/{i}.txt").body, b"text %d" % i)
            self.assertEqual(self.ask("GET", f"/{name}/resolve/main/w/{i}.safetensors").body, data)

    def test_a_commit_has_a_short_message_and_a_whole_parent(self):
        name = self.make()
        head, text = self.head(name), line("file", path="a", encoding="utf-8", content="x")
        self.assertEqual(self.commit(name, text, summary="x" * 4097).status, 400)
        self.assertEqual(self.commit(name, text, parent=head[:7]).status, 400)
        self.assertEqual(self.head(name), head)
        self.assertEqual(self.commit(name, text, summary="x" * 4096, parent=head).status, 200)

    def test_a_broken_card_is_refused_on_main(self):
        name = self.make()
        self.assertEqual(self.commit_file(name, "README.md", b"---\na: [\n---\n").status, 422)

    # Weights.

    def test_weights_come_by_a_link_and_leave_as_they_came(self):
        name, data = self.make(), safetensors(300)
        answer = self.commit_weights(name, "model.safetensors", data)
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(self.ask("POST", f"/{name}.git/info/lfs/verify", self.alice,
                                  dict(oid=sha(data), size=len(data))).status, 200)
        tree = self.ask("GET", f"/api/models/{name}/tree/main").json()
        entry = next(e for e in tree if e["path"] == "model.safetensors")
        self.assertEqual((entry["size"], entry["lfs"]["oid"], entry["lfs"]["size"]), (len(data), sha(data), len(data)))
        self.assertEqual(self.ask("GET", f"/{name}/resolve/main/model.safetensors").body, data)
        raw = self.ask("GET", f"/{name}/raw/main/model.safetensors").body
        self.assertEqual(raw.decode(), "version https://git-lfs.github.com/spec/v1\n"
                                       f"oid sha256:{sha(data)}\nsize {len(data)}\n")
        self.assertEqual(entry["lfs"]["pointerSize"], len(raw))
        info = self.ask("GET", f"/api/models/{name}").json()
        self.assertEqual(info["safetensors"], dict(parameters=dict(F32=300), total=300))
        self.assertIn("safetensors", info["tags"])
        self.assertEqual(info["usedStorage"], len(data))

    def test_both_spellings_of_the_hash_are_taken(self):
        name = self.make()
        for spelling in ("sha256", "sha_256"):
            answer = self.batch(name, (sha(b"x"), 1), hash_algo=spelling)
            self.assertEqual((answer.status, answer.json()["hash_algo"], answer.json()["transfer"]),
                             (200, "sha256", "basic"))
            self.assertEqual(answer.headers["Content-Type"], "application/vnd.git-lfs+json")
        self.assertEqual(self.batch(name, (sha(b"x"), 1), hash_algo="md5").status, 422)

    def test_each_object_has_its_own_error_in_the_body(self):
        name, data = self.make(), b"\0present"
        self.commit_weights(name, "a.dat", data)
        objects = self.batch(name, (sha(data), len(data)), (sha(data), 3), ("zz", 3), (sha(b"new"), 3)).json()["objects"]
        self.assertNotIn("actions", objects[0])
        self.assertEqual([o.get("error", {}).get("code") for o in objects], [None, 422, 422, None])
        self.assertIn("upload", objects[3]["actions"])
        objects = self.batch(name, (sha(data), len(data)), (sha(b"new"), 3), operation="download").json()["objects"]
        self.assertIn("download", objects[0]["actions"])
        self.assertEqual(objects[1]["error"]["code"], 404)

    def test_only_who_may_write_gets_a_link_to_upload(self):
        name = self.make()
        self.assertEqual(self.batch(name, (sha(b"x"), 1), token=self.bob).status, 403)
        stranger = self.ask("POST", f"/{name}.git/info/lfs/objects/batch", None,
                            dict(operation="upload", objects=[]), LFS)
        self.assertEqual((stranger.status, stranger.headers["WWW-Authenticate"][:5]), (401, "Basic"))

    def test_bytes_that_are_not_the_announced_ones_are_refused(self):
        name = self.make()
        action = self.batch(name, (sha(b"right"), 5)).json()["objects"][0]["actions"]["upload"]
        for wrong in (b"wrong", b"righ", b"right and more"):
            self.assertGreaterEqual(self.ask("PUT", self.local(action["href"]), None, wrong).status, 400)
        verify = self.ask("POST", f"/{name}.git/info/lfs/verify", self.alice, dict(oid=sha(b"right"), size=5))
        self.assertEqual(verify.status, 404)

    def test_a_link_that_was_altered_or_whose_token_is_gone_gives_nothing(self):
        name = self.make()
        token = self.registry.token("alice")
        action = self.batch(name, (sha(b"x"), 1), token=token).json()["objects"][0]["actions"]["upload"]
        path = self.local(action["href"])
        for bad in (path[:-1] + ("0" if path[-1] != "0" else "1"), path.replace("/upload/", "/part/"),
                    path.replace(".1..", ".2..")):
            self.assertEqual(self.ask("PUT", bad, None, b"x").status, 403, bad)
        self.assertEqual(self.ask("DELETE", "/api/tokens/current", token).status, 200)
        self.assertEqual(self.ask("PUT", path, None, b"x").status, 401)

    def test_a_link_into_a_repository_that_is_gone_keeps_nothing(self):
        name = self.make()
        action = self.batch(name, (sha(b"x"), 1)).json()["objects"][0]["actions"]["upload"]
        answer = self.ask("DELETE", "/api/repos/delete", self.alice, dict(name=name[6:], type="model"))
        self.assertEqual(answer.status, 200, answer)
        answer = self.ask("PUT", self.local(action["href"]), None, b"x")
        self.assertEqual((answer.status, answer.headers["X-Error-Code"]), (404, "RepoNotFound"))
        self.assertEqual(self.registry.sql(f"SELECT count(*) FROM content WHERE digest = '\\x{sha(b'x')}'"), [["0"]])

    def test_a_batch_is_of_one_kind_one_hash_and_a_bounded_size(self):
        name, digest = self.make(), sha(b"x")
        self.assertEqual(self.batch(name, (digest, 1), operation="lock").status, 422)
        self.assertEqual(self.batch(name, (digest, 1), hash_algo="sha1").status, 422)
        self.assertEqual(self.batch(name, *[(digest, 1)] * 1001).status, 413)
        for bad in (("abc", 1), (digest, -1)):
            answer = self.batch(name, bad).json()["objects"][0]
            self.assertEqual(answer["error"]["code"], 422, bad)

    def test_a_digest_is_no_right(self):
        """What one repository has is not there for another, whoever asks."""
        name, other, data = self.make(), self.make(private=True), os.urandom(1000)
        self.commit_weights(other, "secret.dat", data)
        objects = self.batch(name, (sha(data), len(data))).json()["objects"]
        self.assertIn("upload", objects[0]["actions"])
        answer = self.commit(name, line("lfsFile", path="a.dat", algo="sha256", oid=sha(data), size=len(data)))
        self.assertEqual(answer.status, 422)
        answer = self.commit(name, line("lfsFile", path="a.dat", algo="sha256", oid=sha(data)))
        self.assertEqual(answer.status, 422)
        pointer = self.ask("GET", f"/{other}/raw/main/secret.dat", self.alice).body
        self.assertEqual(self.commit_file(name, "a.dat", pointer).status, 422)
        objects = self.batch(name, (sha(data), len(data)), operation="download").json()["objects"]
        self.assertEqual(objects[0]["error"]["code"], 404)

    def test_a_large_object_comes_in_parts(self):
        name, data = self.make(), os.urandom(70 * MIB)
        answer = self.batch(name, (sha(data), len(data)), transfers=["basic", "multipart"]).json()
        self.assertEqual(answer["transfer"], "multipart")
        upload = answer["objects"][0]["actions"]["upload"]
        size = int(upload["header"].pop("chunk_size"))
        for number in sorted(upload["header"]):
            at = (int(number) - 1) * size
            part = self.ask("PUT", self.local(upload["header"][number]), None, data[at:at + size])
            self.assertEqual((part.status, part.headers["ETag"]), (200, f'"{sha(data[at:at + size])}"'))
            if number == "00001":
                again = self.batch(name, (sha(data), len(data)), transfers=["multipart"]).json()
                self.assertEqual(again["objects"][0]["actions"]["upload"]["present"], [1])
        done = self.ask("POST", self.local(upload["href"]), None, dict(oid=sha(data), parts=[]))
        self.assertEqual(done.status, 200, done)
        self.assertNotIn("actions", self.batch(name, (sha(data), len(data))).json()["objects"][0])

    def test_weights_under_a_new_name_bring_their_attribute_along(self):
        name, data = self.make(), b"\0odd"
        self.commit_weights(name, "odd name[1].xyz", data)
        text = self.ask("GET", f"/{name}/resolve/main/.gitattributes").body.decode()
        self.assertTrue(text.endswith("\n/odd?name?1?.xyz filter=lfs diff=lfs merge=lfs -text\n"))
        self.commit_weights(name, "odd name[1].xyz", b"\0other")
        self.assertEqual(self.ask("GET", f"/{name}/resolve/main/.gitattributes").body.decode(), text)

    def test_weights_are_copied_inside_of_a_repository_without_their_size(self):
        name, data = self.make(), b"\0weights"
        self.commit_weights(name, "a.bin", data)
        self.assertEqual(self.commit(name, line("lfsFile", path="b.bin", algo="sha256", oid=sha(data))).status, 200)
        self.assertEqual(self.ask("GET", f"/{name}/resolve/main/b.bin").body, data)

    # What the content is.

    def test_weights_that_break_their_format_are_refused(self):
        name = self.make()
        answer = self.commit_weights(name, "model.safetensors", safetensors(4)[:-1])
        self.assertEqual(answer.status, 422)
        self.assertEqual(self.commit_weights(name, "model.gguf", b"GGUF" + b"\0" * 20).status, 422)
        self.assertEqual(self.files(name), [".gitattributes"])

    def test_what_runs_code_is_kept_out_of_a_gated_model(self):
        name, data = self.make(), pickle.dumps([1, 2, 3], 2)
        self.assertEqual(self.commit_weights(name, "open.pkl", data).status, 200)
        self.ask("PUT", f"/api/models/{name}/settings", self.alice, dict(gated="manual"))
        answer = self.commit_weights(name, "gated.bin", pickle.dumps([4], 2))
        self.assertEqual((answer.status, answer.headers["X-Error-Code"]), (422, "UnsafeFormat"), answer)
        self.assertIn("gated.bin", answer.json()["error"])
        self.assertEqual(self.commit_file(name, "code.pkl", data).status, 422)

    def test_the_owner_may_allow_what_runs_code_and_it_is_marked(self):
        name, code, plain = self.make(), pickle.dumps([5, 6], 2), b"\x01" * 3000
        settings = f"/api/models/{name}/settings"
        self.assertEqual(self.ask("PUT", settings, self.bob, dict(allowUnsafe=True)).status, 403)
        self.assertEqual(self.ask("PUT", settings, self.alice, dict(allowUnsafe="yes")).status, 400)
        answer = self.ask("PUT", settings, self.alice, dict(allowUnsafe=True, gated="manual"))
        self.assertEqual(answer.json(), dict(allowUnsafe=True, gated="manual"))
        self.assertEqual(self.commit_weights(name, "code.bin", code).status, 200)
        self.assertEqual(self.commit_weights(name, "plain.bin", plain).status, 200)
        for method in ("GET", "HEAD"):
            answer = self.ask(method, f"/{name}/resolve/main/code.bin", self.alice)
            self.assertEqual(answer.status, 200)
            self.assertTrue(answer.headers["X-HF-Warning"].startswith("unsafe; code.bin can run code"))
            answer = self.ask(method, f"/{name}/resolve/main/plain.bin", self.alice)
            self.assertIsNone(answer.headers["X-HF-Warning"])
        self.ask("PUT", settings, self.alice, dict(allowUnsafe=False))
        self.assertEqual(self.commit_weights(name, "more.bin", pickle.dumps([7], 2)).status, 422)

    def test_a_refused_commit_cannot_be_read_or_named(self):
        name = self.make()
        self.ask("PUT", f"/api/models/{name}/settings", self.alice, dict(gated="manual"))
        self.assertEqual(self.commit_file(name, "code.pkl", pickle.dumps([1], 2)).status, 422)
        rows = self.registry.sql("SELECT encode(oid, 'hex') FROM git_object WHERE kind = 1 AND repository ="
                                 f" (SELECT id FROM repository WHERE name = '{name[6:]}')")
        refused = [oid for (oid,) in rows if oid != self.head(name)]
        for oid in refused:
            self.assertEqual(self.ask("GET", f"/{name}/resolve/{oid}/code.pkl", self.alice).status, 404)
            answer = self.ask("POST", f"/api/models/{name}/branch/evil", self.alice, dict(startingPoint=oid))
            self.assertEqual(answer.status, 404)

    # Resolve.

    def test_resolve_answers_200_itself_with_the_hubs_headers(self):
        name, data = self.make(), os.urandom(5000)
        oid = self.commit_weights(name, "a.bin", data).json()["commitOid"]
        for method in ("HEAD", "GET"):
            answer = self.ask(method, f"/{name}/resolve/main/a.bin")
            self.assertEqual(answer.status, 200)
            self.assertEqual(answer.headers["X-Repo-Commit"], oid)
            self.assertEqual(answer.headers["ETag"], f'"{sha(data)}"')
            self.assertEqual(answer.headers["X-Linked-Etag"], f'"{sha(data)}"')
            self.assertEqual((answer.headers["X-Linked-Size"], answer.headers["Content-Length"]), ("5000", "5000"))
            self.assertEqual(answer.headers["Accept-Ranges"], "bytes")
            self.assertIn("filename*=UTF-8''a.bin", answer.headers["Content-Disposition"])
        small = self.ask("GET", f"/{name}/resolve/main/.gitattributes")
        self.assertEqual(small.headers["ETag"],
                         '"%s"' % hashlib.sha1(b"blob %d\0" % len(small.body) + small.body).hexdigest())
        self.assertTrue(small.headers["Content-Type"].startswith("text/plain"))

    def test_a_range_of_weights_and_an_unchanged_file(self):
        name, data = self.make(), os.urandom(5000)
        self.commit_weights(name, "a.bin", data)
        part = self.ask("GET", f"/{name}/resolve/main/a.bin", headers={"Range": "bytes=4000-"})
        self.assertEqual((part.status, part.body), (206, data[4000:]))
        self.assertEqual(part.headers["Content-Range"], "bytes 4000-4999/5000")
        past = self.ask("GET", f"/{name}/resolve/main/a.bin", headers={"Range": "bytes=5000-"})
        self.assertEqual(past.status, 416)
        same = self.ask("GET", f"/{name}/resolve/main/a.bin", headers={"If-None-Match": f'"{sha(data)}"'})
        self.assertEqual((same.status, same.body), (304, b""))

    def test_a_missing_file_names_the_commit_that_lacks_it(self):
        name = self.make()
        for method in ("HEAD", "GET"):
            answer = self.ask(method, f"/{name}/resolve/main/none.txt")
            self.assertEqual((answer.status, answer.headers["X-Error-Code"]), (404, "EntryNotFound"))
            self.assertEqual(answer.headers["X-Repo-Commit"], self.head(name))
        answer = self.ask("GET", f"/{name}/resolve/none/a.txt")
        self.assertEqual((answer.status, answer.headers["X-Error-Code"]), (404, "RevisionNotFound"))

    def test_a_pull_of_weights_is_one_delivery_on_record(self):
        name, data = self.make(), os.urandom(5000)
        oid = self.commit_weights(name, "a.bin", data).json()["commitOid"]
        self.ask("HEAD", f"/{name}/resolve/main/a.bin", self.bob)
        where = (f"repository_name = '{name}' AND account_name = 'bob' AND path = 'a.bin'"
                 f" AND commit_oid = decode('{oid}', 'hex')")
        self.assertEqual(self.registry.sql(f"SELECT count(*) FROM delivery WHERE {where}"), [["0"]])
        for bounds in ("bytes=0-2499", "bytes=2500-4999"):
            self.ask("GET", f"/{name}/resolve/main/a.bin", self.bob, headers={"Range": bounds})
        self.assertEqual(self.registry.sql(f"SELECT size FROM delivery WHERE {where}"), [["5000"]])

    # The gate.

    def gated(self):
        name, data = self.make(), os.urandom(3000)
        self.commit_weights(name, "a.bin", data)
        self.commit_file(name, "README.md", b"# card\n")
        self.ask("PUT", f"/api/models/{name}/settings", self.alice, dict(gated="manual"))
        return name, data

    def test_the_gate_answers_before_anything_is_said_to_exist(self):
        name, _ = self.gated()
        for path in ("main/a.bin", "main/none", "none/a.bin", "main/sub/README.md"):
            for token, status in ((None, 401), (self.bob, 403)):
                answer = self.ask("GET", f"/{name}/resolve/{path}", token)
                self.assertEqual((answer.status, answer.headers["X-Error-Code"]), (status, "GatedRepo"), path)
                self.assertIn("Access to model", answer.json()["error"])
        self.assertEqual(self.ask("GET", f"/{name}/resolve/main/README.md").status, 200)
        self.assertEqual(self.ask("GET", f"/{name}/raw/main/README.md").status, 401)
        missing = self.ask("GET", f"/{name}/resolve/main/LICENSE")
        self.assertEqual(missing.headers["X-Error-Code"], "EntryNotFound")
        self.assertEqual(self.ask("GET", f"/{name}/resolve/main/a.bin", self.alice).status, 200)

    def test_hashes_are_masked_to_who_is_outside(self):
        name, data = self.gated()
        paths = (f"/api/models/{name}/tree/main", f"/api/models/{name}?blobs=true")
        for path in paths:
            self.assertNotIn(sha(data), self.ask("GET", path, self.bob).body.decode())
            self.assertIn("*" * 64, self.ask("GET", path).body.decode())
            self.assertIn(sha(data), self.ask("GET", path, self.alice).body.decode())
        info = self.ask("POST", f"/api/models/{name}/paths-info/main", self.bob, dict(paths=["a.bin"]))
        self.assertEqual(info.json()[0]["lfs"]["oid"], "*" * 64)

    def test_llama_cpp_is_told_of_the_gate_in_place_of_a_masked_list(self):
        name, _ = self.gated()
        answer = self.ask("GET", f"/api/models/{name}/tree/main?recursive=true", self.bob,
                          headers={"User-Agent": "llama-cpp/b1"})
        self.assertEqual((answer.status, answer.headers["X-Error-Code"]), (403, "GatedRepo"))

    def test_lfs_downloads_pass_the_gate_twice(self):
        name, data = self.gated()
        self.assertEqual(self.batch(name, (sha(data), len(data)), operation="download", token=self.bob).status, 403)
        self.ask("POST", f"/api/models/{name}/user-access-request/grant", self.alice, dict(user="bob"))
        batch = self.batch(name, (sha(data), len(data)), operation="download", token=self.bob).json()
        path = self.local(batch["objects"][0]["actions"]["download"]["href"])
        self.assertEqual(self.ask("GET", path).body, data)
        self.ask("POST", f"/api/models/{name}/user-access-request/handle", self.alice,
                 dict(user="bob", status="rejected"))
        self.assertEqual(self.ask("GET", path).status, 403)


if __name__ == "__main__":
    unittest.main()
