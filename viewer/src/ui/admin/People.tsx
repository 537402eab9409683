import { Badge, Button, Group, Stack, Table, Text } from "@mantine/core";
import { type ReactElement, useState } from "react";
import { useTranslation } from "react-i18next";

import {
  actOnPerson,
  createPerson,
  fetchPeople,
  linkForPerson,
  type OneTimeLink,
  type Person,
  type PersonAct,
  savePerson,
} from "../../features/admin/api";
import { Sure } from "../parts/Sure";
import { useAccount } from "../services";
import { Cell, Fault, Foreign, Listing, useActing, useAsked, When } from "./parts";
import { PersonForm } from "./PersonForm";
import { LinkShown } from "./LinkShown";

type Doing =
  | { readonly what: "new" }
  | { readonly what: "edit"; readonly person: Person }
  | { readonly what: "link"; readonly link: OneTimeLink; readonly name: string; readonly signInName: string }
  | { readonly what: "ask"; readonly act: PersonAct; readonly person: Person };

function Marks(props: { readonly person: Person }): ReactElement {
  const { t } = useTranslation();
  const { isAdmin, adminTools, disabled } = props.person;
  return (
    <Group gap={6}>
      {isAdmin && <Badge color="petrol">{t("office.people.administrator")}</Badge>}
      {adminTools && <Badge variant="light">{t("office.people.tools")}</Badge>}
      {disabled && <Badge color="red">{t("office.people.disabled")}</Badge>}
    </Group>
  );
}

function Row(props: {
  readonly person: Person;
  readonly mine: boolean;
  readonly writes: boolean;
  readonly busy: boolean;
  readonly onDo: (doing: Doing) => void;
  readonly onLink: () => void;
}): ReactElement {
  const { t } = useTranslation();
  const { person, onDo } = props;
  const ask = (act: PersonAct) => () => onDo({ what: "ask", act, person });
  const buttons: readonly (readonly [string, () => void, boolean])[] = [
    [t("office.people.edit"), () => onDo({ what: "edit", person }), false],
    [t("office.people.link"), props.onLink, false],
    [t("office.people.do.reset-factors"), ask("reset-factors"), !person.secondFactor],
    [t("office.people.do.sign-out"), ask("sign-out"), person.seenAtS === null],
    // Nobody closes their own account.
    [
      t(person.disabled ? "office.people.do.enable" : "office.people.do.disable"),
      ask(person.disabled ? "enable" : "disable"),
      props.mine,
    ],
  ];
  return (
    <Table.Tr>
      <Cell label={t("office.people.who")}>
        <Text fw={600} component="div">
          <Foreign text={person.displayName} />
        </Text>
        <Text size="sm" className="dim" component="div">
          <Foreign text={person.name} />
        </Text>
        <Marks person={person} />
      </Cell>
      <Cell label={t("office.people.place")}>{t(`office.place.${person.standing}`)}</Cell>
      <Cell label={t("office.people.team")}>
        <Foreign text={person.team} />
      </Cell>
      <Cell label={t("office.people.second")}>{t(person.secondFactor ? "office.yes" : "office.no")}</Cell>
      <Cell label={t("office.people.seen")}>
        <When atS={person.seenAtS} />
      </Cell>
      {props.writes && (
        <Cell label={t("office.acts")}>
          <Group gap={4}>
            {buttons.map(([label, act, barred]) => (
              <Button
                key={label}
                size="compact-xs"
                variant="default"
                disabled={props.busy || barred}
                aria-label={t("office.about", { act: label, name: person.displayName })}
                onClick={act}
              >
                {label}
              </Button>
            ))}
          </Group>
        </Cell>
      )}
    </Table.Tr>
  );
}

function Asked(props: {
  readonly act: PersonAct;
  readonly person: Person;
  readonly onNo: () => void;
  readonly onYes: () => void;
}): ReactElement {
  const { t } = useTranslation();
  const { act, person } = props;
  return (
    <Sure
      opened
      danger={act !== "enable"}
      title={t("office.about", { act: t(`office.people.do.${act}`), name: person.displayName })}
      text={t(`office.people.sure.${act}`)}
      yes={t(`office.people.do.${act}`)}
      onNo={props.onNo}
      onYes={props.onYes}
    />
  );
}

/** The people of the organisation. */
export function People(): ReactElement {
  const { t } = useTranslation();
  const { value, fault, again } = useAsked(fetchPeople);
  const acting = useActing();
  const me = useAccount();
  const [doing, setDoing] = useState<Doing | null>(null);
  const account = me.status === "in" ? me.account : null;
  const writes = account?.permissions.includes("people.write") === true;
  const close = (): void => setDoing(null);

  function handOver(name: string, signInName: string): (link: OneTimeLink) => void {
    return (link) => {
      // The relay may have added the organisation to the name that was typed.
      setDoing({ what: "link", link, name, signInName: link.signInName || signInName });
      void again();
    };
  }
  function done(): void {
    close();
    void again();
  }

  const rows =
    value?.map((person) => (
      <Row
        key={person.id}
        person={person}
        mine={person.id === account?.id}
        writes={writes}
        busy={acting.busy}
        onDo={setDoing}
        onLink={() =>
          void acting.run(() => linkForPerson(person.id), handOver(person.displayName, person.name))
        }
      />
    )) ?? null;
  const heads = (["who", "place", "team", "second", "seen"] as const).map((head) =>
    t(`office.people.${head}`),
  );
  return (
    <Stack gap="md" align="stretch">
      {writes && (
        <Group>
          <Button size="sm" onClick={() => setDoing({ what: "new" })}>
            {t("office.people.new")}
          </Button>
        </Group>
      )}
      {doing?.what !== "new" && doing?.what !== "edit" && <Fault fault={acting.fault} />}
      <Listing
        name={t("office.tab.people")}
        heads={writes ? [...heads, t("office.acts")] : heads}
        rows={rows}
        empty={t("office.people.none")}
        fault={fault}
      />
      {(doing?.what === "new" || doing?.what === "edit") && (
        <PersonForm
          person={doing.what === "edit" ? doing.person : null}
          mine={doing.what === "edit" && doing.person.id === account?.id}
          busy={acting.busy}
          fault={acting.fault}
          onClose={close}
          onSave={(name, draft) => {
            if (doing.what === "edit") void acting.run(() => savePerson(doing.person.id, draft), done);
            else void acting.run(() => createPerson(name, draft), handOver(draft.displayName, name));
          }}
        />
      )}
      {doing?.what === "link" && (
        <LinkShown link={doing.link} name={doing.name} signInName={doing.signInName} onClose={close} />
      )}
      {doing?.what === "ask" && (
        <Asked
          act={doing.act}
          person={doing.person}
          onNo={close}
          onYes={() => {
            close();
            void acting.run(() => actOnPerson(doing.person.id, doing.act), done);
          }}
        />
      )}
    </Stack>
  );
}
