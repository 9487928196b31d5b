"""Values that are the same forever for the same seed and the same label."""

import hashlib
import random
import uuid

Label = str | int


class Seed:
    """A source of derived values; the order in which they are asked for does not matter.

    Attributes:
        text: What they derive from; another text gives others from then on.
    """

    def __init__(self, text: str) -> None:
        self.text = text

    def digest(self, *labels: Label) -> bytes:
        """Return 32 bytes that belong to the labels."""
        return hashlib.sha256("\0".join([self.text, *map(str, labels)]).encode()).digest()

    def integer(self, *labels: Label, bits: int = 32) -> int:
        """Return a whole number of at most `bits` bits."""
        return int.from_bytes(self.digest(*labels)) >> (256 - bits)

    def hex(self, *labels: Label, digits: int = 32) -> str:
        """Return `digits` hexadecimal digits."""
        return self.digest(*labels).hex()[:digits]

    def uuid(self, *labels: Label) -> str:
        """Return a UUID in the form of a random one (version 4)."""
        return str(uuid.UUID(bytes=self.digest(*labels)[:16], version=4))

    def random(self, *labels: Label) -> random.Random:
        """Return a generator of pseudo-random numbers that starts at the labels."""
        return random.Random(self.integer(*labels, bits=64))  # noqa: S311 -- repeatable on purpose, guards nothing
