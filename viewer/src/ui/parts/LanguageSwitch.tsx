import { SegmentedControl } from "@mantine/core";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";

import { chooseLanguage, currentLanguage, LANGUAGES } from "../i18n";

/** Spanish or English, at once. */
export function LanguageSwitch(): ReactElement {
  const { t } = useTranslation();
  return (
    <SegmentedControl
      size="xs"
      aria-label={t("language.label")}
      value={currentLanguage()}
      onChange={(language) => chooseLanguage(language)}
      data={LANGUAGES.map((language) => ({
        value: language,
        label: (
          <abbr className="plain-abbr" title={t(`language.${language}`)} lang={language}>
            {language.toUpperCase()}
          </abbr>
        ),
      }))}
    />
  );
}
