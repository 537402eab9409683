/**
 * Failures of the handshake and of the sealed channels.
 *
 *     ProtocolError
 *     +-- CryptoError        `kind` names the failure as the vectors do
 *         +-- HandshakeError   a flight was refused; the run is over and cannot be continued
 *         +-- DesyncError      a pairwise counter was not the expected one: close and resume
 *         +-- OpenError        a sealed message did not open; nothing of it was used
 */
import { ProtocolError } from "../protocol/errors";
import type { ErrorCode } from "../protocol/generated";

const CODES = {
  malformed: "malformed",
  unsupported_version: "unsupported_version",
  unsupported_suite: "unsupported_version",
  unknown_reference: "resume_invalid",
  low_order: "tampered",
  wrong_code: "code_wrong",
  replay: "unexpected",
  out_of_order: "unexpected",
  desync: "desync",
  tampered: "tampered",
  unsigned: "tampered",
  wrong_epoch: "desync",
} as const satisfies Readonly<Record<string, ErrorCode>>;

/** What went wrong, spelled as in `expect` of the vectors (SPEC K19). */
export type FailureKind = keyof typeof CODES;

/** A cryptographic check failed; `kind` says which, `code` is what a person is told. */
export class CryptoError extends ProtocolError {
  readonly kind: FailureKind;

  constructor(kind: FailureKind, detail: string) {
    super(detail, CODES[kind]);
    this.kind = kind;
  }
}

/** A flight was refused; the run is over. */
export class HandshakeError extends CryptoError {}

/** A sealed message did not open; nothing of it was used. */
export class OpenError extends CryptoError {}

/** A pairwise counter was not the expected one: close the link and resume (SPEC K12). */
export class DesyncError extends CryptoError {
  constructor(expected: bigint, counter: bigint) {
    super("desync", `pairwise counter ${counter.toString()}, expected exactly ${expected.toString()}`);
  }
}
