// @vitest-environment happy-dom
/** The pages on which a browser shows its own screen: calm words, No first, everybody listed. */
import { act, fireEvent, render, screen } from "@testing-library/react";
import { describe, expect, it } from "vitest";

import type { HostView } from "../../src/core/host/api";
import { createAccountStore } from "../../src/features/account/store";
import { App } from "../../src/ui/App";
import { accountApi, NOBODY, signedIn } from "../fakes/account";
import { FakeHost } from "../fakes/host";
import { fakeSession, IDLE } from "../fakes/session";
import "./page";

async function open(path: string, view: Partial<HostView>, me = signedIn()): Promise<FakeHost> {
  window.history.replaceState(null, "", path);
  const host = new FakeHost(path === "/share" ? "support" : "presentation");
  const services = { account: createAccountStore(accountApi(me)), session: fakeSession(IDLE), host };
  render(<App services={services} link={null} />);
  await act(async () => services.account.check());
  act(() => host.set({ ...host.getSnapshot(), ...view }));
  return host;
}

const PERSON = {
  id: 7,
  slot: 2,
  name: "Luis",
  organisation: "",
  role: "demo_viewer",
  present: true,
  marks: false,
} as const;
const QUESTION = { id: 4, name: "Eva", organisation: "Duero", role: "lead" } as const;

describe("/share", () => {
  it("needs no account, and asks for a screen at one press", async () => {
    const host = await open("/share", {}, NOBODY);
    fireEvent.click(screen.getByTestId("host-start"));
    expect(host.said).toEqual(["share"]);
  });

  it("shows the twelve digits in groups", async () => {
    await open("/share", { phase: "waiting", sharing: true, code: "482913705146" }, NOBODY);
    expect(screen.getByTestId("host-code").textContent).toBe("482 913 705 146");
  });

  it("N1: asks with No before Yes, and names who it is", async () => {
    const deadline = Date.now() + 60_000;
    const host = await open("/share", { phase: "waiting", question: { ...QUESTION, deadline } }, NOBODY);
    const [no, yes] = [screen.getByTestId("host-no"), screen.getByTestId("host-yes")];
    expect(no.compareDocumentPosition(yes) & Node.DOCUMENT_POSITION_FOLLOWING).not.toBe(0);
    expect(screen.getByTestId("host-question").textContent).toContain("Eva from Duero");
    fireEvent.click(yes);
    expect(host.said).toEqual(["answer 4 true"]);
  });

  it("N8: thanks whoever reports, says what to do now, and leads nobody back in", async () => {
    const host = await open("/share", { phase: "live", sharing: true }, NOBODY);
    fireEvent.click(screen.getByTestId("host-report"));
    fireEvent.click(await screen.findByTestId("sure-yes"));
    expect(host.said).toEqual(["report and stop"]);
    act(() => host.set({ ...host.getSnapshot(), phase: "ended", sharing: false }));
    expect(screen.getByRole("status").textContent).toMatch(/^You did the right thing.*call your bank now/su);
    expect(screen.getByTestId("host-start").dataset["variant"]).toBe("default");
  });

  it("says why no screen was chosen", async () => {
    await open("/share", { phase: "ended", choice: "unsupported" }, NOBODY);
    expect(screen.getByText("This browser cannot show a screen")).toBeTruthy();
  });
});

describe("/present", () => {
  it("is for whoever is signed in", async () => {
    await open("/present", {}, NOBODY);
    expect(screen.queryByTestId("host-start")).toBeNull();
  });

  it("G12: shows the link and everybody who is there; may let draw, may remove after asking", async () => {
    const link = "https://relay.test/demo#i=a.b";
    const host = await open("/present", { phase: "live", sharing: true, link, people: [PERSON] });
    expect(screen.getByTestId<HTMLInputElement>("host-link").value).toBe(link);
    expect(screen.getByText("Here now: 1 of 5")).toBeTruthy();
    fireEvent.click(screen.getByLabelText("Luis may point and draw"));
    fireEvent.click(screen.getByLabelText("Remove Luis"));
    expect(host.said).toEqual(["marks 7 true"]);
    expect(await screen.findByText(/link that they have no longer lets anybody in/u)).toBeTruthy();
    fireEvent.click(await screen.findByTestId("sure-yes"));
    expect(host.said).toEqual(["marks 7 true", "remove 7"]);
  });

  it("G10: asks no more about somebody who has gone, and does nothing to who has their place", async () => {
    const host = await open("/present", { phase: "live", sharing: true, people: [PERSON] });
    fireEvent.click(screen.getByLabelText("Remove Luis"));
    const yes = await screen.findByTestId("sure-yes");
    act(() => host.set({ ...host.getSnapshot(), people: [{ ...PERSON, id: 40, name: "Ana" }] }));
    fireEvent.click(yes);
    expect(host.said).toEqual([]);
    expect(screen.getByText("Ana")).toBeTruthy();
  });

  it("offers another screen after the browser's own bar was used, and Stop always", async () => {
    const host = await open("/present", { phase: "live", sharing: false });
    fireEvent.click(screen.getByTestId("host-choose"));
    fireEvent.click(screen.getByTestId("host-stop"));
    expect(host.said).toEqual(["present", "stop"]);
  });
});
