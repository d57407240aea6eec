"""The client's one exception."""


class OctetError(Exception):
    """The server refused, or could not be reached.

    status   the HTTP status code; None when there was no answer (connection refused, dropped, timed out, not HTTP)
    message  the server's own words
    retry_after  seconds the server asks to wait, or None
    """

    def __init__(self, status, message, retry_after=None):
        super().__init__(f"{status}: {message}" if status is not None else message)
        self.status = status
        self.message = message
        self.retry_after = retry_after
