/**
 * The two sides of the handshake, without I/O (SPEC K1-K10).
 *
 *     viewer                              host
 *     hello()    -- flight 1 -->          offer(flight 1)
 *     prove(..)  <-- flight 2 --
 *                -- flight 3 -->          accept(flight 3)   the viewer's proof is checked here, keys exist
 *     finish(..) <-- flight 4 --
 *
 * Each method is called once and in this order; whatever fails ends the run. An object is good for one run. The
 * step is entered before the first await, so a second call meanwhile is refused as a replay.
 */
import { PROTOCOL_VERSION } from "../protocol/generated";
import { type Bytes, concat, equalInConstantTime, randomBytes } from "./bytes";
import { generator } from "./cpace";
import { HandshakeError } from "./errors";
import {
  type CredentialKind,
  decodeFlight,
  encodeFlight,
  type Flight,
  type HostIdentity,
  hostIdentityCodec,
  SUITE_CPACE_X25519_SHA512,
  type ViewerIdentity,
  viewerIdentityCodec,
} from "./flights";
import {
  type ChannelContext,
  channelIdentifier,
  type Credential,
  deriveSchedule,
  passwordOf,
  type Schedule,
  type SessionKeys,
} from "./schedule";
import { newScalar, scalarMult } from "./x25519";

const NONCE_BYTES = 16;

/** Where nonce and scalar come from: a parameter so that vectors can be reproduced. */
export interface Entropy {
  readonly nonce: () => Bytes;
  readonly scalar: () => Promise<CryptoKey>;
}

const BROWSER_ENTROPY: Entropy = { nonce: () => randomBytes(NONCE_BYTES), scalar: newScalar };

/** The host's answer to flight 1: the secret that kind and reference name, or null if there is none (any more). */
export type CredentialLookup = (kind: CredentialKind, ref: Bytes) => Bytes | null;

/** What the viewer has after flight 4: keys, and the host's identity, now authenticated. */
export interface ViewerResult {
  readonly keys: SessionKeys;
  readonly host: HostIdentity;
}

/** What the host has after flight 3: flight 4 to be sent, keys, and the viewer's identity, now authenticated. */
export interface HostResult {
  readonly flight: Bytes;
  readonly keys: SessionKeys;
  readonly viewer: ViewerIdentity;
}

const STEPS = ["start", "waiting", "done", "failed"] as const;
type Step = (typeof STEPS)[number];

/** Where a run stands. A step that fails, or is asked for out of turn, leaves the run failed for good. */
class Progress {
  private step: Step = "start";
  private broken = false;

  async during<T>(due: Step, next: Step, work: () => Promise<T>): Promise<T> {
    const difference = STEPS.indexOf(this.step) - STEPS.indexOf(due);
    this.step = "failed";
    if (difference !== 0) {
      this.broken = true;
      if (difference < 0) throw new HandshakeError("out_of_order", "a flight came before its turn");
      throw new HandshakeError("replay", "this flight was already received or the run is over");
    }
    const result = await work();
    // Another call may have come while this one waited.
    if (!this.broken) this.step = next;
    return result;
  }
}

/** The viewer's side of one run. `identity` is what the customer is shown. */
export class ViewerHandshake {
  private readonly channel: Bytes;
  private readonly password: Bytes;
  private readonly identity: Bytes;
  private readonly nonce: Bytes;
  private readonly progress = new Progress();
  private proved: { readonly schedule: Schedule; readonly hostIdentity: Bytes } | null = null;

  /** Throws HandshakeError `malformed` for an identity outside its bounds, RangeError for context or credential. */
  constructor(
    context: ChannelContext,
    private readonly credential: Credential,
    identity: ViewerIdentity,
    private readonly entropy: Entropy = BROWSER_ENTROPY,
  ) {
    this.channel = channelIdentifier(context);
    this.password = passwordOf(credential);
    this.identity = viewerIdentityCodec.encode(identity);
    this.nonce = entropy.nonce();
  }

  /** Flight 1. */
  hello(): Promise<Bytes> {
    return this.progress.during("start", "waiting", () =>
      Promise.resolve(
        encodeFlight<1>({
          flight: 1,
          version: PROTOCOL_VERSION,
          suites: [SUITE_CPACE_X25519_SHA512],
          viewer_nonce: this.nonce,
          kind: this.credential.kind,
          ref: this.credential.ref,
        }),
      ),
    );
  }

  /**
   * Take flight 2 and return flight 3.
   *
   * @throws HandshakeError `malformed`, `unsupported_suite`, `low_order`, `replay`, `out_of_order`
   */
  prove(body: Uint8Array): Promise<Bytes> {
    return this.progress.during("waiting", "done", async () => {
      const offer = decodeFlight(body, 2);
      if (offer.suite !== SUITE_CPACE_X25519_SHA512) {
        throw new HandshakeError("unsupported_suite", `the host chose suite ${offer.suite}`);
      }
      const [share, schedule] = await this.deriveFrom(offer);
      this.proved = { schedule, hostIdentity: offer.host_identity };
      const { identity, viewerProof } = { identity: this.identity, viewerProof: schedule.viewerProof };
      return encodeFlight<3>({
        flight: 3,
        viewer_share: share,
        viewer_identity: identity,
        viewer_proof: viewerProof,
      });
    });
  }

