"""The service of this PC (SPEC V2, V6): what needs the system's administrator, and the way over a restart.

``daemon`` runs as root, started before anybody logs in; ``link`` is the agent's end; ``wire`` what they say.
"""
