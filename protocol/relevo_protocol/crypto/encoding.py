"""Unambiguous concatenation: every part is preceded by its length (draft-irtf-cfrg-cpace, A.1)."""


def prepend_length(part: bytes) -> bytes:
    """Return ``part`` behind its length in unsigned LEB128."""
    length = len(part)
    prefix = bytearray()
    while length >= 0x80:
        prefix.append(length & 0x7F | 0x80)
        length >>= 7
    prefix.append(length)
    return bytes(prefix) + part


def lv(*parts: bytes) -> bytes:
    """Return the parts, each behind its length: no two different lists give the same bytes (SPEC K2)."""
    return b"".join(map(prepend_length, parts))
