/**
 * The remote screen as something to type and point on.
 *
 * The canvas takes the pointer. A text field lying under it takes the keyboard, because only a text field gets
 * input methods, dead keys, phone keyboards and pasted text; focus that lands on the canvas is passed on to it.
 */
import type { Outgoing, SessionClient } from "../../core/api";
import { WHOLE_SCREEN } from "../session/monitors";
import { may } from "../session/rights";
import { waitsForToken } from "../session/token";
import { type Box, type Place, placeAt } from "./geometry";
import { Keyboard, type Verdict } from "./keyboard";
import { Pointer, type PointLike } from "./pointer";
import { tap } from "./text";
import { Touch } from "./touch";

/** The two elements, the session, and the way out of the keyboard. */
export interface SurfaceOptions {
  readonly canvas: HTMLCanvasElement;
  readonly field: HTMLTextAreaElement;
  readonly client: SessionClient;
  readonly isMac: boolean;
  /** Ctrl+Alt+Home: the person wants the keyboard back, for the toolbar. */
  readonly onEscape: () => void;
  /** What of the screen is looked at, and where on the page; without it the whole canvas. */
  readonly region?: () => {
    readonly box: Box;
    readonly monitor: number;
    readonly width: number;
    readonly height: number;
  };
  /** Somebody clicked or typed while another person drives. */
  readonly onTokenElsewhere?: () => void;
}

type Events = HTMLElementEventMap &
  Pick<WindowEventMap, "pagehide"> &
  Pick<DocumentEventMap, "visibilitychange">;

/** Attach all listeners; the answer detaches them and lets everything held come up. */
export function attachSurface(options: SurfaceOptions): () => void {
  const surface = new Surface(options);
  return () => surface.detach();
}

class Surface {
  readonly #options: SurfaceOptions;
  readonly #keyboard: Keyboard;
  readonly #pointer: Pointer;
  readonly #touch: Touch;
  readonly #listening = new AbortController();
  #wasActive = false;

