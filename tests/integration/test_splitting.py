"""A large request that is alone is shared out over idle workers; requests that come meanwhile go first."""

import os
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

SIDE = 96
CORES = len(os.sched_getaffinity(0))


def worker_states(pid):
    """{name of a thread: its state letter} of all threads."""
    states = {}
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        head, _, rest = (task / "stat").read_text().rpartition(")")
        states[head.partition("(")[2] + " " + task.name] = rest.split()[0]
    return states


class Splitting(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = harness.folder()
        directory = pathlib.Path(cls.folder.name)
        fmt.save(models.resnet(side=SIDE, blocks=(1, 1, 1, 1), classes=10), directory / "large.octet")
        fmt.save(models.mlp(widths=(33, 130, 17)), directory / "small.octet")
        rng = np.random.default_rng(7)
        cls.image = rng.normal(0, 1, (1, 3, SIDE, SIDE)).astype(np.float32)
        cls.images = np.concatenate([cls.image, rng.normal(0, 1, (4, 3, SIDE, SIDE)).astype(np.float32)])
        cls.row = rng.normal(0, 2, (1, 33)).astype(np.float32)
        with cls.serve(1) as server:
            client = octet.Client(server.url)
            cls.expected = {"image": cls.ask(client, "large", cls.image), "images": cls.ask(client, "large", cls.images),
                            "row": cls.ask(client, "small", cls.row)}
            cls.alone_splits = server.metric("octet_infer_split_batches_total", model="large")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def serve(cls, workers, *flags):
        return harness.Server("--models", cls.folder.name, "--workers", workers, *flags)

    @staticmethod
    def ask(client, model, x):
        return client.infer(model, {"x": x})["output"].tobytes()

    def until_split(self, server, client):
        """Asks lone large requests until another worker took part in one; how many answers that took."""
        for count in range(1, 2000):
            self.assertEqual(self.ask(client, "large", self.image), self.expected["image"])
            if server.metric("octet_infer_split_batches_total", model="large") > 0:
                return count
        self.fail("no request was shared out")

    def test_the_answer_is_the_same_however_many_take_part(self):
        self.assertEqual(self.alone_splits, 0)
        for workers in range(2, CORES + 1):
            with self.serve(workers) as server:
                client = octet.Client(server.url)
                self.until_split(server, client)
                for _ in range(20):
                    self.assertEqual(self.ask(client, "large", self.images), self.expected["images"])

    def test_more_workers_than_cores_and_the_option_keep_a_request_on_one(self):
        for flags in ([CORES + 1], [2, "--workers-split", "false"]):
            with self.serve(*flags) as server:
                client = octet.Client(server.url)
                for _ in range(20):
                    self.assertEqual(self.ask(client, "large", self.image), self.expected["image"])
                self.assertEqual(server.metric("octet_infer_split_batches_total", model="large"), 0)

    @unittest.skipIf(CORES < 2, "one core: nothing to share")
    def test_requests_that_come_meanwhile_are_answered_meanwhile(self):
        with self.serve(2) as server:
            client = octet.Client(server.url)
            self.until_split(server, client)
            # One request, a second long, that runs in slices; and short ones for as long as it runs.
            long = np.repeat(self.image, 500, axis=0)
            answered = []
            thread = threading.Thread(target=lambda: answered.append(self.ask(octet.Client(server.url), "large", long)))
            began = server.metric("octet_infer_split_batches_total", model="large")
            thread.start()
            meanwhile = 0
            while thread.is_alive():
                self.assertEqual(self.ask(client, "small", self.row), self.expected["row"])
                meanwhile += thread.is_alive()
                time.sleep(0.002)
            thread.join()
            self.assertGreater(meanwhile, 10)
            self.assertTrue(answered == [self.expected["image"] * 500])  # not assertEqual: it would print all
            self.assertEqual(server.metric("octet_infer_split_batches_total", model="large"), began + 1)

    @unittest.skipIf(CORES < 2, "one core: nothing to share")
    def test_no_thread_is_made_for_it(self):
        with self.serve(2) as server:
            client = octet.Client(server.url)
            self.ask(client, "small", self.row)
            before = worker_states(server.process.pid)
            running = []
            stop = threading.Event()

            def watch():
                while not stop.is_set():
                    states = worker_states(server.process.pid)
                    running.append(sum(state == "R" for name, state in states.items() if name.startswith("octet-run")))

            thread = threading.Thread(target=watch)
            thread.start()
            self.until_split(server, client)
            asked, deadline = 0, time.monotonic() + 30
            while asked < 10 or (max(running, default=0) < 2 and time.monotonic() < deadline):  # a busy machine samples seldom
                self.ask(client, "large", self.images)
                asked += 1
            stop.set()
            thread.join()
            self.assertEqual(set(worker_states(server.process.pid)), set(before))
            self.assertEqual(sum(name.startswith("octet-run") for name in before), 2)
            self.assertEqual(max(running), 2)

    @unittest.skipIf(CORES < 2, "one core: nothing to share")
    def test_a_stop_finishes_a_shared_run(self):
        server = self.serve(2)
        server.start()
        client = octet.Client(server.url)
        self.until_split(server, client)
        long = np.repeat(self.image, 200, axis=0)
        answered = []
        thread = threading.Thread(target=lambda: answered.append(self.ask(octet.Client(server.url), "large", long)))
        thread.start()
        deadline = time.monotonic() + 30
        while server.metric("octet_workers_busy") == 0 and not answered and time.monotonic() < deadline:
            time.sleep(0.001)
        server.signal(signal.SIGTERM)
        thread.join()
        self.assertEqual(server.wait(), 0)
        self.assertTrue(answered == [self.expected["image"] * 200])


if __name__ == "__main__":
    unittest.main()
