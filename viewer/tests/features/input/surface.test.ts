// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { attachSurface } from "../../../src/features/input/surface";
import { type FakeSession, fakeSession, live } from "../../fakes/session";

let client: FakeSession;
let canvas: HTMLCanvasElement;
let field: HTMLTextAreaElement;
let escapes = 0;
let detach: () => void;

beforeEach(() => {
  client = fakeSession(live("full"));
  canvas = document.createElement("canvas");
  field = document.createElement("textarea");
  canvas.tabIndex = -1;
  canvas.width = 100;
  canvas.height = 50;
  canvas.getBoundingClientRect = () => new DOMRect(0, 0, 100, 50);
  document.body.append(canvas, field);
  escapes = 0;
  detach = attachSurface({ canvas, field, client, isMac: false, onEscape: () => (escapes += 1) });
});

afterEach(() => {
  detach();
  document.body.replaceChildren();
});

const kinds = (): readonly string[] => client.sent.map((message) => message.t);

function press(target: Element, init: KeyboardEventInit): KeyboardEvent {
  const event = new KeyboardEvent("keydown", { bubbles: true, cancelable: true, ...init });
  target.dispatchEvent(event);
  target.dispatchEvent(new KeyboardEvent("keyup", { bubbles: true, cancelable: true, ...init }));
  return event;
}

function input(value: string, given: Partial<InputEventInit> = {}): void {
  field.value = value;
  field.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "insertText", ...given }));
}

describe("keyboard", () => {
  it("hears scripted keys on the canvas and on the text field, once each", () => {
    press(canvas, { code: "KeyA", key: "a" });
    press(field, { code: "KeyB", key: "b" });
    expect(client.sent).toEqual([
      { t: "TextInput", text: "a" },
      { t: "TextInput", text: "b" },
    ]);
  });

  it("passes the canvas's focus on to the text field", () => {
    canvas.focus();
    expect(document.activeElement).toBe(field);
  });

  it("sends what is put into the text field and empties it", () => {
    input("ñ€\\");
    expect(client.sent).toEqual([{ t: "TextInput", text: "ñ€\\" }]);
    expect(field.value).toBe("");
  });

  it("sends a composition once, when it is done", () => {
    field.dispatchEvent(new CompositionEvent("compositionstart"));
    input("´", { isComposing: true });
    input("á", { isComposing: true });
    expect(client.sent).toEqual([]);
    field.dispatchEvent(new CompositionEvent("compositionend", { data: "á" }));
    field.dispatchEvent(new InputEvent("input", { inputType: "insertText", data: "á" }));
    expect(client.sent).toEqual([{ t: "TextInput", text: "á" }]);
  });

  it("understands a phone keyboard's deletion without a key", () => {
    field.dispatchEvent(
      new InputEvent("beforeinput", { inputType: "deleteContentBackward", cancelable: true }),
    );
    expect(client.sent).toMatchObject([
      { t: "KeyPress", code: "Backspace", down: true },
      { t: "KeyPress", code: "Backspace", down: false },
    ]);
  });

  it("keeps the browser from acting on keys that were sent", () => {
    expect(press(canvas, { code: "Tab", key: "Tab" }).defaultPrevented).toBe(true);
    client.show(live("observer"));
    expect(press(canvas, { code: "Tab", key: "Tab" }).defaultPrevented).toBe(false);
  });

  it("gives the keyboard back on Ctrl+Alt+Home", () => {
    press(field, { code: "Home", key: "Home", ctrlKey: true, altKey: true });
    expect(escapes).toBe(1);
    expect(kinds()).toEqual(["ReleaseAll"]);
  });
});

describe("loss", () => {
  it.each(["blur", "pagehide"])("releases everything at the window's %s", (type) => {
    window.dispatchEvent(new Event(type));
    expect(kinds()).toEqual(["ReleaseAll"]);
  });

  it("releases everything when the mode takes the input away, once", () => {
    canvas.dispatchEvent(
      new KeyboardEvent("keydown", { code: "ControlLeft", key: "Control", ctrlKey: true }),
    );
    client.show(live("observer"));
    client.show(live("observer"));
    canvas.dispatchEvent(new KeyboardEvent("keyup", { code: "ControlLeft", key: "Control" }));
    expect(kinds()).toEqual(["KeyPress", "ReleaseAll"]);
  });

  it("sends nothing while the connection is interrupted", () => {
    client.show(live("full", { phase: "reconnecting" }));
    client.sent.length = 0;
    press(canvas, { code: "KeyA", key: "a" });
    input("text");
    canvas.dispatchEvent(new MouseEvent("mousedown", { clientX: 5, clientY: 5 }));
    canvas.dispatchEvent(new WheelEvent("wheel", { deltaY: 100, clientX: 5, clientY: 5 }));
    expect(client.sent).toEqual([]);
    expect(field.value).toBe("");
  });

  it("sends no more after it was detached", () => {
    detach();
    client.sent.length = 0;
    press(canvas, { code: "KeyA", key: "a" });
    expect(client.sent).toEqual([]);
  });
});

describe("pointer", () => {
  it("hears scripted pointers and mice, and each click once", () => {
    for (const kind of ["pointer", "mouse"]) {
      const make = (type: string) =>
        new MouseEvent(`${kind}${type}`, { clientX: 50, clientY: 25, button: 0 });
      canvas.dispatchEvent(make("down"));
      canvas.dispatchEvent(make("up"));
    }
    const place = { monitor: 0, x: 50.5 / 100, y: 25.5 / 50, button: 0 };
    const click = [
      { t: "PointerButton", ...place, down: true },
      { t: "PointerButton", ...place, down: false },
    ];
    expect(client.sent.filter((message) => message.t !== "ReleaseAll")).toEqual([...click, ...click]);
  });

  it("takes the focus to the text field on a click", () => {
    canvas.dispatchEvent(new MouseEvent("pointerdown", { clientX: 50, clientY: 25 }));
    expect(document.activeElement).toBe(field);
  });

  it("keeps the browser's own menu away", () => {
    const event = new MouseEvent("contextmenu", { cancelable: true });
    canvas.dispatchEvent(event);
    expect(event.defaultPrevented).toBe(true);
  });
});
