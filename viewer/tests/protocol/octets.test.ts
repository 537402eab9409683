import { expect, test } from "vitest";

import { hex } from "../../src/crypto/bytes";
import { decodeMsgpack, encodeMsgpack } from "../../src/protocol/codec";
import { Float, int, real } from "../../src/protocol/shape";
import { unhex } from "../support/vectors";

const decode = (octets: string): unknown => decodeMsgpack(unhex(octets), 1000);

test.each(["dd01ffffff", "df01ffffff", "81a174dd01ffffff", "dcffff".repeat(20)])(
  "M3: no room is made for the items that %s announces",
  (octets) => expect(() => decode(octets)).toThrow("more items than there are octets"),
);

test.each(["81a174c70001", "81a174d6ff00000000", "81a174c801000001"])("M1: %s holds an extension", (octets) =>
  expect(() => decode(octets)).toThrow("an extension of msgpack"),
);

test.each(["", "dd", "dc00", "d9", "da00", "c5", "c1", "0000"])("%s is malformed", (octets) =>
  expect(() => decode(octets)).toThrow("not msgpack"),
);

test("M3: a whole number is none where it stands as a float", () => {
  expect(decode("9201ca3f800000")).toEqual([1, new Float(1)]);
  expect(real(0, 2)(new Float(1.5), "x")).toBe(1.5);
  expect(() => int(0, 2)(new Float(1), "x")).toThrow("a whole number");
});

test.each([2, 40, 300])("M1: a text of %i U+FEFF has all of them", (count) => {
  const text = "\ufeff".repeat(count);
  expect(decode(`81a174${hex(encodeMsgpack(text))}`)).toEqual({ t: text });
});
