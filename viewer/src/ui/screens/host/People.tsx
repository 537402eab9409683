import { Button, Switch, Text } from "@mantine/core";
import { IconUserMinus } from "@tabler/icons-react";
import { type ReactElement, useState } from "react";
import { useTranslation } from "react-i18next";

import type { HostPerson } from "../../../core/host/api";
import { colourOf } from "../../../features/team/people";
import { MAX_VIEWERS } from "../../../protocol/generated";
import { Sure } from "../../parts/Sure";
import { useHost, useHostView } from "./useHost";

function Person(props: { readonly person: HostPerson; readonly onRemove: () => void }): ReactElement {
  const { t } = useTranslation();
  const host = useHost();
  const { kind } = useHostView();
  const { id, slot, name, organisation, role, present, marks } = props.person;
  const presenting = kind === "presentation";
  return (
    <li data-testid="host-person" data-slot={slot} data-present={present || undefined}>
      <span className="person-dot" style={{ background: colourOf(slot) }} />
      <span className="host-person-name">
        <bdi>{name}</bdi>
        <small className="dim">
          {present ? t(`people.${role}`) : t("host.away")}
          {organisation !== "" && <bdi> · {organisation}</bdi>}
        </small>
      </span>
      {presenting && (
        <Switch
          size="sm"
          checked={marks}
          label={t("host.mayDraw")}
          aria-label={t("host.mayDrawName", { name })}
          onChange={(event) => host.allowMarks(id, event.currentTarget.checked)}
        />
      )}
      <Button
        size="compact-sm"
        variant="subtle"
        color="red"
        leftSection={<IconUserMinus size={15} aria-hidden="true" />}
        aria-label={t("host.removeName", { name })}
        onClick={props.onRemove}
      >
        {t("host.remove")}
      </Button>
    </li>
  );
}

/** Everybody who is there, for as long as they are: nobody watches unseen. */
export function People(): ReactElement {
  const { t } = useTranslation();
  const host = useHost();
  const { people, kind } = useHostView();
  const [asked, setAsked] = useState<HostPerson | null>(null);
  // Whoever has gone by themselves need not be asked about any more.
  const leaving = people.find(({ id }) => id === asked?.id);
  const presenting = kind === "presentation";
  return (
    <section className="host-card" aria-labelledby="host-people">
      <h2 id="host-people">
        {presenting ? t("host.peopleOf", { count: people.length, most: MAX_VIEWERS }) : t("host.peopleTitle")}
      </h2>
      {people.length === 0 && (
        <Text size="sm" className="dim">
          {presenting ? t("host.nobodyPresent") : t("host.nobodyShare")}
        </Text>
      )}
      <ul className="host-people">
        {people.map((person) => (
          <Person key={person.id} person={person} onRemove={() => setAsked(person)} />
        ))}
      </ul>
      <Sure
        opened={leaving !== undefined}
        title={t("host.removeTitle", { name: asked?.name ?? "" })}
        text={presenting ? t("host.removeLinkText") : t("host.removeText")}
        yes={t("host.remove")}
        danger
        onNo={() => setAsked(null)}
        onYes={() => {
          if (leaving !== undefined) host.remove(leaving.id);
          setAsked(null);
        }}
      />
    </section>
  );
}
