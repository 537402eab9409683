/** The interface's languages. The choice: this browser's own, else the account's, else the browser's language. */
import i18next from "i18next";
import { initReactI18next } from "react-i18next";

import adminEn from "./texts/admin.en.json";
import adminEs from "./texts/admin.es.json";
import baseEn from "./texts/en.json";
import baseEs from "./texts/es.json";
import securityEn from "./texts/security.en.json";
import securityEs from "./texts/security.es.json";

/** All texts of the interface; the parts share no key. */
export const TEXTS = {
  en: { ...baseEn, ...securityEn, ...adminEn },
  es: { ...baseEs, ...securityEs, ...adminEs },
} as const;

export const LANGUAGES = ["es", "en"] as const;
export type Language = (typeof LANGUAGES)[number];

const STORAGE_KEY = "relevo.language";

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "translation";
    resources: { translation: (typeof TEXTS)["en"] };
  }
}

function known(tag: string | null | undefined): Language | null {
  return LANGUAGES.find((language) => tag?.toLowerCase().split("-")[0] === language) ?? null;
}

function chosen(): Language | null {
  try {
    return known(localStorage.getItem(STORAGE_KEY));
  } catch {
    // Storage may be forbidden; then the choice lasts as long as the page.
    return null;
  }
}

function preferred(): Language {
  return navigator.languages.map(known).find((language) => language !== null) ?? "en";
}

function apply(language: Language): void {
  document.documentElement.lang = language;
  void i18next.changeLanguage(language);
}

/** Start with the best guess that can be made before anybody signs in. */
export function startTexts(): void {
  const first = chosen() ?? preferred();
  document.documentElement.lang = first;
  void i18next.use(initReactI18next).init({
    resources: { en: { translation: TEXTS.en }, es: { translation: TEXTS.es } },
    lng: first,
    fallbackLng: "en",
    interpolation: { escapeValue: false },
    initAsync: false,
  });
}

/** The language in force. */
export function currentLanguage(): Language {
  return known(i18next.language) ?? "en";
}

/** The person's own choice, kept in this browser. */
export function chooseLanguage(language: Language): void {
  try {
    localStorage.setItem(STORAGE_KEY, language);
  } catch {
    // As above: the page itself still changes.
  }
  apply(language);
}

/** The account's language, where nobody chose another in this browser. */
export function suggestLanguage(tag: string): void {
  const language = known(tag);
  if (language !== null && chosen() === null) apply(language);
}
