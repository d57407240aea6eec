#!/usr/bin/env python3
"""Sends real test images to a running server and prints what it answered beside the truth.

    python3 deploy/demo.py http://127.0.0.1:8080

Needs nothing but Python and Debian's dataset-fashion-mnist. Exit code 0 only if the answers are as good as the model is.
"""

import gzip
import json
import pathlib
import struct
import sys
import time
import urllib.error
import urllib.request

DATASET = pathlib.Path("/usr/share/datasets/fashion-mnist")
MODEL = "fashion-mnist"
SHOWN = 8
SENT = 500
BATCH = 50
# The model is right on 91 to 92 % of the 10,000 images; of the first 500 chance leaves it well above this.
MIN_ACCURACY = 0.87


def read_idx(name):
    """The values of an idx file of bytes, with its shape."""
    data = gzip.decompress((DATASET / name).read_bytes())
    rank = data[3]
    return data[4 + 4 * rank:], struct.unpack(f">{rank}I", data[4:4 + 4 * rank])


def call(url, body=None):
    """GET, or POST of a JSON body; the answer as Python values."""
    request = urllib.request.Request(url, headers={"Content-Type": "application/json"})
    if body is not None:
        request.data = json.dumps(body, separators=(",", ":")).encode()
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refusal:
        sys.exit(f"{url}: {refusal.code} {refusal.read().decode(errors='replace')}")


def image(pixels, index):
    """One image as the model takes it: [1][28][28] of 0 to 1. Four digits tell all 256 greys apart."""
    rows = (pixels[784 * index + 28 * r:784 * index + 28 * r + 28] for r in range(28))
    return [[[round(value / 255, 4) for value in row] for row in rows]]


def predict(url, pixels, first, count):
    """Classes and scores of `count` images in one request."""
    body = {"model": MODEL, "inputs": {"x": [image(pixels, i) for i in range(first, first + count)]}}
    logits = call(f"{url}/infer", body)["outputs"]["output"]
    return [max(range(len(row)), key=row.__getitem__) for row in logits]


def main():
    url = sys.argv[1].rstrip("/")
    pixels, shape = read_idx("t10k-images-idx3-ubyte.gz")
    truth, _ = read_idx("t10k-labels-idx1-ubyte.gz")
    if shape[1:] != (28, 28):
        sys.exit(f"unexpected images: {shape}")
    names = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]

    print(f"\nPOST {url}/infer, one image a request:\n")
    print(f"  {'image':>5}  {'answer':<12} {'truth':<12}")
    for index in range(SHOWN):
        answer = predict(url, pixels, index, 1)[0]
        mark = "" if answer == truth[index] else "   wrong"
        print(f"  {index:>5}  {names[answer]:<12} {names[truth[index]]:<12}{mark}")

    began = time.perf_counter()
    right = 0
    for first in range(0, SENT, BATCH):
        answers = predict(url, pixels, first, BATCH)
        right += sum(answer == truth[first + i] for i, answer in enumerate(answers))
    seconds = time.perf_counter() - began
    print(f"\n{SENT} images in requests of {BATCH}: {right} right ({100 * right / SENT:.1f} %), {seconds:.2f} s with"
          " the client's own JSON\n")
    print("try next:\n")
    print(f"  curl -s {url}/v2/models/{MODEL}")
    print("  python3 -c 'import json; print(json.dumps({\"model\": \"fashion-mnist\", \"inputs\": {\"x\": [[[[0.5]*28]*28]]}}))'"
          f" | curl -s {url}/infer -d @-\n", flush=True)
    if right < MIN_ACCURACY * SENT:
        sys.exit(f"only {right} of {SENT} are right: something is wrong")


if __name__ == "__main__":
    main()
