/** Targets of what is sealed: handshakes as a whole, pairwise and team messages, media, invitations. */
import { CryptoError } from "../../src/crypto/errors";
import type { CredentialKind, HostIdentity, ViewerIdentity } from "../../src/crypto/flights";
import { HostHandshake, ViewerHandshake } from "../../src/crypto/handshake";
import { openInvitation } from "../../src/crypto/invitation";
import { MediaReceiver } from "../../src/crypto/media";
import { PairwiseReceiver } from "../../src/crypto/pairwise";
import type { DirectionKeys, SessionKeys } from "../../src/crypto/schedule";
import { WhisperReceiver } from "../../src/crypto/whisper";
import { hostToViewer } from "../../src/protocol/codec";
import { ProtocolError } from "../../src/protocol/errors";
import { parseHeader } from "../../src/protocol/header";
import { directionOf, entropyOf, scalarOf } from "../support/keys";
import { unhex } from "../support/vectors";
import { vectors } from "./files";
import {
  at,
  type Below,
  conversation,
  joined,
  type Octets,
  Outcome,
  packed,
  spoil,
  unpacked,
} from "./mutate";
import type { Target } from "./mutate";

interface Sealed {
  readonly header: string;
  readonly sealed?: string;
  readonly payload?: string;
}
interface Talk {
  readonly messages: readonly Sealed[];
}
interface SealedFile {
  readonly key: string;
  readonly iv: string;
  readonly cases: readonly Talk[];
}
interface MediaCase extends Talk {
  readonly epoch_secret: string;
  readonly roster_hash: string;
  readonly epoch: number;
  readonly signature_required: boolean;
}
interface MediaFile {
  readonly device_key: string;
  readonly cases: readonly MediaCase[];
}
interface InvitationFile {
  readonly origin: string;
  readonly session_id: string;
  readonly scalar: string;
  readonly public: string;
  readonly cases: readonly {
    readonly invite: string;
    readonly account_id: string;
    readonly sealed: string;
  }[];
}
interface HandshakeCase {
  readonly relay_origin: string;
  readonly host_relay_origin: string;
  readonly session_id: string;
  readonly kind: CredentialKind;
  readonly ref: string;
  readonly viewer_secret: string;
  readonly host_secret: string | null;
  readonly viewer_nonce: string;
  readonly viewer_scalar: string;
  readonly host_nonce: string;
  readonly host_scalar: string;
  readonly viewer_identity: Omit<ViewerIdentity, "org_certificate"> & { readonly org_certificate: string };
  readonly host_identity: Omit<HostIdentity, "device_key"> & { readonly device_key: string };
  readonly steps: readonly { readonly flight: number; readonly input?: string }[];
}
interface Opener {
  readonly openMessage: (message: Octets) => Promise<Octets>;
}

/** Their seeds are the vectors of the crypto. */
export async function sealedTargets(): Promise<Target[]> {
  return [await pairwise(), await whisper(), media(), await invitation(), handshake()];
}

async function pairwise(): Promise<Target> {
  const { keys, pools } = await sealedFile("crypto/pairwise");
  const read = async (body: Octets): Promise<string> => {
    const outcome = new Outcome();
    const receiver = new PairwiseReceiver(keys);
    for (const message of unpacked(body.subarray(1))) {
      const plain = await opened(receiver, message, outcome);
      if (plain !== null) understood(plain, outcome);
    }
    return outcome.sign;
  };
  return { name: "pairwise", make: (below) => talk(pools, below), read };
}

/** What is sealed right may say anything. */
function understood(plain: Octets, outcome: Outcome): void {
  try {
    hostToViewer.decode(plain);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    outcome.refuse("message");
    return;
  }
  outcome.take();
}

async function whisper(): Promise<Target> {
  const { keys, pools } = await sealedFile("crypto/whisper");
  const read = async (body: Octets): Promise<string> => {
    const outcome = new Outcome();
    const receiver = new WhisperReceiver(keys);
    for (const message of unpacked(body.subarray(1))) await opened(receiver, message, outcome);
    return outcome.sign;
  };
  return { name: "whisper", make: (below) => talk(pools, below), read };
}

function media(): Target {
  const whole = vectors("crypto/media") as MediaFile;
  const pools = whole.cases.map(messagesOf);
  const read = async (body: Octets): Promise<string> => {
    const outcome = new Outcome();
    const run = at(whole.cases, (body[0] ?? 0) % whole.cases.length);
    const secrets = {
      epoch: BigInt(run.epoch),
      secret: unhex(run.epoch_secret),
      rosterHash: unhex(run.roster_hash),
    };
    const policy = { deviceKey: unhex(whole.device_key), required: run.signature_required };
    const receiver = await MediaReceiver.create(secrets, policy);
    for (const message of unpacked(body.subarray(1))) await opened(receiver, message, outcome);
    return outcome.sign;
  };
  return { name: "media", make: (below) => talk(pools, below), read };
}

