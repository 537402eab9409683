/** The remote cursor as a value; the image of a shape lives as a blob URL until the next one. */
import type { CursorView } from "./api";
import type { Drawing } from "./display/ops";
import { Watched } from "./observable";
import { NO_CURSOR } from "./session/view";

export class Cursor extends Watched<CursorView> {
  constructor() {
    super(NO_CURSOR);
  }

  /** Take what a frame says of the cursor. */
  take({ cursor, cursorAt }: Drawing): void {
    if (cursor === null && cursorAt === null) return;
    const before = this.getSnapshot();
    const shown = cursorAt === null ? before : { ...before, ...cursorAt };
    if (cursor === null) {
      this.set(shown);
      return;
    }
    const url = cursor.image === null ? null : URL.createObjectURL(cursor.image);
    this.set({ ...shown, url, hotX: cursor.hotX, hotY: cursor.hotY, visible: url !== null });
    revoke(before);
  }

  /** No session, no cursor. */
  clear(): void {
    const before = this.getSnapshot();
    this.set(NO_CURSOR);
    revoke(before);
  }
}

function revoke({ url }: CursorView): void {
  if (url !== null) URL.revokeObjectURL(url);
}
