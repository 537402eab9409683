/**
 * Errors of this side of the wire.
 *
 *     ProtocolError          the peer sent what the wire does not allow; `code` is what a person is told
 *     +-- MalformedError     bytes that do not parse
 *     |   +-- UnknownTagError   a message this version does not know
 *     +-- LimitError         a bound was passed
 *     +-- CryptoError        (crypto/errors.ts) a cryptographic check failed
 */
import type { ErrorCode } from "./generated";

/** The peer sent what the wire does not allow. The message is for logs; people read the code's text. */
export class ProtocolError extends Error {
  readonly code: ErrorCode;

  constructor(detail: string, code: ErrorCode = "unexpected") {
    super(detail);
    this.code = code;
    this.name = new.target.name;
  }
}

/** Bytes that do not parse. */
export class MalformedError extends ProtocolError {
  constructor(detail: string, code: ErrorCode = "malformed") {
    super(detail, code);
  }
}

/** A message whose tag this side does not know in this direction. */
export class UnknownTagError extends MalformedError {
  readonly tag: string;

  constructor(tag: string) {
    super(`unknown message ${JSON.stringify(tag.slice(0, 40))}`);
    this.tag = tag;
  }
}

/** A bound of the wire was passed. */
export class LimitError extends ProtocolError {
  constructor(detail: string) {
    super(detail, "too_large");
  }
}
