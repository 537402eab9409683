/** From a shared point to proofs and channel keys (SPEC K5-K7, K9). Keys are CryptoKeys that cannot be exported. */
import { type Bytes, concat, lv, utf8 } from "./bytes";
import { sessionKey } from "./cpace";
import { CODE_DIGITS } from "../protocol/generated";
import { type CredentialKind, MAX_REFERENCE_BYTES } from "./flights";

const SESSION_ID_BYTES = 16;
const SECRET_BYTES = 32;
const RESUME_ID_BYTES = 8;
const LABEL = "relevo1";

/** Where a run takes place: the relay's origin (scheme, host, port if any) and the 16-byte session id. */
export interface ChannelContext {
  readonly relayOrigin: string;
  readonly sessionId: Bytes;
}

/**
 * The secret of a run and how flight 1 names it.
 *
 * `code`: six ASCII digits, no reference. `resume`: 32 bytes, the 8-byte resume id. `invite`: 32 bytes, an id of
 * 1 to 32 bytes.
 */
export interface Credential {
  readonly kind: CredentialKind;
  readonly secret: Bytes;
  readonly ref: Bytes;
}

/** What both sides saw of a run; the shares are 32 bytes, the identities the bytes as sent. */
export interface Transcript {
  readonly channel: Bytes;
  readonly sid: Bytes;
  readonly hostShare: Bytes;
  readonly hostIdentity: Bytes;
  readonly viewerShare: Bytes;
  readonly viewerIdentity: Bytes;
}

/** AES-256-GCM key and 12-byte iv of one direction. */
export interface DirectionKeys {
  readonly key: CryptoKey;
  readonly iv: Bytes;
}

/** What a finished handshake leaves: both directions, the one-time resume credential, and TH. */
export interface SessionKeys {
  readonly v2h: DirectionKeys;
  readonly h2v: DirectionKeys;
  /** The credential of the next run after a cut; good once (SPEC K10). */
  readonly resume: Credential;
  readonly th: Bytes;
}

/** The two proofs, 32 bytes each, and the keys that are used once both were checked. */
export interface Schedule {
  readonly viewerProof: Bytes;
  readonly hostProof: Bytes;
  readonly keys: SessionKeys;
}

/** CI of CPace (SPEC K2). */
export function channelIdentifier(context: ChannelContext): Bytes {
  if (context.sessionId.length !== SESSION_ID_BYTES) {
    throw new RangeError(`a session id of ${context.sessionId.length} bytes, expected ${SESSION_ID_BYTES}`);
  }
  return lv(utf8(LABEL), utf8(context.relayOrigin), context.sessionId);
}

function credentialFits({ kind, secret, ref }: Credential): boolean {
  switch (kind) {
    case "code":
      return secret.length === CODE_DIGITS && secret.every((c) => c >= 0x30 && c <= 0x39) && ref.length === 0;
    case "resume":
      return secret.length === SECRET_BYTES && ref.length === RESUME_ID_BYTES;
    case "invite":
      return secret.length === SECRET_BYTES && ref.length >= 1 && ref.length <= MAX_REFERENCE_BYTES;
  }
}

/** PRS of CPace, which binds kind and reference (SPEC K5). Throws RangeError for a credential of the wrong form. */
export function passwordOf(credential: Credential): Bytes {
  const { kind, secret, ref } = credential;
  if (!credentialFits(credential)) {
    throw new RangeError(`the secret or the reference has not the form of a ${kind} credential`);
  }
  return kind === "code" ? secret : lv(utf8(`${LABEL} ${kind}`), ref, secret);
}

/** The credential of a join code's six secret digits. */
export function codeCredential(digits: string): Credential {
  return { kind: "code", secret: utf8(digits), ref: new Uint8Array() };
}

/** TH, 32 bytes (SPEC K6). */
export async function transcriptHash(seen: Transcript): Promise<Bytes> {
  const shares = [seen.hostShare, seen.hostIdentity, seen.viewerShare, seen.viewerIdentity];
  return new Uint8Array(await crypto.subtle.digest("SHA-256", lv(seen.channel, seen.sid, ...shares)));
}

/** `k(label, n)` of the specification: HKDF-SHA-256 with IKM = ISK and salt = TH. */
export class Expander {
  private constructor(
    private readonly isk: CryptoKey,
    private readonly th: Bytes,
  ) {}

  static async of(isk: Bytes, th: Bytes): Promise<Expander> {
    return new Expander(
      await crypto.subtle.importKey("raw", isk, "HKDF", false, ["deriveBits", "deriveKey"]),
      th,
    );
  }

  async bytes(label: string, length: number): Promise<Bytes> {
    return new Uint8Array(await crypto.subtle.deriveBits(this.params(label), this.isk, 8 * length));
  }

  async direction(name: "v2h" | "h2v"): Promise<DirectionKeys> {
    const aes = { name: "AES-GCM", length: 256 };
    const usages: KeyUsage[] = ["encrypt", "decrypt"];
    const key = await crypto.subtle.deriveKey(this.params(`${name} key`), this.isk, aes, false, usages);
    return { key, iv: await this.bytes(`${name} iv`, 12) };
  }

  /** HMAC-SHA-256 of TH under `k(label, 32)`. */
  async proof(label: string): Promise<Bytes> {
    const hmac = { name: "HMAC", hash: "SHA-256", length: 256 };
    const key = await crypto.subtle.deriveKey(this.params(label), this.isk, hmac, false, ["sign"]);
    return new Uint8Array(await crypto.subtle.sign("HMAC", key, this.th));
  }

  private params(label: string): HkdfParams {
    return { name: "HKDF", hash: "SHA-256", salt: this.th, info: utf8(`${LABEL} ${label}`) };
  }
}

/** ISK of a run, 64 bytes, with the host in the initiator's place. */
export function intermediateKey(seen: Transcript, shared: Bytes): Promise<Bytes> {
  const host = lv(seen.hostShare, seen.hostIdentity);
  return sessionKey(seen.sid, shared, concat(host, lv(seen.viewerShare, seen.viewerIdentity)));
}

/** Proofs and keys of a run from its transcript and the 32-byte shared point. */
export async function deriveSchedule(seen: Transcript, shared: Bytes): Promise<Schedule> {
  const th = await transcriptHash(seen);
  const expand = await Expander.of(await intermediateKey(seen, shared), th);
  const [v2h, h2v] = [await expand.direction("v2h"), await expand.direction("h2v")];
  const secret = await expand.bytes("resume", SECRET_BYTES);
  const resume: Credential = {
    kind: "resume",
    secret,
    ref: await expand.bytes("resume id", RESUME_ID_BYTES),
  };
  return {
    viewerProof: await expand.proof("cfm v"),
    hostProof: await expand.proof("cfm h"),
    keys: { v2h, h2v, resume, th },
  };
}
