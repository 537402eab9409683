import { describe, expect, test } from "vitest";

import { type Bytes, hex } from "../../src/crypto/bytes";
import { HandshakeError } from "../../src/crypto/errors";
import type { CredentialKind, HostIdentity, ViewerIdentity } from "../../src/crypto/flights";
import { HostHandshake, ViewerHandshake } from "../../src/crypto/handshake";
import { hostChannel, viewerChannel } from "../../src/crypto/pairwise";
import { codeCredential, type SessionKeys } from "../../src/crypto/schedule";
import { DST_HOST, MessageType } from "../../src/protocol/generated";
import { header } from "../../src/protocol/header";
import { entropyOf, outcomeOf } from "../support/keys";
import { unhex, vectors } from "../support/vectors";

interface Step {
  readonly to: "viewer" | "host";
  readonly flight: number;
  readonly input?: string;
  readonly output?: string;
}
interface Case {
  readonly name: string;
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
  readonly th?: string;
  readonly resume_id?: string;
  readonly resume_secret?: string;
  readonly v2h_iv?: string;
  readonly h2v_iv?: string;
  readonly expect: string;
  readonly steps: readonly Step[];
}

const { cases } = vectors("crypto/handshake") as { readonly cases: readonly Case[] };

function partiesOf(run: Case): { viewer: ViewerHandshake; host: HostHandshake } {
  const sessionId = unhex(run.session_id);
  const viewer = new ViewerHandshake(
    { relayOrigin: run.relay_origin, sessionId },
    { kind: run.kind, secret: unhex(run.viewer_secret), ref: unhex(run.ref) },
    { ...run.viewer_identity, org_certificate: unhex(run.viewer_identity.org_certificate) },
    entropyOf(unhex(run.viewer_nonce), unhex(run.viewer_scalar)),
  );
  const secret = run.host_secret === null ? null : unhex(run.host_secret);
  const host = new HostHandshake(
    { relayOrigin: run.host_relay_origin, sessionId },
    { ...run.host_identity, device_key: unhex(run.host_identity.device_key) },
    () => secret,
    entropyOf(unhex(run.host_nonce), unhex(run.host_scalar)),
  );
  return { viewer, host };
}

/** Plays one step; returns the flight that goes back, and the keys once there are some. */
async function play(
  { viewer, host }: ReturnType<typeof partiesOf>,
  step: Step,
): Promise<{ output?: Bytes; keys?: SessionKeys }> {
  const body = unhex(step.input ?? "");
  if (step.to === "host" && step.flight === 1) return { output: await host.offer(body) };
  if (step.to === "host") {
    const { flight, keys } = await host.accept(body);
    return { output: flight, keys };
  }
  if (step.flight === 0) return { output: await viewer.hello() };
  if (step.flight === 2) return { output: await viewer.prove(body) };
  return { keys: (await viewer.finish(body)).keys };
}

describe("handshake vectors", () => {
  test.each(cases.map((run) => [run.name, run] as const))("K: %s", async (_, run) => {
    const parties = partiesOf(run);
    const last = run.steps.length - 1;
    for (const [i, step] of run.steps.entries()) {
      const failing = i === last && run.expect !== "ok";
      if (failing) {
        expect(await outcomeOf(play(parties, step))).toBe(run.expect);
        return;
      }
      const { output, keys } = await play(parties, step);
      if (step.output !== undefined) expect(output && hex(output)).toBe(step.output);
      if (keys !== undefined && run.th !== undefined) {
        expect([hex(keys.th), hex(keys.v2h.iv), hex(keys.h2v.iv)]).toEqual([run.th, run.v2h_iv, run.h2v_iv]);
        expect([hex(keys.resume.ref), hex(keys.resume.secret)]).toEqual([run.resume_id, run.resume_secret]);
      }
    }
  });
});

const CONTEXT = { relayOrigin: "https://relay.example", sessionId: new Uint8Array(16) };
const VIEWER: ViewerIdentity = {
  account_id: "acc-7",
  display_name: "Núria",
  organisation: "",
  mode: "observer",
  org_certificate: new Uint8Array(),
};
const HOST: HostIdentity = {
  device_key: new Uint8Array(32).fill(5),
  agent_version: "0.1.0",
  modes: ["observer"],
  recording: "off",
  flags: 0,
};
const flip = (body: Bytes) => body.map((byte, i) => (i === body.length - 1 ? byte ^ 1 : byte));

function freshParties(): { viewer: ViewerHandshake; host: HostHandshake } {
  const viewer = new ViewerHandshake(CONTEXT, codeCredential("705146"), VIEWER);
  return { viewer, host: new HostHandshake(CONTEXT, HOST, () => codeCredential("705146").secret) };
}

describe("handshake with fresh randomness", () => {
  test("both sides agree, know each other's identity and can talk", async () => {
    const { viewer, host } = freshParties();
    const accepted = await host.accept(await viewer.prove(await host.offer(await viewer.hello())));
    const finished = await viewer.finish(accepted.flight);
    expect(finished.host).toEqual(HOST);
    expect(accepted.viewer).toEqual(VIEWER);
    const head = header(MessageType.PAIRWISE, { dst: DST_HOST, keyId: 3n });
    const sealed = await viewerChannel(finished.keys).sender.sealMessage(head, Uint8Array.of(1, 2));
    expect(await hostChannel(accepted.keys).receiver.openMessage(sealed)).toEqual(Uint8Array.of(1, 2));
  });

  test("two runs with the same code share nothing", async () => {
    const run = async () => {
      const { viewer, host } = freshParties();
      return hex((await host.accept(await viewer.prove(await host.offer(await viewer.hello())))).keys.th);
    };
    expect(await run()).not.toBe(await run());
  });

  test("K4: a relay that changes the host's flight is found out by the host ", async () => {
    const { viewer, host } = freshParties();
    const offer = await host.offer(await viewer.hello());
    expect(await outcomeOf(host.accept(await viewer.prove(flip(offer))))).toBe("wrong_code");
  });

  test("a second call while the first is under way is a replay, and ends the run", async () => {
    const { viewer, host } = freshParties();
    const offer = await host.offer(await viewer.hello());
    const [first, second] = await Promise.allSettled([viewer.prove(offer), viewer.prove(offer)]);
    expect(second).toMatchObject({ status: "rejected", reason: { kind: "replay" } });
    if (first.status !== "fulfilled") throw first.reason;
    const { flight } = await host.accept(first.value);
    expect(await outcomeOf(viewer.finish(flight))).toBe("replay");
  });

  test("an identity with a character that turns text round is refused before anything is sent", () => {
    const hiding = { ...VIEWER, display_name: "good\u202egnp" };
    const make = () => new ViewerHandshake(CONTEXT, codeCredential("705146"), hiding);
    expect(make).toThrow(HandshakeError);
  });

  test("a code that is not six digits is the caller's mistake", () => {
    expect(() => new ViewerHandshake(CONTEXT, codeCredential("70514"), VIEWER)).toThrow(RangeError);
    expect(() => new ViewerHandshake(CONTEXT, codeCredential("７０５１４６"), VIEWER)).toThrow(RangeError);
  });
});
