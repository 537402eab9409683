/**
 * Looks at the captured screen and decides what goes out: small changes as exact pixels, motion as video, and what
 * has come to rest again exactly, so that text is sharp (SPEC F10).
 *
 * Exact pixels go onto the viewers' canvas only; the video's own references are the encoder's and the decoders'
 * business, and the next chunk covers the whole screen again.
 */
import type { Bytes } from "../../../crypto/bytes";
import { MAX_FRAME_BYTES } from "../../../crypto/media_sender";
import { encodeFrame, type Size } from "../../../protocol/frame";
import { QUIET_EXACT_MS, type Quality, UpdateKind } from "../../../protocol/generated";
import { Sheet } from "./canvas";
import { type Chunk, Film } from "./film";
import { Pace } from "./pace";
import { exactUpdate } from "./strips";
import { Tiles, type Pixels } from "./tiles";

const PICTURE_GAP_MS = 33;
const RATE_EVERY_MS = 2000;
/** A change of more than this share of the screen is motion. */
const MOTION_SHARE = 0.12;
/** Exact pixels that come out larger than this are a photograph that moves. */
const HEAVY_BYTES = 96 * 2 ** 10;
// RGB rows of text shrink to a fiftieth and less; what does not is sent in more messages.
const PIXELS_AT_ONCE = 256 * 2 ** 10;
const BITS_PER_PIXEL: Readonly<Record<Quality, number>> = { fast: 0.7, auto: 2, sharp: 3.5 };
const LEAST_BITRATE = 300_000;

/** A frame container, ready to be sealed. */
export interface Made {
  readonly keyframe: boolean;
  readonly data: Bytes;
}

/** What the eye tells the session. */
export interface EyeEvents {
  readonly made: (made: Made) => void;
  readonly resized: (size: Size) => void;
  /** Nothing can be encoded here: said once. */
  readonly failed: (error: unknown) => void;
  /** Bytes that wait in our own socket. */
  readonly waitingBytes: () => number;
  readonly now: () => number;
}

/** What the session tells the eye. */
export interface Seeing {
  /** A frame of the capture: the newest counts, and is kept until the next one, as a still screen sends none. */
  look(frame: VideoFrame): void;
  /** Whether anybody is there to see it. */
  watch(watched: boolean): void;
  /** The next message has to stand for itself. */
  keyframe(): void;
  choose(quality: Quality): void;
  /** What was made last went out under this number. */
  went(frameId: number, bytes: number): void;
  /** A viewer has drawn this frame. */
  acked(frameId: number): void;
  /** The capture is over; another may begin with `look`. */
  forget(): void;
  /** Do what is due: to be called some ten times a second. */
  act(): void;
  close(): void;
}

export class Eye implements Seeing {
  private readonly pace = new Pace();
  private sheet: Sheet | null = null;
  private tiles: Tiles | null = null;
  private film: Film | null = null;
  private pixels: Pixels | null = null;
  private latest: VideoFrame | null = null;
  private isNew = false;
  private watched = false;
  private wantsKey = true;
  private busy = false;
  private closed = false;
  private lookedAt = 0;
  private movedAt = -Infinity;
  private quality: Quality = "auto";
  private bitrate = 0;
  private ratedAt = 0;

  constructor(private readonly events: EyeEvents) {}

  look(frame: VideoFrame): void {
    if (this.closed) {
      frame.close();
      return;
    }
    this.latest?.close();
    this.latest = frame;
    this.isNew = true;
    this.act();
  }

  watch(watched: boolean): void {
    this.watched = watched;
    this.act();
  }

  keyframe(): void {
    this.wantsKey = true;
    this.act();
  }

  choose(quality: Quality): void {
    this.quality = quality;
    this.bitrate = 0;
  }

  went(frameId: number, bytes: number): void {
    this.pace.went(frameId, bytes, this.events.now());
  }

  acked(frameId: number): void {
    this.pace.acked(frameId, this.events.now());
    this.act();
  }

  forget(): void {
    this.latest?.close();
    this.latest = null;
    this.isNew = false;
    this.wantsKey = true;
  }

  close(): void {
    this.closed = true;
    this.forget();
    this.film?.close();
  }

  /** Nothing is done while something is being done, or with nobody there. */
  act(): void {
    if (this.busy || this.closed || !this.watched || this.latest === null) return;
    this.busy = true;
    void this.step()
      .catch((error: unknown) => {
        this.close();
        this.events.failed(error);
      })
      .finally(() => {
        this.busy = false;
      });
  }

