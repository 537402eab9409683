"""The demo: a relay, an agent and a desktop of their own, started together and ended together."""
