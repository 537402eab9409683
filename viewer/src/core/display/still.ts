/** The still picture's zstd stream, decoded by WebAssembly to opaque pixels (SPEC F11). */
import { LimitError, MalformedError } from "../../protocol/errors";

/** What `viewer/wasm/screen.c` exports; offsets and sizes are in bytes of `memory`, which never grows. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly _initialize: () => void;
  readonly screen_input: () => number;
  readonly screen_input_bytes: () => number;
  readonly screen_output: () => number;
  readonly screen_output_bytes: () => number;
  readonly screen_reset: () => number;
  readonly screen_feed: (bytes: number) => void;
  readonly screen_pull: (bytes: number, last: number) => number;
}

/** By `enum Outcome` of the module; the first is success. */
const OUTCOMES = [
  "",
  "zstd data that do not decode",
  "a zstd stream that ends",
  "zstd data of fewer pixels than their rectangle has",
  "zstd data of more pixels than their rectangle has",
] as const;

export class StillStream {
  private readonly input: Uint8Array<ArrayBuffer>;
  private readonly output: Uint8ClampedArray<ArrayBuffer>;
  private isWhole = false;

  private constructor(private readonly module: Exports) {
    const { buffer } = module.memory;
    this.input = new Uint8Array(buffer, module.screen_input(), module.screen_input_bytes());
    this.output = new Uint8ClampedArray(buffer, module.screen_output(), module.screen_output_bytes());
  }

  /** Start the compiled module. Throws where this browser cannot run it. */
  static async start(compiled: WebAssembly.Module): Promise<StillStream> {
    const { exports } = await WebAssembly.instantiate(compiled);
    // The module is built from our own source: what it exports stands there.
    const module = exports as unknown as Exports;
    module._initialize();
    return new StillStream(module);
  }

  /** A keyframe begins the stream anew. */
  begin(): void {
    this.isWhole = this.module.screen_reset() !== 0;
  }

  /**
   * The RGBA of one update, as many bytes as `out` has; updates come in the order of the wire.
   *
   * @throws MalformedError data that do not decode to exactly that many; the stream is over until it begins anew
   * @throws LimitError more data than a media message can hold
   */
  decode(payload: Uint8Array, out: Uint8ClampedArray): void {
    if (!this.isWhole) throw new MalformedError("zstd data without their beginning");
    if (payload.length > this.input.length) throw new LimitError(`zstd data of ${payload.length} bytes`);
    this.isWhole = false;
    this.input.set(payload);
    this.module.screen_feed(payload.length);
    for (let at = 0; at < out.length; at += this.output.length) {
      const bytes = Math.min(this.output.length, out.length - at);
      const outcome = this.module.screen_pull(bytes, at + bytes === out.length ? 1 : 0);
      if (outcome !== 0) throw new MalformedError(OUTCOMES[outcome] ?? "zstd data that do not decode");
      out.set(this.output.subarray(0, bytes), at);
    }
    this.isWhole = true;
  }
}

/** The zstd stream of a session, which may still be compiling while the first pictures come without it. */
export class Still {
  private isDue = true;

  /** `starting` is `null` where this browser cannot run it. */
  constructor(private readonly starting: Promise<StillStream | null>) {}

  /** A keyframe has come: whatever is decoded next begins the stream. */
  begin(): void {
    this.isDue = true;
  }

  /** The stream, begun. */
  async ready(): Promise<StillStream | null> {
    const stream = await this.starting;
    if (this.isDue) stream?.begin();
    this.isDue = false;
    return stream;
  }
}
