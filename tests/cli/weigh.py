"""Runs the real weigh with a home of its own."""

import json
import os
import shutil
import subprocess
import tempfile
import unittest

WEIGH = os.environ.get("WEIGH", "weigh")


class Case(unittest.TestCase):
    """A test with a home that is removed at the end."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="weigh-test-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": self.folder,
            "WEIGH_HOME": os.path.join(self.folder, "weigh"),
            "HF_HOME": os.path.join(self.folder, "hf"),
            "NO_PROXY": "*",
        }
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
            if name in os.environ:
                self.environment[name] = os.environ[name]

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def start(self, *arguments, **options):
        return subprocess.Popen(
            [WEIGH, *arguments], env=dict(self.environment,
                                          **options.pop("env", {})),
            stdin=options.pop("stdin", subprocess.DEVNULL),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            **options)

    def weigh(self, *arguments, status=0, **options):
        """Runs to the end, checks the exit status, gives the output."""
        feed = options.pop("input", None)
        if feed is not None:
            options["stdin"] = subprocess.PIPE
        process = self.start(*arguments, **options)
        out, err = process.communicate(feed, timeout=300)
        self.assertEqual(process.returncode, status,
                         "%s\n%s%s" % (arguments, out, err))
        self.stderr = err
        return out

    def json(self, *arguments, **options):
        return json.loads(self.weigh(*arguments, "--json", **options))
