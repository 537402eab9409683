"""The generated vectors are what the sources make; the copies are what their authors published."""

import hashlib

from codegen import crypto_vectors

WYCHEPROOF_SHA256 = "35c3f5231cf25cc640b524d403461deee9e49441d5d915a3a25b2c8ff5adbe7d"


def test_K19_generated_vectors_are_not_stale():
    for name, content in crypto_vectors.build().items():
        assert (crypto_vectors.VECTORS / name).read_text(encoding="utf-8") == content, name


def test_K7_the_wycheproof_set_is_unmodified():
    copy = (crypto_vectors.VECTORS / "wycheproof-x25519.json").read_bytes()
    assert hashlib.sha256(copy).hexdigest() == WYCHEPROOF_SHA256
