"""The model calls of a server with a store: versions, the default pointer, deleting, coming back after a restart."""

import hashlib
import http.client
import pathlib
import threading
import unittest

import harness
import models
import numpy as np

import octet
import octet.format as fmt

X = np.ones((1, 8), np.float32)


class Models(unittest.TestCase):
    def setUp(self):
        self.folder = harness.folder()
        self.store = pathlib.Path(self.folder.name) / "store"
        self.server = harness.Server("--store", self.store)
        self.server.start()
        self.files = {seed: fmt.dumps(models.mlp(seed=seed)) for seed in (1, 2, 3)}

    def tearDown(self):
        code = self.server.stop()
        self.folder.cleanup()
        self.assertEqual(code, 0, self.server._stderr[-3000:])

    def post(self, seed, query=""):
        return self.server.json("POST", f"/models?name=m{query}", self.files[seed])

    def ask(self, version=None):
        with octet.Client(self.server.url) as client:
            return client.infer("m", {"x": X}, version=version)["output"]

    def test_versions_count_up_and_the_newest_answers(self):
        status, first = self.post(1)
        self.assertEqual((status, str(first["version"])), (201, "1"))
        self.assertEqual(first["sha256"], hashlib.sha256(self.files[1]).hexdigest())
        one = self.ask()
        self.assertEqual((self.post(2)[0], str(self.post(2)[1]["version"])), (201, "2"))
        two = self.ask()
        self.assertFalse(np.array_equal(one, two))
        np.testing.assert_array_equal(self.ask(1), one)
        np.testing.assert_array_equal(self.ask(2), two)

    def test_the_same_bytes_change_nothing_and_other_bytes_conflict(self):
        self.assertEqual(self.post(1, "&version=5")[0], 201)
        status, answer = self.post(1, "&version=5")
        self.assertEqual((status, answer["state"]), (200, "unchanged"))
        status, answer = self.post(1)
        self.assertEqual((status, answer["state"]), (200, "unchanged"))
        status, answer = self.post(2, "&version=5")
        self.assertEqual(status, 409)
        self.assertIn("5", answer["error"])
        status, answer = self.post(2)
        self.assertEqual((status, str(answer["version"])), (201, "6"))

    def test_deleting_moves_the_default_and_a_number_is_never_used_again(self):
        for seed in (1, 2, 3):
            self.assertEqual(self.post(seed)[0], 201)
        two = self.ask(2)
        self.assertEqual(self.server.json("DELETE", "/models/m/versions/3")[0], 200)
        np.testing.assert_array_equal(self.ask(), two)
        with self.assertRaises(octet.OctetError) as caught:
            self.ask(3)
        self.assertEqual(caught.exception.status, 404)
        status, answer = self.post(3)
        self.assertEqual((status, str(answer["version"])), (201, "4"))
        self.assertEqual(self.server.json("DELETE", "/models/m")[0], 200)
        self.assertEqual(self.server.json("GET", "/models/m")[0], 404)
        self.assertEqual(self.server.json("GET", "/models")[1]["models"], [])

    def test_everything_is_there_again_after_a_restart(self):
        for seed in (1, 2):
            self.assertEqual(self.post(seed)[0], 201)
        self.assertEqual(self.server.json("DELETE", "/models/m/versions/1")[0], 200)
        before = self.ask()
        self.assertEqual(self.server.stop(), 0)
        self.server = harness.Server("--store", self.store)
        self.server.start()
        np.testing.assert_array_equal(self.ask(), before)
        with self.assertRaises(octet.OctetError):
            self.ask(1)
        self.assertEqual(str(self.post(1)[1]["version"]), "3")

    def test_a_corrupt_file_is_named_and_never_served(self):
        self.assertEqual(self.post(1)[0], 201)
        self.assertEqual(self.server.json("POST", "/models?name=good", self.files[2])[0], 201)
        self.assertEqual(self.server.stop(), 0)
        blob = self.store / "blobs" / "sha256" / hashlib.sha256(self.files[1]).hexdigest()
        data = bytearray(blob.read_bytes())
        data[-3] ^= 1
        blob.chmod(0o644)
        blob.write_bytes(data)
        self.server = harness.Server("--store", self.store)
        self.server.start()
        about = self.server.json("GET", "/models/m")[1]
        self.assertEqual(about["state"], "failed")
        self.assertIn("damaged", about["reason"])
        with self.assertRaises(octet.OctetError):
            self.ask()
        self.assertEqual(self.server.json("GET", "/models/good")[1]["state"], "ready")
        self.assertTrue((self.store / "quarantine" / blob.name).is_file())
        self.assertTrue(any(event.get("model") == "m" for event in self.server.events if event["level"] == "error"))

    def test_a_description_names_signature_kernels_and_digest(self):
        self.assertEqual(self.post(1)[0], 201)
        status, about = self.server.json("GET", "/models/m")
        self.assertEqual(status, 200)
        text = str(about)
        for word in ("quantized::linear", "float32", hashlib.sha256(self.files[1]).hexdigest(), "output"):
            self.assertIn(word, text)

    def test_switching_under_load_answers_every_request_from_one_version(self):
        self.assertEqual(self.post(1)[0], 201)
        expected = [self.ask()]
        answers, errors, stop = [], [], threading.Event()

        def load():
            client = octet.Client(self.server.url)
            while not stop.is_set():
                try:
                    answers.append(client.infer("m", {"x": X})["output"])
                except octet.OctetError as error:
                    errors.append(error)

        threads = [threading.Thread(target=load) for _ in range(4)]
        for thread in threads:
            thread.start()
        for seed in (2, 3):
            self.assertEqual(self.post(seed)[0], 201)
            expected.append(self.ask())
        stop.set()
        for thread in threads:
            thread.join()
        self.assertEqual(errors, [])
        self.assertGreater(len(answers), 0)
        for answer in answers:
            self.assertTrue(any(np.array_equal(answer, one) for one in expected))

    def test_an_upload_in_chunks_is_the_same_upload(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        pieces = (self.files[1][at:at + 100] for at in range(0, len(self.files[1]), 100))
        connection.request("POST", "/models?name=m", pieces, {"Transfer-Encoding": "chunked"}, encode_chunked=True)
        answer = connection.getresponse()
        self.assertEqual(answer.status, 201, answer.read())
        connection.close()
        self.assertEqual(self.post(1)[1]["state"], "unchanged")


if __name__ == "__main__":
    unittest.main()
