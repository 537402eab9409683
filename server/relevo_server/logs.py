"""Structured logs: JSON lines for machines, colours for people, secrets for nobody."""

import logging
import sys
from typing import cast

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from relevo_server.settings import Settings

# The second line of defence: no call site should pass these at all.
_SECRETS = ("password", "token", "ticket", "secret", "cookie", "authorization", "join_code")


def configure_logs(settings: Settings) -> None:
    """Send structlog and the standard library's loggers through one chain to standard error."""
    human = settings.log_format == "human" or (settings.log_format == "auto" and sys.stderr.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        redact,
    ]
    last: list[Processor] = (
        # The formatter that is chosen by itself prints local variables: passwords and tokens.
        [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if human
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
    # They speak of every statement and every WebSocket frame, whose content is nobody's business.
    for noisy in ("sqlalchemy", "aiosqlite", "websockets", "alembic", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


class _Terminal:
    """Prints to standard error, whatever that is at the time."""

    def msg(self, message: str) -> None:
        sys.stderr.write(f"{message}\n")

    log = debug = info = warning = warn = error = critical = exception = fatal = failure = err = msg


def configure_quiet_logs() -> None:
    """For commands: warnings and worse, to standard error; standard output belongs to what was asked for."""
    structlog.configure(
        logger_factory=lambda *_names: _Terminal(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
    )


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Blank the value of every key that sounds like a secret."""
    for key in event:
        if any(secret in key.lower() for secret in _SECRETS):
            event[key] = "[redacted]"
    return event


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of a module."""
    return cast("structlog.stdlib.BoundLogger", structlog.get_logger(name))
