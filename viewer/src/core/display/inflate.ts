/** Inflating zlib data that should have an exact size, and stopping where it has more (SPEC F6). */
import { MalformedError } from "../../protocol/errors";

// A browser inflates a whole piece before it lets us look: 16 KiB can become 16 MiB at most.
const PIECE_BYTES = 16 * 2 ** 10;

async function feed(stream: WritableStream<BufferSource>, packed: Uint8Array<ArrayBuffer>): Promise<void> {
  const writer = stream.getWriter();
  for (let at = 0; at < packed.length; at += PIECE_BYTES) {
    await writer.write(packed.subarray(at, at + PIECE_BYTES));
  }
  await writer.close();
}

export type Inflate = typeof inflate;

/**
 * As `inflate`, one after another and none after one that is bad: many at once would each have filled their 16 MiB before
 * anybody looks.
 */
export function inflateInTurn(): Inflate {
  let before: Promise<unknown> = Promise.resolve();
  return (packed, size) => {
    const result = before.then(() => inflate(packed, size));
    before = result;
    return result;
  };
}

/**
 * The inflated bytes.
 *
 * @throws MalformedError data that are no zlib stream, or one of another size than `size` bytes
 */
export async function inflate(
  packed: Uint8Array<ArrayBuffer>,
  size: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new DecompressionStream("deflate");
  const fed = feed(stream.writable, packed).then(
    () => null,
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
  const reader = stream.readable.getReader();
  const out = new Uint8Array(size);
  let at = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (at + value.length > size) throw new MalformedError(`inflated data of more than ${size} bytes`);
      out.set(value, at);
      at += value.length;
    }
    const trouble = await fed;
    if (trouble !== null) throw trouble;
  } catch (error) {
    await reader.cancel().catch(() => undefined);
    if (error instanceof MalformedError) throw error;
    throw new MalformedError(`not a zlib stream: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (at !== size) throw new MalformedError(`inflated data of ${at} bytes, ${size} were announced`);
  return out;
}
