import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from "@hpke/core";
import { afterEach, describe, expect, test, vi } from "vitest";

import { relayDoor } from "../../src/core/entry";
import { concat, lv, utf8 } from "../../src/crypto/bytes";
import { codeCredential } from "../../src/crypto/schedule";
import { fromBase64url, toBase64url } from "../../src/protocol/base64url";

const TICKET = "ticket-of-sixteen-characters";
const CODE = "482913705146";
const INVITE = Uint8Array.from({ length: 16 }, (_, i) => i);
const SECRET = Uint8Array.from({ length: 32 }, (_, i) => 100 + i);
const SESSION = "000102030405060708090a0b0c0d0e0f";
const LINK = { invite: toBase64url(INVITE), secret: toBase64url(SECRET) };

interface Asked {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>> | null;
}

/** A relay that answers by path; what was asked is kept. */
function relay(answers: Readonly<Record<string, (asked: Asked) => unknown>>, status = 200): Asked[] {
  const got: Asked[] = [];
  vi.stubGlobal("fetch", async (path: string, init?: RequestInit) => {
    const asked: Asked = {
      path,
      body: typeof init?.body === "string" ? (JSON.parse(init.body) as Asked["body"]) : null,
    };
    got.push(asked);
    const body = await answers[path]?.(asked);
    return new Response(typeof body === "string" ? body : JSON.stringify(body ?? {}), { status });
  });
  return got;
}

afterEach(() => vi.unstubAllGlobals());

describe("by code", () => {
  test("C3: the relay is asked with the public digits in the body, the secret ones stay here", async () => {
    const got = relay({ "/api/tickets": () => ({ ticket: TICKET, expires_in_s: 30 }) });
    expect(await relayDoor.byCode(CODE, "full")).toEqual({
      ok: true,
      entry: { ticket: TICKET, credential: codeCredential("705146"), mode: "full" },
    });
    expect(got).toEqual([{ path: "/api/tickets", body: { routing: "482913" } }]);
  });

  test.each([["1234"], ["48291370514x"], [""]])("%j is wrong before anybody is asked", async (code) => {
    const got = relay({});
    expect(await relayDoor.byCode(code, "full")).toMatchObject({
      ok: false,
      failure: { code: "code_wrong" },
    });
    expect(got).toEqual([]);
  });

  test.each([
    [401, "signed_out"],
    [403, "origin_refused"],
    [429, "throttled"],
    [422, "code_wrong"],
    [500, "internal"],
    [503, "unreachable"],
  ])("%i is %s", async (status, code) => {
    relay({ "/api/tickets": () => ({}) }, status);
    expect(await relayDoor.byCode(CODE, "full")).toMatchObject({ ok: false, failure: { code } });
  });

  test.each([["<html>"], ['{"ticket":7}'], ['{"ticket":"short"}'], ["null"]])(
    "an answer %j is no relay's",
    async (body) => {
      relay({ "/api/tickets": () => body });
      expect(await relayDoor.byCode(CODE, "full")).toMatchObject({ failure: { code: "unreachable" } });
    },
  );

  test("without a network the relay is unreachable", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("no network")));
    expect(await relayDoor.byCode(CODE, "full")).toEqual({ ok: false, failure: { code: "unreachable" } });
  });
});

describe("by invitation", () => {
  const credential = { kind: "invite", secret: SECRET, ref: INVITE };

  test("C19: an account asks with the invitation's public half alone", async () => {
    const got = relay({ "/api/tickets": () => ({ ticket: TICKET }) });
    const answer = await relayDoor.byInvite({ ...LINK, name: null });
    expect(answer).toEqual({ ok: true, entry: { ticket: TICKET, credential, mode: "observer" } });
    expect(got).toEqual([{ path: "/api/tickets", body: { invite: LINK.invite } }]);
  });

  test("C19: a guest asks under a name, without an account", async () => {
    const got = relay({ "/api/guest-tickets": () => ({ ticket: TICKET, account_id: "guest-1" }) });
    expect(await relayDoor.byInvite({ ...LINK, name: "Ana" })).toMatchObject({ ok: true });
    expect(got).toEqual([{ path: "/api/guest-tickets", body: { invite: LINK.invite, name: "Ana" } }]);
  });

  test("a refusal of the wire is told as it is", async () => {
    relay({ "/api/guest-tickets": () => ({ error: { code: "session_full" } }) }, 409);
    expect(await relayDoor.byInvite({ ...LINK, name: "Ana" })).toMatchObject({
      failure: { code: "session_full" },
    });
  });

  test.each([
    [{ ...LINK, secret: "x" }],
    [{ ...LINK, invite: `${LINK.invite}A` }],
    [{ invite: "", secret: "" }],
  ])("a link that is not whole asks nobody", async (link) => {
    const got = relay({});
    expect(await relayDoor.byInvite({ ...link, name: "Ana" })).toMatchObject({
      failure: { code: "ticket_invalid" },
    });
    expect(got).toEqual([]);
  });
});

describe("by asking", () => {
  const suite = new CipherSuite({
    kem: new DhkemX25519HkdfSha256(),
    kdf: new HkdfSha256(),
    aead: new Aes256Gcm(),
  });

  async function sealedTo(key: unknown, accountId: string): Promise<string> {
    const raw = fromBase64url(String(key), 32) ?? new Uint8Array();
    const recipientPublicKey = await suite.kem.deserializePublicKey(raw.buffer);
    const session = Uint8Array.from(INVITE.keys());
    const names = ["relevo1 join", "https://relay.test"].map(utf8);
    const info = lv(...names, session, INVITE, utf8(accountId));
    const sender = await suite.createSenderContext({ recipientPublicKey, info });
    return toBase64url(concat(new Uint8Array(sender.enc), new Uint8Array(await sender.seal(SECRET.buffer))));
  }

  const answering = (accountId: string) => ({
    "/api/me": () => ({ account: { id: "a7", name: "ana" } }),
    "/api/config": () => ({ relay_origin: "https://relay.test" }),
    [`/api/live/${SESSION}/join`]: async ({ body }: Asked) => ({
      ticket: TICKET,
      invite: LINK.invite,
      sealed: await sealedTo(body?.["key"], accountId),
    }),
  });

  test("C20: a fresh key is sent, what the host sealed to it opens", async () => {
    const got = relay(answering("a7"));
    const credential = { kind: "invite", secret: SECRET, ref: INVITE };
    expect(await relayDoor.byAsking(SESSION)).toEqual({
      ok: true,
      entry: { ticket: TICKET, credential, mode: "observer" },
    });
    await relayDoor.byAsking(SESSION);
    const keys = got.filter(({ body }) => body !== null).map(({ body }) => body?.["key"]);
    expect(new Set(keys).size).toBe(2);
  });

  test("C20: what was sealed for another account does not open", async () => {
    relay(answering("a8"));
    expect(await relayDoor.byAsking(SESSION)).toMatchObject({ ok: false, failure: { code: "tampered" } });
  });

  test.each([["../me"], [""], [SESSION.toUpperCase()]])("%j is no session's id", async (session) => {
    const got = relay({});
    expect(await relayDoor.byAsking(session)).toMatchObject({ ok: false });
    expect(got).toEqual([]);
  });

  test("C20: the host's No is told as it is", async () => {
    const answers = { ...answering("a7"), [`/api/live/${SESSION}/join`]: () => ({}) };
    relay(answers);
    expect(await relayDoor.byAsking(SESSION)).toMatchObject({ failure: { code: "unreachable" } });
  });
});
