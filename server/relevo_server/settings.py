"""Every setting of the server: from `RELEVO_*` variables, overridden by command-line options."""

import ipaddress
import re
import socket
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from relevo_protocol.inert import INERT
from relevo_protocol.limits import MAX_NAME_CHARS


class SecondFactor(StrEnum):
    """Who of an organisation needs a second factor, from least to most."""

    OPTIONAL = "optional"
    ADMINISTRATORS = "administrators"
    EVERYBODY = "everybody"


# A comma-separated list in an environment variable.
CommaList = Annotated[tuple[str, ...], NoDecode]
_EVERY_ADDRESS = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - recognised, not bound
_HTTPS_PORT = 443


class Settings(BaseSettings):
    """The server's settings, each with what it does and its default."""

    model_config = SettingsConfigDict(
        env_prefix="RELEVO_", extra="forbid", frozen=True, hide_input_in_errors=True
    )

    data: Path = Field(
        default=Path("relevo-data"),
        description="Folder of the database, the local certificate authority and the server's certificate.",
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on; 0.0.0.0 or :: for every one.")
    port: int = Field(
        default=8443, ge=0, le=65535, description="TCP port to listen on; 0 lets the system choose."
    )
    organisation: str = Field(
        default="Relevo",
        min_length=1,
        max_length=MAX_NAME_CHARS,
        description="For whom the technicians work; the customer reads it before consenting.",
    )
    language: Literal["en", "es"] = Field(
        default="es",
        description="Language given to new accounts: en or es; each technician may choose another.",
    )
    public_origin: str | None = Field(
        default=None,
        description="Origin that browsers and agents use, e.g. https://relay.example; needed behind a proxy. "
        "Default: https, `host` and `port`.",
    )
    tls_names: CommaList = Field(
        default=(),
        description="Further host names or addresses for the local certificate, separated by commas.",
    )
    tls_certificate: Path | None = Field(
        default=None, description="PEM file of a real certificate with its chain; needs `tls_key`."
    )
    tls_key: Path | None = Field(default=None, description="PEM file of the key of `tls_certificate`.")
    hsts_subdomains: bool = Field(
        default=False,
        description="Tell browsers that all names below this server's speak TLS alone, for a year each time; "
        "only where that is so.",
    )
    plain_http: bool = Field(
        default=False,
        description="Speak HTTP without TLS to the proxy in `behind_proxy`, which must speak TLS outside.",
    )
    behind_proxy: CommaList = Field(
        default=(),
        description="Addresses or networks of the reverse proxy, separated by commas; "
        "X-Forwarded-For and -Proto are believed from these alone.",
    )
    database_url: str | None = Field(
        default=None, description="SQLAlchemy URL (async driver); default: relevo.db in `data`, by SQLite."
    )
    sign_in_idle_s: int = Field(
        default=12 * 3600, ge=300, description="Seconds without a request after which a sign-in ends."
    )
    sign_in_absolute_s: int = Field(
        default=7 * 86_400, ge=300, description="Seconds after which a sign-in ends in any case."
    )
    sessions_per_address: int = Field(
        default=50,
        ge=1,
        description="Customers' sessions that one address may have open at once, and open anew in ten "
        "minutes; an office needs more if all of it comes from one.",
    )
    metrics_token: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="Bearer token for /metrics; without it, only the machine itself may read them.",
    )
    audit_strict: bool = Field(
        default=False,
        description="Begin nothing new while the database cannot record it; what is under way goes on.",
    )
    spool_mib: int = Field(
        default=64, ge=1, le=4096, description="MiB of records kept on disk while the database is away."
    )
    second_factor: SecondFactor = Field(
        default=SecondFactor.EVERYBODY,
        description="Who needs a second factor: optional, administrators or everybody; organisations may "
        "ask for more, never for less.",
    )
    oidc_issuer: str | None = Field(
        default=None,
        description="Issuer of an OpenID Connect provider to sign in with, https://…; none by default.",
    )
    oidc_client_id: str = Field(
        default="", max_length=255, description="This server's name at `oidc_issuer`."
    )
    oidc_client_secret_file: Path | None = Field(
        default=None, description="File with this server's secret at `oidc_issuer`; without one, PKCE alone."
    )
    oidc_name: str = Field(
        default="", max_length=MAX_NAME_CHARS, description="What the button to `oidc_issuer` says."
    )
    oidc_create: bool = Field(
        default=False,
        description="Make an account for whoever `oidc_issuer` knows; else only accounts whose name is the "
        "verified e-mail address sign in by it.",
    )
    syslog: str | None = Field(
        default=None,
        description="Log collector that the record is sent to as well (RFC 5424): tls://host:port, or "
        "host:port for TCP without encryption.",
    )
    syslog_ca: Path | None = Field(
        default=None,
        description="PEM file of the authority of the collector's certificate; default: those of the system.",
    )
    syslog_certificate: Path | None = Field(
        default=None,
        description="PEM file of the certificate, with its chain, that the collector is shown over TLS; "
        "needs `syslog_key`.",
    )
    syslog_key: Path | None = Field(
        default=None, description="PEM file of the key of `syslog_certificate`, without a password."
    )
    connections_per_address: int = Field(
        default=200, ge=4, description="Connections that one address may have open at once."
    )
    log_format: Literal["auto", "json", "human"] = Field(
        default="auto", description="Logs as JSON lines or for people; auto: for people on a terminal."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least important log line that is written."
    )

    @field_validator("tls_names", "behind_proxy", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("behind_proxy")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            ipaddress.ip_network(network, strict=False)
        return value

    @field_validator("organisation")
    @classmethod
    def _readable(cls, value: str) -> str:
        if not re.fullmatch(INERT, value):
            raise ValueError("must be one line without control or direction characters")
        return value

    @field_validator("public_origin")
    @classmethod
    def _origin(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value.rstrip("/"))
        if parts.scheme != "https" or not parts.hostname or parts.path or parts.query or parts.username:
            raise ValueError("must look like https://relay.example or https://relay.example:8443")
        return _browser_origin(parts.hostname, parts.port or _HTTPS_PORT)

    @field_validator("oidc_issuer")
    @classmethod
    def _issuer(cls, value: str | None) -> str | None:
        parts = urlsplit(value or "https://none.example")
        here = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost", "::1"}
        if not (parts.scheme == "https" or here) or not parts.hostname or parts.query or parts.fragment:
            raise ValueError(
                "must look like https://sign-in.example/realm (http only on this machine itself)"
            )
        return value

    @field_validator("syslog")
    @classmethod
    def _collector(cls, value: str | None) -> str | None:
        host, _, port = (value or "host:1").removeprefix("tls://").rpartition(":")
        if not host or "/" in host or not port.isdecimal() or not 0 < int(port) < 65_536:
            raise ValueError("must look like tls://collector.example:6514 or collector.example:514")
        return value

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key belong together: set both or neither")
        if self.plain_http and not self.behind_proxy:
            raise ValueError(
                "plain_http without behind_proxy would send passwords in the clear: name the proxy's "
                "addresses in behind_proxy, or leave plain_http off (TLS then works by itself)"
            )
        if self.plain_http and self.public_origin is None:
            raise ValueError(
                "plain_http needs public_origin: the https address under which the proxy is reached"
            )
        if self.plain_http and self.tls_certificate is not None:
            raise ValueError("plain_http and tls_certificate exclude one another")
        self._check_collector()
        if self.oidc_issuer is not None and not self.oidc_client_id:
            raise ValueError("oidc_issuer needs oidc_client_id: this server's name there")
        return self

    def _check_collector(self) -> None:
        if (self.syslog_certificate is None) != (self.syslog_key is None):
            raise ValueError("syslog_certificate and syslog_key belong together: set both or neither")
        files = {"syslog_ca": self.syslog_ca, "syslog_certificate": self.syslog_certificate}
        for name, file in files.items():
            if file is not None and not (self.syslog or "").startswith("tls://"):
                raise ValueError(f"{name} is for a collector over TLS: write syslog as tls://host:port")

    @property
    def listens_everywhere(self) -> bool:
        """Whether `host` means every address of the machine."""
        return self.host in _EVERY_ADDRESS

    @property
    def proxies(self) -> tuple[str, ...]:
        """The networks of `behind_proxy`, those of IPv4 also as a socket for both families shows them.

        RFC 4291, 2.5.5.2: such a socket sees ::ffff:192.0.2.1.
        """
        found = [ipaddress.ip_network(one, strict=False) for one in self.behind_proxy]
        mapped = [f"::ffff:{one.network_address}/{96 + one.prefixlen}" for one in found if one.version == 4]
        return (*map(str, found), *mapped)

    @property
    def has_real_certificate(self) -> bool:
        """Whether browsers know the certificate's issuer without our help."""
        return self.tls_certificate is not None or self.plain_http

    @property
    def relay_origin(self) -> str:
        """The one origin that both ends of a session bind into their keys (SPEC K2)."""
        if self.public_origin is not None:
            return self.public_origin
        return _browser_origin(self.certificate_names[0], self.port)

    @property
    def origins(self) -> frozenset[str]:
        """Every origin that is this server's own, as a browser writes it in `Origin`."""
        if self.public_origin is not None:
            return frozenset({self.public_origin})
        return frozenset(_browser_origin(name, self.port) for name in self.certificate_names)

    @property
    def certificate_names(self) -> tuple[str, ...]:
        """Names and addresses of the server, the most official first, lower case, none twice."""
        local = (socket.gethostname(), "localhost", "127.0.0.1", "::1")
        return _names(*self.configured_names, *local)

    @property
    def configured_names(self) -> tuple[str, ...]:
        """Those of the names that somebody asked for; the others are found on the machine."""
        public = urlsplit(self.public_origin or "").hostname
        listening = () if self.listens_everywhere else (self.host,)
        return _names(*((public,) if public else ()), *self.tls_names, *listening)

    @property
    def database(self) -> str:
        """The database's URL, as `store.database.Database` takes it."""
        return self.database_url or f"sqlite:///{self.data.resolve() / 'relevo.db'}"


def _names(*names: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.lower() for name in names if is_host_name(name)))


def is_host_name(name: str) -> bool:
    """Whether the text is an IP address or a DNS name that a certificate can carry."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        labels = name.split(".")
        return name.isascii() and len(name) <= 253 and all(_is_label(label) for label in labels)
    return True


def _is_label(label: str) -> bool:
    return 0 < len(label) <= 63 and label.replace("-", "").isalnum() and label[0] != "-" and label[-1] != "-"


def _browser_origin(host: str, port: int) -> str:
    # Browsers leave the default port out and put IPv6 into brackets (WHATWG URL, origin serialisation).
    try:
        shown = f"[{host}]" if ipaddress.ip_address(host).version == 6 else host
    except ValueError:
        shown = host.lower()
    return f"https://{shown}" if port == _HTTPS_PORT else f"https://{shown}:{port}"
