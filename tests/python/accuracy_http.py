#!/usr/bin/env python3
"""All 10,000 Fashion-MNIST test images through a server, against the truth and against PyTorch's own int8 model.

    python3 tests/python/accuracy_http.py URL                     a server that runs; registers the shipped model there
    python3 tests/python/accuracy_http.py --binary FILE           starts one on a free port and stops it afterwards

Batches of different sizes travel as binary tensors over several connections at once. Fails (exit code 1) unless
accuracy is at least 0.91, 99.9 % of the class decisions are PyTorch's, 99 % of the quantized logits equal its, and
none is off by more than two steps.
"""

import argparse
import concurrent.futures
import gzip
import hashlib
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

import package
import numpy as np

import octet

DATASET = pathlib.Path(os.environ.get("FASHION_MNIST", "/usr/share/datasets/fashion-mnist"))
LOGITS = package.ROOT / "tests" / "python" / "data" / "fashion_mnist_torch_logits.npy"
NAME = "fashion-mnist"
BATCHES = (1, 7, 32, 64, 2, 256)
CONNECTIONS = 4
START_SECONDS = 30

MIN_ACCURACY = 0.91
MIN_SAME_CLASS = 0.999
MIN_EQUAL = 0.99
MAX_STEPS = 2


def read_idx(name, header_bytes):
    with gzip.open(DATASET / name, "rb") as stream:
        return np.frombuffer(stream.read(), np.uint8, -1, header_bytes)


def wait_until_ready(url, process):
    """Returns why the server is not ready in time, or None."""
    deadline = time.monotonic() + START_SECONDS
    with octet.Client(url) as client:
        while not client.ready():
            if process.poll() is not None:
                return f"octet serve ended with exit code {process.returncode}"
            if time.monotonic() > deadline:
                return f"octet serve is not ready after {START_SECONDS} s"
            time.sleep(0.05)
    return None


def run_with(binary, folder, token):
    """Starts a server on a free port, runs against it and stops it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(binary), "serve", "--port", str(port), "--store", str(folder / "store")]
    log = folder / "server.log"
    with open(log, "wb") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=stream)
    try:
        url = f"http://127.0.0.1:{port}"
        fault = wait_until_ready(url, process)
        if fault:
            raise SystemExit(f"{fault}; its log:\n{log.read_text()}")
        return run(url, token)
    finally:
        process.terminate()
        process.wait(START_SECONDS)


def chunks(total):
    """Spans of `total` rows in the sizes of BATCHES, in turn."""
    at, turn = 0, 0
    while at < total:
        size = min(BATCHES[turn % len(BATCHES)], total - at)
        yield at, at + size
        at, turn = at + size, turn + 1


def ask(client, images):
    """The server's logits of all images, from several connections at once."""
    logits = np.empty((len(images), 10), np.float32)

    def one(span):
        begin, end = span
        logits[begin:end] = client.infer(NAME, {"x": images[begin:end]})["output"]

    with concurrent.futures.ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(one, chunks(len(images))))
    return logits


def judge(logits, truth):
    """Prints the figures; returns whether they are good enough."""
    provenance = json.loads(LOGITS.with_suffix(".json").read_text())
    recorded = np.load(LOGITS).astype(np.int64)
    scale, zero_point = provenance["scale"], provenance["zero_point"]
    mine = np.rint(logits.astype(np.float64) / scale).astype(np.int64) + zero_point
    off = np.abs(mine - recorded)
    accuracy = (mine.argmax(1) == truth).mean()
    same_class = (mine.argmax(1) == recorded.argmax(1)).mean()
    equal = (off == 0).mean()
    print(f"accuracy        int8 {accuracy:.4f}   PyTorch int8 {provenance['int8_accuracy']:.4f}", end="")
    print(f"   PyTorch float {provenance['float_accuracy']:.4f}")
    print(f"same class      {100 * same_class:.3f} %   (PyTorch {provenance['torch']}, {provenance['engine']})")
    print(f"logits equal    {100 * equal:.3f} %   most steps off: {off.max()}")
    return accuracy >= MIN_ACCURACY and same_class >= MIN_SAME_CLASS and equal >= MIN_EQUAL and off.max() <= MAX_STEPS


def run(url, token):
    """Registers the shipped model at `url` and judges its answers."""
    provenance = json.loads(LOGITS.with_suffix(".json").read_text())
    model = package.ROOT / provenance["model_file"]
    if hashlib.sha256(model.read_bytes()).hexdigest() != provenance["model_sha256"]:
        raise SystemExit(f"{LOGITS.name} was not recorded with {model.name} as it is now")
    images = read_idx("t10k-images-idx3-ubyte.gz", 16).reshape(-1, 1, 28, 28).astype(np.float32) / np.float32(255)
    truth = read_idx("t10k-labels-idx1-ubyte.gz", 8)
    with octet.Client(url, token=token) as client:
        client.register(NAME, model)
        started = time.monotonic()
        logits = ask(client, images)
        seconds = time.monotonic() - started
    print(f"{len(images)} images in {seconds:.1f} s over {CONNECTIONS} connections, batches of {BATCHES}")
    return judge(logits, truth)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url", nargs="?", help="of a running server")
    parser.add_argument("--binary", type=pathlib.Path, help="start this one instead")
    parser.add_argument("--token", help="bearer token for registering the model")
    options = parser.parse_args()
    if bool(options.url) == bool(options.binary):
        parser.error("give either a URL or --binary")
    if not DATASET.is_dir():
        raise SystemExit(f"no Fashion-MNIST at {DATASET}: apt-get install dataset-fashion-mnist")
    if options.url:
        return 0 if run(options.url, options.token) else 1
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "store").mkdir()
        return 0 if run_with(options.binary, pathlib.Path(folder), options.token) else 1


if __name__ == "__main__":
    sys.exit(main())
