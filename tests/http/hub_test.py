"""Repositories as the Hub's clients see them: made, described, listed, walked."""
import unittest
import urllib.parse

from tests.daemon import Daemon

HEX40 = r"^[0-9a-f]{40}$"


class HubTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.registry = Daemon().__enter__()
        cls.addClassCleanup(cls.registry.close)
        cls.alice = cls.registry.person("alice")
        cls.bob = cls.registry.person("bob")
        cls.registry.organization("acme", "alice:admin", "bob:read")
        cls.count = 0

    def ask(self, *words, **more):
        return self.registry.ask(*words, **more)

    def make(self, **more):
        """A model of its own for the test: its full name."""
        HubTest.count += 1
        name = f"alice/model{HubTest.count}"
        self.assertEqual(self.registry.create(name, self.alice, **more).status, 200)
        return name

    def commit(self, name, files, **more):
        answer = self.registry.commit(name, self.alice, files, **more)
        self.assertEqual(answer.status, 200, answer)
        return answer.json()["commitOid"]

    # Making, moving, removing.

    def test_a_new_repository_has_one_commit_with_gitattributes(self):
        name = self.make()
        commits = self.ask("GET", f"/api/models/{name}/commits/main").json()
        self.assertEqual([c["title"] for c in commits], ["initial commit"])
        self.assertEqual(commits[0]["authors"][0]["user"], "alice")
        tree = self.ask("GET", f"/api/models/{name}/tree/main").json()
        self.assertEqual([e["path"] for e in tree], [".gitattributes"])
        text = self.ask("GET", f"/{name}/resolve/main/.gitattributes").body
        self.assertIn(b"*.safetensors filter=lfs diff=lfs merge=lfs -text\n", text)

    def test_a_name_that_is_taken_answers_409_with_its_url(self):
        name = self.make()
        for spelling in (name, name.upper().replace("ALICE", "alice")):
            again = self.registry.create(spelling, self.alice)
            self.assertEqual(again.status, 409)
            self.assertEqual(again.json()["url"], f"{self.registry.url}/{name}")

    def test_names_are_held_to_the_hubs_rules(self):
        for bad in ("a--b", "a..b", "a.git", "-a", "a" * 97, "a b", "ä"):
            self.assertEqual(self.registry.create(f"alice/{bad}", self.alice).status, 400, bad)

    def test_nobody_makes_a_repository_in_anothers_name(self):
        self.assertEqual(self.registry.create("alice/mine", self.bob).status, 403)
        self.assertEqual(self.registry.create("acme/mine", self.bob).status, 403)
        self.assertEqual(self.registry.create("alice/mine", None).status, 401)

    def test_a_licence_given_at_creation_is_in_the_card(self):
        name = self.make(license="mit")
        self.assertEqual(self.ask("GET", f"/api/models/{name}").json()["cardData"], {"license": "mit"})

    def test_a_repository_begins_with_the_files_it_is_given_or_not_at_all(self):
        def file(path, content, **more):
            return dict(path=path, content=content, **more)

        name = self.make(files=[file("a.txt", "text"), file("b/c.bin", "AAEC", encoding="base64")])
        self.assertEqual(self.ask("GET", f"/{name}/resolve/main/a.txt").body, b"text")
        self.assertEqual(self.ask("GET", f"/{name}/resolve/main/b/c.bin").body, b"\0\1\2")
        for bad in ([file("../a", "x")], [file("a", "no base64!", encoding="base64")], [dict(path="a")], [{}],
                    [file(str(i), "x") for i in range(1001)], [file(".git/config", "x")]):
            answer = self.registry.create("alice/begun-badly", self.alice, files=bad)
            self.assertIn(answer.status, (400, 413, 422), bad[:1])
            self.assertEqual(self.ask("GET", "/api/models/alice/begun-badly", self.alice).status, 404)
        for bad in ("MIT", "a b", "x" * 200):
            self.assertEqual(self.registry.create("alice/begun-badly", self.alice, license=bad).status, 400, bad)

    def test_a_moved_repository_is_found_under_its_old_name_by_a_relative_redirect(self):
        name = self.make()
        answer = self.ask("POST", "/api/repos/move", self.alice,
                          dict(fromRepo=name, toRepo="acme/" + name[6:], type="model"))
        self.assertEqual(answer.status, 200, answer)
        old = self.ask("GET", f"/api/models/{name}/tree/main?recursive=true")
        self.assertEqual((old.status, old.headers["Location"]),
                         (307, f"/api/models/acme/{name[6:]}/tree/main?recursive=true"))
        self.assertEqual(self.ask("GET", old.headers["Location"]).status, 200)

    def test_a_repository_does_not_move_to_a_name_that_is_taken(self):
        one, two = self.make(), self.make()
        answer = self.ask("POST", "/api/repos/move", self.alice, dict(fromRepo=one, toRepo=two, type="model"))
        self.assertEqual(answer.status, 409)
        self.assertIn(f"A model repository called {two} already exists", answer.json()["error"])

    def test_what_is_removed_is_gone_and_removing_it_again_says_so(self):
        name = self.make()
        body = dict(name=name[6:], organization="alice", type="model")
        self.assertEqual(self.ask("DELETE", "/api/repos/delete", self.bob, body).status, 403)
        self.assertEqual(self.ask("DELETE", "/api/repos/delete", self.alice, body).status, 200)
        again = self.ask("DELETE", "/api/repos/delete", self.alice, body)
        self.assertEqual((again.status, again.headers["X-Error-Code"]), (404, "RepoNotFound"))
        self.assertTrue(again.headers["X-Request-Id"])

    # What it is.

    def test_info_has_what_the_clients_read(self):
        name = self.make()
        card = b"---\nlicense: mit\npipeline_tag: text-generation\nlibrary_name: transformers\ntags: [one, two]\n---\n"
        oid = self.commit(name, {"README.md": card, "config.json": b"{}"})
        info = self.ask("GET", f"/api/models/{name}").json()
        self.assertEqual((info["id"], info["modelId"], info["author"], info["sha"]), (name, name, "alice", oid))
        self.assertEqual((info["private"], info["gated"], info["disabled"]), (False, False, False))
        self.assertEqual((info["pipeline_tag"], info["library_name"]), ("text-generation", "transformers"))
        self.assertEqual(info["tags"], ["transformers", "text-generation", "one", "two", "license:mit"])
        self.assertEqual([s["rfilename"] for s in info["siblings"]], [".gitattributes", "README.md", "config.json"])
        self.assertRegex(info["lastModified"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        with_blobs = self.ask("GET", f"/api/models/{name}?blobs=true").json()["siblings"]
        self.assertEqual((with_blobs[1]["size"], len(with_blobs[1]["blobId"])), (len(card), 40))

    def test_info_of_a_revision_is_that_revisions(self):
        name = self.make()
        first = self.commit(name, {"README.md": b"---\nlicense: mit\n---\n"})
        self.commit(name, {"README.md": b"---\nlicense: apache-2.0\n---\n"})
        info = self.ask("GET", f"/api/models/{name}/revision/{first}").json()
        self.assertEqual((info["sha"], info["cardData"]), (first, {"license": "mit"}))
        missing = self.ask("GET", f"/api/models/{name}/revision/nowhere")
        self.assertEqual((missing.status, missing.headers["X-Error-Code"]), (404, "RevisionNotFound"))

    def test_expand_gives_what_was_asked_and_an_unknown_name_lists_the_known(self):
        name = self.make()
        info = self.ask("GET", f"/api/models/{name}?expand=sha&expand[]=gated").json()
        self.assertEqual(set(info), {"_id", "id", "sha", "gated"})
        wrong = self.ask("GET", f"/api/models/{name}?expand=nothing")
        self.assertEqual(wrong.status, 400)
        self.assertIn('✖ Invalid option: expected one of "author"|', wrong.json()["error"])

    def test_names_are_found_in_any_case(self):
        name = self.make()
        self.assertEqual(self.ask("GET", f"/api/models/{name.upper()}").json()["id"], name)

    def test_an_unknown_repository_is_401_to_a_stranger_and_404_to_an_account(self):
        stranger = self.ask("GET", "/api/models/alice/nothing")
        account = self.ask("GET", "/api/models/alice/nothing", self.bob)
        for answer, status in ((stranger, 401), (account, 404)):
            self.assertEqual((answer.status, answer.headers["X-Error-Code"]), (status, "RepoNotFound"))
            self.assertEqual(answer.json(), {"error": "Repository not found"})

    # Lists.

    def listed(self, query, token=None):
        return [m["id"] for m in self.ask("GET", f"/api/models?{query}", token).json()]

    def test_a_private_model_is_listed_to_its_people_alone(self):
        name = self.make(private=True)
        self.assertIn(name, self.listed("author=alice", self.alice))
        self.assertNotIn(name, self.listed("author=alice", self.bob))
        self.assertNotIn(name, self.listed("author=alice"))

    def test_lists_are_filtered_by_tag_search_author_and_gate(self):
        one, two = self.make(), self.make()
        self.commit(one, {"README.md": b"---\ntags: [special]\n---\n"})
        self.ask("PUT", f"/api/models/{two}/settings", self.alice, dict(gated="auto"))
        self.assertEqual(self.listed("filter=special"), [one])
        self.assertEqual(self.listed("search=" + one[6:]), [one])
        self.assertEqual(self.listed("author=bob"), [])
        self.assertIn(two, self.listed("gated=true"))
        self.assertNotIn(two, self.listed("gated=false"))

    def test_pages_of_a_list_follow_by_link_without_gap(self):
        names = [self.make() for _ in range(5)]
        found, path = [], "/api/models?author=alice&limit=2&sort=createdAt"
        while path:
            answer = self.ask("GET", path)
            found += [m["id"] for m in answer.json()]
            link = answer.headers["Link"]
            self.assertLessEqual(len(answer.json()), 2)
            path = link and urllib.parse.urlsplit(link.split(">")[0][1:])
            path = path and f"{path.path}?{path.query}"
        self.assertEqual(len(found), len(set(found)))
        self.assertEqual(found[:5], names[::-1])

    # Trees and history.

    def test_a_tree_comes_in_pages_whole_or_of_a_folder(self):
        name = self.make()
        self.commit(name, {f"f/{i}.txt": b"%d" % i for i in range(5)})
        flat = self.ask("GET", f"/api/models/{name}/tree/main").json()
        self.assertEqual([(e["type"], e["path"]) for e in flat], [("file", ".gitattributes"), ("directory", "f")])
        found, path = [], f"/api/models/{name}/tree/main?recursive=true&limit=2"
        while path:
            answer = self.ask("GET", path)
            found += [e["path"] for e in answer.json()]
            path = answer.headers["Link"] and answer.headers["Link"].split(">")[0][1 + len(self.registry.url):]
        self.assertEqual(found, [".gitattributes", "f", "f/0.txt", "f/1.txt", "f/2.txt", "f/3.txt", "f/4.txt"])

    def test_a_path_may_come_escaped_or_raw(self):
        name = self.make()
        self.commit(name, {"a/b/c.txt": b"c", "a/ü ö.txt": b"u"})
        for path in ("a%2Fb", "a/b"):
            tree = self.ask("GET", f"/api/models/{name}/tree/main/{path}").json()
            self.assertEqual([e["path"] for e in tree], ["a/b/c.txt"])
        self.assertEqual(self.ask("GET", f"/{name}/resolve/main/a/%C3%BC%20%C3%B6.txt").body, b"u")
        self.assertEqual(self.ask("GET", f"/{name}/resolve/main/a%2Fb%2Fc.txt").body, b"c")
        missing = self.ask("GET", f"/api/models/{name}/tree/main/x")
        self.assertEqual((missing.status, missing.headers["X-Error-Code"]), (404, "EntryNotFound"))

    def test_a_branch_with_a_slash_is_named_escaped(self):
        name = self.make()
        self.assertEqual(self.ask("POST", f"/api/models/{name}/branch/a%2Fb", self.alice, {}).status, 200)
        self.assertEqual(self.ask("GET", f"/api/models/{name}/tree/a%2Fb").status, 200)

    def test_an_expanded_tree_tells_each_files_last_commit(self):
        name = self.make()
        first = self.commit(name, {"a": b"1", "b": b"1"}, summary="both")
        second = self.commit(name, {"b": b"2"}, summary="one")
        tree = self.ask("GET", f"/api/models/{name}/tree/main?expand=true").json()
        last = {e["path"]: e["lastCommit"] for e in tree}
        self.assertEqual((last["a"]["id"], last["b"]["id"]), (first, second))
        self.assertEqual(last["b"]["title"], "one")

    def test_paths_info_takes_forms_and_json_and_leaves_out_the_unknown(self):
        name = self.make()
        self.commit(name, {"a.txt": b"a", "d/b.txt": b"bb"})
        path = f"/api/models/{name}/paths-info/main"
        wanted = ["d/b.txt", "nothing", "a.txt", "d", "../x"]
        form = self.ask("POST", path, form=[("paths", p) for p in wanted] + [("expand", "False")])
        body = self.ask("POST", path, body=dict(paths=wanted, expand=False))
        self.assertEqual(form.json(), body.json())
        self.assertEqual([(e["path"], e["type"], e["size"]) for e in form.json()],
                         [("d/b.txt", "file", 2), ("a.txt", "file", 1), ("d", "directory", 0)])

    def test_history_is_counted_and_paged(self):
        name = self.make()
        for i in range(3):
            self.commit(name, {"a": b"%d" % i}, summary=f"change {i}")
        answer = self.ask("GET", f"/api/models/{name}/commits/main?limit=2&expand[]=formatted")
        self.assertEqual([c["title"] for c in answer.json()], ["change 2", "change 1"])
        self.assertEqual(answer.json()[0]["formatted"]["title"], "change 2")
        self.assertEqual(answer.headers["X-Total-Count"], "4")
        self.assertIn('rel="next"', answer.headers["Link"])
        rest = self.ask("GET", f"/api/models/{name}/commits/main?limit=2&p=1")
        self.assertEqual([c["title"] for c in rest.json()], ["change 0", "initial commit"])
        self.assertIsNone(rest.headers["Link"])

    def test_a_form_of_many_paths_is_answered_whole_or_refused(self):
        name = self.make()
        self.commit(name, {f"{i}.txt": b"x" for i in range(300)})
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        for count, status in ((300, 200), (2000, 200), (2001, 400), (2050, 400)):
            body = "&".join(f"paths={i}.txt" for i in range(count)) + "&expand=False"
            answer = self.ask("POST", f"/api/models/{name}/paths-info/main", self.alice, body.encode(), form)
            self.assertEqual(answer.status, status, answer)
            if status == 200:
                self.assertEqual(len(answer.json()), 300)
        answer = self.ask("POST", f"/api/models/{name}/paths-info/main", self.alice, b"paths=%zz", form)
        self.assertEqual(answer.status, 400)

    def test_what_a_list_or_a_tree_cannot_be_asked_is_said(self):
        name = self.make()
        for bad in ("sort=beauty", "cursor=1", "cursor=1.0", "cursor=x.1", "filter=" + ",".join(["a"] * 33)):
            self.assertEqual(self.ask("GET", f"/api/models?{bad}").status, 400, bad)
        paths = f"/api/models/{name}/paths-info/main"
        for bad in (dict(paths=["a"] * 2001), dict(paths=[7]), dict(paths=["a", None])):
            self.assertEqual(self.ask("POST", paths, self.alice, bad).status, 400)
        self.assertEqual(self.ask("POST", paths, self.alice, dict(paths=["a"] * 2000)).status, 200)
        preupload = f"/api/models/{name}/preupload/main"
        for bad in (dict(path="a"), dict(path="a", size=1, sample="no base64!"),
                    dict(path="a", size=5000, sample="AAAA" * 2000)):
            self.assertEqual(self.ask("POST", preupload, self.alice, dict(files=[bad])).status, 400, bad)
        self.assertEqual(self.ask("POST", preupload + "?create_pr=1", self.alice, dict(files=[])).status, 501)

    # Branches and tags.

    def test_branches_and_tags_are_listed_made_and_removed(self):
        name = self.make()
        oid = self.commit(name, {"a": b"1"})
        api = f"/api/models/{name}"
        self.assertEqual(self.ask("POST", api + "/branch/dev", self.alice, {}).status, 200)
        self.assertEqual(self.ask("POST", api + f"/tag/{oid[:8]}", self.alice, dict(tag="v1", message="m")).status, 200)
        refs = self.ask("GET", api + "/refs").json()
        self.assertEqual([(b["name"], b["ref"], b["targetCommit"]) for b in refs["branches"]],
                         [("dev", "refs/heads/dev", oid), ("main", "refs/heads/main", oid)])
        self.assertEqual([(t["name"], t["targetCommit"]) for t in refs["tags"]], [("v1", oid)])
        self.assertNotIn("pullRequests", refs)
        self.assertEqual(self.ask("DELETE", api + "/branch/dev", self.alice).status, 200)
        self.assertEqual(self.ask("DELETE", api + "/tag/v1", self.alice).status, 200)
        refs = self.ask("GET", api + "/refs?include_prs=1").json()
        self.assertEqual((len(refs["branches"]), refs["tags"], refs["pullRequests"]), (1, [], []))

    def test_a_branch_begins_empty_or_in_the_place_of_another(self):
        name = self.make()
        first = self.commit(name, {"a": b"1"})
        self.commit(name, {"b": b"2"})
        branch = f"/api/models/{name}/branch/dev"
        self.assertEqual(self.ask("POST", branch, self.alice, dict(emptyBranch=True)).status, 200)
        self.assertEqual(self.ask("GET", f"/api/models/{name}/tree/dev").json(), [])
        self.assertEqual(len(self.ask("GET", f"/api/models/{name}/commits/dev").json()), 1)
        self.assertEqual(self.ask("POST", branch, self.alice, dict(startingPoint=first)).status, 409)
        again = self.ask("POST", branch, self.alice, dict(startingPoint=first, overwrite=True))
        self.assertEqual(again.status, 200, again)
        self.assertEqual([c["id"] for c in self.ask("GET", f"/api/models/{name}/commits/dev").json()][0], first)
        for bad in (dict(startingPoint="nowhere"), dict(startingPoint="f" * 40)):
            self.assertEqual(self.ask("POST", branch + "2", self.alice, bad).status, 404, bad)

    def test_git_is_told_that_a_push_comes_later_and_an_old_protocol_never(self):
        name = self.make()
        for query in ("?service=git-receive-pack", "", "?service=git-shell"):
            answer = self.ask("GET", f"/{name}.git/info/refs{query}", self.alice)
            self.assertEqual(answer.status, 403, query)
        self.assertEqual(self.ask("POST", f"/{name}.git/git-receive-pack", self.alice, b"0000").status, 403)
        pack = self.ask("POST", f"/{name}.git/git-upload-pack", self.alice, b"0000", {"Content-Encoding": "br"})
        self.assertEqual(pack.status, 400)

    def test_refs_that_are_there_missing_or_misnamed_are_said_so(self):
        name = self.make()
        api = f"/api/models/{name}"
        twice = self.ask("POST", api + "/branch/main", self.alice, {})
        self.assertEqual((twice.status, twice.json()["error"]), (409, "Reference refs/heads/main already exists"))
        self.assertIn("Cannot delete refs/heads/main",
                      self.ask("DELETE", api + "/branch/main", self.alice).json()["error"])
        self.assertIn("Invalid rev id", self.ask("DELETE", api + "/branch/none", self.alice).json()["error"])
        for tag in ("none", "main"):
            answer = self.ask("DELETE", api + f"/tag/{tag}", self.alice)
            self.assertEqual(answer.headers["X-Error-Code"], "RevisionNotFound")
        for tag in ("a b", "..", "-x", "a" * 300):
            self.assertEqual(self.ask("POST", api + "/tag/main", self.alice, dict(tag=tag)).status, 400, tag)

    def test_a_reader_makes_no_branch(self):
        name = self.make()
        self.assertEqual(self.ask("POST", f"/api/models/{name}/branch/x", self.bob, {}).status, 403)

    # What clients ask around it.

    def test_a_card_is_checked_before_it_is_committed(self):
        def check(content):
            answer = self.ask("POST", "/api/validate-yaml", body=dict(content=content, repoType="model"))
            first = answer.json()["errors"][:1]
            self.assertEqual([answer.headers["X-Error-Message"]] if first else [], [e["message"] for e in first])
            self.assertEqual(answer.headers["X-Error-Code"], "BadRequest" if first else None)
            return answer.status, answer.json()
        self.assertEqual(check("---\nlicense: mit\n---\n"), (200, dict(errors=[], warnings=[])))
        self.assertEqual(len(check("# no card\n")[1]["warnings"]), 1)
        status, said = check("---\nmodel-index: foo\n---\n")
        self.assertEqual((status, len(said["errors"])), (400, 1))
        status, said = check("---\nlicense: mine\n---\n")
        self.assertTrue(said["errors"][0]["message"].startswith('"license" must be one of'))
        self.assertEqual(check("---\na: [\n---\n")[0], 400)

    def test_hf_gets_its_list_of_agents(self):
        answer = self.ask("GET", "/api/agent-harnesses")
        self.assertEqual((answer.status, answer.json()), (200, dict(standardEnvVars=[], harnesses={})))


if __name__ == "__main__":
    unittest.main()
