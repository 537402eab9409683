"""What Prometheus may ask; a registry of our own, so that two servers in one process do not mix."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

CONTENT_TYPE = CONTENT_TYPE_LATEST
_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Metrics:
    """Every metric of the server, by name; `registry` takes further ones."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "relevo_http_requests",
            "HTTP requests answered",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.request_s = Histogram(
            "relevo_http_request_seconds",
            "Time to answer",
            ["route"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.sign_ins = Counter("relevo_sign_ins", "Sign-in attempts", ["outcome"], registry=self.registry)
        self.tickets = Counter("relevo_tickets", "Ticket requests", ["outcome"], registry=self.registry)
        self.throttled = Counter(
            "relevo_throttled", "Attempts refused as too many", ["what"], registry=self.registry
        )
        self.certificate_expires_s = Gauge(
            "relevo_certificate_expires_timestamp_seconds",
            "End of the served certificate",
            registry=self.registry,
        )
        self.sessions = Gauge("relevo_sessions", "Open support sessions", registry=self.registry)
        self.viewers = Gauge("relevo_viewers", "Connected viewers", registry=self.registry)
        self.bytes = Counter("relevo_relayed_bytes", "Bytes forwarded", ["direction"], registry=self.registry)
        self.dropped_frames = Counter(
            "relevo_dropped_frames", "Droppable media discarded for slow viewers", registry=self.registry
        )
        self.closed = Counter(
            "relevo_sockets_closed", "WebSockets closed", ["side", "reason"], registry=self.registry
        )

    def text(self) -> bytes:
        """The exposition in Prometheus' text format."""
        return generate_latest(self.registry)
