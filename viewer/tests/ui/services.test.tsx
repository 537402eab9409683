// @vitest-environment happy-dom
/** Who is drawn anew when a session changes. */
import { act, render, screen } from "@testing-library/react";
import type { ReactElement } from "react";
import { expect, it } from "vitest";

import type { AccountStore } from "../../src/features/account/store";
import { ServicesProvider, useLine, useSession } from "../../src/ui/services";
import { fakeSession, live } from "../fakes/session";
import "./page";

// Neither of the two looks at the account.
const NOBODY = {} as AccountStore;

let drawn = { mode: 0, line: 0 };

function ModeShown(): ReactElement {
  drawn.mode += 1;
  return <p>{useSession().mode}</p>;
}

function LineShown(): ReactElement {
  drawn.line += 1;
  return <p>{useLine().rttMs} ms</p>;
}

it("the line's figures draw anew what shows them, and nothing else", () => {
  drawn = { mode: 0, line: 0 };
  const view = live("full");
  const session = fakeSession(view);
  render(
    <ServicesProvider services={{ account: NOBODY, session }}>
      <ModeShown />
      <LineShown />
    </ServicesProvider>,
  );
  act(() => session.show({ ...view, link: { ...view.link, rttMs: 51 } }));
  expect(screen.getByText("51 ms")).toBeTruthy();
  expect(drawn).toEqual({ mode: 1, line: 2 });

  act(() => session.show({ ...view, link: { ...view.link, rttMs: 51 }, mode: "observer" }));
  expect(screen.getByText("observer")).toBeTruthy();
  expect(drawn.mode).toBe(2);
});
