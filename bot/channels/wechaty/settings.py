"""What an operator decides about one gateway."""

from __future__ import annotations

import re
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from core.settings import ConfigPath, Secret, Section

_ENDPOINT = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]]+):(?P<port>\d{1,5})")


class WechatySettings(Section):
    """One gateway and how patiently to treat it."""

    endpoint: str = Field(
        description="Address of the gateway as host:port, for example 127.0.0.1:8788. There is no discovery by token."
    )
    token: Secret = Field(
        description=(
            "The gateway's token, given as env:NAME or file:PATH. Usually insecure_ and a UUID. One program per token."
        )
    )
    account: str = Field(
        default="wechaty",
        min_length=1,
        description="Name of the account until the gateway says who is logged in.",
    )
    tls: Literal["off", "ca", "pin", "insecure"] = Field(
        default="off",
        description=(
            "off: plain text, for a gateway on this machine or in a private network. ca: TLS, the certificate must "
            "come from ca_file. pin: TLS, the certificate must have this fingerprint. insecure: TLS with any "
            "certificate; whoever sits between can read everything, the token too."
        ),
    )
    ca_file: ConfigPath | None = Field(default=None, description="With tls = ca: PEM file with the trusted authority.")
    fingerprint: str = Field(
        default="",
        description="With tls = pin: SHA-256 of the certificate, 64 hexadecimal digits, colons allowed.",
    )
    server_name: str = Field(
        default="",
        description="With tls = ca: the name the certificate must carry. Empty: any name; the authority alone decides.",
    )
    call_timeout_s: float = Field(default=10.0, gt=0, le=120, description="Seconds every call to the gateway may take.")
    login_wait_s: float = Field(
        default=5.0,
        gt=0,
        le=120,
        description="Seconds to wait for the login event before saying that nobody is logged in.",
    )
    ding_interval_s: float = Field(
        default=30.0, gt=0, le=600, description="Seconds between two signs of life asked for."
    )
    ding_deadline_s: float = Field(
        default=15.0, gt=0, le=300, description="Seconds without an answer after which the gateway counts as frozen."
    )
    backoff_min_s: float = Field(
        default=1.0, gt=0, le=60, description="Shortest wait before connecting again, in seconds."
    )
    backoff_max_s: float = Field(
        default=60.0, gt=0, le=3600, description="Longest wait before connecting again, in seconds."
    )
    replaced_backoff_s: float = Field(
        default=300.0,
        gt=0,
        le=86_400,
        description=(
            "Seconds to leave the event stream alone after another client took it; two programs must not fight for it."
        ),
    )
    take_over: bool = Field(
        default=False,
        description=(
            "Take the event stream away from whoever holds it, by stopping and starting the gateway's account. Only "
            "when the holder is a dead connection of this program; some gateways log the account out when stopped."
        ),
    )
    fetch_attempts: int = Field(
        default=4, ge=1, le=20, description="How often a message's content is asked for before it is put off."
    )
    sweep_interval_s: float = Field(
        default=60.0, gt=0, le=3600, description="Seconds between two attempts to fetch messages that were put off."
    )
    lookups_per_second: float = Field(
        default=1.5,
        gt=0,
        le=4,
        description="How many contacts and rooms to look up in a second; five have locked an account.",
    )
    lookup_burst: int = Field(
        default=2,
        ge=1,
        le=1000,
        description="How many look-ups may come at once after a pause. Above 3 risks the account.",
    )
    lookup_ttl_s: float = Field(
        default=21_600.0, gt=0, description="Seconds a name or a room's topic is believed before it is asked for again."
    )

    @field_validator("endpoint")
    @classmethod
    def _host_and_port(cls, value: str) -> str:
        match = _ENDPOINT.fullmatch(value)
        if not match or not 0 < int(match["port"]) < 65_536:
            raise ValueError("write it as host:port, for example 127.0.0.1:8788")
        return value

    @field_validator("fingerprint")
    @classmethod
    def _plain_hexadecimal(cls, value: str) -> str:
        digits = value.replace(":", "").lower()
        if digits and not re.fullmatch(r"[0-9a-f]{64}", digits):
            raise ValueError(
                "a SHA-256 fingerprint has 64 hexadecimal digits; openssl x509 -fingerprint -sha256 prints it"
            )
        return digits

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        token = self.token.get_secret_value()
        if not token or not all("!" <= character <= "~" for character in token):
            raise ValueError("the token must be printable ASCII without spaces, it travels in a header")
        if self.tls == "ca" and self.ca_file is None:
            raise ValueError('tls = "ca" needs ca_file')
        if self.tls == "pin" and not self.fingerprint:
            raise ValueError('tls = "pin" needs fingerprint')
        if self.backoff_min_s > self.backoff_max_s:
            raise ValueError("backoff_min_s must not be above backoff_max_s")
        return self

    @property
    def host(self) -> str:
        """The endpoint's host, without the brackets of an IPv6 address."""
        return self.endpoint.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The endpoint's port."""
        return int(self.endpoint.rpartition(":")[2])
