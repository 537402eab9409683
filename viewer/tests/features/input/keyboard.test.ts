import { describe, expect, it } from "vitest";

import type { Outgoing } from "../../../src/core/api";
import { Keyboard } from "../../../src/features/input/keyboard";
import type { KeyLike } from "../../../src/features/input/keys";

function key(given: Partial<KeyLike> & { readonly altGraph?: boolean }): KeyLike {
  const { altGraph = false, ...rest } = given;
  const base = { code: "", key: "", shiftKey: false, ctrlKey: false, altKey: false, metaKey: false };
  const state = { isComposing: false, keyCode: 0, repeat: false };
  return { ...base, ...state, ...rest, getModifierState: (name) => name === "AltGraph" && altGraph };
}

function setUp(given: { isMac?: boolean; mayType?: boolean; mayPress?: boolean } = {}) {
  const sent: Outgoing[] = [];
  const keyboard = new Keyboard({
    send: (message) => sent.push(message),
    mayType: () => given.mayType ?? true,
    mayPress: () => given.mayPress ?? true,
    isMac: given.isMac ?? false,
  });
  return { keyboard, sent, brief: () => sent.map(inBrief) };
}

function inBrief(message: Outgoing): string {
  if (message.t === "KeyPress")
    return `${message.down ? "+" : "-"}${message.code}:${message.key}/${message.modifiers ?? 0}`;
  if (message.t === "TextInput") return JSON.stringify(message.text);
  return message.t;
}

describe("text and keys", () => {
  it("types a scripted printable key as its character", () => {
    const { keyboard, brief } = setUp();
    expect(keyboard.down(key({ code: "Semicolon", key: "ñ" }), false)).toBe("taken");
    expect(keyboard.up(key({ code: "Semicolon", key: "ñ" }))).toBe("leave");
    expect(brief()).toEqual(['"ñ"']);
  });

  it("leaves a printable key to the text field, so that it is sent once", () => {
    const { keyboard, sent } = setUp();
    expect(keyboard.down(key({ code: "KeyA", key: "a" }), true)).toBe("leave");
    expect(sent).toEqual([]);
  });

  it.each(["Dead", "Process", "Unidentified"])("leaves %s to the composition", (name) => {
    const { keyboard, sent } = setUp();
    expect(keyboard.down(key({ code: "BracketLeft", key: name }), false)).toBe("leave");
    expect(sent).toEqual([]);
  });

  it("leaves every key of a running composition alone", () => {
    const { keyboard, sent } = setUp();
    keyboard.down(key({ code: "Enter", key: "Enter", isComposing: true }), true);
    keyboard.down(key({ code: "KeyA", key: "a", keyCode: 229 }), false);
    expect(sent).toEqual([]);
  });

  it("sends Enter down and up with its code, also when it repeats", () => {
    const { keyboard, brief } = setUp();
    keyboard.down(key({ code: "Enter", key: "Enter" }), true);
    keyboard.down(key({ code: "Enter", key: "Enter", repeat: true }), true);
    keyboard.up(key({ code: "Enter", key: "Enter" }));
    expect(brief()).toEqual(["+Enter:Enter/0", "+Enter:Enter/0", "-Enter:Enter/0"]);
  });

  it("sends a shortcut as keys with modifiers", () => {
    const { keyboard, brief } = setUp();
    keyboard.down(key({ code: "ControlLeft", key: "Control", ctrlKey: true }), true);
    keyboard.down(key({ code: "KeyV", key: "v", ctrlKey: true }), true);
    keyboard.up(key({ code: "KeyV", key: "v", ctrlKey: true }));
    keyboard.up(key({ code: "ControlLeft", key: "Control" }));
    expect(brief()).toEqual(["+ControlLeft:Control/2", "+KeyV:v/2", "-KeyV:v/2", "-ControlLeft:Control/0"]);
  });

  it("takes AltGr with a letter as text, also where Windows reports Ctrl and Alt with it", () => {
    const { keyboard, brief } = setUp();
    keyboard.down(key({ code: "ControlLeft", key: "Control", ctrlKey: true }), false);
    keyboard.down(
      key({ code: "AltRight", key: "AltGraph", ctrlKey: true, altKey: true, altGraph: true }),
      false,
    );
    keyboard.down(key({ code: "Digit2", key: "@", ctrlKey: true, altKey: true, altGraph: true }), false);
    keyboard.up(key({ code: "ControlLeft", key: "Control" }));
    expect(brief()).toEqual(["+ControlLeft:Control/2", "-ControlLeft:Control/0", '"@"']);
  });

  it("lets Shift go for text and puts it back for the next key", () => {
    const { keyboard, brief } = setUp();
    keyboard.down(key({ code: "ShiftLeft", key: "Shift", shiftKey: true }), false);
    keyboard.down(key({ code: "KeyA", key: "A", shiftKey: true }), false);
    keyboard.down(key({ code: "ArrowRight", key: "ArrowRight", shiftKey: true }), false);
    keyboard.up(key({ code: "ShiftLeft", key: "Shift" }));
    expect(brief()).toEqual([
      "+ShiftLeft:Shift/1",
      "-ShiftLeft:Shift/0",
      '"A"',
      "+ShiftLeft:Shift/1",
      "+ArrowRight:ArrowRight/1",
      "-ShiftLeft:Shift/0",
    ]);
  });

  it.each(["CapsLock", "NumLock", "AltGraph", "AudioVolumeUp", "MediaPlayPause"])(
    "keeps %s on this machine",
    (name) => {
      const { keyboard, sent } = setUp();
      expect(keyboard.down(key({ code: name, key: name }), false)).toBe("leave");
      expect(sent).toEqual([]);
    },
  );

  it("turns line breaks and tabs of pasted text into keys", () => {
    const { keyboard, brief } = setUp();
    keyboard.type("a\r\nb\tc\u0000\ud800");
    expect(brief()).toEqual([
      '"a"',
      "+Enter:Enter/0",
      "-Enter:Enter/0",
      '"b"',
      "+Tab:Tab/0",
      "-Tab:Tab/0",
      '"c"',
    ]);
  });
});