  private async deriveFrom(offer: Flight<2>): Promise<[Bytes, Schedule]> {
    const sid = concat(this.nonce, offer.host_nonce);
    const scalar = await this.entropy.scalar();
    const viewerShare = await scalarMult(scalar, await generator(this.password, this.channel, sid));
    const transcript = {
      channel: this.channel,
      sid,
      hostShare: offer.host_share,
      hostIdentity: offer.host_identity,
      viewerShare,
      viewerIdentity: this.identity,
    };
    return [viewerShare, await deriveSchedule(transcript, await scalarMult(scalar, offer.host_share))];
  }

  /**
   * Take flight 4 and return what the run has established.
   *
   * @throws HandshakeError `malformed`, `replay`, `out_of_order`; `tampered` if the host's proof is wrong: it does
   *   not know the secret, or the two sides did not see the same flights
   */
  finish(body: Uint8Array): Promise<ViewerResult> {
    return this.progress.during("done", "failed", () => {
      const proved = this.proved;
      this.proved = null;
      if (proved === null) throw new HandshakeError("replay", "the run is over");
      const accept = decodeFlight(body, 4);
      if (!equalInConstantTime(accept.host_proof, proved.schedule.hostProof)) {
        throw new HandshakeError("tampered", "the host's proof does not fit this run");
      }
      const host = hostIdentityCodec.decode(proved.hostIdentity);
      return Promise.resolve({ keys: proved.schedule.keys, host });
    });
  }
}

/**
 * The host's side of one run; `lookup` finds the secret that flight 1 names.
 *
 * The caller charges a try of the code when `offer` has returned and refunds it when `accept` has (SPEC K8).
 */
export class HostHandshake {
  private readonly channel: Bytes;
  private readonly identity: Bytes;
  private readonly nonce: Bytes;
  private readonly progress = new Progress();
  private offered: { readonly scalar: CryptoKey; readonly sid: Bytes; readonly share: Bytes } | null = null;

  constructor(
    context: ChannelContext,
    identity: HostIdentity,
    private readonly lookup: CredentialLookup,
    private readonly entropy: Entropy = BROWSER_ENTROPY,
  ) {
    this.channel = channelIdentifier(context);
    this.identity = hostIdentityCodec.encode(identity);
    this.nonce = entropy.nonce();
  }

  /**
   * Take flight 1 and return flight 2.
   *
   * @throws HandshakeError `malformed`, `unsupported_version`, `unsupported_suite`, `unknown_reference`, `replay`,
   *   `out_of_order`
   */
  offer(body: Uint8Array): Promise<Bytes> {
    return this.progress.during("start", "waiting", async () => {
      const hello = decodeFlight(body, 1);
      const password = this.findPassword(hello);
      const sid = concat(hello.viewer_nonce, this.nonce);
      const scalar = await this.entropy.scalar();
      const share = await scalarMult(scalar, await generator(password, this.channel, sid));
      this.offered = { scalar, sid, share };
      return encodeFlight<2>({
        flight: 2,
        suite: SUITE_CPACE_X25519_SHA512,
        host_nonce: this.nonce,
        host_share: share,
        host_identity: this.identity,
      });
    });
  }

  /**
   * Take flight 3, check the viewer's proof and return flight 4 with what the run has established.
   *
   * @throws HandshakeError `malformed`, `low_order`, `replay`, `out_of_order`; `wrong_code` if the viewer does not
   *   know the secret, or the two sides did not see the same flights
   */
  accept(body: Uint8Array): Promise<HostResult> {
    return this.progress.during("waiting", "done", async () => {
      const proof = decodeFlight(body, 3);
      const schedule = await this.deriveFrom(proof);
      if (!equalInConstantTime(proof.viewer_proof, schedule.viewerProof)) {
        throw new HandshakeError("wrong_code", "the viewer's proof does not fit this run");
      }
      const viewer = viewerIdentityCodec.decode(proof.viewer_identity);
      const flight = encodeFlight<4>({ flight: 4, host_proof: schedule.hostProof });
      return { flight, keys: schedule.keys, viewer };
    });
  }

  private async deriveFrom(proof: Flight<3>): Promise<Schedule> {
    if (this.offered === null) throw new HandshakeError("replay", "the run is over");
    const { scalar, sid, share } = this.offered;
    this.offered = null;
    const transcript = {
      channel: this.channel,
      sid,
      hostShare: share,
      hostIdentity: this.identity,
      viewerShare: proof.viewer_share,
      viewerIdentity: proof.viewer_identity,
    };
    return deriveSchedule(transcript, await scalarMult(scalar, proof.viewer_share));
  }

  private findPassword(hello: Flight<1>): Bytes {
    if (hello.version !== PROTOCOL_VERSION) {
      const detail = `the viewer speaks version ${hello.version}, this host ${PROTOCOL_VERSION}`;
      throw new HandshakeError("unsupported_version", detail);
    }
    if (!hello.suites.includes(SUITE_CPACE_X25519_SHA512)) {
      throw new HandshakeError("unsupported_suite", `the viewer offers suites ${hello.suites.join(", ")}`);
    }
    const secret = this.lookup(hello.kind, hello.ref);
    if (secret === null)
      throw new HandshakeError("unknown_reference", `no ${hello.kind} credential is open here`);
    try {
      return passwordOf({ kind: hello.kind, secret, ref: hello.ref });
    } catch (error) {
      if (error instanceof RangeError) throw new HandshakeError("malformed", `flight 1: ${error.message}`);
      throw error;
    }
  }
}
