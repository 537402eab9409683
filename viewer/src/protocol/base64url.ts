/** Bytes in addresses: base64url without padding (RFC 4648, chapter 5), as in invitation links (SPEC G14). */

/** The text of some bytes. */
export function toBase64url(bytes: Uint8Array): string {
  const text = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/u, "");
}

/** The bytes of a text, or `null` where it is no base64url or not of this length. */
export function fromBase64url(text: string, length: number): Uint8Array<ArrayBuffer> | null {
  if (!/^[A-Za-z0-9_-]*$/u.test(text) || text.length !== Math.ceil((4 * length) / 3)) return null;
  const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  // One text for some bytes and no other: what is left over in the last character has to be zero.
  return bytes.length === length && toBase64url(bytes) === text ? bytes : null;
}
