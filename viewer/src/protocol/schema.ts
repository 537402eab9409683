/** Turns the generated schemas of the messages into shapes, once for each. */
import { type FieldSchema, SCHEMAS } from "./generated";
import {
  bytes,
  dict,
  flag,
  int,
  list,
  nullable,
  oneOf,
  optional,
  real,
  type Shape,
  struct,
  text,
} from "./shape";

const compiled = new Map<string, Shape<object>>();

/** The shape of a message or of a record inside one, by its name in the Python wire. */
export function shapeNamed(name: string): Shape<object> {
  const known = compiled.get(name);
  if (known !== undefined) return known;
  const fields = SCHEMAS[name];
  if (fields === undefined) throw new Error(`generated.ts has no schema ${name}`);
  const shapes = Object.entries(fields).map(([field, schema]) => [field, fieldShape(schema)] as const);
  const shape = struct(Object.fromEntries(shapes));
  compiled.set(name, shape);
  return shape;
}

function fieldShape(schema: FieldSchema): Shape<unknown> {
  const given = bareShape(schema);
  const shape = schema.nullable === true ? nullable(given) : given;
  return schema.optional === true ? optional(shape) : shape;
}

function inner(schema: FieldSchema | undefined, of: string): FieldSchema {
  if (schema === undefined) throw new Error(`generated.ts has a ${of} schema without its inner schema`);
  return schema;
}

function bareShape(schema: FieldSchema): Shape<unknown> {
  const { min, max } = { min: schema.min, max: schema.max ?? Infinity };
  switch (schema.k) {
    case "str":
      return text(min ?? 0, max, schema.pattern === undefined ? undefined : new RegExp(schema.pattern, "u"));
    case "bytes":
      return bytes(min ?? 0, max);
    case "bool":
      return flag;
    case "int":
      return int(min ?? -Infinity, max);
    case "float":
      return real(min ?? -Infinity, max, schema.below);
    case "enum":
      return oneOf(schema.values ?? []);
    case "part":
      return shapeNamed(schema.name ?? "");
    case "list":
      return list(fieldShape(inner(schema.item, "list")), max, min ?? 0);
    case "map":
      return dict(
        fieldShape(inner(schema.key, "map")) as Shape<string>,
        fieldShape(inner(schema.value, "map")),
      );
  }
}
