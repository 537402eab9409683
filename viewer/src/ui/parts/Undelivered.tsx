import { Text } from "@mantine/core";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";

import { useSession } from "../services";

/** What this side said and nobody got, or somebody did not, after the end: it can still be read, and said in another way. */
export function Undelivered(): ReactElement | null {
  const { t } = useTranslation();
  const { unsaid } = useSession();
  if (unsaid.length === 0) return null;
  return (
    <section data-testid="undelivered">
      <Text size="sm" fw={600}>
        {t("chat.undelivered", { count: unsaid.length })}
      </Text>
      <ul className="undelivered">
        {unsaid.map((line) => (
          <li key={line.key}>
            <div dir="auto">{line.text}</div>
            {line.lacking.length > 0 && (
              <Text size="xs" c="dimmed">
                {t("chat.unsaid.lacking", { names: line.lacking.join(", ") })}
              </Text>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
