"""octet.Client against a small server in this process, which shows what came over the wire."""

import http.server
import json
import pathlib
import socket
import tempfile
import threading
import unittest

import numpy as np
import package  # noqa: F401

import octet


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, body, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with self.server.lock:
            self.server.seen.append((self.command, self.path, dict(self.headers), body, self.client_address))
        self.server.answer(self, body)

    do_GET = do_POST = do_DELETE = do_any


class Server(http.server.ThreadingHTTPServer):
    """`answer(handler, body)` replies; `seen` lists the requests."""

    daemon_threads = True

    def __init__(self, answer):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer, self.seen, self.lock = answer, [], threading.Lock()
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


def echo(handler, body):
    """Answers each input, doubled, under the name y_<name>."""
    length = int(handler.headers["Inference-Header-Content-Length"])
    request, at, outputs, parts = json.loads(body[:length]), length, [], []
    types = {"FP32": "<f4", "INT64": "<i8", "UINT8": "u1", "BOOL": "?"}
    for tensor in request["inputs"]:
        size = tensor["parameters"]["binary_data_size"]
        array = np.frombuffer(body[at : at + size], types[tensor["datatype"]])
        at += size
        doubled = array if array.dtype == bool else array * array.dtype.type(2)
        parts.append(doubled.tobytes())
        outputs.append(dict(tensor, name="y_" + tensor["name"]))
    assert at == len(body)
    header = json.dumps({"model_name": "m", "outputs": outputs}).encode()
    handler.reply(200, header + b"".join(parts), Inference_Header_Content_Length=str(len(header)))


