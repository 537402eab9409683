import { afterEach, describe, expect, it, vi } from "vitest";

import { accountApi, UNREACHABLE } from "../../src/features/account/api";
import { createAccountStore } from "../../src/features/account/store";

const ACCOUNT = {
  id: "a",
  name: "maria",
  display_name: "María",
  organisation: "Duero",
  language: "es",
  is_admin: false,
  permissions: ["audit.read", "all.of.it", 7],
};
const FAULT = {
  error: {
    code: "too_many_attempts",
    message: { en: "Too many.", es: "Demasiados." },
    remedy: { en: "Wait.", es: "Espere." },
  },
};

function answer(status: number, body: unknown, headers: Record<string, string> = {}): void {
  const response =
    status === 204 ? new Response(null, { status }) : new Response(JSON.stringify(body), { status, headers });
  vi.stubGlobal("fetch", vi.fn().mockResolvedValue(response));
}

afterEach(() => vi.unstubAllGlobals());

describe("the relay's answers", () => {
  it("gives the account", async () => {
    answer(200, { account: ACCOUNT });
    const account = {
      id: "a",
      isAdmin: false,
      permissions: ["audit.read"],
      mustEnrol: false,
      name: "maria",
      displayName: "María",
      organisation: "Duero",
      language: "es",
      standing: "technician",
      team: "",
      adminTools: false,
    };
    expect(await accountApi.signIn("maria", "secret")).toEqual({ ok: true, value: account });
    expect(fetch).toHaveBeenCalledWith("/api/sign-in", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"name":"maria","password":"secret"}',
      signal: expect.any(AbortSignal) as AbortSignal,
    });
  });

  it("tells how many wrong codes there were, until that was heeded", async () => {
    answer(200, { account: ACCOUNT, wrong_codes: 7 });
    const signedIn = await accountApi.second("c", { totp: "123456" });
    expect(signedIn).toMatchObject({ ok: true, value: { wrongCodes: 7 } });
    answer(200, { account: ACCOUNT, must_enrol: true });
    const me = await accountApi.me();
    const store = createAccountStore({
      ...accountApi,
      me: () => Promise.resolve(me),
      second: () => Promise.resolve(signedIn),
    });
    store.resume({ challenge: "c", methods: ["totp"] });
    await store.second({ totp: "123456" });
    expect(store.getSnapshot()).toMatchObject({ status: "in", account: { wrongCodes: 7, mustEnrol: true } });
    store.heeded();
    expect(store.getSnapshot()).toMatchObject({ status: "in", account: { wrongCodes: 0, mustEnrol: true } });
  });

  it("gives a fault with both languages and the wait", async () => {
    answer(429, FAULT, { "retry-after": "42" });
    const fault = { ...FAULT.error, retryAfterS: 42 };
    expect(await accountApi.signInByLink("x")).toEqual({ ok: false, fault });
  });

  it("takes a page in the relay's place for no relay", async () => {
    vi.stubGlobal("fetch", vi.fn().mockResolvedValue(new Response("<html>", { status: 200 })));
    expect(await accountApi.me()).toEqual({ ok: false, fault: UNREACHABLE });
  });

  it.each([{}, { account: null }, { account: { name: 7 } }, []])("takes %j for no account", async (body) => {
    answer(200, body);
    expect(await accountApi.me()).toEqual({ ok: false, fault: UNREACHABLE });
  });

  it("survives being without a network", async () => {
    vi.stubGlobal("fetch", vi.fn().mockRejectedValue(new TypeError("no network")));
    expect(await accountApi.me()).toEqual({ ok: false, fault: UNREACHABLE });
  });
});

describe("the account store", () => {
  it("is quiet about somebody who simply is not signed in", async () => {
    answer(401, { error: { code: "not_signed_in" } });
    const store = createAccountStore(accountApi);
    expect(await store.check()).toBe(false);
    expect(store.getSnapshot()).toEqual({ status: "out", fault: null });
  });

  it("says why a sign-in was refused", async () => {
    answer(401, { error: { code: "wrong_sign_in" } });
    const store = createAccountStore(accountApi);
    const seen: string[] = [];
    store.subscribe(() => seen.push(store.getSnapshot().status));
    expect(await store.signIn("a", "b")).toBe(false);
    expect(seen).toEqual(["signing_in", "out"]);
    expect(store.getSnapshot()).toMatchObject({ fault: { code: "wrong_sign_in" } });
  });

  it("says it when the relay could not be told of a sign-out", async () => {
    vi.stubGlobal("fetch", vi.fn().mockRejectedValue(new TypeError("no network")));
    const store = createAccountStore(accountApi);
    await store.signOut();
    expect(store.getSnapshot()).toEqual({ status: "out", fault: UNREACHABLE });
  });

  it("forgets the account after a sign-out", async () => {
    answer(204, null);
    const store = createAccountStore(accountApi);
    await store.signOut();
    expect(store.getSnapshot()).toEqual({ status: "out", fault: null });
  });
});
