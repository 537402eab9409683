import { Text, Title } from "@mantine/core";
import { memo, type ReactElement } from "react";
import { useTranslation } from "react-i18next";

import { ceilingOf, COLUMNS } from "../../features/policy/simulate";
import { CAPABILITIES, type Capability, PERMITS, ROLES } from "../../protocol/generated";

function Cells(props: { readonly capability: Capability }): ReactElement {
  const { t } = useTranslation();
  const { capability } = props;
  return (
    <>
      {COLUMNS.flatMap(({ mode, roles }) =>
        roles.map((role, index) => {
          const { permit, removedBy } = ceilingOf(mode, role, capability);
          const why = removedBy === null ? "" : `: ${t(`policy.because.${removedBy}`)}`;
          return (
            <td
              key={`${mode}-${role}`}
              data-permit={permit}
              data-first={index === 0 || undefined}
              title={`${t(`mode.${mode}`)} · ${t(`people.${role}`)}: ${t(`policy.permit.${permit}`)}${why}`}
            >
              {t(`policy.sign.${permit}`)}
            </td>
          );
        }),
      )}
    </>
  );
}

/** The whole table: 5 modes x 7 roles x every capability, for reading and for paper. */
export const PolicyTable = memo(function PolicyTable(): ReactElement {
  const { t } = useTranslation();
  return (
    <section className="policy-whole">
      <Title order={2} size="h4">
        {t("policy.table")}
      </Title>
      <Text size="sm" className="dim">
        {t("policy.tableLead")}
      </Text>
      <ul className="policy-legend" aria-label={t("policy.legend")}>
        {PERMITS.map((permit) => (
          <li key={permit}>
            <span className="permit" data-permit={permit}>
              {t(`policy.sign.${permit}`)}
            </span>
            {t(`policy.permit.${permit}`)}
          </li>
        ))}
      </ul>
      <div className="policy-room" tabIndex={0} role="region" aria-label={t("policy.table")}>
        <table className="policy-table" data-testid="policy-table">
          <thead>
            <tr>
              <th scope="col" rowSpan={2}>
                {t("policy.capability")}
              </th>
              {COLUMNS.map(({ mode, roles }) => (
                <th key={mode} scope="colgroup" colSpan={roles.length} data-first>
                  {t(`mode.${mode}`)}
                </th>
              ))}
            </tr>
            <tr>
              {COLUMNS.flatMap(({ mode }) =>
                ROLES.map((role, index) => (
                  <th
                    key={`${mode}-${role}`}
                    scope="col"
                    className="policy-role"
                    data-first={index === 0 || undefined}
                  >
                    <span>{t(`people.${role}`)}</span>
                  </th>
                )),
              )}
            </tr>
          </thead>
          <tbody>
            {CAPABILITIES.map((capability) => (
              <tr key={capability}>
                <th scope="row">{t(`capability.${capability}`)}</th>
                <Cells capability={capability} />
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
});
