"""Puts the local authority into the stores of this machine and takes it out again.

So that nobody learns to click certificate warnings away.
"""

from relevo_server.trust.run import run

__all__ = ["run"]
