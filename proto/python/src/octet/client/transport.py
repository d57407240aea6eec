"""HTTP/1.1 over kept-alive connections, with nothing but the standard library."""

import http.client
import json
import socket
import threading
import urllib.parse

from octet.client.errors import OctetError

#: What a server's closing of an idle connection looks like when the next request meets it.
_DROPPED = (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError, ConnectionAbortedError)


def _close(connection):
    if connection is not None:
        connection.close()


class Answer:
    """A whole response: status, headers (get() ignores case), body bytes."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def error(self):
        """This answer as an OctetError."""
        try:
            message = json.loads(self.body)["error"]
        except (ValueError, KeyError, TypeError):
            message = self.body[:200].decode("utf-8", "replace") or "no reason given"
        retry_after = self.headers.get("Retry-After", "")
        return OctetError(self.status, message, int(retry_after) if retry_after.isdigit() else None)


class Transport:
    """Sends requests to one server. Any number of threads may call it; idle connections are kept and used again."""

    def __init__(self, url, timeout):
        parts = urllib.parse.urlsplit(url if "//" in url else f"http://{url}")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"not an http or https address: {url!r}")
        self._secure = parts.scheme == "https"
        self._host, self._port = parts.hostname, parts.port
        self._prefix = parts.path.rstrip("/")
        self._timeout = timeout
        self._idle = []
        self._lock = threading.Lock()

    def close(self):
        """Closes idle connections. The transport stays usable."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _connect(self):
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        connection = kind(self._host, self._port, timeout=self._timeout)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def _take_idle(self):
        with self._lock:
            return self._idle.pop() if self._idle else None

    @staticmethod
    def _exchange(connection, method, target, body, headers):
        """One request on one connection. A server may answer before it has read all of an upload, then close."""
        try:
            connection.request(method, target, body, headers)
        except (BrokenPipeError, ConnectionResetError) as broken:
            try:
                return Answer(connection.getresponse())
            except (OSError, http.client.HTTPException):
                raise broken from None
            finally:
                connection.close()
        return Answer(connection.getresponse())

    def send(self, method, target, make_body=None, headers=None):
        """Returns the Answer, whatever its status. `make_body` returns a fresh body for each attempt.

        A request that meets a connection the server has closed meanwhile is sent again, once for each such
        connection and finally on a new one. Raises OctetError with status None when no answer comes.
        """
        while True:
            connection = self._take_idle()
            reused = connection is not None
            try:
                if connection is None:
                    connection = self._connect()
                body = make_body() if make_body else None
                answer = self._exchange(connection, method, self._prefix + target, body, headers or {})
            except _DROPPED as error:
                _close(connection)
                if reused:
                    continue
                raise OctetError(None, f"{method} {target}: the connection was dropped: {error}") from error
            except (OSError, http.client.HTTPException) as error:
                _close(connection)
                raise OctetError(None, f"{method} {target}: {error or type(error).__name__}") from error
            except BaseException:
                _close(connection)
                raise
            if connection.sock is not None:
                with self._lock:
                    self._idle.append(connection)
            return answer
