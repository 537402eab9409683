/**
 * Bodies of the four handshake flights and the identities inside them (SPEC K3, K4).
 *
 * Msgpack maps whose field `flight` is the number. An identity travels as bytes, so that both sides hash the very
 * bytes that were sent, and is decoded only after the other side has proved that it knows the secret.
 */
import { decodeMsgpack, encodeMsgpack } from "../protocol/codec";
import { ProtocolError } from "../protocol/errors";
import { MAX_NAME_CHARS } from "../protocol/generated";
import {
  bytes,
  type Checked,
  int,
  isMap,
  list,
  oneOf,
  type Shape,
  struct,
  text,
  withDefault,
} from "../protocol/shape";
import type { Bytes } from "./bytes";
import { HandshakeError } from "./errors";

/** CPACE-X25519-SHA512, HKDF-SHA-256, HMAC-SHA-256, AES-256-GCM, SFrame suite 5, Ed25519. */
export const SUITE_CPACE_X25519_SHA512 = 1;
export const MAX_REFERENCE_BYTES = 32;

const MAX_FLIGHT_BYTES = 16 * 2 ** 10;
const MAX_IDENTITY_BYTES = 8 * 2 ** 10;
const MAX_CERTIFICATE_BYTES = 4 * 2 ** 10;
const CREDENTIAL_KINDS = ["code", "resume", "invite"] as const;

// No control characters and no bidirectional controls: names stand in dialogs, where nothing may hide or
// reorder what a person reads.
const INERT =
  // eslint-disable-next-line no-control-regex -- refusing them is the point
  /^[^\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]*$/u;
const WORD = /^[a-z0-9_.]+$/u;

export const inertText = text(0, MAX_NAME_CHARS, INERT);
export const inertName = text(1, MAX_NAME_CHARS, INERT);
export const word = text(1, 32, WORD);

const identityBytes = bytes(1, MAX_IDENTITY_BYTES);
const nonce = bytes(16, 16);
const bytes32 = bytes(32, 32);
const suite = int(0, 65535);

/** The fields of each flight, by its number, in the order in which they are sent. */
const FLIGHTS = {
  1: struct(
    {
      flight: int(1, 1),
      version: int(0, 255),
      suites: list(suite, 8, 1),
      viewer_nonce: nonce,
      kind: oneOf(CREDENTIAL_KINDS),
      ref: bytes(0, MAX_REFERENCE_BYTES),
    },
    true,
  ),
  2: struct(
    { flight: int(2, 2), suite, host_nonce: nonce, host_share: bytes32, host_identity: identityBytes },
    true,
  ),
  3: struct(
    { flight: int(3, 3), viewer_share: bytes32, viewer_identity: identityBytes, viewer_proof: bytes32 },
    true,
  ),
  4: struct({ flight: int(4, 4), host_proof: bytes32 }, true),
} as const;

const hostIdentity = struct(
  {
    device_key: bytes32,
    agent_version: inertName,
    modes: list(word, 16),
    recording: oneOf(["off", "escrow", "server_readable"]),
    flags: withDefault(int(0, 2 ** 32 - 1), 0),
  },
  true,
);
const viewerIdentity = struct(
  {
    account_id: inertName,
    display_name: inertName,
    organisation: inertText,
    mode: word,
    org_certificate: withDefault(bytes(0, MAX_CERTIFICATE_BYTES), new Uint8Array()),
  },
  true,
);

export type CredentialKind = (typeof CREDENTIAL_KINDS)[number];
export type FlightNumber = keyof typeof FLIGHTS;
export type Flight<N extends FlightNumber> = Checked<(typeof FLIGHTS)[N]>;
/** ADh: whose screen it is and on what terms. `device_key` is the raw Ed25519 public key. */
export type HostIdentity = Checked<typeof hostIdentity>;
/** ADv: who asks to see the screen. `org_certificate` is empty where there is none. */
export type ViewerIdentity = Checked<typeof viewerIdentity>;

function refuseAsHandshake<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof HandshakeError || !(error instanceof ProtocolError)) throw error;
    throw new HandshakeError("malformed", `${what}: ${error.message}`);
  }
}

/** The body of a handshake message. */
export function encodeFlight<N extends FlightNumber>(flight: Flight<N>): Bytes {
  return encodeMsgpack(flight);
}

/**
 * The flight that is due now.
 *
 * @throws HandshakeError `malformed`; `replay` for an earlier flight, `out_of_order` for a later one
 */
export function decodeFlight<N extends FlightNumber>(body: Uint8Array, due: N): Flight<N> {
  return refuseAsHandshake("handshake flight", () => {
    const value = decodeMsgpack(body, MAX_FLIGHT_BYTES);
    const given = isMap(value) ? value["flight"] : undefined;
    // Whole numbers of eight bytes come as BigInt, small ones too.
    const got = typeof given === "bigint" ? Number(given) : given;
    if (got !== 1 && got !== 2 && got !== 3 && got !== 4)
      throw new HandshakeError("malformed", "no flight number");
    const flight = FLIGHTS[got](value, "flight");
    if (got !== due) {
      throw new HandshakeError(
        got < due ? "replay" : "out_of_order",
        `flight ${got} where flight ${due} was due`,
      );
    }
    return flight as Flight<N>;
  });
}

function identityCodec<T>(
  what: string,
  shape: Shape<T>,
): { encode: (id: T) => Bytes; decode: (b: Uint8Array) => T } {
  const decode = (body: Uint8Array): T =>
    refuseAsHandshake(what, () => shape(decodeMsgpack(body, MAX_IDENTITY_BYTES), what));
  const encode = (identity: T): Bytes => {
    const body = encodeMsgpack(identity);
    // Checked as the other side will check it.
    decode(body);
    return body;
  };
  return { encode, decode };
}

/** The bytes that travel and enter the transcript, and back; both throw HandshakeError `malformed`. */
export const hostIdentityCodec = identityCodec<HostIdentity>("host identity", hostIdentity);
export const viewerIdentityCodec = identityCodec<ViewerIdentity>("viewer identity", viewerIdentity);
