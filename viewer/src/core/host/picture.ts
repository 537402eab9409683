/** The picture's way out: epochs, frame numbers, keyframes, acknowledgements (SPEC P3, F9, D2). */
import type { CaptureState, FrameAck, Quality, ScreenLayout } from "../../protocol/generated";
import type { Desk } from "./desk";
import type { Seat } from "./seat";

const KEYFRAME_GAP_MS = 1000;
const MODESTY: readonly Quality[] = ["fast", "auto", "sharp"];

export class Picture {
  private epoch = 0;
  private last = 0;
  private needsKeyframe = true;
  private wantedAt = -Infinity;
  private quality: Quality = "auto";

  constructor(private readonly desk: Desk) {}

  /** Somebody came or went: a fresh key for those who are live, or an end of the capture. */
  renewEpoch(): void {
    const { desk } = this;
    const members = desk.live.map((seat) => seat.member());
    this.epoch += 1;
    this.needsKeyframe = true;
    desk.act({ do: "epoch", epoch: this.epoch, members });
    desk.act({ do: "watch", watched: members.length > 0 });
    if (members.length > 0) this.askForKeyframe();
    this.chooseQuality();
  }

  /** What a viewer who has just come needs before the keyframe. */
  welcome(seat: Seat): void {
    if (this.desk.layout !== null) this.desk.tell(seat, this.desk.layout);
    this.desk.tell(seat, this.desk.condition);
  }

  layout(layout: ScreenLayout): void {
    this.desk.layout = layout;
    this.desk.tellAll(layout);
  }

  condition(state: CaptureState): void {
    if (state.condition === this.desk.condition.condition) return;
    this.desk.condition = state;
    this.desk.tellAll(state);
  }

  /** The number of the next media message; `null` where nobody could open or draw it. */
  number(keyframe: boolean): number | null {
    if (this.desk.live.length === 0 || this.desk.condition.condition !== "ok") return null;
    if (this.needsKeyframe && !keyframe) return null;
    this.needsKeyframe = false;
    this.last += 1;
    return this.last;
  }

  /** A viewer has drawn a frame; one that was never sent, or was told before, is ignored. */
  ack(seat: Seat, { frame_id }: FrameAck): void {
    if (frame_id <= seat.acked || frame_id > this.last) return;
    seat.acked = frame_id;
    this.desk.act({ do: "acked", frameId: frame_id });
  }

  /** Somebody cannot go on without a keyframe: at most one a second, whoever asks. */
  wantKeyframe(): void {
    if (this.desk.live.length === 0 || this.desk.now - this.wantedAt < KEYFRAME_GAP_MS) return;
    this.askForKeyframe();
  }

  /** The most modest preference of those who are live holds. */
  chooseQuality(): void {
    const wishes = this.desk.live.map(({ quality }) => MODESTY.indexOf(quality));
    const wanted = wishes.length === 0 ? "auto" : (MODESTY[Math.min(...wishes)] ?? "auto");
    if (wanted === this.quality) return;
    this.quality = wanted;
    this.desk.act({ do: "quality", quality: wanted });
  }

  private askForKeyframe(): void {
    this.wantedAt = this.desk.now;
    this.desk.act({ do: "keyframe" });
  }
}
