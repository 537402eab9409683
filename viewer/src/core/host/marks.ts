/** Laser and drawing: passed on to every other viewer and shown to the person at this screen (SPEC A1-A5). */
import type { LaserView, MarksView, StrokeView } from "../api";
import { MalformedError } from "../../protocol/errors";
import { type Laser, LASER_LIFE_MS, MAX_MARK_POINTS, type Stroke } from "../../protocol/generated";
import { MAX_LINES_OF_ONE } from "../marks";
import type { Desk } from "./desk";
import { Allowance, type Seat } from "./seat";

const PIECES_PER_S = 60;
// Of everybody together: the relay bounds what it takes from a host (SPEC C17).
const ALL_PIECES_PER_S = 240;
// What a newcomer is told of what is drawn already, of one person.
const CATCH_UP_NUMBERS = 3000;
const PIECE_NUMBERS = 512;

interface Drawn {
  readonly stroke: number;
  readonly monitor: number;
  readonly points: number[];
}

interface Hand {
  readonly allowance: Allowance;
  laser: LaserView | null;
  laserAt: number;
  strokes: Drawn[];
  /** The line that was cleared while it may still have grown: what comes late of it is not drawn again. */
  over: number | null;
}

export class Marks {
  private readonly hands = new Map<number, Hand>();
  private readonly allowance = new Allowance(ALL_PIECES_PER_S, ALL_PIECES_PER_S);
  private shown: MarksView = { lasers: {}, strokes: [] };
  private stale = false;

  constructor(private readonly desk: Desk) {}

  /** Everybody's marks as they stand. */
  get view(): MarksView {
    if (this.stale) this.shown = this.draw();
    this.stale = false;
    return this.shown;
  }

  laser(seat: Seat, { monitor, x, y }: Laser): void {
    const hand = this.handOf(seat.slot);
    hand.laserAt = this.desk.now;
    if (!this.spend(hand)) return;
    hand.laser = { monitor, x, y };
    this.stale = true;
    this.desk.tellAll({ t: "MemberLaser", slot: seat.slot, monitor, x, y }, seat);
  }

  laserOff(slot: number): void {
    const hand = this.hands.get(slot);
    if (hand === undefined || hand.laser === null) return;
    hand.laser = null;
    this.stale = true;
    this.desk.tellAll({ t: "MemberLaserOff", slot }, this.desk.seats.get(slot) ?? null);
  }

  /** @throws MalformedError an odd number of coordinates */
  stroke(seat: Seat, { stroke, monitor, points }: Stroke): void {
    if (points.length === 0 || points.length % 2 !== 0) {
      throw new MalformedError("a stroke with an odd number of coordinates");
    }
    const hand = this.handOf(seat.slot);
    if (stroke === hand.over || !this.spend(hand)) return;
    const last = hand.strokes.at(-1);
    if (last?.stroke === stroke && last.monitor === monitor) last.points.push(...points);
    else hand.strokes.push({ stroke, monitor, points: [...points] });
    forgetOldest(hand);
    this.stale = true;
    this.desk.tellAll({ t: "MemberStroke", slot: seat.slot, stroke, monitor, points }, seat);
  }

  /** Take one person's drawing away, or everybody's (`null`). */
  clear(slot: number | null): void {
    for (const [owner, hand] of this.hands) {
      if (slot !== null && slot !== owner) continue;
      hand.over = hand.strokes.at(-1)?.stroke ?? hand.over;
      hand.strokes = [];
    }
    this.stale = true;
    this.desk.tellAll(slot === null ? { t: "MarksCleared" } : { t: "MarksCleared", slot });
  }

  /** Their marks go with the person, or with the leave to make any. */
  gone(slot: number): void {
    const hand = this.hands.get(slot);
    if (hand === undefined) return;
    this.laserOff(slot);
    if (hand.strokes.length > 0) this.clear(slot);
    this.hands.delete(slot);
  }

  /** What is drawn already, for somebody who has come or is back; the newest of each person (SPEC A2). */
  welcome(seat: Seat, first: boolean): void {
    if (!first) this.desk.tell(seat, { t: "MarksCleared" });
    for (const [slot, { strokes }] of this.hands) {
      for (const { stroke, monitor, points } of newest(strokes)) {
        for (let at = 0; at < points.length; at += PIECE_NUMBERS) {
          const piece = points.slice(at, at + PIECE_NUMBERS);
          this.desk.tell(seat, { t: "MemberStroke", slot, stroke, monitor, points: piece });
        }
      }
    }
  }

  /** Lasers that were not moved for two seconds go out. */
  tick(): void {
    for (const [slot, hand] of this.hands) {
      if (hand.laser !== null && this.desk.now - hand.laserAt >= LASER_LIFE_MS) this.laserOff(slot);
    }
  }

  private spend(hand: Hand): boolean {
    const { now } = this.desk;
    return hand.allowance.spend(now) && this.allowance.spend(now);
  }

  private handOf(slot: number): Hand {
    const known = this.hands.get(slot);
    if (known !== undefined) return known;
    const hand = {
      allowance: new Allowance(PIECES_PER_S, PIECES_PER_S),
      laser: null,
      laserAt: 0,
      strokes: [],
      over: null,
    };
    this.hands.set(slot, hand);
    return hand;
  }

  private draw(): MarksView {
    const lasers: Partial<Record<number, LaserView>> = {};
    const strokes: StrokeView[] = [];
    for (const [slot, hand] of this.hands) {
      if (hand.laser !== null) lasers[slot] = hand.laser;
      for (const { stroke, monitor, points } of hand.strokes) {
        strokes.push({ slot, stroke, monitor, points: [...points] });
      }
    }
    return { lasers, strokes };
  }
}

function newest(strokes: readonly Drawn[]): readonly Drawn[] {
  let left = CATCH_UP_NUMBERS;
  const first = strokes.findLastIndex(({ points }) => (left -= points.length) < 0);
  return strokes.slice(first + 1);
}

/** A person has so many points on the screen; the oldest go first (SPEC A4). */
function forgetOldest(hand: Hand): void {
  if (hand.strokes.length > MAX_LINES_OF_ONE) hand.strokes.splice(0, hand.strokes.length - MAX_LINES_OF_ONE);
  let points = hand.strokes.reduce((sum, drawn) => sum + drawn.points.length / 2, 0);
  while (points > MAX_MARK_POINTS) {
    const oldest = hand.strokes[0];
    if (oldest === undefined) return;
    const excess = Math.min(points - MAX_MARK_POINTS, oldest.points.length / 2);
    oldest.points.splice(0, 2 * excess);
    points -= excess;
    if (oldest.points.length === 0) hand.strokes.shift();
  }
}
