/**
 * Keyboard events in, messages out. Text goes as characters, so that the two sides' layouts need not agree;
 * keys go down and up, and whatever went down comes up again.
 */
import type { Outgoing } from "../../core/api";
import { kindOf, type KeyLike, MODIFIER_BITS, modifiersOf } from "./keys";
import { textMessages } from "./text";

/** What the page has to do with the event. */
export type Verdict = "taken" | "leave";

/** Where messages go, and what may go there now. */
export interface KeyboardOptions {
  readonly send: (message: Outgoing) => void;
  readonly mayType: () => boolean;
  readonly mayPress: () => boolean;
  /** Apple keyboards: Option composes text, and keys held with Command never report their release. */
  readonly isMac: boolean;
}

interface Held {
  readonly code: string;
  readonly key: string;
}

/** One keyboard's state: what is down on the other side, and what is only about to be. */
export class Keyboard {
  readonly #options: KeyboardOptions;
  readonly #held = new Map<string, Held>();
  /** Modifiers let go on the other side so that text is typed plainly, while the person still holds them. */
  readonly #lifted = new Map<string, Held>();

  constructor(options: KeyboardOptions) {
    this.#options = options;
  }

  /** A key went down. `textFollows` tells that a text field will report the characters by itself. */
  down(event: KeyLike, textFollows: boolean): Verdict {
    const kind = kindOf(event, this.#options.isMac);
    if (kind === "key") return this.#press(event);
    if (kind !== "text" || textFollows) return "leave";
    return this.type(event.key);
  }

  /** A key came up. */
  up(event: KeyLike): Verdict {
    const id = event.code || event.key;
    this.#lifted.delete(id);
    const held = this.#held.get(id);
    if (held === undefined) return "leave";
    this.#held.delete(id);
    this.#send(held, false, modifiersOf(event));
    return "taken";
  }

  /** Composed text, from a key, an input method or a paste. */
  type(text: string): Verdict {
    if (!this.#options.mayType()) return "leave";
    const messages = textMessages(text);
    if (messages.length > 0) this.#liftModifiers();
    for (const message of messages) this.#options.send(message);
    return "taken";
  }

  /** Put back what was lifted for text: a click or a key is coming that wants it. */
  restoreModifiers(): void {
    for (const [id, held] of this.#lifted) {
      this.#held.set(id, held);
      this.#send(held, true, this.#heldModifiers());
    }
    this.#lifted.clear();
  }

  /** Focus or the right is gone: everything comes up. */
  release(): void {
    this.#held.clear();
    this.#lifted.clear();
    this.#options.send({ t: "ReleaseAll" });
  }

  #press(event: KeyLike): Verdict {
    if (!this.#options.mayPress()) return "leave";
    const id = event.code || event.key;
    const held = { code: id, key: event.key };
    const isModifier = event.key in MODIFIER_BITS;
    if (isModifier && event.repeat) return "taken";
    if (isModifier && this.#isQuiet(event)) {
      this.#lifted.set(id, held);
      return "taken";
    }
    this.restoreModifiers();
    this.#held.set(id, held);
    this.#send(held, true, modifiersOf(event));
    if (this.#options.isMac && event.metaKey && !isModifier) this.up(event);
    return "taken";
  }

  /** A Mac's Option waits until something wants it: pressed for an @, it would open menus on the other side. */
  #isQuiet(event: KeyLike): boolean {
    return this.#options.isMac && event.key === "Alt";
  }

  #liftModifiers(): void {
    for (const [id, held] of this.#held) {
      if (!(held.key in MODIFIER_BITS)) continue;
      this.#held.delete(id);
      this.#lifted.set(id, held);
      this.#send(held, false, this.#heldModifiers());
    }
  }

  /** The modifiers down on the other side; the agent re-synchronises by what each message says. */
  #heldModifiers(): number {
    return Array.from(this.#held.values()).reduce((bits, held) => bits | (MODIFIER_BITS[held.key] ?? 0), 0);
  }

  #send(held: Held, down: boolean, modifiers: number): void {
    this.#options.send({ t: "KeyPress", ...held, down, modifiers });
  }
}
