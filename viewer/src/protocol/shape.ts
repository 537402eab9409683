/**
 * Shapes: checkers of values that came from outside, as msgspec's annotated types are in Python.
 *
 * A shape takes an unknown value and the path to it, and gives back the value with its type, or throws a
 * `MalformedError` that names the path. It copies what it knows and nothing else, so that no unexpected key
 * travels further.
 */
import { MalformedError } from "./errors";

export type Shape<T> = (value: unknown, path: string) => T;

/** The type that a shape checks for. */
export type Checked<S> = S extends Shape<infer T> ? T : never;

type Fields = Readonly<Record<string, Shape<unknown>>>;
type Struct<F extends Fields> = { readonly [K in keyof F]: Checked<F[K]> };

function refuse(path: string, wanted: string, value: unknown): never {
  const got = value === undefined ? "nothing" : value === null ? "null" : typeof value;
  throw new MalformedError(`${path}: expected ${wanted}, got ${got}`);
}

/** A number that stands as a float on the wire: where a whole number is due it is none, whatever its value (SPEC M3). */
export class Float {
  constructor(readonly value: number) {}
}

/** A whole number within bounds, both included, and never beyond 2^53 - 1, where JavaScript would round it. */
export function int(min: number, max: number): Shape<number> {
  return (value, path) => {
    const number = typeof value === "bigint" ? Number(value) : value;
    if (typeof number !== "number" || !Number.isSafeInteger(number))
      return refuse(path, "a whole number", value);
    if (number < min || number > max)
      throw new MalformedError(`${path}: ${number} is outside ${min}..${max}`);
    return number;
  };
}

/** A finite number within bounds, both included, and below `below` where that is given. */
export function real(min: number, max: number, below = Infinity): Shape<number> {
  return (value, path) => {
    const number = value instanceof Float ? value.value : typeof value === "bigint" ? Number(value) : value;
    if (typeof number !== "number" || !Number.isFinite(number)) return refuse(path, "a number", value);
    if (number < min || number > max || number >= below) {
      throw new MalformedError(`${path}: ${number} is outside ${min}..${Math.min(max, below)}`);
    }
    return number;
  };
}

/** True or false. */
export const flag: Shape<boolean> = (value, path) =>
  typeof value === "boolean" ? value : refuse(path, "true or false", value);

/** A text of so many Unicode characters. A pattern has to match somewhere, as in Python: anchor it. */
export function text(min: number, max: number, pattern?: RegExp): Shape<string> {
  return (value, path) => {
    if (typeof value !== "string") return refuse(path, "a text", value);
    const length = value.length > 2 * max ? value.length : Array.from(value).length;
    if (length < min || length > max) {
      throw new MalformedError(`${path}: a text of ${length} characters, allowed are ${min}..${max}`);
    }
    if (pattern?.test(value) === false)
      throw new MalformedError(`${path}: has characters that are not allowed`);
    return value;
  };
}

/** A byte string of so many bytes, copied out of the message. */
export function bytes(min: number, max: number): Shape<Uint8Array<ArrayBuffer>> {
  return (value, path) => {
    if (!(value instanceof Uint8Array)) return refuse(path, "bytes", value);
    if (value.length < min || value.length > max) {
      throw new MalformedError(`${path}: ${value.length} bytes, allowed are ${min}..${max}`);
    }
    return new Uint8Array(value);
  };
}

/** One of a closed set of words. */
export function oneOf<const T extends string>(words: readonly T[]): Shape<T> {
  return (value, path) =>
    words.find((word) => word === value) ?? refuse(path, `one of ${words.join(", ")}`, value);
}

/** A list of so many items. */
export function list<T>(item: Shape<T>, max: number, min = 0): Shape<readonly T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) return refuse(path, "a list", value);
    if (value.length < min || value.length > max) {
      throw new MalformedError(`${path}: ${value.length} items, allowed are ${min}..${max}`);
    }
    return value.map((one, i) => item(one, `${path}[${i}]`));
  };
}

/** The value or null. */
export function nullable<T>(shape: Shape<T>): Shape<T | null> {
  return (value, path) => (value === null ? null : shape(value, path));
}

/** A field that may be missing, and then stays so. */
export function optional<T>(shape: Shape<T>): Shape<T | undefined> {
  return (value, path) => (value === undefined ? undefined : shape(value, path));
}

/** A field that may be missing, and what it then is. */
export function withDefault<T>(shape: Shape<T>, otherwise: T): Shape<T> {
  return (value, path) => (value === undefined ? otherwise : shape(value, path));
}

/** Tell whether a value is a map as msgpack decoding makes it. */
export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** A map with these keys. Unknown keys are dropped, or refused where `exact`. */
export function struct<F extends Fields>(fields: F, exact = false): Shape<Struct<F>> {
  const names = Object.keys(fields);
  return (value, path) => {
    if (!isMap(value)) return refuse(path, "a map", value);
    const stranger = exact ? Object.keys(value).find((key) => !Object.hasOwn(fields, key)) : undefined;
    if (stranger !== undefined) throw new MalformedError(`${path}: unknown key ${JSON.stringify(stranger)}`);
    const entries = names.map((name): [string, unknown] => {
      const given = Object.hasOwn(value, name) ? value[name] : undefined;
      return [name, fields[name]?.(given, `${path}.${name}`)];
    });
    return Object.fromEntries(entries.filter(([, one]) => one !== undefined)) as Struct<F>;
  };
}

/** A map whose keys and values have a shape each. */
export function dict<K extends string, T>(
  key: Shape<K>,
  item: Shape<T>,
): Shape<Readonly<Partial<Record<K, T>>>> {
  return (value, path) => {
    if (!isMap(value)) return refuse(path, "a map", value);
    const entries = Object.entries(value).map(([name, one]) => [
      key(name, path),
      item(one, `${path}.${name}`),
    ]);
    return Object.fromEntries(entries) as Partial<Record<K, T>>;
  };
}
