"""The Hub's own client and git with git-lfs, unchanged, against our registry.

CLIENTS_PYTHON  a python with huggingface_hub, whose folder has hf
"""
import os
import subprocess
import tempfile
import unittest

from tests.daemon import Daemon

MIB = 1024 * 1024


def client(variable):
    """A test without its client has not passed."""
    value = os.environ.get(variable)
    if not value:
        raise AssertionError(f"{variable} is not set; deploy/test sets it up")
    return value


class HubTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.python = client("CLIENTS_PYTHON")
        cls.registry = Daemon().__enter__()
        cls.addClassCleanup(cls.registry.close)
        cls.alice = cls.registry.person("alice")
        cls.bob = cls.registry.person("bob")
        cls.count = 0

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="weigh-client-")
        self.addCleanup(subprocess.run, ["rm", "-rf", self.folder], check=True)
        HubTest.count += 1
        self.name = f"alice/model{HubTest.count}"

    def run_program(self, *words, token=None, status=0, cwd=None, **environment):
        env = {"PATH": os.environ["PATH"], "HOME": self.folder, "HF_HOME": os.path.join(self.folder, "hf"),
               "HF_ENDPOINT": self.registry.url, "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_UPDATE_CHECK": "1",
               "HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "NO_COLOR": "1",
               "GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1", **environment}
        if token:
            env["HF_TOKEN"] = token
        answer = subprocess.run(words, env=env, cwd=cwd or self.folder, capture_output=True, text=True, timeout=120)
        self.assertEqual(answer.returncode, status, f"{words}\n{answer.stdout}\n{answer.stderr}")
        return answer.stdout + answer.stderr

    def hf(self, *words, token=None, status=0, **environment):
        program = os.path.join(os.path.dirname(self.python), "hf")
        return self.run_program(program, *words, token=token, status=status, **environment)

    def api(self, text, token=None, status=0):
        text = "from huggingface_hub import *\nfrom huggingface_hub.errors import *\napi = HfApi()\n" + text
        return self.run_program(self.python, "-c", text, token=token, status=status)

    def git(self, *words, cwd=None, status=0):
        return self.run_program("git", *words, cwd=cwd, status=status)

    def url(self, token=None, name=None):
        return self.registry.url.replace("://", f"://any:{token}@" if token else "://") + "/" + (name or self.name)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def make_model(self):
        """A folder as a publisher has it: a card, text, small weights and some in several parts."""
        files = {"README.md": b"---\nlicense: mit\n---\n# Tiny\n", "config.json": b"{}\n", "sub/x.txt": b"x\n",
                 "model.bin": os.urandom(2 * MIB), "large.bin": os.urandom(70 * MIB)}
        for name, data in files.items():
            os.makedirs(os.path.dirname(self.path("model", name)), exist_ok=True)
            with open(self.path("model", name), "wb") as f:
                f.write(data)
        return files

    def check_model(self, folder, files):
        for name, data in files.items():
            with open(os.path.join(folder, name), "rb") as f:
                self.assertEqual(f.read(), data, name)

    def upload_small(self, token=None):
        self.assertEqual(self.registry.create(self.name, self.alice).status, 200)
        answer = self.registry.commit(self.name, self.alice, {"README.md": b"# Tiny\n", "config.json": b"{}\n"})
        self.assertEqual(answer.status, 200)

    def gate(self):
        answer = self.registry.ask("PUT", f"/api/models/{self.name}/settings", self.alice, {"gated": "manual"})
        self.assertEqual(answer.status, 200)

    def grant(self):
        answer = self.registry.ask("POST", f"/api/models/{self.name}/user-access-request/grant", self.alice,
                                   {"user": "bob"})
        self.assertEqual(answer.status, 200, answer)

    # hf.

    def test_hf_says_who_is_logged_in(self):
        self.assertIn("alice", self.hf("auth", "whoami", token=self.alice))

    def test_hf_uploads_a_folder_and_downloads_the_same(self):
        files = self.make_model()
        self.hf("repos", "create", self.name, "--private", token=self.alice)
        self.hf("upload", self.name, self.path("model"), ".", token=self.alice)
        self.hf("download", self.name, "--local-dir", self.path("back"), token=self.alice)
        self.check_model(self.path("back"), files)
        head = self.registry.ask("GET", f"/api/models/{self.name}", self.alice).json()["sha"]
        self.hf("upload", self.name, self.path("model"), ".", token=self.alice)
        self.assertEqual(self.registry.ask("GET", f"/api/models/{self.name}", self.alice).json()["sha"], head)
        said = self.hf("download", self.name, token=self.bob, status=1)
        self.assertIn(f"Model '{self.name}' not found", said)

    def test_hf_as_it_is_installed_is_told_to_do_without_xet(self):
        self.make_model()
        self.hf("repos", "create", self.name, token=self.alice)
        said = self.hf("upload", self.name, self.path("model", "model.bin"), token=self.alice, status=1,
                       HF_HUB_DISABLE_XET="0")
        self.assertIn("HF_HUB_DISABLE_XET=1", said)

    def test_hf_meets_the_gate_before_and_passes_it_after_the_grant(self):
        self.upload_small()
        self.gate()
        said = self.hf("download", self.name, "config.json", token=self.bob, status=1)
        self.assertIn(f"Access denied. Model '{self.name}' requires approval.", said)
        self.assertIn(f"Visit {self.url()} to ask for access", said)
        self.grant()
        self.hf("download", self.name, "config.json", "--local-dir", self.path("back"), token=self.bob)
        self.check_model(self.path("back"), {"config.json": b"{}\n"})

    # huggingface_hub.

    def test_the_library_reads_what_a_model_is(self):
        self.upload_small()
        self.api(f"""
name = {self.name!r}
info = api.model_info(name, files_metadata=True)
assert [s.rfilename for s in info.siblings] == ['.gitattributes', 'README.md', 'config.json'], info
assert info.author == 'alice' and info.gated is False and not info.private
assert api.model_info(name, expand=['sha']).sha == info.sha
assert api.repo_exists(name) and not api.repo_exists('alice/none')
assert api.revision_exists(name, 'main') and not api.revision_exists(name, 'none')
assert api.file_exists(name, 'config.json') and not api.file_exists(name, 'none')
assert [m.id for m in api.list_models(author='alice', search=name[6:], limit=5)][0].startswith('alice/model')
assert sorted(f.path for f in api.list_repo_tree(name)) == ['.gitattributes', 'README.md', 'config.json']
assert api.get_paths_info(name, ['config.json', 'none'], expand=True)[0].last_commit.title == 'Add files'
assert [c.title for c in api.list_repo_commits(name, formatted=True)] == ['Add files', 'initial commit']
assert [b.name for b in api.list_repo_refs(name).branches] == ['main']
path = api.snapshot_download(name)
assert sorted(__import__('os').listdir(path)) == ['.gitattributes', 'README.md', 'config.json']
for call, kind in ((lambda: api.model_info('alice/none'), RepositoryNotFoundError),
                   (lambda: api.model_info(name, revision='none'), RevisionNotFoundError),
                   (lambda: api.hf_hub_download(name, 'none'), EntryNotFoundError)):
    try:
        call()
    except kind:
        continue
    raise AssertionError(kind)
""", self.bob)

    def test_the_library_writes_commits_branches_and_tags(self):
        self.api(f"""
name = {self.name!r}
assert api.create_repo(name, exist_ok=True).repo_id == name
assert api.create_repo(name, exist_ok=True).repo_id == name
one = api.create_commit(name, [CommitOperationAdd('a.txt', b'a'), CommitOperationAdd('d/b.bin', b'b' * 1000)],
                        commit_message='one', commit_description='more')
assert one.oid == api.model_info(name).sha
two = api.create_commit(name, [CommitOperationCopy('d/b.bin', 'c.bin'), CommitOperationDelete('a.txt')],
                        commit_message='two', parent_commit=one.oid)
assert sorted(api.list_repo_files(name)) == ['.gitattributes', 'c.bin', 'd/b.bin']
api.delete_folder('d', name)
api.create_branch(name, branch='dev', revision=one.oid)
api.create_branch(name, branch='dev', exist_ok=True)
api.upload_file(path_or_fileobj=b'on dev', path_in_repo='dev.txt', repo_id=name, revision='dev')
assert api.file_exists(name, 'dev.txt', revision='dev') and not api.file_exists(name, 'dev.txt')
api.create_tag(name, tag='v1', tag_message='first', revision=two.oid[:10])
try:
    api.create_tag(name, tag='v1')
    raise AssertionError('twice')
except HfHubHTTPError as error:
    assert error.response.status_code == 409
assert [t.name for t in api.list_repo_refs(name).tags] == ['v1']
assert 'd/b.bin' in api.list_repo_files(name, revision='v1')
api.delete_tag(name, tag='v1')
api.delete_branch(name, branch='dev')
api.update_repo_settings(name, private=True)
assert api.model_info(name).private
api.move_repo(name, name + '-moved')
assert api.model_info(name).id == name + '-moved'
api.delete_repo(name + '-moved')
assert not api.repo_exists(name)
""", self.alice)

    def test_the_library_tells_a_gated_repository_from_a_missing_one(self):
        self.upload_small()
        self.gate()
        self.api(f"""
try:
    api.hf_hub_download({self.name!r}, 'config.json')
    raise AssertionError('no gate')
except GatedRepoError as error:
    assert 'you are not in the authorized list' in str(error), error
""", self.bob)

    # git and git-lfs.

    def test_git_clones_pulls_and_deepens(self):
        self.upload_small()
        self.git("clone", self.url(), "whole")
        self.git("clone", "--depth", "1", self.url() + ".git", "shallow")
        for i in range(3):
            self.registry.commit(self.name, self.alice, {f"new{i}.txt": b"new\n" * 100 * i, "README.md": b"# %d\n" % i})
        for clone in ("whole", "shallow"):
            self.git("pull", cwd=self.path(clone))
            self.git("fsck", "--strict", cwd=self.path(clone))
            self.check_model(self.path(clone), {"README.md": b"# 2\n", "new2.txt": b"new\n" * 200})
        self.assertEqual(self.git("rev-list", "--count", "HEAD", cwd=self.path("shallow")).strip(), "4")
        self.git("fetch", "--unshallow", cwd=self.path("shallow"))
        self.git("fsck", "--strict", cwd=self.path("shallow"))
        self.assertEqual(self.git("rev-list", "--count", "HEAD", cwd=self.path("shallow")).strip(), "5")

    def test_git_lfs_brings_weights_along(self):
        data = os.urandom(3 * MIB)
        self.api(f"""
api.create_repo({self.name!r})
api.upload_file(path_or_fileobj=open({self.write('w.bin', data)!r}, 'rb'), path_in_repo='w.bin', repo_id={self.name!r})
api.upload_file(path_or_fileobj={self.write('odd.xyz', data[:9])!r}, path_in_repo='odd name.xyz', repo_id={self.name!r})
""", self.alice)
        self.git("lfs", "install")
        self.git("clone", self.url(), "clone")
        self.check_model(self.path("clone"), {"w.bin": data, "odd name.xyz": data[:9]})
        self.assertEqual(self.git("status", "--porcelain", cwd=self.path("clone")), "")

    def write(self, name, data):
        with open(self.path(name), "wb") as f:
            f.write(data)
        return self.path(name)

    def test_git_meets_the_gate_before_and_passes_it_after_the_grant(self):
        self.upload_small()
        self.gate()
        said = self.git("clone", self.url(), "clone", status=128)
        self.assertIn("could not read Username", said)
        said = self.git("clone", self.url(self.bob), "clone", status=128)
        self.assertIn(f"remote: Access to model {self.name} is restricted and you are not in the authorized list. "
                      f"Visit {self.url()} to ask for access.", said)
        self.grant()
        self.git("clone", self.url(self.bob), "clone")
        self.check_model(self.path("clone"), {"config.json": b"{}\n"})

    def test_git_is_told_that_pushing_is_not_offered(self):
        self.upload_small()
        self.git("clone", self.url(self.alice), "clone")
        said = self.git("push", "origin", "HEAD:other", cwd=self.path("clone"), status=128)
        self.assertIn("remote: pushing comes in a later release; use weigh publish or hf upload", said)

    def test_git_with_many_branches_negotiates_in_a_packed_body(self):
        self.upload_small()
        self.git("clone", self.url(), "clone")
        for i in range(40):
            self.registry.commit(self.name, self.alice, {"n.txt": b"%d\n" % i})
            self.registry.ask("POST", f"/api/models/{self.name}/branch/b{i}", self.alice, {})
        self.git("fetch", cwd=self.path("clone"))
        self.git("fsck", "--strict", cwd=self.path("clone"))
        self.assertEqual(len(self.git("branch", "-r", cwd=self.path("clone")).splitlines()), 42)


if __name__ == "__main__":
    unittest.main()
