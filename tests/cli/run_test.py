"""weigh run and weigh chat, on the recorded models of tests/vectors."""

import json
import os
import signal
import struct
import subprocess
import unittest

from tests.cli.fake import Registry
from tests.cli.weigh import Case

VECTORS = os.path.join(os.path.dirname(__file__), "..", "vectors")
STORIES = os.path.join(VECTORS, "models", "stories260K.gguf")
# Its likeliest token behind "Hello" is "o", for ever.
ENDLESS = os.path.join(VECTORS, "arch", "llama-rope-freqs.gguf")


def read(*parts):
    with open(os.path.join(VECTORS, *parts), "rb") as file:
        return file.read()


def difference(got, wanted):
    """The normalised squared error of float32 values."""
    got = struct.unpack("<%df" % (len(got) // 4), got)
    wanted = struct.unpack("<%df" % (len(wanted) // 4), wanted)
    error = sum((a - b) ** 2 for a, b in zip(got, wanted, strict=True))
    return error / sum(b * b for b in wanted)


class Run(Case):
    def run_file(self, *arguments, **options):
        return self.weigh("run", "--file", STORIES, *arguments, **options)

    def test_the_recorded_story_comes_byte_by_byte(self):
        story = self.run_file("--temp", "0", "-n", "256", "")
        self.assertEqual(story.encode(),
                         read("models", "stories260K.greedy.txt"))

    def test_the_prompt_comes_first_and_json_keeps_them_apart(self):
        text = self.run_file("--temp", "0", "-n", "9", "Once upon")
        self.assertTrue(text.startswith("Once upon a time, there"), text)
        answer = json.loads(
            self.run_file("--temp", "0", "-n", "9", "--json", "Once upon"))
        self.assertEqual(answer["prompt"] + answer["text"] + "\n", text)
        self.assertEqual(answer["tokens"]["generated"], 9)
        self.assertEqual(answer["end"], "limit")

    def test_one_seed_gives_one_story(self):
        one = self.run_file("--seed", "5", "-n", "40", "The cat")
        self.assertEqual(
            self.run_file("--seed", "5", "-n", "40", "-t", "1", "The cat"), one)
        self.assertNotEqual(
            self.run_file("--seed", "6", "-n", "40", "The cat"), one)

    def test_a_full_context_ends_the_text(self):
        answer = json.loads(self.run_file("-c", "20", "--json", "Once"))
        self.assertEqual(answer["end"], "context")
        self.run_file("-c", "2", "Once upon a time there was", status=1)
        self.assertIn("more than the context has room for", self.stderr)

    def test_logits_are_those_of_the_reference(self):
        tokens = json.loads(read("arch", "tokens.json"))
        out = self.path("logits.f32")
        for name in ("llama", "llama-linear", "llama-rope-freqs"):
            wanted = read("arch", name + ".ref.f32")
            for kv, batch, limit in (("f32", "1", 1e-10), ("f32", "32", 1e-10),
                                     ("f16", "7", 1e-6)):
                self.weigh("run", "--file",
                           os.path.join(VECTORS, "arch", name + ".gguf"),
                           "--tokens", ",".join(map(str, tokens)),
                           "--logits", out, "--kv", kv, "--batch", batch)
                with open(out, "rb") as file:
                    self.assertLessEqual(difference(file.read(), wanted), limit)

    def test_a_file_that_cannot_be_run_gets_one_line_and_status_1(self):
        cut = self.path("cut.gguf")
        with open(cut, "wb") as file:
            file.write(read("models", "stories260K.gguf")[:-4096])
        bad = [os.path.join(VECTORS, "gguf-bad", name)
               for name in sorted(os.listdir(os.path.join(VECTORS,
                                                          "gguf-bad")))]
        fifo = self.path("fifo")
        os.mkfifo(fifo)
        for path in [*bad, cut, fifo, self.folder, "/dev/null"]:
            out = self.weigh("run", "--file", path, "hello", status=1)
            self.assertEqual(out, "")
            self.assertEqual(self.stderr.count("\n"), 1, self.stderr)
            self.assertTrue(self.stderr.startswith("weigh: "), self.stderr)
        self.weigh("run", "--file", self.path("none"), status=4)

    def test_options_that_make_no_sense_are_refused(self):
        for arguments in (["--temp", "-1", "a"], ["--top-p", "2", "a"],
                          ["--kv", "f64", "a"], ["-t", "0", "a"],
                          ["--tokens", "1,,2"], ["--tokens", "x"],
                          ["--tokens", "1", "a"], ["a", "b"],
                          ["--logits", "out", "a"], ["--batch", "0", "a"]):
            self.weigh("run", "--file", STORIES, *arguments, status=2)
        self.weigh("run", status=2)
        self.run_file("--tokens", "512", status=1)
        self.assertIn("token 512 is not below 512", self.stderr)

    def test_ctrl_c_ends_it_with_130(self):
        process = self.start("run", "--file", ENDLESS, "--temp", "0", "-c",
                             "200000", "Hello")
        self.assertEqual(process.stdout.read(8), "Hellooooo"[:8])
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130)
        self.assertTrue(out.endswith("\n"))
        self.assertEqual(err, "weigh: interrupted\n")

    def test_portable_instructions_tell_the_same_story(self):
        self.assertEqual(
            self.run_file("--temp", "0", "-n", "60", "--portable", "Tom"),
            self.run_file("--temp", "0", "-n", "60", "Tom"))


class Pulled(Case):
    def setUp(self):
        super().setUp()
        self.registry = Registry({"a.gguf": read("models", "stories260K.gguf"),
                                  "README.md": b"# tiny\n"},
                                 weights=["a.gguf"])
        self.addCleanup(self.registry.close)
        self.environment["WEIGH_REGISTRY"] = self.registry.url

    def test_a_pulled_model_runs_and_one_that_is_not_there_is_named(self):
        self.weigh("run", "acme/tiny", "hi", status=4)
        self.assertIn("weigh pull acme/tiny", self.stderr)
        self.weigh("pull", "acme/tiny@main", "--allow-unsigned")
        text = self.weigh("run", "acme/tiny@main", "Once", "--temp", "0", "-n",
                          "5")
        self.assertTrue(text.startswith("Once upon a time"), text)
        self.weigh("run", "acme/tiny@main", "--gguf", "b.gguf", status=4)

    def test_a_file_that_was_changed_is_not_run(self):
        folder = self.json("pull", "acme/tiny@main",
                           "--allow-unsigned")["path"]
        path = os.path.realpath(os.path.join(folder, "a.gguf"))
        os.chmod(path, 0o644)
        with open(path, "r+b") as file:
            file.seek(-1, os.SEEK_END)
            file.write(b"\x55")
        self.weigh("run", "acme/tiny@main", "Once", status=5)
        self.assertIn("was changed", self.stderr)


class Chat(Case):
    def test_a_conversation_goes_on_to_the_end_of_the_input(self):
        out = self.weigh("chat", "--file", STORIES, "--temp", "0", "-n", "12",
                         input="Hello\n\nAnd then?\n/exit\nnever\n")
        self.assertEqual(len(out.splitlines()), 2, out)
        turns = self.json("chat", "--file", STORIES, "--temp", "0", "-n", "12",
                          input="Hello\n\nAnd then?\n")["turns"]
        self.assertEqual([turn["prompt"] for turn in turns],
                         ["Hello", "And then?"])
        self.assertEqual("".join(turn["text"] + "\n" for turn in turns), out)

    def test_ctrl_c_ends_an_answer_and_at_the_prompt_the_conversation(self):
        process = self.start("chat", "--file", ENDLESS, "--temp", "0", "-c",
                             "200000", stdin=subprocess.PIPE)
        process.stdin.write("Hello\n")
        process.stdin.flush()
        self.assertEqual(len(process.stdout.read(3)), 3)
        process.send_signal(signal.SIGINT)
        self.assertTrue(process.stdout.readline().endswith("\n"))
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130)


if __name__ == "__main__":
    unittest.main()
