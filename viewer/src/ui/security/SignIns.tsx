import { Badge, Button, Loader } from "@mantine/core";
import type { TFunction } from "i18next";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";

import { revokeOthers, revokeSignIn, type SignInRow } from "../../features/security/api";
import { browserNames } from "../../features/security/browser";
import { useServices } from "../services";
import { Kept, momentText, Section } from "./Section";
import { type Loaded, useActing } from "./useAnswer";

const METHODS = ["password", "link", "totp", "passkey", "recovery", "oidc"] as const;

function nameOf(t: TFunction, row: SignInRow): string {
  const { browser, system } = browserNames(row.browser);
  if (browser !== null && system !== null) return t("security.browserOn", { browser, system });
  return browser ?? system ?? t("security.unknownBrowser");
}

function linesOf(t: TFunction, row: SignInRow): readonly string[] {
  const method = t(`security.method.${METHODS.find((one) => one === row.method) ?? "other"}`);
  return [
    t("security.seen", { time: momentText(row.seenAtS) }),
    t("security.since", { time: momentText(row.createdAtS), method }),
    ...(row.address === "" ? [] : [t("security.from", { address: row.address })]),
  ];
}

/** Everywhere the account is signed in, each to be ended from here. */
export function SignIns(props: { readonly rows: Loaded<readonly SignInRow[]> }): ReactElement {
  const { t } = useTranslation();
  const { account } = useServices();
  const { rows } = props;
  const acting = useActing();
  const others = rows.value?.some(({ current }) => !current) ?? false;

  async function end(row: SignInRow): Promise<void> {
    if (row.current) return account.signOut();
    await acting.run(() => revokeSignIn(row.id));
    rows.reload();
  }

  async function endOthers(): Promise<void> {
    await acting.run(revokeOthers);
    rows.reload();
  }

  return (
    <Section
      title={t("security.signIns")}
      text={t("security.signInsText")}
      fault={acting.fault ?? rows.fault}
      testId="sign-ins"
    >
      {rows.value === null && rows.fault === null && <Loader size="sm" aria-label={t("security.looking")} />}
      {rows.value !== null && (
        <ul className="live-list security-list" aria-label={t("security.signIns")}>
          {rows.value.map((row) => (
            <Kept
              key={row.id}
              name={nameOf(t, row)}
              lines={linesOf(t, row)}
              mark={row.current ? <Badge variant="light">{t("security.thisOne")}</Badge> : null}
            >
              <Button
                size="xs"
                variant="default"
                disabled={acting.busy}
                aria-label={t("security.endThis", { what: nameOf(t, row) })}
                onClick={() => void end(row)}
                data-testid={row.current ? "end-this" : "end-sign-in"}
              >
                {t(row.current ? "account.signOut" : "security.end")}
              </Button>
            </Kept>
          ))}
        </ul>
      )}
      {others && (
        <Button size="sm" variant="light" loading={acting.busy} onClick={() => void endOthers()}>
          {t("security.endOthers")}
        </Button>
      )}
    </Section>
  );
}
