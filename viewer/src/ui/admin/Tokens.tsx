import { Button, Stack, Table, Text } from "@mantine/core";
import { type ReactElement, useState } from "react";
import { useTranslation } from "react-i18next";

import { fetchTokens, type OrganisationToken, revokeToken } from "../../features/admin/api";
import { Sure } from "../parts/Sure";
import { scopeText } from "./details";
import { Cell, Fault, Foreign, Listing, useActing, useAsked, When } from "./parts";

function Row(props: {
  readonly token: OrganisationToken;
  readonly busy: boolean;
  readonly onRevoke: () => void;
}): ReactElement {
  const { t } = useTranslation();
  const { name, owner, scopes, expiresAtS, usedAtS } = props.token;
  return (
    <Table.Tr>
      <Cell label={t("office.tokens.name")}>
        <Foreign text={name} />
      </Cell>
      <Cell label={t("office.tokens.owner")}>
        <Foreign text={owner} />
      </Cell>
      <Cell label={t("office.tokens.scopes")}>
        {scopes.map((scope) => (
          <div key={scope}>
            <Foreign text={scopeText(t, scope)} />
          </div>
        ))}
      </Cell>
      <Cell label={t("office.tokens.expires")}>
        <When atS={expiresAtS} />
      </Cell>
      <Cell label={t("office.tokens.used")}>
        <When atS={usedAtS} />
      </Cell>
      <Cell label={t("office.acts")}>
        <Button
          size="compact-xs"
          variant="default"
          disabled={props.busy}
          aria-label={t("office.about", { act: t("office.tokens.revoke"), name })}
          onClick={props.onRevoke}
        >
          {t("office.tokens.revoke")}
        </Button>
      </Cell>
    </Table.Tr>
  );
}

/** Every program that may act for somebody of the organisation. */
export function Tokens(): ReactElement {
  const { t } = useTranslation();
  const { value, fault, again } = useAsked(fetchTokens);
  const acting = useActing();
  const [going, setGoing] = useState<OrganisationToken | null>(null);
  const heads = (["name", "owner", "scopes", "expires", "used"] as const).map((head) =>
    t(`office.tokens.${head}`),
  );

  function revoke(token: OrganisationToken): void {
    setGoing(null);
    void acting.run(
      () => revokeToken(token.id),
      () => void again(),
    );
  }

  return (
    <Stack gap="md">
      <Text size="sm" className="dim">
        {t("office.tokens.text")}
      </Text>
      <Fault fault={acting.fault} />
      <Listing
        name={t("office.tab.tokens")}
        heads={[...heads, t("office.acts")]}
        rows={
          value?.map((token) => (
            <Row key={token.id} token={token} busy={acting.busy} onRevoke={() => setGoing(token)} />
          )) ?? null
        }
        empty={t("office.tokens.none")}
        fault={fault}
      />
      {going !== null && (
        <Sure
          opened
          danger
          title={t("office.about", { act: t("office.tokens.revoke"), name: going.name })}
          text={t("office.tokens.sure")}
          yes={t("office.tokens.revoke")}
          onNo={() => setGoing(null)}
          onYes={() => revoke(going)}
        />
      )}
    </Stack>
  );
}