  private async step(): Promise<void> {
    const now = this.events.now();
    if (!this.hasWork(now) || !this.pace.open(this.events.waitingBytes(), now)) return;
    const changed = this.read(now);
    const { tiles, sheet } = this;
    if (tiles === null || sheet === null) return;
    this.adapt(sheet.size, now);
    if (changed > MOTION_SHARE) this.movedAt = now;
    const moves = now - this.movedAt < QUIET_EXACT_MS;
    if (this.wantsKey || (moves && changed > 0)) await this.shoot(sheet, tiles, now);
    else if (!moves && !tiles.isExact) await this.sharpen(sheet, tiles, now);
    // What came meanwhile is looked at when its time has come.
    setTimeout(() => this.act(), Math.max(1, PICTURE_GAP_MS - (this.events.now() - now)));
  }

  private hasWork(now: number): boolean {
    if (now - this.lookedAt < PICTURE_GAP_MS - 2) return false;
    if (this.isNew || this.wantsKey) return true;
    return this.tiles?.isExact === false && now - this.movedAt >= QUIET_EXACT_MS;
  }

  /** Read the newest frame, if there is one; the answer is the share of the screen that has changed. */
  private read(now: number): number {
    this.lookedAt = now;
    const frame = this.latest;
    if (!this.isNew || frame === null) return 0;
    this.isNew = false;
    if (this.sheet?.fits(frame) !== true) this.begin(frame);
    this.pixels = this.sheet?.draw(frame) ?? null;
    return this.pixels === null ? 0 : (this.tiles?.look(this.pixels) ?? 0);
  }

  /** A source of another size: everything begins anew. */
  private begin({ displayWidth: width, displayHeight: height }: VideoFrame): void {
    this.sheet = new Sheet({ width, height });
    this.tiles = new Tiles(this.sheet.size);
    this.film?.close();
    this.film = null;
    this.wantsKey = true;
    this.events.resized(this.sheet.size);
  }

  /** One picture of the video. */
  private async shoot(sheet: Sheet, tiles: Tiles, now: number): Promise<void> {
    if (this.film === null || this.film.isBroken) {
      this.film?.close();
      this.film = await Film.start(sheet.size, this.bitrate, (chunk) => this.chunk(chunk, sheet.size));
      this.wantsKey = true;
    }
    const key = this.wantsKey;
    this.wantsKey = false;
    tiles.spoil();
    if (key) this.movedAt = Math.max(this.movedAt, now - QUIET_EXACT_MS / 2);
    await this.film.encode(sheet.picture(Math.round(1000 * now)), key);
  }

  private chunk({ codec, key, data }: Chunk, size: Size): void {
    if (this.closed || this.sheet?.size !== size) return;
    const update = { x: 0, y: 0, ...size, kind: UpdateKind.VIDEO, codec, stream: 0, payload: data };
    const whole = encodeFrame({ ...size, timeMs: this.events.now(), updates: [update] });
    if (whole.length > MAX_FRAME_BYTES) this.wantsKey = true;
    else this.events.made({ keyframe: key, data: whole });
  }

  /** Exact pixels for what the viewers do not have exactly, a piece at a time. */
  private async sharpen(sheet: Sheet, tiles: Tiles, now: number): Promise<void> {
    await this.film?.drain();
    const { pixels } = this;
    if (pixels === null || this.wantsKey) return;
    const { size } = sheet;
    const updates = [];
    let bytes = 0;
    let area = 0;
    while (!tiles.isExact && bytes < this.pace.pieceBytes && area < PIXELS_AT_ONCE) {
      for (const box of tiles.take(PIXELS_AT_ONCE / 4)) {
        const update = await exactUpdate(pixels, size, box);
        updates.push(update);
        bytes += update.payload.length;
        area += box.width * box.height;
      }
    }
    if (updates.length === 0) return;
    const changing = this.isNew;
    this.events.made({ keyframe: false, data: encodeFrame({ ...size, timeMs: now, updates }) });
    // Heavy pixels while the screen goes on changing: the encoder does that better.
    if (changing && bytes > HEAVY_BYTES) this.movedAt = now;
  }

  /** The video's rate follows what gets through. */
  private adapt({ width, height }: Size, now: number): void {
    const most = Math.max(LEAST_BITRATE, width * height * BITS_PER_PIXEL[this.quality]);
    if (this.bitrate === 0) this.bitrate = Math.round(most);
    if (now - this.ratedAt < RATE_EVERY_MS) return;
    this.ratedAt = now;
    const pressure = this.pace.takePressure();
    const factor = pressure > 0.5 ? 0.6 : pressure < 0.1 ? 1.3 : 1;
    this.bitrate = Math.round(Math.min(most, Math.max(LEAST_BITRATE, this.bitrate * factor)));
    this.film?.rate(this.bitrate);
  }
}
