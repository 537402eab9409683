"""Make the cryptography vectors both languages' tests read: ``python protocol/codegen/crypto_vectors.py``.

Everything that is random in a session is fixed here. The published vectors (draft, RFC 9605, Wycheproof)
beside the generated ones are copies of their sources and are not touched.
"""

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import msgspec
from codegen.crypto_people import PEOPLE
from codegen.crypto_runs import DEVICE_KEY, DEVICE_PUBLIC, DEVICE_SEED, RUNS, Json, Record, known_answer, play
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from relevo_protocol.crypto.errors import CryptoError
from relevo_protocol.crypto.media import MediaReceiver, MediaSender, media_base_key
from relevo_protocol.crypto.pairwise import PairwiseReceiver, PairwiseSender
from relevo_protocol.crypto.roster import Member, encode_roster, roster_hash
from relevo_protocol.crypto.schedule import DirectionKeys
from relevo_protocol.crypto.sframe import derive_sframe_key
from relevo_protocol.header import DST_HOST, Flags, Header, MessageType

VECTORS: Final = Path(__file__).resolve().parents[1] / "vectors" / "crypto"

Sealed = tuple[bytes, int, bytes]
"""Header, counter and what follows the header."""


def _opened(take: Callable[[], bytes], message: Json) -> Json:
    """Return a message of a channel with what its opening gives."""
    try:
        return message | {"plaintext": take().hex(), "expect": "ok"}
    except CryptoError as error:
        return message | {"expect": error.kind.value}


def pairwise_vectors() -> Json:
    """Return sequences for one receiver: right ones, then losses, repeats and changes."""
    keys = DirectionKeys(bytes(range(32)), bytes(range(32, 44)))
    sender = PairwiseSender(keys)
    sealed: list[Sealed] = []
    for counter, text in enumerate((b"hi", b"", "¿qué tal?".encode(), bytes(300))):
        header = Header(MessageType.PAIRWISE, dst=DST_HOST, key_id=7, counter=counter).pack()
        sealed.append((header, counter, sender.seal(header, text)))
    first, second, third, fourth = sealed
    other_dst = Header(MessageType.PAIRWISE, dst=1, key_id=7).pack()
    sequences = {
        "in turn": [first, second, third, fourth],
        "one lost": [first, third],
        "one repeated": [first, first],
        "swapped": [second, first],
        "ciphertext changed": [(first[0], 0, _flip(first[2], 0)), first],
        "tag changed": [(first[0], 0, _flip(first[2], -1))],
        "header changed": [(other_dst, 0, first[2])],
        "shorter than a tag": [(first[0], 0, bytes(15))],
    }
    return {
        "key": keys.key.hex(),
        "iv": keys.iv.hex(),
        "cases": [_pairwise_case(keys, name, items) for name, items in sequences.items()],
    }


def _pairwise_case(keys: DirectionKeys, name: str, items: list[Sealed]) -> Json:
    receiver = PairwiseReceiver(keys)
    messages: Record = []
    for header, counter, body in items:
        message: Json = {"header": header.hex(), "counter": counter, "sealed": body.hex()}
        messages.append(_opened(partial(receiver.open, header, counter, body), message))
    return {"name": name, "messages": messages}


def _flip(body: bytes, index: int) -> bytes:
    changed = bytearray(body)
    changed[index] ^= 1
    return bytes(changed)


MEMBERS: Final = (
    Member(1, "lead", "acc-7", "Núria Ibáñez", "Ejemplo S.L.", 11),
    Member(2, "guest", "acc-9", "Tom", "", 2**64 - 1),
)


