/**
 * Trusted Types: what this page makes code of (W3C Trusted Types; `require-trusted-types-for 'script'`).
 *
 * A text from anywhere that reaches a place where it would run or be parsed as markup comes through here first. Only
 * workers of our own build are let through; styles that the components set as inner HTML pass as they contain no tag.
 * Imported first: libraries may use such places as they load. Browsers without Trusted Types have no policies.
 */
interface Policies {
  createPolicy(name: "default", rules: PolicyRules): unknown;
}

interface PolicyRules {
  createHTML(text: string): string | null;
  createScriptURL(address: string): string | null;
}

/** What the default policy lets through; `null` is a refusal. */
export function rulesFor(origin: string): PolicyRules {
  return {
    createHTML: (text) => (text.includes("<") ? null : text),
    createScriptURL(address) {
      const url = URL.parse(address, origin);
      return url?.origin === origin && url.pathname.startsWith("/assets/") ? url.href : null;
    },
  };
}

(globalThis as { readonly trustedTypes?: Policies }).trustedTypes?.createPolicy(
  "default",
  rulesFor(globalThis.location.origin),
);
