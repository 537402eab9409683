/** What the host's messages change in the view. */
import type { SessionView } from "../api";
import { MalformedError } from "../../protocol/errors";
import type { Epoch, HostToViewer, Member } from "../../protocol/generated";

type Showing = Extract<
  HostToViewer,
  { t: "ConsentPending" | "ModeState" | "InputRefused" | "ScreenLayout" | "CaptureState" }
>;

export class HostVoice {
  private epoch = 0;

  /** What a message changes. */
  patch(message: Showing, shown: SessionView, now: number): Partial<SessionView> {
    switch (message.t) {
      case "ConsentPending":
        return { pendingMode: message.mode, consentDeadline: now + message.deadline_s * 1000 };
      case "ModeState":
        return { mode: message.mode, rights: message.rights };
      case "ScreenLayout": {
        const { width, height, monitors } = message;
        return { screen: { width, height, monitors } };
      }
      case "CaptureState":
        return { capture: message.condition };
      case "InputRefused": {
        const { code, capability } = message;
        // Two refusals in one millisecond are still two.
        const at = Math.max(now, (shown.refusal?.at ?? 0) + 1);
        return { refusal: { code, capability, removedBy: message.removed_by ?? null, at } };
      }
    }
  }

  /**
   * The members of a new epoch, exactly as the key is bound to them.
   *
   * @throws MalformedError an epoch number that does not rise, or a list without this viewer
   */
  membersOf(message: Epoch, slot: number, link: number): readonly Member[] {
    if (message.epoch <= this.epoch) {
      throw new MalformedError(`epoch ${message.epoch} after epoch ${this.epoch}`);
    }
    if (!message.members.some((member) => member.slot === slot && member.link === link)) {
      throw new MalformedError("the list of members lacks this viewer");
    }
    this.epoch = message.epoch;
    return message.members;
  }
}
