import {
  Button,
  Checkbox,
  Fieldset,
  Group,
  Loader,
  NativeSelect,
  NumberInput,
  Stack,
  Text,
} from "@mantine/core";
import { type ReactElement, useState } from "react";
import { useTranslation } from "react-i18next";

import {
  fetchPolicy,
  type Policy,
  type PolicyView,
  SECOND_FACTOR_RULES,
  type SecondFactorRule,
  setPolicy,
} from "../../features/admin/api";
import { useAccount } from "../services";
import { Fault, useActing, useAsked } from "./parts";

const MAX_DAYS = 36_500;
const MAX_MACHINES = 10_000;
const LAST_HOUR = 23;

function whole(value: number | string, least: number, most: number): number {
  const number = typeof value === "number" ? value : Number.parseInt(value, 10);
  return Number.isFinite(number) ? Math.min(most, Math.max(least, Math.round(number))) : least;
}

function PolicyForm(props: { readonly view: PolicyView; readonly onSaved: () => void }): ReactElement {
  const { t } = useTranslation();
  const acting = useActing();
  const me = useAccount();
  const [policy, change] = useState<Policy>(props.view.policy);
  const [saved, setSaved] = useState(false);
  const writes = me.status === "in" && me.account.permissions.includes("policy.write");
  const { floor, oidc } = props.view;
  const [from, to] = policy.night;

  function put(part: Partial<Policy>): void {
    setSaved(false);
    change({ ...policy, ...part });
  }
  function save(): void {
    void acting.run(
      () => setPolicy(policy),
      () => {
        setSaved(true);
        props.onSaved();
      },
    );
  }

  return (
    <Fieldset disabled={!writes || acting.busy} variant="unstyled" className="office-policy">
      <Stack gap="md">
        <NativeSelect
          label={t("office.policy.secondFactor")}
          description={t("office.policy.floor", { rule: t(`office.policy.rule.${floor}`) })}
          value={policy.secondFactor}
          data={SECOND_FACTOR_RULES.map((rule) => ({ value: rule, label: t(`office.policy.rule.${rule}`) }))}
          onChange={(event) => put({ secondFactor: event.currentTarget.value as SecondFactorRule })}
        />
        <Checkbox
          label={t("office.policy.oidcOnly")}
          description={oidc ? null : t("office.policy.noOidc")}
          checked={policy.oidcOnly}
          disabled={!oidc && !policy.oidcOnly}
          onChange={(event) => put({ oidcOnly: event.currentTarget.checked })}
        />
        <NumberInput
          label={t("office.policy.retention")}
          description={t("office.policy.retentionText")}
          min={0}
          max={MAX_DAYS}
          value={policy.retentionDays}
          onChange={(value) => put({ retentionDays: whole(value, 0, MAX_DAYS) })}
        />
        <NumberInput
          label={t("office.policy.machines")}
          min={1}
          max={MAX_MACHINES}
          value={policy.machinesPerDay}
          onChange={(value) => put({ machinesPerDay: whole(value, 1, MAX_MACHINES) })}
        />
        <Group grow align="flex-end">
          <NumberInput
            label={t("office.policy.nightFrom")}
            min={0}
            max={LAST_HOUR}
            value={from}
            onChange={(value) => put({ night: [whole(value, 0, LAST_HOUR), to] })}
          />
          <NumberInput
            label={t("office.policy.nightTo")}
            min={0}
            max={LAST_HOUR}
            value={to}
            onChange={(value) => put({ night: [from, whole(value, 0, LAST_HOUR)] })}
          />
        </Group>
        <Fault fault={acting.fault} />
        {writes && (
          <Group>
            <Button onClick={save} loading={acting.busy}>
              {t("office.save")}
            </Button>
            <Text role="status" size="sm">
              {saved ? t("office.saved") : ""}
            </Text>
          </Group>
        )}
      </Stack>
    </Fieldset>
  );
}

/** What the organisation asks of its people, and how long it keeps its record. */
export function PolicyPage(): ReactElement {
  const { t } = useTranslation();
  const { value, fault, again } = useAsked(fetchPolicy);
  return (
    <>
      <Fault fault={fault} />
      {value === null && fault === null && <Loader size="sm" aria-label={t("office.asking")} />}
      {value !== null && <PolicyForm view={value} onSaved={() => void again()} />}
    </>
  );
}
