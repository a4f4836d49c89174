"""The help, the manual page and the completions of weigh tell the same."""

import glob
import os
import re
import shutil
import subprocess
import unittest

from tests.cli.weigh import WEIGH

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
PAGE = os.path.join(ROOT, "cli", "weigh.1")
COMPLETION = os.path.join(ROOT, "deploy", "completion")
COMMON = {"--registry", "--json", "--help"}


def read(path):
    with open(path) as file:
        return file.read()


def help_of(*words):
    return subprocess.run([WEIGH, *words, "--help"], check=True, text=True,
                          capture_output=True).stdout


def names_in(text):
    """Commands or verbs: two blanks, a name, its summary."""
    return re.findall(r"^  ([a-z]+)  +\S", text, re.M)


def options_in(text):
    return set(re.findall(r"^  (--?[a-z][a-z-]*)", text, re.M))


def all_commands():
    """("review", "accept") and so on, with the options of each."""
    for command in names_in(help_of()):
        text = help_of(command)
        yield (command,), options_in(text)
        for verb in names_in(text):
            yield (command, verb), options_in(help_of(command, verb))


class Manual(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.commands = dict(all_commands())
        head, *parts = re.split(r"^\.Ss weigh ", read(PAGE), flags=re.M)
        cls.sections = {}
        for part in parts:
            title, _, text = part.partition("\n")
            words = []
            for word in title.split():
                if not re.fullmatch("[a-z]+", word):
                    break
                words.append(word)
            cls.sections[tuple(words)] = cls.flags(text.split("\n.Sh ")[0])
        cls.common = cls.flags(head)

    @staticmethod
    def flags(text):
        """The options that a part of the page explains."""
        items = re.findall(r"^\.(?:It )?(Fl .*)$", text, re.M)
        found = set()
        for item in items:
            found |= {"-" + name for name in re.findall(r"Fl (-?[a-z-]+)",
                                                        item)}
        return found

    def test_there_are_commands_and_each_takes_the_common_options(self):
        self.assertGreater(len(self.commands), 25)
        for words, options in self.commands.items():
            self.assertLessEqual(COMMON, options, words)
        self.assertLessEqual(COMMON, self.common)

    def test_every_command_has_its_part_of_the_page(self):
        self.assertEqual(set(self.sections), set(self.commands))

    def test_every_option_of_a_command_is_in_its_part_of_the_page(self):
        for words, options in self.commands.items():
            missing = options - COMMON - self.sections[words]
            self.assertEqual(missing, set(), words)

    def test_the_page_explains_no_option_that_is_not_there(self):
        # A part may mention another command's option.
        known = set().union(*self.commands.values()) | {"--version", "-h"}
        for words, options in self.sections.items():
            self.assertEqual(options - known, set(), words)

    def test_the_page_names_every_variable_that_the_code_reads(self):
        read_by = re.compile(
            r'(?:getenv|variable)\("(\w+)"\)|below\(\w+, "(\w+)"')
        found = set()
        for path in glob.glob(os.path.join(ROOT, "cli", "*", "*.c")):
            for one, other in read_by.findall(read(path)):
                found.add(one or other)
        page = read(PAGE).split(".Sh ENVIRONMENT")[1].split("\n.Sh ")[0]
        named = set(re.findall(r"\b[A-Z_]{4,}\b",
                               "\n".join(re.findall(r"^\.It Ev (.*)$", page,
                                                    re.M))))
        self.assertGreater(len(found), 10)
        self.assertEqual(named, found)

    def test_the_page_lists_the_exit_codes_of_the_code(self):
        source = read(os.path.join(ROOT, "cli", "command", "command.c"))
        page = read(PAGE).split(".Sh EXIT STATUS")[1].split("\n.Sh ")[0]
        self.assertEqual(
            set(re.findall(r"^\.It (\d+)$", page, re.M)) - {"0"},
            set(re.findall(r"^#define EXIT_\w+ (\d+)$", source, re.M)))

    @unittest.skipUnless(shutil.which("mandoc"), "mandoc is not installed")
    def test_mandoc_finds_nothing_wrong_with_the_page(self):
        answer = subprocess.run(["mandoc", "-T", "lint", "-W", "warning",
                                 PAGE], capture_output=True, text=True)
        self.assertEqual(answer.stdout + answer.stderr, "")

    def test_the_version_names_the_commit(self):
        text = subprocess.run([WEIGH, "--version"], check=True, text=True,
                              capture_output=True).stdout
        self.assertRegex(text, r"^weigh \d+\.\d+\.\d+ \([^)]+\)\n$")


class Completion(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.commands = dict(all_commands())

    def complete(self, *words):
        """What bash offers for the last word."""
        script = (
            'source "$1"; shift; COMP_WORDS=("$@"); '
            "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _weigh; "
            'printf "%s\\n" "${COMPREPLY[@]}"')
        text = subprocess.run(
            ["bash", "-c", script, "bash",
             os.path.join(COMPLETION, "weigh.bash"), "weigh", *words],
            check=True, capture_output=True, text=True, cwd=COMPLETION).stdout
        return set(text.split())

    def test_bash_offers_every_command_and_verb(self):
        tops = {words[0] for words in self.commands}
        self.assertEqual(self.complete(""), tops | {"--help", "--version"})
        self.assertEqual(self.complete("rev"), {"review"})
        for top in tops:
            verbs = {words[1] for words in self.commands
                     if words[0] == top and len(words) > 1}
            if verbs:
                self.assertEqual(self.complete(top, ""), verbs)

    def test_bash_offers_every_option_of_a_command(self):
        for words, options in self.commands.items():
            self.assertEqual(self.complete(*words, "-"), options, words)

    def test_bash_offers_files_where_a_file_is_wanted(self):
        self.assertIn("weigh.fish", self.complete("sign", "--signature",
                                                  "weigh.f"))

    def test_zsh_and_fish_know_every_option(self):
        for name, spelled in (("_weigh", "{}["), ("weigh.fish", "{}")):
            text = read(os.path.join(COMPLETION, name))
            for words, options in self.commands.items():
                for word in words:
                    self.assertIn(word, text)
                for option in options:
                    wanted = spelled.format(option)
                    if name == "weigh.fish":
                        wanted = (" -l " if option.startswith("--")
                                  else " -s ") + option.lstrip("-") + " "
                    self.assertIn(wanted, text, (name, words))

    def test_zsh_and_fish_can_read_theirs(self):
        for shell, name in (("zsh", "_weigh"), ("fish", "weigh.fish")):
            if shutil.which(shell):
                subprocess.run([shell, "-n", os.path.join(COMPLETION, name)],
                               check=True)


if __name__ == "__main__":
    unittest.main()
