"""octet.Client: predictions, and the calls that manage models."""

import json
import os
import urllib.parse

from octet.client import tensors
from octet.client.errors import OctetError
from octet.client.transport import Transport


def _quote(text):
    return urllib.parse.quote(str(text), safe="")


def _model_path(model, version):
    path = f"/models/{_quote(model)}"
    return path if version is None else f"{path}/versions/{_quote(version)}"


class Client:
    """Talks to the server at `url` ("http://127.0.0.1:8080"). Threads may share a client.

    token    sent as a bearer token with every call; calls that change models may be given one of their own
    timeout  seconds without progress on a connection until a call fails

    Every call raises OctetError when the server refuses (its status and words) or cannot be reached (status None).
    """

    def __init__(self, url, token=None, timeout=60.0):
        self._transport = Transport(url, timeout)
        self._token = token

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Closes the connections that are open."""
        self._transport.close()

    def _send(self, method, target, make_body=None, headers=None, token=None):
        headers = dict(headers or {})
        token = token or self._token
        if token:
            headers["Authorization"] = f"Bearer {token}"
        answer = self._transport.send(method, target, make_body, headers)
        if not 200 <= answer.status < 300:
            raise answer.error()
        return answer

    def _json(self, *arguments, **keywords):
        answer = self._send(*arguments, **keywords)
        try:
            return json.loads(answer.body) if answer.body else None
        except ValueError as error:
            raise OctetError(None, f"the server's answer is not JSON: {error}") from None

    def _is_ready(self, target):
        try:
            self._send("GET", target)
        except OctetError:
            return False
        return True

    # ------------------------------------------------------------------------------------------------ predictions

    def infer(self, model, inputs, version=None, outputs=None, timeout_us=None):
        """Returns {output name: array} for {input name: array}; tensors travel as raw bytes.

        inputs      arrays go as they are: their dtype must be the model's. Lists of Python floats go as float32
        version     of the model; None is the newest
        outputs     names of the outputs wanted; None is all
        timeout_us  microseconds after which the server gives the request up
        """
        parameters = {} if timeout_us is None else {"timeout": int(timeout_us)}
        parts, header_length = tensors.encode_request(inputs, outputs, parameters)
        headers = {
            "Content-Type": "application/octet-stream",
            "Inference-Header-Content-Length": str(header_length),
        }
        target = f"/v2{_model_path(model, version)}/infer"
        body = b"".join(parts)
        answer = self._send("POST", target, lambda: body, headers)
        return tensors.decode_response(answer.body, answer.headers.get("Inference-Header-Content-Length"))

    # ----------------------------------------------------------------------------------------------------- models

    def models(self):
        """What `GET /models` says: the models that the server has."""
        return self._json("GET", "/models")

    def model(self, name, version=None):
        """What `GET /models/{name}` says: signature, digest, memory, counters."""
        return self._json("GET", _model_path(name, version))

    def register(self, name, path, version=None, token=None):
        """Uploads the `.octet` file at `path`; returns what the server says of the new version.

        version None takes the next number. Bytes that the server has already under that name change nothing.
        """
        query = {"name": name} if version is None else {"name": name, "version": version}
        size = os.stat(path).st_size
        with open(path, "rb") as stream:

            def rewound():
                stream.seek(0)
                return stream

            headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
            return self._json("POST", f"/models?{urllib.parse.urlencode(query)}", rewound, headers, token)

    def delete(self, name, version=None, token=None):
        """Removes a model, or one version of it."""
        return self._json("DELETE", _model_path(name, version), token=token)

    # ------------------------------------------------------------------------------------------- health, metadata

    def live(self):
        """True when the server process answers."""
        return self._is_ready("/v2/health/live")

    def ready(self, model=None, version=None):
        """True when the server, or the given model, takes requests. An unreachable server is not ready."""
        return self._is_ready("/v2/health/ready" if model is None else f"/v2{_model_path(model, version)}/ready")

    def metadata(self, model=None, version=None):
        """The Open Inference Protocol's metadata: names, datatypes and shapes of a model; or the server's own."""
        return self._json("GET", "/v2" if model is None else f"/v2{_model_path(model, version)}")
