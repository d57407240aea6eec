"""Hostile and mistaken requests: each is answered with a clear {"error"}, and the server serves on."""

import json
import pathlib
import socket
import struct
import time
import unittest

import harness
import models

import octet.format as fmt

GOOD = {"model": "mlp", "inputs": {"x": [[1, 2, 3, 4, 5, 6, 7, 8]]}}


class BadInput(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = harness.folder()
        directory = pathlib.Path(cls.folder.name)
        fmt.save(models.mlp(), directory / "mlp.octet")
        cls.server = harness.Server("--models", directory, "--server-header-timeout-ms", 1500,
                                    "--server-body-timeout-ms", 1500)
        cls.server.start()
        cls.file = fmt.dumps(models.mlp())

    @classmethod
    def tearDownClass(cls):
        code = cls.server.stop()
        cls.folder.cleanup()
        assert code == 0, cls.server._stderr[-3000:]

    def tearDown(self):
        status, answer = self.server.json("POST", "/infer", GOOD)
        self.assertEqual(status, 200, answer)

    def refused(self, method, path, body, statuses, *words, headers=None):
        status, got, text = self.server.request(method, path, body, headers)
        self.assertIn(status, statuses, text[:300])
        self.assertEqual(got["Content-Type"], "application/json")
        error = json.loads(text)["error"]
        for word in words:
            self.assertIn(word, error)
        self.assertNotIn("/tmp", error, "a path of the machine leaks")
        return error

    def infer(self, body, *words, status=(400,)):
        text = body if isinstance(body, (bytes, str)) else json.dumps(body)
        return self.refused("POST", "/infer", text, status, *words)

    def oip(self, **changes):
        tensor = {"name": "x", "shape": [1, 8], "datatype": "FP32", "data": [0] * 8, **changes}
        return {"model": "mlp", "inputs": [tensor]}

    # --------------------------------------------------------------------------------------------------- inference

    def test_not_json(self):
        for text in ("", "{", "[1]", "{}", "nonsense", '{"model": "mlp", "inputs": {"x": [[1,2,}}'):
            self.infer(text)

    def test_missing_unknown_and_doubled_inputs(self):
        self.infer({"model": "mlp", "inputs": {}}, "x")
        self.infer({"model": "mlp", "inputs": {"z": [[1] * 8]}}, "z")
        self.infer({"model": "mlp", "inputs": {"x": [[1] * 8], "z": [[1]]}}, "z")
        self.infer('{"model": "mlp", "inputs": {"x": [[1,2,3,4,5,6,7,8]], "x": [[1,2,3,4,5,6,7,8]]}}', "x")

    def test_wrong_shapes_dtypes_and_counts(self):
        self.infer({"model": "mlp", "inputs": {"x": [[1, 2, 3]]}}, "[N, 8]")
        self.infer({"model": "mlp", "inputs": {"x": [[1, 2, 3], [1]]}}, "x")
        self.infer(self.oip(shape=[1, 9]), "[1, 9]")
        self.infer(self.oip(shape=[-1, 8]), "shape")
        self.infer(self.oip(shape=[2**62, 2**62]), "shape", status=(400, 413))
        self.infer(self.oip(datatype="FP99"), "FP99")
        self.infer(self.oip(datatype="INT8"), "INT8")
        self.infer(self.oip(datatype="BYTES"), status=(400, 501))
        self.infer(self.oip(data=[0] * 7), "7")
        self.infer(self.oip(data=["a"] * 8), "data", status=(400, 501))
        self.infer(self.oip(data={"a": 1}), "data")
        self.infer(self.oip(shape=[0, 8], data=[]))

    def test_non_finite_numbers_are_floats_only(self):
        # An input that is quantized in the graph takes them: quantizing defines what they become.
        text = '{"model": "mlp", "inputs": {"x": [[NaN, Infinity, -Infinity, 1, 2, 3, 4, 5]]}}'
        self.assertEqual(self.server.request("POST", "/infer", text)[0], 200)
        self.infer('{"model": "mlp", "inputs": {"x": [[nan, 1, 2, 3, 4, 5, 6, 7]]}}')
        self.infer('{"model": NaN, "inputs": {"x": [[1, 1, 2, 3, 4, 5, 6, 7]]}}')

    def test_deep_nesting(self):
        self.infer('{"model": "mlp", "inputs": {"x": ' + "[" * 10000 + "]" * 10000 + "}}", status=(400, 413))
        self.infer("[" * 10000, status=(400, 413))
        self.infer('{"a":' * 10000, status=(400, 413))

    def test_unknown_model_version_and_output(self):
        self.infer({**GOOD, "model": "nobody"}, "nobody", status=(404,))
        self.infer({**GOOD, "version": 7}, "7", status=(404,))
        self.infer({**GOOD, "model": "../../etc/passwd"}, status=(400, 404))
        self.infer({"inputs": GOOD["inputs"]}, "model")
        self.infer({**self.oip(), "outputs": [{"name": "z"}]}, "z")

    def test_header_length_must_be_a_number_within_the_body(self):
        for value in ("-1", "999999", "99999999999999999999999", "abc", "", "1e1", " 5x"):
            self.refused("POST", "/v2/models/mlp/infer", json.dumps(self.oip()), (400,),
                         headers={"Inference-Header-Content-Length": value})

    def test_binary_sizes_must_match(self):
        for size, given in ((32, 31), (32, 33), (31, 31), (2**63, 32), (-1, 32)):
            head = json.dumps({"inputs": [{"name": "x", "shape": [1, 8], "datatype": "FP32",
                                           "parameters": {"binary_data_size": size}}]}).encode()
            self.refused("POST", "/v2/models/mlp/infer", head + bytes(given), (400,),
                         headers={"Inference-Header-Content-Length": str(len(head))})

    # ------------------------------------------------------------------------------------------------------ models

    def upload(self, data, *words, statuses=(422,)):
        return self.refused("POST", "/models?name=bad", data, statuses, *words)

    def test_not_a_model_file(self):
        self.upload(b"")
        self.upload(b"x")
        self.upload(b"PK\x03\x04" + bytes(100))
        self.upload(b"\x89PNG\r\n\x1a\n" + bytes(5000))

    def test_truncated_at_every_length_class(self):
        (header,) = struct.unpack("<Q", self.file[:8])
        for length in (1, 7, 8, 9, 8 + header // 2, 8 + header - 1, 8 + header, 8 + header + 1, len(self.file) - 1):
            self.upload(self.file[:length])
        self.upload(self.file + b"\0")

    def change_header(self, change):
        (length,) = struct.unpack("<Q", self.file[:8])
        header = json.loads(self.file[8:8 + length])
        change(header)
        text = json.dumps(header).encode()
        return struct.pack("<Q", len(text)) + text + self.file[8 + length:]

    def test_headers_that_lie(self):
        def first(header):
            return header[next(name for name in header if name != "__metadata__")]

        self.upload(struct.pack("<Q", 2**63) + self.file[8:])
        self.upload(struct.pack("<Q", 0) + self.file[8:])
        for offsets in ([0, 2**40], [2**63, 2**63 + 8], [8, 0], [-8, 0], [0, 1], "x", [0]):
            self.upload(self.change_header(lambda h, o=offsets: first(h).update(data_offsets=o)))
        for shape in ([2**62, 2**62], [-1], [10**9, 10**9], "x", [1] * 9):
            self.upload(self.change_header(lambda h, s=shape: first(h).update(shape=s)))
        self.upload(self.change_header(lambda h: first(h).update(dtype="F99")))

    def change_graph(self, change):
        def apply(header):
            graph = json.loads(header["__metadata__"]["octet"])
            change(graph)
            header["__metadata__"]["octet"] = json.dumps(graph)

        return self.change_header(apply)

    def test_graphs_that_are_wrong(self):
        cases = [
            (lambda g: g.update(format_version=99), "99"),
            (lambda g: g.update(surprise=1), "surprise"),
            (lambda g: g["nodes"][1].update(op="aten::launch"), "aten::launch"),
            (lambda g: g["nodes"][1]["attributes"].update(speed=1), "speed"),
            (lambda g: g["nodes"][1]["attributes"].update(Y_scale_i="x"), "Y_scale_i"),
            (lambda g: g["nodes"][1]["attributes"].update(Y_scale_i=0), "scale"),
            (lambda g: g["nodes"][1]["attributes"].update(Y_zero_point_i=300), "zero point"),
            (lambda g: g["nodes"][1].update(inputs=["nowhere"] + g["nodes"][1]["inputs"][1:]), "nowhere"),
            (lambda g: g["nodes"][1].update(inputs=[g["nodes"][2]["outputs"][0]] + g["nodes"][1]["inputs"][1:]), ""),
            (lambda g: g["nodes"][1].update(outputs=["x"]), "x"),
            (lambda g: g["inputs"][0].update(shape=["N", 9]), ""),
            (lambda g: g["inputs"][0].update(shape=["N", 2**62, 2**62]), ""),
            (lambda g: g["inputs"][0].update(dtype="complex64"), "complex64"),
            (lambda g: g.update(nodes=[]), ""),
            (lambda g: g.update(outputs=[]), ""),
            (lambda g: g["outputs"][0].update(value="nowhere"), "nowhere"),
        ]
        for change, word in cases:
            self.upload(self.change_graph(change), word)

    def test_a_tiny_file_that_declares_terabytes(self):
        def terabytes(graph):
            graph["inputs"] = [{"name": "x", "dtype": "float32", "shape": ["N", 1 << 20, 1 << 20]}]
            graph["nodes"] = [{"name": "r", "op": "aten::relu", "inputs": ["x"], "outputs": ["y"], "attributes": {}}]
            graph["outputs"] = [{"name": "output", "value": "y"}]

        self.upload(self.change_graph(terabytes))

    def test_names_and_versions(self):
        for query in ("", "?name=", "?name=../x", "?name=.hidden", "?name=a%2Fb", "?name=" + "n" * 200,
                      "?name=m&version=0", "?name=m&version=-1", "?name=m&version=x", "?name=m&version=1&version=2",
                      "?name=m&version=99999999999999999999"):
            self.refused("POST", "/models" + query, self.file, (400,))

    # ------------------------------------------------------------------------------------------------- the protocol

    def test_unknown_routes_and_wrong_verbs(self):
        self.refused("GET", "/nothing", None, (404,))
        self.refused("GET", "/models/nobody", None, (404,), "nobody")
        self.refused("DELETE", "/models/nobody", None, (404,), "nobody")
        self.refused("PUT", "/infer", b"{}", (405,))
        self.refused("POST", "/readyz", b"", (405,))
        self.refused("GET", "/infer", None, (405,))

    def test_a_body_over_the_limit(self):
        connection = socket.create_connection(("127.0.0.1", self.server.port), timeout=60)
        size = 100 << 20
        connection.sendall(f"POST /infer HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n"
                           "Expect: 100-continue\r\n\r\n".encode())
        answer = connection.recv(65536)
        connection.close()
        self.assertIn(b" 413 ", answer.split(b"\r\n")[0])
        self.assertIn(b'{"error"', answer)

    def test_half_a_request_then_silence(self):
        for text in (b"POST /inf", b"POST /infer HTTP/1.1\r\nHost: x\r\n",
                     b"POST /infer HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"):
            with socket.create_connection(("127.0.0.1", self.server.port), timeout=20) as connection:
                started = time.monotonic()
                connection.sendall(text)
                while connection.recv(65536):
                    pass
                self.assertLess(time.monotonic() - started, 15)

    def test_clients_that_leave(self):
        body = json.dumps(GOOD).encode()
        whole = b"POST /infer HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        model = b"POST /models?name=half HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(self.file)
        for text in (whole[:20], whole[:-5], whole, model + self.file[:len(self.file) // 2]):
            for _ in range(10):
                connection = socket.create_connection(("127.0.0.1", self.server.port))
                connection.sendall(text)
                # RST instead of FIN: the peer is gone while the answer is under way.
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.close()
        self.assertEqual(self.server.json("GET", "/models/half")[0], 404)

    def test_requests_that_smuggle(self):
        for head in ("Content-Length: 5\r\nContent-Length: 6", "Content-Length: 5\r\nTransfer-Encoding: chunked",
                     "Transfer-Encoding: xchunked", "Content-Length : 5", "Host: y"):
            with socket.create_connection(("127.0.0.1", self.server.port), timeout=20) as connection:
                connection.sendall(f"POST /infer HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n12345".encode())
                answer = b""
                while True:
                    more = connection.recv(65536)
                    if not more:
                        break
                    answer += more
                self.assertIn(answer.split(b" ")[1], (b"400", b"501"))


if __name__ == "__main__":
    unittest.main()
