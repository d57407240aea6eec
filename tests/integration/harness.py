"""A real `octet serve` for a test: started on a free port, stopped afterwards, with what it logged.

The binary is $OCTET_BINARY, or build/release/octet. A server that ends by a signal or with a sanitizer's report
fails the test that stopped it.
"""

import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("OCTET_BINARY", ROOT / "build" / "release" / "octet"))
sys.path.insert(0, str(ROOT / "proto" / "python" / "src"))

#: Generous: the same tests run under sanitizers on busy machines.
START_SECONDS = 60
STOP_SECONDS = 60


def load_generator(binary=BINARY):
    """bench_http_load beside the binary, or of the test build: release builds have no tests."""
    beside = pathlib.Path(binary).parent / "bench_http_load"
    return beside if beside.exists() else ROOT / "build" / "test" / "bench_http_load"


class Server:
    """Use as a context manager, or start() and stop() by hand."""

    def __init__(self, *flags, environment=None, wait_ready=True):
        self.flags = [str(flag) for flag in flags]
        self.environment = environment or {}
        self.wait_ready = wait_ready
        self.process = None
        self.port = None
        self.events = []

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, *_):
        code = self.stop()
        if kind is None and code != 0:
            raise AssertionError(f"octet serve ended with {code}: {self._stderr[-3000:]}")

    def start(self):
        command = [str(BINARY), "serve", *self.flags]
        if "--port" in self.flags:
            self.port = int(self.flags[self.flags.index("--port") + 1])
        else:
            command += ["--port", "0"]
        environment = {**os.environ, **self.environment}
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, env=environment, text=True)
        self._stderr = ""
        self._listening = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if self.port is None and not self._listening.wait(START_SECONDS) or self.port is None:
            self.process.kill()
            raise AssertionError(f"octet serve did not listen: {self._stderr[-3000:]}")
        if self.wait_ready:
            self.until_ready()

    def _read(self):
        for line in self.process.stderr:
            self._stderr += line
            try:
                event = json.loads(line)
            except ValueError:
                continue
            self.events.append(event)
            if event.get("event") == "listening":
                self.port = event["port"]
                self._listening.set()
        self._listening.set()

    def until_ready(self):
        deadline = time.monotonic() + START_SECONDS
        while not self._is_ready():
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise AssertionError(f"octet serve is not ready: {self._stderr[-3000:]}")
            time.sleep(0.02)

    def _is_ready(self):
        try:
            return self.request("GET", "/readyz")[0] == 200
        except ConnectionRefusedError:  # a port given by a flag: not listening yet
            return False

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        """As a power cut would: no chance to tidy up."""
        self.process.kill()
        self.process.wait()
        self._reader.join()

    def stop(self):
        """SIGTERM; returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self):
        """Waits for the end that somebody asked for; returns the exit code."""
        try:
            code = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"octet serve did not stop: {self._stderr[-3000:]}") from None
        self._reader.join()
        self.process.stderr.close()
        return code

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def request(self, method, path, body=None, headers=None, timeout=60):
        """(status, headers, body) of one call on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def json(self, method, path, body=None, headers=None):
        """(status, parsed body); `body` may be an object."""
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        status, _, text = self.request(method, path, body, headers)
        return status, json.loads(text) if text else None

    def metric(self, name, **labels):
        """The value of one series of /metrics; 0 when it is not there."""
        wanted = [f'{key}="{value}"' for key, value in labels.items()]
        for line in self.request("GET", "/metrics")[2].decode().splitlines():
            series, _, value = line.rpartition(" ")
            if series.split("{")[0] == name and all(label in series for label in wanted):
                return float(value)
        return 0.0


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def folder():
    """A temporary folder that is removed with its content."""
    return tempfile.TemporaryDirectory(prefix="octet-test-")
