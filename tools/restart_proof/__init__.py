"""The proof that a session survives a real restart: a Debian machine under QEMU; ``make test-reboot``."""