  constructor(options: SurfaceOptions) {
    this.#options = options;
    const { client } = options;
    const send = (message: Outgoing): void => client.send(message);
    const allowed = (capability: Parameters<typeof may>[0]) => () => may(capability, client.getSnapshot());
    this.#keyboard = new Keyboard({
      send,
      mayType: allowed("input.text"),
      mayPress: allowed("input.keys"),
      isMac: options.isMac,
    });
    this.#pointer = new Pointer({
      send,
      mayPoint: allowed("input.pointer"),
      place: (point) => this.#place(point),
      onNextFrame: (callback) => {
        const id = requestAnimationFrame(callback);
        return () => cancelAnimationFrame(id);
      },
    });
    this.#touch = new Touch(this.#pointer);
    this.#listenToKeys();
    this.#listenToText();
    this.#listenToPointer();
    this.#listenToLoss();
  }

  #place(point: PointLike): Place | null {
    const { canvas, region } = this.#options;
    if (region !== undefined) {
      const seen = region();
      return placeAt(point, seen.box, seen);
    }
    const { width, height } = canvas;
    return placeAt(point, canvas.getBoundingClientRect(), { monitor: WHOLE_SCREEN, width, height });
  }

  /** A click or a key that goes nowhere because another person drives deserves a word. */
  #noticeToken(): void {
    if (waitsForToken(this.#options.client.getSnapshot())) this.#options.onTokenElsewhere?.();
  }

  detach(): void {
    this.#listening.abort();
    this.#release();
  }

  #on<T extends keyof Events>(
    target: EventTarget,
    types: readonly T[],
    handle: (event: Events[T]) => void,
  ): void {
    const listener = (event: Event): void => handle(event as Events[T]);
    for (const type of types) {
      target.addEventListener(type, listener, { signal: this.#listening.signal, passive: false });
    }
  }

  #listenToKeys(): void {
    const { canvas, field, onEscape } = this.#options;
    for (const target of [canvas, field]) {
      this.#on(target, ["keydown"], (event) => {
        if (event.ctrlKey && event.altKey && event.key === "Home") {
          this.#release();
          onEscape();
          return;
        }
        this.#noticeToken();
        // Only a real key in the text field leaves characters there; scripted events carry them alone.
        const textFollows = target === field && event.isTrusted;
        settle(event, this.#keyboard.down(event, textFollows));
      });
      this.#on(target, ["keyup"], (event) => settle(event, this.#keyboard.up(event)));
    }
  }

  #listenToText(): void {
    const { field } = this.#options;
    const flush = (): void => {
      const text = field.value;
      field.value = "";
      if (text !== "") this.#keyboard.type(text);
    };
    this.#on(field, ["input"], (event) => {
      if (!event.isComposing) flush();
    });
    this.#on(field, ["compositionend"], flush);
    this.#on(field, ["beforeinput"], (event) => {
      // Phone keyboards delete and break lines without a key event; one that was taken never gets here.
      const key = KEY_OF_EDIT[event.inputType];
      if (key === undefined || event.isComposing) return;
      event.preventDefault();
      if (may("input.keys", this.#options.client.getSnapshot()))
        tap(key).forEach((m) => this.#options.client.send(m));
    });
  }

  #listenToPointer(): void {
    const { canvas, field } = this.#options;
    this.#on(canvas, ["pointerdown", "pointermove", "pointerup"], (event) => this.#point(event));
    this.#on(canvas, ["pointercancel"], () => {
      this.#touch.forget();
      this.#pointer.cancel();
    });
    this.#on(canvas, ["wheel"], (event) => {
      if (!may("input.pointer", this.#options.client.getSnapshot())) return;
      event.preventDefault();
      this.#keyboard.restoreModifiers();
      this.#pointer.wheel(event);
    });
    this.#on(canvas, ["contextmenu", "dragstart", "selectstart"], (event) => event.preventDefault());
    this.#on(canvas, ["focus"], () => field.focus({ preventScroll: true }));
    this.#on(canvas, ["mousedown", "mousemove", "mouseup"], (event) => {
      // A real mouse was already heard as a pointer. Its default would take the focus out of the text field.
      if (event.isTrusted) event.preventDefault();
      else this.#point(event);
    });
  }

  #point(event: MouseEvent): void {
    const pointer = "isPrimary" in event ? (event as PointerEvent) : null;
    if (pointer?.isPrimary === false && event.isTrusted) return;
    const kind = event.type.replace(/^(pointer|mouse)/, "");
    if (kind === "down") {
      this.#noticeToken();
      this.#grab(event, pointer);
    }
    if (pointer?.pointerType === "touch") {
      this.#touch[kind as "down" | "move" | "up"](event);
      return;
    }
    if (kind === "move") this.#pointer.move(event);
    else this.#pointer.button(event, event.button, kind === "down");
    // Second buttons come as moves and lost releases not at all; scripted events need not fill `buttons` in.
    if (event.isTrusted) this.#pointer.buttons(event, event.buttons);
  }

  #grab(event: PointLike & MouseEvent, pointer: PointerEvent | null): void {
    const { canvas, field } = this.#options;
    // A finger would open the phone's keyboard with every tap; the toolbar has a button for that.
    if (pointer?.pointerType !== "touch") {
      const box = canvas.getBoundingClientRect();
      field.style.left = `${event.clientX - box.left}px`;
      field.style.top = `${event.clientY - box.top}px`;
      field.focus({ preventScroll: true });
    }
    if (pointer !== null && event.isTrusted) canvas.setPointerCapture(pointer.pointerId);
    this.#keyboard.restoreModifiers();
  }

  #listenToLoss(): void {
    const { client, field } = this.#options;
    this.#on(field, ["blur"], () => this.#release());
    this.#on(window, ["blur", "pagehide"], () => this.#release());
    this.#on(document, ["visibilitychange"], () => {
      if (document.visibilityState === "hidden") this.#release();
    });
    const stop = client.subscribe(() => this.#noticeRights());
    this.#listening.signal.addEventListener("abort", stop);
    this.#noticeRights();
  }

  #noticeRights(): void {
    const view = this.#options.client.getSnapshot();
    const active = may("input.pointer", view) || may("input.keys", view) || may("input.text", view);
    if (this.#wasActive && !active) this.#release();
    this.#wasActive = active;
  }

  #release(): void {
    this.#touch.forget();
    this.#pointer.forget();
    this.#keyboard.release();
    this.#options.field.value = "";
  }
}

const KEY_OF_EDIT: Readonly<Record<string, string>> = {
  deleteContentBackward: "Backspace",
  deleteContentForward: "Delete",
  insertLineBreak: "Enter",
  insertParagraph: "Enter",
};

function settle(event: Event, verdict: Verdict): void {
  if (verdict === "taken") event.preventDefault();
}
