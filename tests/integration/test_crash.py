"""kill -9 during uploads: what was acknowledged is there after a restart, and nothing half done is seen."""

import http.client
import pathlib
import random
import threading
import time
import unittest

import harness
import models
import numpy as np

import octet
import octet.format as fmt

UPLOADS = 50
KILLS = 5
X = np.ones((1, 8), np.float32)


class Crash(unittest.TestCase):
    def test_acknowledged_models_survive_kill_9(self):
        chance = random.Random(7)
        files = {f"m{i}": fmt.dumps(models.mlp(seed=i, widths=(8, 256, 256, 4))) for i in range(UPLOADS)}
        with harness.folder() as folder:
            store = pathlib.Path(folder) / "store"
            waiting = sorted(files)
            acknowledged = {}
            for round_number in range(KILLS + 1):
                server = harness.Server("--store", store)
                server.start()
                client = octet.Client(server.url)
                served = {model["name"] for model in client.models()["models"]}
                self.assertLessEqual(set(acknowledged), served, "an acknowledged model is gone")
                for name in served:  # acknowledged or not: what is seen is whole
                    self.assertTrue(np.isfinite(client.infer(name, {"x": X})["output"]).all())
                if round_number == KILLS:
                    self.assertEqual(server.stop(), 0)
                    break
                done = threading.Event()

                def upload():
                    while waiting and not done.is_set():
                        name = waiting.pop()
                        try:
                            status, _, _ = server.request("POST", f"/models?name={name}", files[name])
                        except (OSError, http.client.HTTPException):
                            waiting.append(name)
                            return
                        if status == 201:
                            acknowledged[name] = True
                        else:
                            waiting.append(name)

                threads = [threading.Thread(target=upload) for _ in range(2)]
                for thread in threads:
                    thread.start()
                deadline = time.monotonic() + 30
                share = len(acknowledged) + UPLOADS // (KILLS + 1)
                while len(acknowledged) < share and time.monotonic() < deadline:
                    time.sleep(0.001)
                time.sleep(chance.uniform(0, 0.01))
                server.kill()
                done.set()
                for thread in threads:
                    thread.join()
                client.close()
            self.assertGreaterEqual(len(acknowledged), UPLOADS // 2)
            leftovers = [path for path in (store / "tmp").rglob("*") if path.is_file()]
            self.assertEqual(leftovers, [], "half-written uploads were not removed at start")


if __name__ == "__main__":
    unittest.main()
