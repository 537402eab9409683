import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { Answer } from "../../src/features/account/api";
import { UNREACHABLE } from "../../src/features/account/api";
import { fetchLive, type LiveSession } from "../../src/features/live/api";
import { createLiveList } from "../../src/features/live/list";

const ID = "0123456789abcdef0123456789abcdef";
const SESSION = {
  id: ID,
  kind: "support",
  mode: "full",
  since_s: 61,
  lead: "Núria Peña",
  people: [{ name: "Núria Peña", role: "lead" }],
  host_present: true,
  held: false,
  mine: false,
  invited: true,
  joinable: true,
  why_not: null,
};

describe("the relay's list", () => {
  afterEach(() => vi.unstubAllGlobals());
  const answering = (body: unknown, status = 200): unknown =>
    vi.stubGlobal("fetch", () => Promise.resolve(new Response(JSON.stringify(body), { status })));

  it("is read field by field; what is no session is left out", async () => {
    const full = { ...SESSION, joinable: false, why_not: "full" };
    const strange = { ...SESSION, joinable: false, why_not: "moon" };
    const broken = [{ ...SESSION, id: "../me" }, { ...SESSION, mode: "root" }, null, 7];
    answering({ sessions: [SESSION, full, strange, ...broken] });
    const answer = await fetchLive();
    const sessions = answer.ok ? answer.value : [];
    expect(sessions).toHaveLength(3);
    expect(sessions[0]).toEqual({
      id: ID,
      kind: "support",
      mode: "full",
      sinceS: 61,
      lead: "Núria Peña",
      people: [{ name: "Núria Peña", role: "lead" }],
      hostPresent: true,
      held: false,
      mine: false,
      invited: true,
      whyNot: null,
    });
    expect(sessions.slice(1).map(({ whyNot }) => whyNot)).toEqual(["full", "other"]);
  });

  it.each([[{}], [{ sessions: 7 }], ["<html>"]])("%j is no relay's answer", async (body) => {
    answering(body);
    expect(await fetchLive()).toMatchObject({ ok: false, fault: { code: "unreachable" } });
  });
});

describe("following it", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  function world() {
    const state = {
      visible: true,
      asked: 0,
      answer: { ok: true, value: [] } as Answer<readonly LiveSession[]>,
    };
    let look = (): void => undefined;
    const list = createLiveList({
      fetchLive: () => {
        state.asked += 1;
        return Promise.resolve(state.answer);
      },
      visible: () => state.visible,
      onVisible: (listener) => {
        look = listener;
        return () => {
          look = () => undefined;
        };
      },
    });
    return { state, list, look: () => look() };
  }

  it("asks at once and every few seconds, and no more when nobody looks", async () => {
    const { state, list, look } = world();
    const end = list.follow();
    await vi.advanceTimersByTimeAsync(8100);
    expect(state.asked).toBe(3);
    state.visible = false;
    await vi.advanceTimersByTimeAsync(20_000);
    expect(state.asked).toBe(3);
    state.visible = true;
    look();
    expect(state.asked).toBe(4);
    end();
    await vi.advanceTimersByTimeAsync(20_000);
    look();
    expect(state.asked).toBe(4);
  });

  it("keeps what it knew while the relay cannot be asked", async () => {
    const { state, list } = world();
    const end = list.follow();
    await vi.advanceTimersByTimeAsync(0);
    expect(list.getSnapshot()).toEqual({ sessions: [], fault: null });
    state.answer = { ok: false, fault: UNREACHABLE };
    await vi.advanceTimersByTimeAsync(4000);
    expect(list.getSnapshot()).toEqual({ sessions: [], fault: UNREACHABLE });
    end();
  });
});
