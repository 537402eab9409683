/** Passkeys: the browser's ceremonies (WebAuthn 3), with the relay's options and answers as JSON between them. */
import type { AccountFault, Answer } from "../account/api";
import { field, text, UNREACHABLE } from "../account/api";
import { fromBase64url, toBase64url } from "../../protocol/base64url";

/** The person closed the browser's question, or no passkey of theirs was at hand. */
export const CANCELLED: AccountFault = { ...UNREACHABLE, code: "passkey_cancelled" };

/** Whether this browser can work with passkeys at all, here. */
export function passkeysWork(): boolean {
  return window.isSecureContext && typeof window.PublicKeyCredential === "function";
}

function bytesOf(value: unknown): Uint8Array<ArrayBuffer> {
  const given = text(value);
  return fromBase64url(given, Math.floor((given.length * 3) / 4)) ?? new Uint8Array();
}

function descriptorsOf(value: unknown): PublicKeyCredentialDescriptor[] {
  const given: readonly unknown[] = Array.isArray(value) ? value : [];
  return given.map((one) => ({ type: "public-key", id: bytesOf(field(one, "id")) }));
}

/** `PublicKeyCredential.parseCreationOptionsFromJSON` is missing in Safari 17. */
function creationOptions(options: unknown): PublicKeyCredentialCreationOptions {
  const [rp, user] = [field(options, "rp"), field(options, "user")];
  const algorithms = field(options, "pubKeyCredParams");
  const given: readonly unknown[] = Array.isArray(algorithms) ? algorithms : [];
  return {
    rp: { id: text(field(rp, "id")), name: text(field(rp, "name")) },
    user: {
      id: bytesOf(field(user, "id")),
      name: text(field(user, "name")),
      displayName: text(field(user, "displayName")),
    },
    challenge: bytesOf(field(options, "challenge")),
    pubKeyCredParams: given.map((one) => ({ type: "public-key", alg: Number(field(one, "alg")) })),
    timeout: Number(field(options, "timeout")) || 120_000,
    excludeCredentials: descriptorsOf(field(options, "excludeCredentials")),
    authenticatorSelection: { residentKey: "preferred", userVerification: "required" },
    attestation: "none",
  };
}

function requestOptions(options: unknown): PublicKeyCredentialRequestOptions {
  return {
    challenge: bytesOf(field(options, "challenge")),
    rpId: text(field(options, "rpId")),
    timeout: Number(field(options, "timeout")) || 120_000,
    allowCredentials: descriptorsOf(field(options, "allowCredentials")),
    userVerification: "required",
  };
}

const encoded = (value: ArrayBuffer): string => toBase64url(new Uint8Array(value));

function registrationJson(made: PublicKeyCredential): object {
  const response = made.response as AuthenticatorAttestationResponse;
  return {
    id: made.id,
    rawId: encoded(made.rawId),
    type: made.type,
    response: {
      clientDataJSON: encoded(response.clientDataJSON),
      attestationObject: encoded(response.attestationObject),
      transports: response.getTransports(),
    },
    clientExtensionResults: {},
  };
}

function assertionJson(given: PublicKeyCredential): object {
  const response = given.response as AuthenticatorAssertionResponse;
  return {
    id: given.id,
    rawId: encoded(given.rawId),
    type: given.type,
    response: {
      clientDataJSON: encoded(response.clientDataJSON),
      authenticatorData: encoded(response.authenticatorData),
      signature: encoded(response.signature),
      ...(response.userHandle === null ? {} : { userHandle: encoded(response.userHandle) }),
    },
    clientExtensionResults: {},
  };
}

async function asked(
  ask: () => Promise<Credential | null>,
  json: (one: PublicKeyCredential) => object,
): Promise<Answer<object>> {
  try {
    const found = await ask();
    if (found instanceof PublicKeyCredential) return { ok: true, value: json(found) };
  } catch (error) {
    // InvalidStateError: this authenticator holds a passkey of the account already.
    const again = error instanceof DOMException && error.name === "InvalidStateError";
    if (again) return { ok: false, fault: { ...CANCELLED, code: "passkey_known" } };
  }
  return { ok: false, fault: CANCELLED };
}

/** Make a passkey; must be called from a click. */
export function createPasskey(options: unknown): Promise<Answer<object>> {
  return asked(() => navigator.credentials.create({ publicKey: creationOptions(options) }), registrationJson);
}

/** Prove that one has a passkey; must be called from a click. */
export function showPasskey(options: unknown): Promise<Answer<object>> {
  return asked(() => navigator.credentials.get({ publicKey: requestOptions(options) }), assertionJson);
}
