// @vitest-environment happy-dom
import { afterEach, describe, expect, it, vi } from "vitest";

import { browserNames } from "../../../src/features/security/browser";
import {
  beginTotp,
  fetchFactors,
  fetchSignIns,
  fetchWays,
  passkeyForSignIn,
} from "../../../src/features/security/api";
import { parseReturned, takeReturned } from "../../../src/features/security/returned";
import { rulesFor } from "../../../src/trusted";

const STEP = "a".repeat(43);

function answer(body: unknown, status = 200): void {
  vi.stubGlobal(
    "fetch",
    vi.fn(() => Promise.resolve(new Response(JSON.stringify(body), { status }))),
  );
}

afterEach(() => vi.unstubAllGlobals());

describe("back from the organisation's service", () => {
  it("finds a first step, with the methods that are known", () => {
    const step = { challenge: STEP, methods: ["totp", "recovery"] };
    expect(parseReturned(`#step=${STEP}&methods=recovery.smoke.totp&to=/live`)).toEqual({
      fault: null,
      step,
    });
  });

  it.each(["", "#oidc=<b>", "#oidc=", `#step=${STEP}`, `#step=short&methods=totp`, "#t=abc", "#%"])(
    "takes %j for nothing",
    (hash) => expect(parseReturned(hash)).toBeNull(),
  );

  it.each([
    ["/live", "/live"],
    ["//elsewhere.example", "/"],
    ["https://elsewhere.example/", "/"],
    ["/nowhere", "/"],
  ])("goes to %s as %s, and leaves nothing in the address", (to, page) => {
    window.history.replaceState(null, "", `/#oidc=oidc_failed&to=${encodeURIComponent(to)}`);
    expect(takeReturned(window.location, window.history)).toEqual({ fault: "oidc_failed", step: null });
    expect(window.location.href.endsWith(page)).toBe(true);
    expect(window.location.hash).toBe("");
  });
});

describe("the relay's answers about one's account", () => {
  it("gives what can be read of a list and leaves the rest", async () => {
    answer({ sign_ins: [7, {}, { id: "x", created_at_s: "soon", browser: 3, current: "yes" }] });
    const row = { id: "x", createdAtS: 0, seenAtS: 0, address: "", browser: "", method: "", current: false };
    expect(await fetchSignIns()).toEqual({ ok: true, value: [row] });
  });

  it.each([{}, [], null, { passkeys: "none" }])("takes %j for no factors", async (body) => {
    answer(body);
    expect(await fetchFactors()).toMatchObject({ ok: false, fault: { code: "unreachable" } });
  });

  it("opens no link but an authenticator's", async () => {
    answer({ secret: "ABC", uri: "javascript:alert(1)" });
    expect(await beginTotp()).toMatchObject({ ok: false });
    answer({ secret: "ABC", uri: "otpauth://totp/x?secret=ABC" });
    expect(await beginTotp()).toMatchObject({ ok: true });
  });

  it("offers nothing that a relay did not", async () => {
    answer({ organisation: "Duero" });
    expect(await fetchWays()).toEqual({ ok: true, value: { oidc: null, passkeys: false } });
  });
});

describe("passkeys", () => {
  class FakeCredential {
    readonly id = "AQI";
    readonly rawId = Uint8Array.of(1, 2).buffer;
    readonly type = "public-key";
    readonly response = {
      clientDataJSON: Uint8Array.of(3).buffer,
      authenticatorData: Uint8Array.of(4).buffer,
      signature: Uint8Array.of(255, 254, 253).buffer,
      userHandle: Uint8Array.of(6).buffer,
    };
  }

  it("turn the relay's options into bytes and the browser's answer into base64url", async () => {
    const get = vi.fn<(asked: unknown) => Promise<FakeCredential>>(() =>
      Promise.resolve(new FakeCredential()),
    );
    vi.stubGlobal("PublicKeyCredential", FakeCredential);
    vi.stubGlobal("navigator", { credentials: { get } });
    const options = {
      challenge: "AQID",
      rpId: "relay.example",
      timeout: 5,
      allowCredentials: [{ id: "_w" }],
    };
    answer({ token: STEP, options });
    const proof = await passkeyForSignIn();
    expect(get.mock.calls[0]?.[0]).toEqual({
      publicKey: {
        challenge: Uint8Array.of(1, 2, 3),
        rpId: "relay.example",
        timeout: 5,
        allowCredentials: [{ type: "public-key", id: Uint8Array.of(255) }],
        userVerification: "required",
      },
    });
    expect(proof).toMatchObject({
      ok: true,
      value: {
        token: STEP,
        credential: { id: "AQI", rawId: "AQI", response: { signature: "__79", userHandle: "Bg" } },
      },
    });
  });

  it("are no fault of anybody's where the person closes the question", async () => {
    const get = (): Promise<never> => Promise.reject(new DOMException("no", "NotAllowedError"));
    vi.stubGlobal("navigator", { credentials: { get } });
    answer({ token: STEP, options: {} });
    expect(await passkeyForSignIn()).toMatchObject({ ok: false, fault: { code: "passkey_cancelled" } });
  });
});

describe("a browser's name", () => {
  const LINUX =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36";
  it.each([
    [LINUX, "Chrome", "Linux"],
    [`${LINUX} Edg/140.0`, "Edge", "Linux"],
    [
      "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1",
      "Safari",
      "iOS",
    ],
    ["<img src=x onerror=alert(1)>", null, null],
  ])("of %s is %s on %s", (agent, browser, system) => {
    expect(browserNames(agent)).toEqual({ browser, system });
  });
});

describe("what becomes code of this page", () => {
  const rules = rulesFor("https://relay.example");

  it.each(["/assets/main-abc.js", "https://relay.example/assets/host.js"])(
    "may be a worker of ours: %s",
    (address) => {
      expect(rules.createScriptURL(address)).toMatch(/^https:\/\/relay\.example\/assets\//u);
    },
  );

  it.each([
    "https://elsewhere.example/assets/main.js",
    "//elsewhere.example/assets/main.js",
    "/api/admin/audit/export",
    "/assets/../api/me",
    "data:text/javascript,alert(1)",
    "blob:https://relay.example/1",
    "javascript:alert(1)",
    "",
  ])("is nothing else: %s", (address) => expect(rules.createScriptURL(address)).toBeNull());

  it("is no markup, while styles pass", () => {
    expect(rules.createHTML(":root{--a:1} a > b{color:red}")).not.toBeNull();
    expect(rules.createHTML("</style><img src=x onerror=alert(1)>")).toBeNull();
  });
});