describe("on a Mac", () => {
  it("takes Option with a letter as text and never presses Alt for it", () => {
    const { keyboard, brief } = setUp({ isMac: true });
    keyboard.down(key({ code: "AltLeft", key: "Alt", altKey: true }), false);
    keyboard.down(key({ code: "Digit2", key: "@", altKey: true }), false);
    keyboard.up(key({ code: "AltLeft", key: "Alt" }));
    expect(brief()).toEqual(['"@"']);
  });

  it("presses Option for a key that wants it", () => {
    const { keyboard, brief } = setUp({ isMac: true });
    keyboard.down(key({ code: "AltLeft", key: "Alt", altKey: true }), false);
    keyboard.down(key({ code: "F4", key: "F4", altKey: true }), false);
    expect(brief()).toEqual(["+AltLeft:Alt/4", "+F4:F4/4"]);
  });

  it("lets a key held with Command come up at once, for its release is never told", () => {
    const { keyboard, brief } = setUp({ isMac: true });
    keyboard.down(key({ code: "KeyC", key: "c", metaKey: true }), false);
    expect(brief()).toEqual(["+KeyC:c/8", "-KeyC:c/8"]);
  });
});

describe("rights and release", () => {
  it("sends nothing without the right, and leaves the key to the browser", () => {
    const { keyboard, sent } = setUp({ mayType: false, mayPress: false });
    expect(keyboard.down(key({ code: "KeyA", key: "a" }), false)).toBe("leave");
    expect(keyboard.down(key({ code: "F5", key: "F5" }), false)).toBe("leave");
    expect(keyboard.type("text")).toBe("leave");
    expect(sent).toEqual([]);
  });

  it("releases everything in one message, and sends no release twice", () => {
    const { keyboard, brief } = setUp();
    keyboard.down(key({ code: "ShiftLeft", key: "Shift", shiftKey: true }), true);
    keyboard.release();
    keyboard.up(key({ code: "ShiftLeft", key: "Shift" }));
    expect(brief()).toEqual(["+ShiftLeft:Shift/1", "ReleaseAll"]);
  });

  it("lets a key come up under the name it went down with", () => {
    const { keyboard, brief } = setUp();
    keyboard.down(key({ code: "KeyA", key: "a", ctrlKey: true }), true);
    keyboard.up(key({ code: "KeyA", key: "A", shiftKey: true }));
    expect(brief()).toEqual(["+KeyA:a/2", "-KeyA:a/1"]);
  });
});
