/** Keys with known values, as vectors need them. Browser code never imports a secret X25519 scalar. */
import type { Bytes } from "../../src/crypto/bytes";
import { concat } from "../../src/crypto/bytes";
import type { Entropy } from "../../src/crypto/handshake";
import type { DirectionKeys } from "../../src/crypto/schedule";
import { unhex } from "./vectors";

const PKCS8_X25519 = unhex("302e020100300506032b656e04220420");
const PKCS8_ED25519 = unhex("302e020100300506032b657004220420");

/** A scalar with these 32 bytes. */
export function scalarOf(bytes: Bytes): Promise<CryptoKey> {
  const pkcs8 = concat(PKCS8_X25519, bytes);
  return crypto.subtle.importKey("pkcs8", pkcs8, { name: "X25519" }, false, ["deriveBits"]);
}

/** A signing key from its 32-byte seed. */
export function signingKeyOf(seed: Bytes): Promise<CryptoKey> {
  return crypto.subtle.importKey("pkcs8", concat(PKCS8_ED25519, seed), { name: "Ed25519" }, false, ["sign"]);
}

/** Entropy with these values. */
export function entropyOf(nonce: Bytes, scalar: Bytes): Entropy {
  return { nonce: () => nonce, scalar: () => scalarOf(scalar) };
}

/** Keys of one direction with these bytes. */
export async function directionOf(key: Bytes, iv: Bytes): Promise<DirectionKeys> {
  const usages: KeyUsage[] = ["encrypt", "decrypt"];
  return { key: await crypto.subtle.importKey("raw", key, "AES-GCM", false, usages), iv };
}

/** The `kind` of the CryptoError that a promise fails with, or `ok`. */
export async function outcomeOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
    return "ok";
  } catch (error) {
    return error instanceof Error && "kind" in error ? error.kind : error;
  }
}