async function invitation(): Promise<Target> {
  const whole = vectors("crypto/invitation") as InvitationFile;
  const run = at(whole.cases, 0);
  const publicKey = await crypto.subtle.importKey("raw", unhex(whole.public), { name: "X25519" }, true, []);
  const pair = { privateKey: await scalarOf(unhex(whole.scalar)), publicKey };
  const sealed = unhex(run.sealed);
  const binding = {
    relayOrigin: whole.origin,
    sessionId: unhex(whole.session_id),
    invite: unhex(run.invite),
    accountId: run.account_id,
  };
  const read = async (body: Octets): Promise<string> => {
    const outcome = new Outcome();
    await told(outcome, async () => [await openInvitation(pair, body.slice(), binding)]);
    return outcome.sign;
  };
  return { name: "invitation", make: (below) => (below(8) > 0 ? spoil(sealed, below) : sealed), read };
}

function handshake(): Target {
  const { cases } = vectors("crypto/handshake") as { readonly cases: readonly HandshakeCase[] };
  const make = (below: Below): Octets => {
    const number = below(cases.length);
    const parts: Octets[] = [];
    for (const step of at(cases, number).steps) {
      const right = unhex(step.input ?? "");
      const way = below(8);
      const said = joined([step.flight], way === 0 ? spoil(right, below) : right);
      if (way !== 1) parts.push(said);
      if (way === 2) parts.push(said);
    }
    return joined([number], packed(parts));
  };
  const read = async (body: Octets): Promise<string> => {
    const outcome = new Outcome();
    const sides = sidesOf(at(cases, (body[0] ?? 0) % cases.length));
    for (const part of unpacked(body.subarray(1)))
      await told(outcome, () => heard(sides, (part[0] ?? 0) % 5, part.subarray(1)));
    return outcome.sign;
  };
  return { name: "handshake", make, read };
}

interface Sides {
  readonly viewer: ViewerHandshake;
  readonly host: HostHandshake;
}

/** Both sides of one handshake, with the nonces and scalars of the vectors. */
function sidesOf(run: HandshakeCase): Sides {
  const sessionId = unhex(run.session_id);
  const secret = run.host_secret === null ? null : unhex(run.host_secret);
  return {
    viewer: new ViewerHandshake(
      { relayOrigin: run.relay_origin, sessionId },
      { kind: run.kind, secret: unhex(run.viewer_secret), ref: unhex(run.ref) },
      { ...run.viewer_identity, org_certificate: unhex(run.viewer_identity.org_certificate) },
      entropyOf(unhex(run.viewer_nonce), unhex(run.viewer_scalar)),
    ),
    host: new HostHandshake(
      { relayOrigin: run.host_relay_origin, sessionId },
      { ...run.host_identity, device_key: unhex(run.host_identity.device_key) },
      () => secret,
      entropyOf(unhex(run.host_nonce), unhex(run.host_scalar)),
    ),
  };
}

/** What comes of a flight. */
async function heard({ viewer, host }: Sides, flight: number, body: Octets): Promise<Uint8Array[]> {
  if (flight === 0) return [await viewer.hello()];
  if (flight === 1) return [await host.offer(body)];
  if (flight === 2) return [await viewer.prove(body)];
  if (flight === 3) {
    const result = await host.accept(body);
    return [result.flight, ...secretsOf(result.keys), Buffer.from(result.viewer.display_name)];
  }
  const finished = await viewer.finish(body);
  return [...secretsOf(finished.keys), Buffer.from(finished.host.agent_version)];
}

function secretsOf({ v2h, h2v, resume }: SessionKeys): Uint8Array[] {
  return [v2h.iv, h2v.iv, resume.secret];
}

async function sealedFile(
  name: string,
): Promise<{ readonly keys: DirectionKeys; readonly pools: readonly (readonly Octets[])[] }> {
  const whole = vectors(name) as SealedFile;
  return { keys: await directionOf(unhex(whole.key), unhex(whole.iv)), pools: whole.cases.map(messagesOf) };
}

function messagesOf({ messages }: Talk): Octets[] {
  return messages.map((one) => unhex(one.header + (one.sealed ?? one.payload ?? "")));
}

function talk(pools: readonly (readonly Octets[])[], below: Below): Octets {
  const number = below(pools.length);
  return joined([number], conversation(at(pools, number), below));
}

/** Open one message as a peer does: its header is read first. */
async function opened(receiver: Opener, message: Octets, outcome: Outcome): Promise<Octets | null> {
  try {
    parseHeader(message);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    outcome.refuse("header");
    return null;
  }
  const [plain = null] = await told(outcome, async () => [await receiver.openMessage(message)]);
  return plain;
}

/** Tell the outcome what came of some work, or by which kind of failure it was refused. */
async function told<T extends Uint8Array>(
  outcome: Outcome,
  work: () => Promise<readonly T[]>,
): Promise<readonly T[]> {
  try {
    const read = await work();
    outcome.take(...read);
    return read;
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error;
    outcome.refuse(error.kind);
    return [];
  }
}
