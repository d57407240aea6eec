"""Predictions over HTTP: every form of body, the same numbers in each."""

import json
import pathlib
import unittest

import harness
import models
import numpy as np

import octet
import octet.format as fmt


class Infer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = harness.folder()
        directory = pathlib.Path(cls.folder.name)
        fmt.save(models.mlp(), directory / "mlp.octet")
        fmt.save(models.division_by_zero(), directory / "times.octet")
        cls.server = harness.Server("--models", directory)
        cls.server.start()
        cls.x = np.random.default_rng(5).normal(size=(3, 8)).astype(np.float32)
        cls.expected = octet.Client(cls.server.url).infer("mlp", {"x": cls.x})["output"]

    @classmethod
    def tearDownClass(cls):
        code = cls.server.stop()
        cls.folder.cleanup()
        assert code == 0, cls.server._stderr[-3000:]

    def check_output(self, data):
        np.testing.assert_array_equal(np.array(data, np.float32).reshape(3, 4), self.expected)

    def oip(self, **more):
        tensor = {"name": "x", "shape": [3, 8], "datatype": "FP32", "data": self.x.ravel().tolist()}
        return {"inputs": [tensor], **more}

    def test_shorthand_is_answered_in_kind(self):
        status, answer = self.server.json("POST", "/infer", {"model": "mlp", "inputs": {"x": self.x.tolist()}})
        self.assertEqual(status, 200)
        self.assertEqual((answer["model"], answer["version"]), ("mlp", "1"))
        self.check_output(answer["outputs"]["output"])
        self.assertEqual(np.array(answer["outputs"]["output"]).shape, (3, 4))

    def test_open_inference_protocol_with_the_model_in_body_or_path(self):
        for path, body in (("/infer", self.oip(model="mlp")), ("/v2/models/mlp/infer", self.oip()),
                           ("/v2/models/mlp/versions/1/infer", self.oip())):
            status, answer = self.server.json("POST", path, body)
            self.assertEqual(status, 200, answer)
            output = answer["outputs"][0]
            self.assertEqual((answer["model_name"], answer["model_version"]), ("mlp", "1"))
            self.assertEqual((output["name"], output["datatype"], output["shape"]), ("output", "FP32", [3, 4]))
            self.check_output(output["data"])

    def test_nested_data_and_unknown_extras_are_accepted_and_the_id_comes_back(self):
        body = self.oip(id="abc", parameters={"headers": {"a": [1]}, "note": "x"}, model_name="mlp")
        body["inputs"][0]["data"] = self.x.tolist()
        status, answer = self.server.json("POST", "/v2/models/mlp/infer", body)
        self.assertEqual(status, 200, answer)
        self.assertEqual(answer["id"], "abc")
        self.check_output(answer["outputs"][0]["data"])

    def test_binary_in_json_out_and_binary_both_ways(self):
        raw = self.x.tobytes()
        for binary_out in (False, True):
            head = json.dumps({"inputs": [{"name": "x", "shape": [3, 8], "datatype": "FP32",
                                           "parameters": {"binary_data_size": len(raw)}}],
                               "outputs": [{"name": "output", "parameters": {"binary_data": binary_out}}]}).encode()
            headers = {"Inference-Header-Content-Length": str(len(head))}
            status, got, body = self.server.request("POST", "/v2/models/mlp/infer", head + raw, headers)
            self.assertEqual(status, 200, body)
            if binary_out:
                length = int(got["Inference-Header-Content-Length"])
                self.assertEqual(got["Content-Type"], "application/octet-stream")
                output = json.loads(body[:length])["outputs"][0]
                self.assertEqual(output["parameters"]["binary_data_size"], 48)
                self.check_output(np.frombuffer(body[length:], "<f4"))
            else:
                self.assertEqual(got["Content-Type"], "application/json")
                self.check_output(json.loads(body)["outputs"][0]["data"])

    def test_larger_than_any_batch_is_cut_and_every_row_is_the_same_as_alone(self):
        x = np.tile(self.x, (100, 1))
        answer = octet.Client(self.server.url).infer("mlp", {"x": x})["output"]
        np.testing.assert_array_equal(answer, np.tile(self.expected, (100, 1)))

    def test_a_value_that_json_cannot_show_is_named_and_binary_passes_it(self):
        x = np.array([[1e30, 1.0]], np.float32)
        status, answer = self.server.json("POST", "/infer", {"model": "times", "inputs": {"x": x.tolist()}})
        self.assertGreaterEqual(status, 400)
        self.assertIn("output", answer["error"])
        binary = octet.Client(self.server.url).infer("times", {"x": x})["output"]
        self.assertTrue(np.isinf(binary[0, 0]))
        self.assertTrue(np.isfinite(binary[0, 1]))

    def test_health_and_metadata_have_the_protocols_shape(self):
        self.assertEqual(self.server.json("GET", "/v2/health/live"), (200, {"live": True}))
        self.assertEqual(self.server.json("GET", "/v2/health/ready"), (200, {"ready": True}))
        self.assertEqual(self.server.json("GET", "/v2/models/mlp/ready"), (200, {"name": "mlp", "ready": True}))
        status, server = self.server.json("GET", "/v2")
        self.assertEqual((status, server["name"]), (200, "octet"))
        self.assertIn("binary_tensor_data", server["extensions"])
        status, model = self.server.json("GET", "/v2/models/mlp")
        self.assertEqual(model["inputs"], [{"name": "x", "datatype": "FP32", "shape": [-1, 8]}])
        self.assertEqual(model["outputs"][0]["shape"], [-1, 4])
        self.assertEqual(self.server.json("GET", "/v2/")[0], 200)

    def test_the_console_the_description_and_the_metrics_are_there(self):
        status, headers, page = self.server.request("GET", "/")
        self.assertEqual(status, 200)
        self.assertIn("text/html", headers["Content-Type"])
        status, description = self.server.json("GET", "/openapi.json")
        self.assertEqual(status, 200)
        self.assertIn("/infer", description["paths"])
        self.assertGreater(self.server.metric("octet_infer_requests_total", model="mlp"), 0)


if __name__ == "__main__":
    unittest.main()
