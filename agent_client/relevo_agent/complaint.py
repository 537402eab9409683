"""What keeps the agent from starting, said in the customer's language by ``ui.words``."""


class Complaint(Exception):
    """Cause and remedy stand under ``start.<key>``; ``values`` are filled in there."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(f"{key} {values}")
        self.key = key
        self.values = values
