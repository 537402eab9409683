/**
 * Whispers from viewer to viewer, which the host never has the key of (SPEC T3): AES-256-GCM under a key of two
 * fresh X25519 keys, one direction at a time.
 */
import { HEADER_BYTES } from "../protocol/generated";
import { type Bytes, lv, nonceFor, utf8 } from "./bytes";
import { OpenError } from "./errors";
import { InOrder } from "./order";
import { PairwiseSender } from "./pairwise";
import type { ChannelContext, DirectionKeys } from "./schedule";
import { fieldsOf, openBytes } from "./sealing";
import { scalarMult } from "./x25519";

const LABEL = "relevo1 whisper";

/** A viewer's key for whispers: the scalar cannot be exported, the public half is 32 bytes. */
export interface TeamKeyPair {
  readonly scalar: CryptoKey;
  readonly public: Bytes;
}

/** A fresh key, for one link. */
export async function newTeamKey(): Promise<TeamKeyPair> {
  const pair = await crypto.subtle.generateKey({ name: "X25519" }, false, ["deriveBits"]);
  const raw = await crypto.subtle.exportKey("raw", pair.publicKey);
  return { scalar: pair.privateKey, public: new Uint8Array(raw) };
}

/**
 * The keys of one direction.
 *
 * @throws HandshakeError `low_order` if their key is no key, `malformed` by size
 */
export async function whisperKeys(
  context: ChannelContext,
  own: TeamKeyPair,
  theirs: Bytes,
  says: "own" | "theirs",
): Promise<DirectionKeys> {
  const [sender, receiver] = says === "own" ? [own.public, theirs] : [theirs, own.public];
  const names = lv(utf8(LABEL), utf8(context.relayOrigin), context.sessionId, sender, receiver);
  const salt = new Uint8Array(await crypto.subtle.digest("SHA-256", names));
  const shared = await scalarMult(own.scalar, theirs);
  const usages: KeyUsage[] = ["deriveBits", "deriveKey"];
  const ikm = await crypto.subtle.importKey("raw", shared, "HKDF", false, usages);
  const hkdf = (what: string) => ({
    name: "HKDF",
    hash: "SHA-256",
    salt,
    info: utf8(`${LABEL} ${what}`),
  });
  const aes = { name: "AES-GCM", length: 256 };
  const key = await crypto.subtle.deriveKey(hkdf("key"), ikm, aes, false, ["encrypt", "decrypt"]);
  return { key, iv: new Uint8Array(await crypto.subtle.deriveBits(hkdf("iv"), ikm, 96)) };
}

/** Seals to one receiver: the wire is the pairwise one, counter by counter. */
export const WhisperSender = PairwiseSender;
export type WhisperSender = PairwiseSender;

/** Opens what one sender says. R may drop a whisper, so counters may leave gaps, but they rise. */
export class WhisperReceiver {
  private readonly queue = new InOrder();
  private next = 0n;

  constructor(private readonly keys: DirectionKeys) {}

  /**
   * The plaintext of a whole message, its 24-byte header included.
   *
   * @throws OpenError `replay` for a counter that does not rise, `tampered` if the seal does not fit, `malformed`
   */
  openMessage(message: Bytes): Promise<Bytes> {
    return this.queue.run(async () => {
      const { counter } = fieldsOf(message);
      if (counter < this.next) throw new OpenError("replay", `whisper ${counter.toString()} came again`);
      const [packed, sealed] = [message.subarray(0, HEADER_BYTES), message.subarray(HEADER_BYTES)];
      const plaintext = await openBytes(this.keys.key, nonceFor(this.keys.iv, counter), packed, sealed);
      this.next = counter + 1n;
      return plaintext;
    });
  }
}
