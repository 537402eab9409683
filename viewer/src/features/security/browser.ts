/** What a browser says of itself (RFC 9110, 10.1.5), as people call it; whoever lies there is shown as they lie. */
const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/\bEdg\//u, "Edge"],
  [/\bOPR\//u, "Opera"],
  [/\bFirefox\//u, "Firefox"],
  [/\bHeadlessChrome\/|\bChrome\//u, "Chrome"],
  [/\bSafari\//u, "Safari"],
];
const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/\bAndroid\b/u, "Android"],
  [/\biPhone\b|\biPad\b/u, "iOS"],
  [/\bWindows\b/u, "Windows"],
  [/\bMac OS X\b/u, "macOS"],
  [/\bCrOS\b/u, "ChromeOS"],
  [/\bLinux\b/u, "Linux"],
];

/** A browser and the system that it runs on; `null` where it is not one of those that people know. */
export interface BrowserNames {
  readonly browser: string | null;
  readonly system: string | null;
}

/** The names in a browser's own words. */
export function browserNames(agent: string): BrowserNames {
  const first = (table: typeof BROWSERS): string | null =>
    table.find(([pattern]) => pattern.test(agent))?.[1] ?? null;
  return { browser: first(BROWSERS), system: first(SYSTEMS) };
}
