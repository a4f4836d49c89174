"""Software we did not write checks our signatures, and we check its.

CLIENTS_PYTHON  a python with model-signing and pyopenssl
CLIENTS_NODE    a folder whose node_modules has @sigstore/verify and /bundle
"""

import base64
import json
import os
import subprocess
import unittest

from tests.cli.weigh import Case

# Throws unless the bundle's envelope is signed by the key in the PEM file.
SIGSTORE = """
const fs = require('fs'), crypto = require('crypto');
const { bundleFromJSON } = require('@sigstore/bundle');
const { toSignedEntity, toTrustMaterial, Verifier } =
    require('@sigstore/verify');
const [bundle, pem] = process.argv.slice(1);
const root = { certificateAuthorities: [], timestampAuthorities: [],
               tlogs: [], ctlogs: [] };
const key = (hint) => {
  const text = fs.readFileSync(pem, 'utf8');
  const want = crypto.createHash('sha256').update(text).digest('hex');
  if (hint !== want) throw new Error('the hint is not the key: ' + hint);
  return { publicKey: crypto.createPublicKey(text), validFor: () => true };
};
const verifier = new Verifier(toTrustMaterial(root, key),
    { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 });
verifier.verify(toSignedEntity(
    bundleFromJSON(JSON.parse(fs.readFileSync(bundle, 'utf8')))));
console.log('verified');
"""


def client(variable):
    """A test without its client has not passed."""
    value = os.environ.get(variable)
    if not value:
        raise AssertionError(
            "%s is not set; deploy/test sets it up" % variable)
    return value


class SignatureTest(Case):
    def setUp(self):
        super().setUp()
        self.model = self.path("model")
        self.signature = self.path("model.sig")
        self.key = self.path("key.pem")
        self.write("config.json", b'{"model_type": "llama"}\n')
        self.write("weights/model 1.bin", bytes(range(256)) * 1000)
        self.write("weights/empty.bin", b"")
        self.write("tokenizer/\u00e9.txt", "caf\u00e9\n".encode())
        self.weigh("keygen", "--out", self.key)

    def write(self, name, data):
        path = os.path.join(self.model, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)

    def remove(self, name):
        os.remove(os.path.join(self.model, name))

    def sign(self, *more):
        self.weigh("sign", self.model, "--signature", self.signature,
                   "--private-key", self.key, *more)

    def verify(self, *more, status=0):
        return self.weigh("verify", self.model, "--signature", self.signature,
                          "--public-key", self.key + ".pub", *more,
                          status=status)

    def model_signing(self, *arguments):
        """The reference; its exit status and all it printed."""
        result = subprocess.run(
            [client("CLIENTS_PYTHON"), "-m", "model_signing", *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=300, env=self.environment)
        return result.returncode, result.stdout

    def reference_sign(self, *more):
        status, out = self.model_signing(
            "sign", "key", self.model, "--signature", self.signature,
            "--private_key", self.key, *more)
        self.assertEqual(status, 0, out)

    def reference_verify(self, *more):
        return self.model_signing(
            "verify", "key", self.model, "--signature", self.signature,
            "--public_key", self.key + ".pub", *more)

    def sigstore(self):
        return subprocess.run(
            ["node", "-e", SIGSTORE, self.signature, self.key + ".pub"],
            cwd=client("CLIENTS_NODE"), stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=300)

    def test_the_reference_verifies_what_we_signed(self):
        self.sign()
        status, out = self.reference_verify()
        self.assertEqual(status, 0, out)

    def test_the_reference_notices_a_file_that_changed_after_we_signed(self):
        self.sign()
        self.write("config.json", b"{}")
        status, out = self.reference_verify()
        self.assertNotEqual(status, 0, out)
        self.assertIn("config.json", out)

    def test_the_reference_leaves_out_what_our_signature_leaves_out(self):
        self.write("logs/run.txt", b"x")
        self.write(".gitignore", b"x")
        self.sign("--ignore-paths", "logs")
        status, out = self.reference_verify()
        self.assertEqual(status, 0, out)

    def test_sigstore_verifies_our_envelope(self):
        self.sign()
        result = self.sigstore()
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertIn("verified", result.stdout)

    def test_sigstore_refuses_our_envelope_with_another_payload(self):
        self.sign()
        with open(self.signature) as file:
            bundle = json.load(file)
        payload = base64.b64decode(bundle["dsseEnvelope"]["payload"])
        bundle["dsseEnvelope"]["payload"] = base64.b64encode(
            payload.replace(b"config.json", b"konfig.json")).decode()
        with open(self.signature, "w") as file:
            json.dump(bundle, file)
        self.assertNotEqual(self.sigstore().returncode, 0)
        self.verify(status=5)

    def test_we_verify_what_the_reference_signed(self):
        self.reference_sign()
        self.assertIn("4 of 4 files", self.verify())

    def test_we_notice_what_changed_after_the_reference_signed(self):
        self.reference_sign()
        self.write("config.json", b"{}")
        self.verify(status=5)
        self.assertIn("config.json is changed", self.stderr)
        self.remove("config.json")
        self.verify(status=5)
        self.assertIn("config.json is missing", self.stderr)

    def test_we_refuse_an_extra_file_unless_told_otherwise(self):
        self.reference_sign()
        self.write("extra.py", b"import os")
        self.verify(status=5)
        self.assertIn("extra.py is not signed", self.stderr)
        self.verify("--ignore-paths", "extra.py")
        self.verify("--ignore-unsigned-files")

    def test_we_refuse_what_the_reference_lets_by(self):
        self.reference_sign()
        os.mkdir(os.path.join(self.model, "empty"))
        self.assertEqual(self.reference_verify()[0], 0)
        self.verify(status=5)
        os.rmdir(os.path.join(self.model, "empty"))
        self.write(".git/config", b"[core]\n")
        self.assertEqual(self.reference_verify()[0], 0)
        self.verify(status=5)

    def test_we_refuse_another_publishers_signature(self):
        self.reference_sign()
        self.key = self.path("other.pem")
        self.weigh("keygen", "--out", self.key)
        self.verify(status=5)
        self.assertIn("and not by", self.stderr)

    def subject(self):
        with open(self.signature) as file:
            envelope = json.load(file)["dsseEnvelope"]
        return json.loads(base64.b64decode(envelope["payload"]))["subject"]

    def test_both_name_a_model_by_the_same_digest(self):
        self.sign()
        ours = self.subject()
        self.reference_sign()
        self.assertEqual(ours, self.subject())


if __name__ == "__main__":
    unittest.main()
