import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import {
  CAPTURE_CONDITIONS,
  ERROR_CODES,
  ERROR_TEXTS,
  FACTORS,
  MODES,
  QUALITIES,
  ROLES,
  SPECIAL_COMBOS,
} from "../../src/protocol/generated";
import { TEXTS } from "../../src/ui/i18n";
import adminEn from "../../src/ui/texts/admin.en.json";
import baseEn from "../../src/ui/texts/en.json";
import securityEn from "../../src/ui/texts/security.en.json";

interface Tree {
  readonly [key: string]: string | Tree;
}

function flat(tree: Tree, path = ""): readonly (readonly [string, string])[] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === "string" ? [[`${path}${key}`, value] as const] : flat(value, `${path}${key}.`),
  );
}

const EN = new Map(flat(TEXTS.en));
const ES = new Map(flat(TEXTS.es));
/** Spanish has a plural form for millions that English lacks. */
const withoutMany = (keys: Iterable<string>): readonly string[] =>
  [...keys].filter((key) => !key.endsWith("_many")).sort();
const placeholders = (text: string): readonly string[] => (text.match(/\{\{\w+\}\}/g) ?? []).sort();

/** Texts that are the same in both languages because they are names or units. */
const SAME = new Set([
  "language.en",
  "language.es",
  "office.about",
  "office.place.supervisor",
  "combo.alt_f4",
  "combo.ctrl_escape",
  "link.rttValue",
  "link.rateValue",
  "link.screenValue",
  "people.supervisor",
  "token.seconds",
  "grant.label",
  "policy.permit.never",
  "token.member",
  "monitors.one",
  "power.hoursUnit",
  "processes.cpu_percent",
  "processes.percent",
  "capability.terminal.user",
  "office.about",
]);

function sources(folder: string): readonly string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return sources(path);
    return /\.tsx?$/.test(name) ? [path] : [];
  });
}

const SOURCE = sources(join(import.meta.dirname, "../../src/ui")).map(
  (path) => [path, readFileSync(path, "utf8")] as const,
);

describe("texts", () => {
  it("come from files that share no key", () => {
    const parts = [baseEn, securityEn, adminEn].map((part) => Object.keys(part).length);
    expect(Object.keys(TEXTS.en)).toHaveLength(parts.reduce((sum, count) => sum + count, 0));
  });

  it("exist in both languages", () => {
    expect(withoutMany(ES.keys())).toEqual(withoutMany(EN.keys()));
  });

  it("are nowhere empty, and nowhere left untranslated", () => {
    for (const [key, text] of EN) {
      expect(text.trim(), key).not.toBe("");
      if (SAME.has(key)) expect(ES.get(key), key).toBe(text);
      else expect(ES.get(key), key).not.toBe(text);
    }
  });

  it("fill in the same values", () => {
    for (const [key, text] of ES) {
      expect(placeholders(text), key).toEqual(placeholders(EN.get(key.replace(/_many$/, "_other")) ?? ""));
    }
  });

  it("have every plural form that Spanish needs", () => {
    const forms = new Intl.PluralRules("es").resolvedOptions().pluralCategories;
    for (const key of EN.keys()) {
      if (!key.endsWith("_other")) continue;
      for (const form of forms) expect(ES.has(key.replace(/other$/, form)), `${key} (${form})`).toBe(true);
    }
  });

  it("cover the wire's vocabulary", () => {
    const wanted = [
      ...MODES.flatMap((mode) => [`mode.${mode}`, `mode.${mode}Text`]),
      ...FACTORS.map((factor) => `obstacle.${factor}`),
      ...SPECIAL_COMBOS.map((combo) => `combo.${combo}`),
      ...QUALITIES.flatMap((quality) => [`quality.${quality}`, `quality.${quality}Text`]),
      ...ROLES.map((role) => `people.${role}`),
      // Instead of a black picture: what is wrong, and what helps.
      ...CAPTURE_CONDITIONS.filter((condition) => condition !== "ok").flatMap((condition) => [
        `overlay.${condition}`,
        `overlay.${condition}Text`,
      ]),
    ];
    for (const key of wanted) expect(EN.has(key), key).toBe(true);
    for (const code of ERROR_CODES) {
      const { cause, remedy } = ERROR_TEXTS[code];
      for (const text of [cause.en, cause.es, remedy.en, remedy.es]) expect(text, code).not.toBe("");
    }
  });

  it("are all used", () => {
    const all = SOURCE.map(([, source]) => source).join("\n");
    // A key that is put together at run time is used where its family is.
    const families = [...all.matchAll(/t\(`([\w.]+\.)\$\{/g)].map((match) => match[1] ?? "");
    for (const key of EN.keys()) {
      const name = key.replace(/_(one|other)$/, "");
      const used = all.includes(`"${name}"`) || families.some((family) => key.startsWith(family));
      expect(used, key).toBe(true);
    }
  });

  it("stand in the text files, not in the markup", () => {
    for (const [path, source] of SOURCE) {
      const literals = [...source.matchAll(/>\s*([A-Za-zÁÉÍÓÚáéíóúñ¿¡]{3,}[^<>{}=;()]*)<\//g)].map((match) =>
        match[1]?.trim(),
      );
      const words = literals.filter((text) => text !== "Relevo");
      expect(words, path).toEqual([]);
    }
  });
});
