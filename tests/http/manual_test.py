"""The daemon's manual pages: sound mdoc, and every option of --help in them."""
import glob
import os
import re
import subprocess
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def page(name):
    with open(os.path.join(ROOT, "registry", name)) as f:
        return f.read()


class Manual(unittest.TestCase):
    def test_every_page_passes_mandocs_lint(self):
        pages = glob.glob(os.path.join(ROOT, "registry", "*.[1-9]")) + glob.glob(os.path.join(ROOT, "cli", "*.[1-9]"))
        self.assertGreaterEqual(len(pages), 3)
        answer = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", *pages], capture_output=True, text=True)
        self.assertEqual((answer.stdout, answer.returncode), ("", 0))

    def test_every_option_of_help_is_in_the_pages(self):
        text = subprocess.run([os.environ["WEIGHD"], "--help"], capture_output=True, text=True, check=True).stdout
        options = set(re.findall(r"^  --([a-z-]+)", text, re.M))
        self.assertIn("config", options)
        listed = set(re.findall(r"^\.It Fl -([a-z-]+)", page("weighd.8"), re.M))
        self.assertEqual(options, listed)
        keys = {key.strip() for line in re.findall(r"^\.It Cm (.*)", page("weighd.conf.5"), re.M) for key in line.split(",")}
        self.assertEqual({o.replace("-", "_") for o in options - {"config", "version", "help"}}, keys)

    def test_the_version_names_a_number_and_a_commit(self):
        for program in ("WEIGHD", "WEIGH"):
            text = subprocess.run([os.environ[program], "--version"], capture_output=True, text=True, check=True).stdout
            self.assertRegex(text, r"^weighd? \d+\.\d+\.\d+ \([0-9a-f]{12}(-dirty)?\)\n$|unknown commit")


if __name__ == "__main__":
    unittest.main()
