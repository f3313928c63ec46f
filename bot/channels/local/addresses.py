"""What can be wrong with the address that the chat page is served at."""

from __future__ import annotations


class AddressError(Exception):
    """The server cannot listen where it should."""

    def __init__(self, host: str, port: int, text: str) -> None:
        self.host = host
        self.port = port
        super().__init__(text)


class PortInUseError(AddressError):
    """Another program listens at this port."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(
            host,
            port,
            f"port {port} on {host} is in use by another program; end it, or choose another port with --port"
            " (--port 0 takes any free one)",
        )
