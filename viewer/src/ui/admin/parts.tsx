import { Loader, Table, Text } from "@mantine/core";
import { type ReactElement, type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import type { AccountFault, Answer } from "../../features/account/api";
import { type AskedView, createAsked } from "../../features/admin/asked";
import { accountFaultText } from "../failures";
import { currentLanguage } from "../i18n";
import { Notice } from "../parts/Notice";
import { useFresh } from "../parts/Reauth";
import { useServices } from "../services";
import { useObservable } from "../useObservable";

/** Leave for the sign-in page where the relay says that the sign-in has ended. */
export function useExpiry(fault: AccountFault | null): void {
  const { account } = useServices();
  useEffect(() => {
    if (fault?.code === "not_signed_in") account.expired(fault);
  }, [account, fault]);
}

/** What the relay says, asked for when first shown; `again` asks anew. */
export function useAsked<T>(
  ask: () => Promise<Answer<T>>,
): AskedView<T> & { readonly again: () => Promise<void> } {
  const [asked] = useState(() => createAsked(ask));
  const view = useObservable(asked);
  useEffect(() => void asked.again(), [asked]);
  useExpiry(view.fault);
  return { ...view, again: () => asked.again() };
}

/** What is being done, and why the last thing was not. */
export interface Acting {
  readonly busy: boolean;
  readonly fault: AccountFault | null;
  /** Do it, after a proof of who one is where the relay wants one; `done` only where it was done. */
  run<T>(act: () => Promise<Answer<T>>, done: (value: T) => void): Promise<void>;
}

/** One act at a time. */
export function useActing(): Acting {
  const fresh = useFresh();
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<AccountFault | null>(null);
  useExpiry(fault);

  async function run<T>(act: () => Promise<Answer<T>>, done: (value: T) => void): Promise<void> {
    setBusy(true);
    setFault(null);
    const answer = await fresh(act);
    setBusy(false);
    if (answer.ok) done(answer.value);
    // Whoever closed the question for a proof knows why nothing was done.
    else if (answer.fault.code !== "reauth_needed") setFault(answer.fault);
  }

  return { busy, fault, run };
}

/** Why something could not be shown or done. */
export function Fault(props: { readonly fault: AccountFault | null }): ReactElement | null {
  const { t } = useTranslation();
  return props.fault === null ? null : <Notice text={accountFaultText(t, props.fault)} />;
}

/** A day and time in the reader's language; a moment that no calendar has is shown as none. */
export function When(props: { readonly atS: number | null }): ReactElement {
  const { t } = useTranslation();
  const moment = props.atS === null ? null : new Date(props.atS * 1000);
  if (moment === null || Number.isNaN(moment.getTime()))
    return <span className="dim">{t("office.never")}</span>;
  const shown = moment.toLocaleString(currentLanguage(), { dateStyle: "medium", timeStyle: "medium" });
  return (
    <time dateTime={moment.toISOString()} className="numbers">
      {shown}
    </time>
  );
}

/** A text of somebody else's: a text node, whatever it holds, and its direction is its own affair. */
export function Foreign(props: { readonly text: string }): ReactElement {
  return (
    <bdi dir="auto" className="foreign">
      {props.text}
    </bdi>
  );
}

/** One cell; where there is no room for columns its label stands before it. */
export function Cell(props: {
  readonly label: string;
  readonly className?: string;
  readonly children: ReactNode;
}): ReactElement {
  return (
    <Table.Td data-label={props.label} className={props.className ?? ""}>
      {props.children}
    </Table.Td>
  );
}

/** A table, or what stands for it while there is none. */
export function Listing(props: {
  readonly name: string;
  readonly heads: readonly string[];
  readonly rows: readonly ReactNode[] | null;
  readonly empty: string;
  readonly fault: AccountFault | null;
}): ReactElement {
  const { t } = useTranslation();
  const { rows } = props;
  return (
    <>
      <Fault fault={props.fault} />
      {rows === null && props.fault === null && <Loader size="sm" aria-label={t("office.asking")} />}
      {rows?.length === 0 && <Text role="status">{props.empty}</Text>}
      {rows !== null && rows.length > 0 && (
        <div className="office-room">
          <Table verticalSpacing="xs" aria-label={props.name} className="office-table">
            <Table.Thead>
              <Table.Tr>
                {props.heads.map((head) => (
                  <Table.Th key={head} scope="col">
                    {head}
                  </Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>{rows}</Table.Tbody>
          </Table>
        </div>
      )}
    </>
  );
}
