/** What whispers change in the view: one's own once they are sealed, others' once they are opened (SPEC T3-T5). */
import type { SessionView } from "../api";
import type { Whisper } from "../../protocol/generated";
import { refused, said, type Scene } from "./host_voice";
import { fits, sayable } from "./outgoing";
import type { HeardWhisper } from "./team";

export class Whispers {
  private count = 0;

  /** The message for a text, or `null` where there is nothing in it to be said. */
  toBeSaid(text: string, now: number): Whisper | null {
    const whisper = { t: "Whisper", text: sayable(text), at_ms: now } as const;
    return fits(whisper) ? whisper : null;
  }

  /** One's own was sealed for so many members. */
  own(whisper: Whisper, listeners: number, scene: Scene): Partial<SessionView> {
    const { self } = scene.shown;
    if (self === null) return {};
    if (listeners > 0) return this.line(whisper, self, scene);
    return refused(scene, { code: "not_permitted", capability: null, removedBy: "role" });
  }

  /** A member's was opened, so it is theirs. */
  heard({ from, whisper }: HeardWhisper, scene: Scene): Partial<SessionView> {
    return this.line(whisper, { slot: from.slot, name: from.display_name }, scene);
  }

  private line(
    { text, at_ms }: Whisper,
    { slot, name }: { readonly slot: number; readonly name: string },
    { shown }: Scene,
  ): Partial<SessionView> {
    this.count += 1;
    return said(shown, { key: `w${this.count}`, slot, name, text, at: at_ms, whisper: true });
  }
}
