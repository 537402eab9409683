/** Full screen for the whole page (menus are drawn beside the desktop), with the system's shortcuts where it gives them. */
import type { Observable } from "../../core/api";

interface LockableKeyboard {
  lock(): Promise<void>;
  unlock(): void;
}

/** Chromium alone has it: Alt+Tab, Ctrl+W, Super and the like then reach the page. */
function keyboardLock(): LockableKeyboard | null {
  return (navigator as Navigator & { readonly keyboard?: LockableKeyboard }).keyboard ?? null;
}

async function enter(): Promise<void> {
  try {
    await document.documentElement.requestFullscreen({ navigationUI: "hide" });
    await keyboardLock()?.lock();
  } catch {
    // The browser may refuse either; the page then stays as it is, which is visible enough.
  }
}

async function leave(): Promise<void> {
  keyboardLock()?.unlock();
  if (document.fullscreenElement instanceof Element) await document.exitFullscreen();
}

/** Whether the page fills the screen, as a value that changes. */
export const fullScreen: Observable<boolean> & { toggle(): Promise<void>; leave(): Promise<void> } = {
  subscribe(listener) {
    document.addEventListener("fullscreenchange", listener);
    return () => document.removeEventListener("fullscreenchange", listener);
  },
  getSnapshot: () => document.fullscreenElement instanceof Element,
  toggle: () => (document.fullscreenElement === null ? enter() : leave()),
  leave,
};
