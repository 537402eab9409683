/**
 * Buffers for pixels that go to the main thread and come back: a fresh one of a whole screen costs more to make than to
 * fill, as the system clears each of its pages.
 */

// Smaller ones cost nothing to make; a larger one comes back for rectangles of about its own size.
const WORTH_KEEPING_BYTES = 256 * 2 ** 10;
const GRAIN_BYTES = 2 ** 20;
const KEPT = 3;
const KEPT_BYTES = 64 * 2 ** 20;

export class Buffers {
  private kept: ArrayBuffer[] = [];

  /** Room for so many bytes, whatever stands in it; its length may be more. */
  take(bytes: number): Uint8ClampedArray<ArrayBuffer> {
    if (bytes < WORTH_KEEPING_BYTES) return new Uint8ClampedArray(bytes);
    const at = this.kept.findIndex(({ byteLength }) => byteLength >= bytes);
    const [found] = at < 0 ? [] : this.kept.splice(at, 1);
    return new Uint8ClampedArray(found ?? new ArrayBuffer(Math.ceil(bytes / GRAIN_BYTES) * GRAIN_BYTES));
  }

  /** Take back what has been drawn; the newest are kept, as a screen that has grown needs no small ones. */
  giveBack(buffer: ArrayBuffer): void {
    if (buffer.byteLength < WORTH_KEEPING_BYTES) return;
    this.kept = [buffer, ...this.kept].slice(0, KEPT);
    while (this.kept.reduce((sum, { byteLength }) => sum + byteLength, 0) > KEPT_BYTES) this.kept.pop();
  }
}
