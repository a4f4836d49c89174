"""What weigh pulled is what the Hub's own client finds, without a network.

CLIENTS_PYTHON  a python with huggingface_hub
"""

import json
import os
import subprocess
import unittest

from tests.cli.fake import Registry
from tests.cli.weigh import Case

FILES = {"README.md": b"# tiny\n", "a/config.json": b"{}\n",
         "model.safetensors": b"weights" * 100}
SCRIPT = """
import json
from huggingface_hub import scan_cache_dir, snapshot_download
cache = scan_cache_dir()
print(json.dumps({
    "path": snapshot_download("acme/tiny", local_files_only=True),
    "warnings": [str(one) for one in cache.warnings],
    "files": sum(one.nb_files for one in cache.repos),
    "refs": sorted(ref for repo in cache.repos for one in repo.revisions
                   for ref in one.refs)}))
"""


class Cache(Case):
    def test_huggingface_hub_finds_every_file_and_nothing_odd(self):
        python = os.environ.get("CLIENTS_PYTHON")
        self.assertTrue(python, "CLIENTS_PYTHON is not set")
        registry = Registry(FILES, weights=["model.safetensors"])
        self.addCleanup(registry.close)
        pulled = self.json("pull", "acme/tiny", "--allow-unsigned",
                           "--registry", registry.url)
        answer = subprocess.run(
            [python, "-c", SCRIPT], check=True, capture_output=True, text=True,
            env=dict(self.environment, HF_HUB_OFFLINE="1"))
        found = json.loads(answer.stdout)
        self.assertEqual(found, {"path": pulled["path"], "warnings": [],
                                 "files": len(FILES), "refs": ["main"]})
        for path, data in FILES.items():
            with open(os.path.join(found["path"], path), "rb") as file:
                self.assertEqual(file.read(), data)


if __name__ == "__main__":
    unittest.main()
