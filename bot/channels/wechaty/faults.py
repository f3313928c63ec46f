"""What went wrong with a connection, by its own name, and what to do about it. Pure."""

from __future__ import annotations

import re
import socket
import ssl
from dataclasses import dataclass
from enum import StrEnum

import h2.exceptions
from grpclib.const import Status
from grpclib.exceptions import GRPCError, ProtocolError, StreamTerminatedError

from bot.channels.protocol import Link

_QUIET_STATUS = frozenset(
    {Status.DEADLINE_EXCEEDED, Status.CANCELLED, Status.UNAVAILABLE, Status.ABORTED, Status.DATA_LOSS}
)
"""Statuses after which nobody knows whether the call took effect."""
_QUIET_WORDS = re.compile(r"time[d ]?-?out|ETIMEDOUT|ECONNRESET|EPIPE|socket hang up|disconnect|aborted", re.IGNORECASE)
"""Words of a gateway that itself got no answer from the chat."""
_CONNECTION_ERRORS = (OSError, StreamTerminatedError, ProtocolError, h2.exceptions.H2Error)


class Speech(StrEnum):
    """What an endpoint was seen to speak; the evidence that tells two silent failures apart."""

    UNKNOWN = "unknown"
    NOTHING_LISTENS = "nothing listens"
    SILENT = "silent"  # accepts a connection, answers neither way
    PLAIN = "plain"  # HTTP/2 without TLS
    TLS = "tls"


@dataclass(frozen=True, slots=True)
class Fault:
    """One named fault. ``detail`` says what to do."""

    link: Link
    detail: str


class FingerprintError(Exception):
    """The gateway showed another certificate than the pinned one."""

    def __init__(self, seen: str) -> None:
        self.seen = seen
        super().__init__(f"the certificate's SHA-256 fingerprint is {seen}")


class FrozenError(Exception):
    """No sign of life within the deadline (``seconds``)."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(f"no sign of life within {seconds:g} s")


class StreamEndedError(Exception):
    """The gateway ended the event stream in good order; ``after_s`` is how long it had lasted."""

    def __init__(self, after_s: float) -> None:
        self.after_s = after_s
        super().__init__(f"the event stream ended after {after_s:.1f} s")


class DisconnectedError(ConnectionError):
    """There is no connection, so the call was never made."""


def needs_probe(error: BaseException) -> bool:
    """Whether the error alone does not tell the fault and the endpoint's speech would."""
    return isinstance(error, (TimeoutError, *_CONNECTION_ERRORS)) and not isinstance(
        error, (ConnectionRefusedError, ssl.SSLCertVerificationError, socket.gaierror, DisconnectedError)
    )


def name_fault(error: BaseException, endpoint: str, *, tls: bool, speech: Speech = Speech.UNKNOWN) -> Fault:
    """Name what an attempt to connect, or a connection, ended with."""
    match error:
        case GRPCError():
            return _name_answer(error, endpoint)
        case ssl.SSLCertVerificationError() | FingerprintError():
            return _name_certificate(error)
        case FrozenError():
            detail = f"{endpoint} is connected but gave {error}; restart the gateway if it stays like this"
            return Fault(Link.FROZEN, detail)
        case StreamEndedError():
            detail = f"{endpoint} ended the event stream: a second client, or the gateway is stopping; reconnecting"
            return Fault(Link.LOST, detail)
        case _:
            return _name_mismatch(endpoint, tls=tls, speech=speech) or _name_broken(error, endpoint, speech)


def replaced(endpoint: str) -> Fault:
    """Another client has the event stream."""
    return Fault(
        Link.REPLACED,
        f"another client holds the event stream of {endpoint} with the same token; "
        "stop one of the two, or give each its own gateway; if there is no other, restart the gateway",
    )


def _name_answer(error: GRPCError, endpoint: str) -> Fault:
    """Name a fault that the gateway itself reported. Its words may quote the token: they are not repeated."""
    if error.status in (Status.UNAUTHENTICATED, Status.PERMISSION_DENIED):
        return Fault(
            Link.WRONG_TOKEN, f"{endpoint} refuses the token; set token to the one the gateway was started with"
        )
    if error.status is Status.ALREADY_EXISTS:
        return replaced(endpoint)
    if error.status is Status.UNIMPLEMENTED:
        return Fault(Link.LOST, f"{endpoint} speaks gRPC but is no Wechaty gateway; check endpoint")
    return Fault(Link.LOST, f"{endpoint} answered {error.status.name}; reconnecting")


def _name_certificate(error: ssl.SSLCertVerificationError | FingerprintError) -> Fault:
    if isinstance(error, FingerprintError):
        return Fault(
            Link.CERTIFICATE_REFUSED,
            f"the gateway shows a certificate with fingerprint {error.seen}, not the pinned one; "
            "if the gateway's certificate was renewed, set fingerprint, otherwise somebody sits between",
        )
    reason = getattr(error, "verify_message", "") or "verification failed"
    return Fault(
        Link.CERTIFICATE_REFUSED,
        f'the gateway\'s certificate is not trusted ({reason}); set ca_file to its authority, or tls = "pin"',
    )


def _name_mismatch(endpoint: str, *, tls: bool, speech: Speech) -> Fault | None:
    if tls and speech is Speech.PLAIN:
        return Fault(
            Link.TLS_MISMATCH, f'{endpoint} speaks plain text, we speak TLS; set tls = "off" or turn TLS on there'
        )
    if not tls and speech is Speech.TLS:
        return Fault(
            Link.TLS_MISMATCH,
            f'{endpoint} speaks TLS, we speak plain text; set tls to "ca" or "pin", or turn TLS off there',
        )
    return None


def _name_broken(error: BaseException, endpoint: str, speech: Speech) -> Fault:
    if isinstance(error, socket.gaierror):
        return Fault(Link.PORT_CLOSED, f"the host name of {endpoint} is not known; check endpoint")
    if isinstance(error, ConnectionRefusedError) or speech is Speech.NOTHING_LISTENS:
        return Fault(Link.PORT_CLOSED, f"nothing listens at {endpoint}; start the gateway, or correct endpoint")
    if isinstance(error, TimeoutError) or speech is Speech.SILENT:
        return Fault(Link.FROZEN, f"{endpoint} accepts connections but does not answer; restart the gateway")
    return Fault(Link.LOST, f"the connection to {endpoint} broke ({type(error).__name__}); reconnecting")


def describe(error: BaseException) -> str:
    """Say in short what a call ended with; never the words of an authentication error, they quote the token."""
    if not isinstance(error, GRPCError):
        return type(error).__name__
    if error.status is Status.UNAUTHENTICATED or not error.message:
        return error.status.name
    return f"{error.status.name}: {error.message[:200]}"


def status_of(error: BaseException) -> str:
    """Say for a log what a call ended with, without the gateway's words: they may name a contact."""
    return error.status.name if isinstance(error, GRPCError) else type(error).__name__


def was_refused(error: BaseException) -> bool:
    """Whether a failed call certainly had no effect; otherwise nobody knows."""
    if isinstance(error, DisconnectedError):
        return True
    if not isinstance(error, GRPCError) or error.status in _QUIET_STATUS:
        return False
    return not _QUIET_WORDS.search(error.message or "")
