"""SIGTERM: what is in flight is finished, readiness says so first, and the process ends by itself."""

import http.client
import pathlib
import signal
import threading
import time
import unittest

import harness
import models
import numpy as np

import octet
import octet.format as fmt

WIDE = (512, 2048, 2048, 2048, 10)


class Shutdown(unittest.TestCase):
    def setUp(self):
        self.folder = harness.folder()
        fmt.save(models.mlp(widths=WIDE), pathlib.Path(self.folder.name) / "wide.octet")

    def tearDown(self):
        self.folder.cleanup()

    def test_requests_in_flight_are_answered(self):
        server = harness.Server("--models", self.folder.name)
        server.start()
        x = np.zeros((600, WIDE[0]), np.float32)
        answers, errors = [], []

        def ask():
            try:
                answers.append(octet.Client(server.url).infer("wide", {"x": x})["output"].shape)
            except octet.OctetError as error:
                errors.append(str(error))

        threads = [threading.Thread(target=ask) for _ in range(6)]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + 30
        while server.metric("octet_workers_busy") == 0 and time.monotonic() < deadline and not answers:
            time.sleep(0.001)
        # All six bodies must have arrived: their bytes are counted until they are answered.
        while server.metric("octet_inflight_bytes") + len(answers) * x.nbytes < 6 * x.nbytes \
                and time.monotonic() < deadline:
            time.sleep(0.001)
        server.signal(signal.SIGTERM)
        for thread in threads:
            thread.join()
        self.assertEqual(server.wait(), 0)
        self.assertEqual(errors, [])
        self.assertEqual(answers, [(600, WIDE[-1])] * 6)

    def test_readiness_ends_first_and_replies_close_the_connection(self):
        server = harness.Server("--models", self.folder.name, "--drain-delay", 1500)
        server.start()
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        answer.read()
        self.assertEqual(answer.status, 200)
        server.signal(signal.SIGTERM)
        deadline = time.monotonic() + 10
        status = 200
        while status == 200 and time.monotonic() < deadline:
            status, headers, _ = server.request("GET", "/readyz")
        self.assertEqual(status, 503)
        self.assertEqual(headers["Connection"].lower(), "close")
        # A new connection is still served, so that a balancer that has not noticed loses nothing.
        x = np.zeros((1, WIDE[0]), np.float32)
        self.assertEqual(octet.Client(server.url).infer("wide", {"x": x})["output"].shape, (1, WIDE[-1]))
        self.assertEqual(server.wait(), 0)
        connection.close()

    def test_an_idle_keep_alive_connection_does_not_hold_the_exit(self):
        server = harness.Server("--models", self.folder.name)
        server.start()
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        connection.request("GET", "/livez")
        connection.getresponse().read()
        started = time.monotonic()
        self.assertEqual(server.stop(), 0)
        self.assertLess(time.monotonic() - started, 20)
        connection.close()

    def test_the_health_check_command_agrees(self):
        import subprocess

        with harness.Server("--models", self.folder.name) as server:
            command = [str(harness.BINARY), "healthcheck", "--port", str(server.port)]
            self.assertEqual(subprocess.run(command, check=False).returncode, 0)
            port = server.port
        command[-1] = str(port)
        self.assertNotEqual(subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode, 0)


if __name__ == "__main__":
    unittest.main()
