/** The customer's pointer as this browser's own. */
import type { CursorView } from "../../core/api";

/** Give an element the remote pointer's shape; the browser's arrow where there is none. */
export function wearCursor(element: HTMLElement, cursor: CursorView | null): void {
  const shaped = cursor?.visible === true && cursor.url !== null;
  element.style.cursor = shaped ? `url("${cursor.url}") ${cursor.hotX} ${cursor.hotY}, default` : "default";
}
