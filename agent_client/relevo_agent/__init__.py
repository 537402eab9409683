"""The agent of Relevo: shows the customer's screen and obeys only what the customer allowed."""

__version__ = "0.1.0"