def media_vectors() -> Json:
    """Return sequences for one receiver of one epoch, unsigned with one viewer and signed with two."""
    alone, both = MEMBERS[:1], MEMBERS
    keyframe = _frame(alone, 3, Flags.KEYFRAME, 0)
    signed = [_frame(both, 4, Flags.SIGNED | Flags.KEYFRAME, 0), _frame(both, 4, Flags.SIGNED, 1)]
    gap = _frame(alone, 3, Flags.DROPPABLE, 300)
    resigned = signed[0][2][:-64] + Ed25519PrivateKey.from_private_bytes(bytes(32)).sign(
        signed[0][0] + signed[0][2][:-64]
    )
    cases = (
        _media_case("one viewer, a gap", alone, 3, [keyframe, _frame(alone, 3, Flags.NONE, 1), gap]),
        _media_case("repeated", alone, 3, [keyframe, keyframe]),
        _media_case("backwards", alone, 3, [gap, keyframe]),
        _media_case("of an earlier epoch", alone, 4, [keyframe]),
        _media_case("another roster", both, 3, [_frame(alone, 3, Flags.SIGNED, 0)]),
        _media_case("ciphertext changed", alone, 3, [(keyframe[0], 0, _flip(keyframe[2], 0)), keyframe]),
        _media_case("two viewers, signed", both, 4, signed),
        _media_case("two viewers, unsigned", both, 4, [_frame(both, 4, Flags.NONE, 0)]),
        _media_case("signature of another key", both, 4, [(signed[0][0], 0, resigned)]),
        _media_case("signature changed", both, 4, [(signed[0][0], 0, _flip(signed[0][2], -1))]),
        _media_case("signature cut off", both, 4, [(signed[0][0], 0, signed[0][2][:70])]),
        _media_case("signed though one viewer", alone, 3, [_frame(alone, 3, Flags.SIGNED, 0)]),
    )
    return {"device_seed": DEVICE_SEED.hex(), "device_key": DEVICE_PUBLIC.hex(), "cases": list(cases)}


def _epoch_secret(epoch: int) -> bytes:
    return bytes([epoch]) * 32


def _frame(members: tuple[Member, ...], epoch: int, flags: Flags, counter: int) -> Sealed:
    header = Header(MessageType.MEDIA, flags, 0, counter + 1, epoch, counter).pack()
    sender = MediaSender(_epoch_secret(epoch), roster_hash(members), epoch, DEVICE_KEY)
    return header, counter, sender.seal(header, counter, f"frame {counter}".encode())


def _media_case(name: str, members: tuple[Member, ...], epoch: int, frames: list[Sealed]) -> Json:
    secret, listed = _epoch_secret(epoch), roster_hash(members)
    required = len(members) > 1
    receiver = MediaReceiver(secret, listed, epoch, DEVICE_PUBLIC, signature_required=required)
    base_key = media_base_key(secret, listed)
    sframe = derive_sframe_key(epoch, base_key)
    messages: Record = []
    for header, counter, body in frames:
        message: Json = {"header": header.hex(), "counter": counter, "payload": body.hex()}
        messages.append(_opened(partial(receiver.open, header, counter, body), message))
    return {
        "name": name,
        "epoch_secret": secret.hex(),
        "roster_hash": listed.hex(),
        "epoch": epoch,
        "signature_required": required,
        "base_key": base_key.hex(),
        "sframe_key": sframe.key.hex(),
        "sframe_salt": sframe.salt.hex(),
        "messages": messages,
    }


def roster_vectors() -> Json:
    """Return member lists with form and hash; ``link_id`` is a decimal string, as it may pass 2**53."""
    lists: dict[str, tuple[Member, ...]] = {
        "nobody": (),
        "one": MEMBERS[:1],
        "two": MEMBERS,
        "two, listed the other way round": MEMBERS[::-1],
        "fields that join alike": (Member(1, "lead", "ab", "c", "", 0),),
        "fields that join alike, cut elsewhere": (Member(1, "lead", "a", "bc", "", 0),),
        "one slot twice": (MEMBERS[0], MEMBERS[0]),
    }
    return {"cases": [_roster_case(name, members) for name, members in lists.items()]}


def _roster_case(name: str, members: tuple[Member, ...]) -> Json:
    listed = [msgspec.structs.asdict(member) | {"link_id": str(member.link_id)} for member in members]
    case: Json = {"name": name, "members": listed}
    try:
        return case | {
            "encoded": encode_roster(members).hex(),
            "hash": roster_hash(members).hex(),
            "expect": "ok",
        }
    except CryptoError as error:
        return case | {"expect": error.kind.value}


def build() -> dict[str, str]:
    """Return file name -> content of every generated vector file."""
    files = {
        "known-answer": known_answer(),
        "handshake": {"cases": [play(run, []) for run in RUNS]},
        "pairwise": pairwise_vectors(),
        "media": media_vectors(),
        "roster": roster_vectors(),
        **{name: make() for name, make in PEOPLE.items()},
    }
    return {
        f"{name}.json": json.dumps(content, indent=1, ensure_ascii=False) + "\n"
        for name, content in files.items()
    }


def main() -> None:
    """Write the files, or with ``--check`` fail if one is stale."""
    check = "--check" in sys.argv[1:]
    for name, content in build().items():
        path = VECTORS / name
        if not check:
            path.write_text(content, encoding="utf-8")
        elif path.read_text(encoding="utf-8") != content:
            sys.exit(f"{path.name} is stale: run python protocol/codegen/crypto_vectors.py")


if __name__ == "__main__":
    main()
