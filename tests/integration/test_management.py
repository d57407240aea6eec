"""Who may change models: loopback, or a token, or nobody."""

import pathlib
import unittest

import harness
import models

import octet.format as fmt

TOKEN = "correct-horse-battery-staple-0123456789"


class Management(unittest.TestCase):
    def setUp(self):
        self.folder = harness.folder()
        self.directory = pathlib.Path(self.folder.name)
        self.file = fmt.dumps(models.mlp())
        self.token_file = self.directory / "token"
        self.token_file.write_text(TOKEN + "\n")
        self.token_file.chmod(0o600)

    def tearDown(self):
        self.folder.cleanup()

    def post(self, server, token=None):
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return server.json("POST", "/models?name=m", self.file, headers)

    def test_on_loopback_nothing_is_needed(self):
        with harness.Server() as server:
            self.assertEqual(self.post(server)[0], 201)

    def test_on_another_address_without_a_token_file_it_is_refused_and_says_why(self):
        with harness.Server("--address", "0.0.0.0") as server:
            status, answer = self.post(server)
            self.assertEqual(status, 403)
            self.assertIn("token", answer["error"])
            self.assertEqual(server.json("DELETE", "/models/m")[0], 403)
            self.assertEqual(server.json("GET", "/models")[0], 200)

    def test_with_a_token_file_the_token_is_needed(self):
        for address in ("0.0.0.0", "127.0.0.1"):
            with harness.Server("--address", address, "--token-file", self.token_file) as server:
                status, headers, _ = server.request("POST", "/models?name=m", self.file)
                self.assertEqual(status, 401)
                self.assertIn("Bearer", headers["WWW-Authenticate"])
                self.assertEqual(self.post(server, TOKEN[:-1])[0], 401)
                self.assertEqual(self.post(server, TOKEN + "x")[0], 401)
                self.assertEqual(self.post(server, "")[0], 401)
                self.assertEqual(self.post(server, TOKEN)[0], 201)
                self.assertEqual(server.json("GET", "/models/m")[0], 200)
                self.assertNotIn(TOKEN, server._stderr)

    def test_open_management_is_an_explicit_choice(self):
        with harness.Server("--address", "0.0.0.0", "--open-management") as server:
            self.assertEqual(self.post(server)[0], 201)


if __name__ == "__main__":
    unittest.main()
