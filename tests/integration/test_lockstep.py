"""128 and 256 keep-alive clients in lock step: all ask, all wait, again and again. Nobody is forgotten, nothing stalls.

128 is the number of ready events at which libmicrohttpd's own epoll loop stops serving.
"""

import json
import os
import pathlib
import subprocess
import unittest

import harness
import models

import octet.format as fmt

ROUNDS = int(os.environ.get("OCTET_LOCKSTEP_ROUNDS", "1000"))
LOAD = harness.load_generator()
STALL_US = 1_000_000


@unittest.skipUnless(LOAD.exists(), f"{LOAD} is not built")
class LockStep(unittest.TestCase):
    def test_every_request_is_answered_without_a_stall(self):
        body = json.dumps({"model": "mlp", "inputs": {"x": [[0.5] * 8]}})
        with harness.folder() as folder:
            directory = pathlib.Path(folder)
            fmt.save(models.mlp(), directory / "mlp.octet")
            (directory / "body.json").write_text(body)
            with harness.Server("--models", directory, "--log-level", "warning", "--port", harness.free_port()) as server:
                for clients in (128, 256):
                    command = [str(LOAD), "--port", str(server.port), "--path", "/infer", "--clients", str(clients),
                               "--body", str(directory / "body.json"), "--lockstep", str(ROUNDS)]
                    run = subprocess.run(command, capture_output=True, text=True, check=False)
                    self.assertEqual(run.returncode, 0, run.stderr + run.stdout)
                    result = json.loads(run.stdout)
                    print(f"lock step: {clients} clients x {ROUNDS} rounds, {result['rps']:.0f} requests/s, "
                          f"longest round {result['max_round_us'] / 1000:.1f} ms")
                    self.assertEqual(result["requests"], clients * ROUNDS)
                    self.assertEqual(result["errors"], 0)
                    self.assertLess(result["max_round_us"], STALL_US)


if __name__ == "__main__":
    unittest.main()