class ClientTest(unittest.TestCase):
    def serve(self, answer, **options):
        server = Server(answer)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        client = octet.Client(server.url, timeout=10, **options)
        self.addCleanup(client.close)
        return server, client

    def test_infer_sends_and_reads_binary_tensors(self):
        server, client = self.serve(echo)
        x = np.arange(6, dtype=np.float32).reshape(2, 3)
        k = np.array([[1], [2]], np.int64)
        answer = client.infer("m", {"x": x, "k": k})
        np.testing.assert_array_equal(answer["y_x"], x * 2)
        np.testing.assert_array_equal(answer["y_k"], k * 2)
        self.assertEqual(answer["y_x"].dtype, np.float32)
        answer["y_x"][0, 0] = 7  # the caller owns it
        method, path, headers, body, _ = server.seen[0]
        self.assertEqual((method, path), ("POST", "/v2/models/m/infer"))
        header = json.loads(body[: int(headers["Inference-Header-Content-Length"])])
        self.assertEqual(header["parameters"], {"binary_data_output": True})
        expected = {"name": "x", "shape": [2, 3], "datatype": "FP32", "parameters": {"binary_data_size": 24}}
        self.assertEqual(header["inputs"][0], expected)
        self.assertTrue(body.endswith(x.tobytes() + k.tobytes()))

    def test_versions_and_odd_names_are_quoted(self):
        server, client = self.serve(echo)
        client.infer("a/b c", {"x": np.zeros(1, np.float32)}, version=3)
        self.assertEqual(server.seen[0][1], "/v2/models/a%2Fb%20c/versions/3/infer")

    def test_arrays_of_any_layout(self):
        _, client = self.serve(echo)
        x = np.arange(24, dtype=">f4").reshape(4, 6)
        np.testing.assert_array_equal(client.infer("m", {"x": x.T[::2]})["y_x"], x.T[::2] * 2)
        np.testing.assert_array_equal(client.infer("m", {"x": [[1.5, 2]]})["y_x"], [[3, 4]])
        self.assertEqual(client.infer("m", {"x": np.zeros((0, 3), np.float32)})["y_x"].shape, (0, 3))
        np.testing.assert_array_equal(client.infer("m", {"b": np.array([True, False])})["y_b"], [True, False])
        with self.assertRaisesRegex(TypeError, "cannot be sent"):
            client.infer("m", {"x": np.array(["text"])})
        with self.assertRaises(ValueError):
            client.infer("m", {})

    def test_outputs_and_timeout_are_passed_on(self):
        server, client = self.serve(echo)
        client.infer("m", {"x": np.zeros(1, np.float32)}, outputs=["y_x"], timeout_us=2000)
        header = json.loads(server.seen[0][3][: int(server.seen[0][2]["Inference-Header-Content-Length"])])
        self.assertEqual(header["outputs"], [{"name": "y_x", "parameters": {"binary_data": True}}])
        self.assertEqual(header["parameters"]["timeout"], 2000)

    def test_json_answers_are_read_too(self):
        body = json.dumps({"outputs": [{"name": "y", "shape": [1, 2], "datatype": "FP32", "data": [1, 2.5]}]}).encode()
        _, client = self.serve(lambda handler, _: handler.reply(200, body))
        np.testing.assert_array_equal(client.infer("m", {"x": [1.0]})["y"], np.float32([[1, 2.5]]))

    def test_answers_that_cannot_be_right(self):
        def tensor(**fields):
            good = {"name": "y", "shape": [2], "datatype": "FP32", "parameters": {"binary_data_size": 8}}
            return dict(good, **fields)

        broken = [
            (json.dumps({"outputs": [tensor()]}).encode() + b"1234", None),
            (json.dumps({"outputs": [tensor(shape=[3])]}).encode() + b"12345678", None),
            (json.dumps({"outputs": [tensor()]}).encode() + b"123456789", None),
            (json.dumps({"outputs": [tensor(datatype="BYTES")]}).encode() + b"12345678", None),
            (b"{}", None),
            (b"nonsense", None),
            (b"{}", 99),
        ]
        for body, length in broken:
            if length is None:
                length = body.rfind(b"}") + 1 or len(body)
            _, client = self.serve(
                lambda handler, _, body=body, n=length: handler.reply(200, body, Inference_Header_Content_Length=str(n))
            )
            with self.assertRaisesRegex(octet.OctetError, "cannot be read") as caught:
                client.infer("m", {"x": [1.0]})
            self.assertIsNone(caught.exception.status)

    def test_refusals_carry_status_message_and_retry(self):
        body = b'{"error": "queue full"}'
        _, client = self.serve(lambda handler, _: handler.reply(429, body, Retry_After="3"))
        with self.assertRaises(octet.OctetError) as caught:
            client.infer("m", {"x": [1.0]})
        self.assertEqual((caught.exception.status, caught.exception.message), (429, "queue full"))
        self.assertEqual(caught.exception.retry_after, 3)
        _, client = self.serve(lambda handler, _: handler.reply(500, b"<html>"))
        with self.assertRaises(octet.OctetError) as caught:
            client.models()
        self.assertEqual((caught.exception.status, caught.exception.message), (500, "<html>"))

    def test_an_unreachable_server(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{free.getsockname()[1]}"
        client = octet.Client(url, timeout=5)
        self.assertFalse(client.ready())
        with self.assertRaises(octet.OctetError) as caught:
            client.models()
        self.assertIsNone(caught.exception.status)

    def test_addresses(self):
        self.assertIsNotNone(octet.Client("127.0.0.1:8080"))
        for url in ("ftp://x", "http://", ""):
            with self.assertRaises(ValueError):
                octet.Client(url)

    def test_one_connection_serves_many_requests(self):
        server, client = self.serve(echo)
        for _ in range(5):
            client.infer("m", {"x": [1.0]})
        self.assertEqual(len({seen[4] for seen in server.seen}), 1)

    def test_threads_share_a_client(self):
        _, client = self.serve(echo)
        wrong = []

        def ask(value):
            for _ in range(20):
                if client.infer("m", {"x": [float(value)]})["y_x"][0] != 2 * value:
                    wrong.append(value)

        threads = [threading.Thread(target=ask, args=(value,)) for value in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def test_a_connection_that_was_dropped_while_idle_is_replaced(self):
        def once(handler, body):
            echo(handler, body)
            handler.close_connection = True  # without saying so

        server, client = self.serve(once)
        for _ in range(3):
            client.infer("m", {"x": [1.0]})
        self.assertEqual(len({seen[4] for seen in server.seen}), 3)

    def test_a_new_connection_that_is_dropped_is_an_error(self):
        def drop(handler, _):
            handler.close_connection = True

        server, client = self.serve(drop)
        with self.assertRaisesRegex(octet.OctetError, "dropped"):
            client.infer("m", {"x": [1.0]})
        self.assertEqual(len(server.seen), 1)

    def test_models_are_registered_listed_and_deleted(self):
        server, client = self.serve(lambda handler, _: handler.reply(200, b'{"version": 2}'), token="t1")
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "m.octet"
            path.write_bytes(b"x" * 100_000)
            self.assertEqual(client.register("a b", path), {"version": 2})
            client.register("m", path, version=7, token="t2")
        client.models()
        client.model("m", 7)
        client.delete("m")
        client.delete("m", version=7)
        calls = [(seen[0], seen[1]) for seen in server.seen]
        self.assertEqual(
            calls,
            [
                ("POST", "/models?name=a+b"),
                ("POST", "/models?name=m&version=7"),
                ("GET", "/models"),
                ("GET", "/models/m/versions/7"),
                ("DELETE", "/models/m"),
                ("DELETE", "/models/m/versions/7"),
            ],
        )
        self.assertEqual(server.seen[0][3], b"x" * 100_000)
        self.assertEqual(server.seen[0][2]["Authorization"], "Bearer t1")
        self.assertEqual(server.seen[1][2]["Authorization"], "Bearer t2")

    def test_an_upload_on_a_dropped_connection_starts_from_the_beginning(self):
        def once(handler, _):
            handler.reply(200, b"{}")
            handler.close_connection = True

        server, client = self.serve(once)
        with tempfile.NamedTemporaryFile() as file:
            file.write(bytes(range(256)) * 1000)
            file.flush()
            client.register("m", file.name)
            client.register("m", file.name)
        self.assertEqual(server.seen[0][3], server.seen[1][3])

    def test_a_refusal_in_the_middle_of_an_upload_is_read(self):
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)

        def refuse():
            peer, _ = listener.accept()
            peer.recv(1000)
            body = b'{"error": "too large"}'
            peer.sendall(b"HTTP/1.1 413 X\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body)
            peer.shutdown(socket.SHUT_WR)
            while peer.recv(1 << 20):
                pass
            peer.close()

        thread = threading.Thread(target=refuse, daemon=True)
        thread.start()
        client = octet.Client(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=10)
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"x" * (8 << 20))
            file.flush()
            with self.assertRaises(octet.OctetError) as caught:
                client.register("m", file.name)
        self.assertEqual((caught.exception.status, caught.exception.message), (413, "too large"))
        client.close()
        thread.join(10)

    def test_health_and_metadata(self):
        server, client = self.serve(lambda handler, _: handler.reply(200, b'{"name": "m"}'))
        self.assertTrue(client.live())
        self.assertTrue(client.ready())
        self.assertTrue(client.ready("m", 2))
        self.assertEqual(client.metadata("m"), {"name": "m"})
        client.metadata()
        self.assertEqual(
            [seen[1] for seen in server.seen],
            ["/v2/health/live", "/v2/health/ready", "/v2/models/m/versions/2/ready", "/v2/models/m", "/v2"],
        )
        _, client = self.serve(lambda handler, _: handler.reply(503, b'{"error": "loading"}'))
        self.assertFalse(client.ready())
        self.assertFalse(client.ready("m"))


if __name__ == "__main__":
    unittest.main()
