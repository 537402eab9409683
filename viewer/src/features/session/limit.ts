/** What limits the picture (SPEC D6), as the name of a text and its numbers. */
import type { LimitView } from "../../core/api";
import type { SessionKind } from "../../protocol/generated";

const BITS = 8;
const MEGA = 1_000_000;

/** `key` is below `limit.` in the texts; `short` is for the toolbar, `help` is what one can do about it. */
export interface LimitWords {
  readonly key: "line" | "lineUnknown" | "host" | "presenter" | "viewer";
  readonly short: "lineShort" | "lineUnknownShort" | "hostShort" | "viewerShort";
  readonly help: "lineHelp" | "hostHelp" | "viewerHelp";
  /** Mbit/s of one's own line. */
  readonly rate: string;
  /** What a picture takes, ms. */
  readonly ms: string;
}

/** The words for a limit in a language; `null` where nothing limits, so that nothing is said. */
export function limitWords(limit: LimitView | null, kind: SessionKind, language: string): LimitWords | null {
  if (limit === null || limit.limit === "none") return null;
  const two = new Intl.NumberFormat(language, { maximumSignificantDigits: 2 });
  const rate = two.format((limit.lineBytesS * BITS) / MEGA);
  const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
  switch (limit.limit) {
    case "line":
      return limit.lineBytesS === 0
        ? { key: "lineUnknown", short: "lineUnknownShort", help: "lineHelp", rate, ms: "" }
        : { key: "line", short: "lineShort", help: "lineHelp", rate, ms: "" };
    case "host": {
      const key = kind === "presentation" ? "presenter" : "host";
      return { key, short: "hostShort", help: "hostHelp", rate, ms: whole.format(limit.hostMs) };
    }
    case "viewer":
      return {
        key: "viewer",
        short: "viewerShort",
        help: "viewerHelp",
        rate,
        ms: whole.format(limit.viewerMs),
      };
  }
}
