import { Text } from "@mantine/core";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";

import { colourOf, HOST_SLOT, iMay } from "../../features/team/people";
import { driverOf } from "../../features/session/token";
import { useSession } from "../services";
import { SidePanel } from "../session/SidePanel";
import { Face, Driving, MemberRow } from "./MemberRow";
import { InviteForm } from "./InviteForm";
import { Invites } from "./Invites";
import { Report } from "./Report";

function HostRow(): ReactElement {
  const { t } = useTranslation();
  const view = useSession();
  const presenter = view.kind === "presentation";
  const name = presenter ? (view.hostName ?? t("people.presenter")) : t("people.customer");
  return (
    <li className="person">
      <div className="person-head">
        <Face name={name} colour={colourOf(HOST_SLOT)} away={view.phase === "host_away"} />
        <span className="person-name">
          <bdi>{name}</bdi>
          <small>{presenter ? t("people.presenterText") : t("people.customerText")}</small>
        </span>
        {driverOf(view).kind === "customer" && <Driving />}
      </div>
    </li>
  );
}

/** Everybody in the session by name, role and colour, and what the lead may do for each. */
export function PeoplePanel(): ReactElement {
  const { t } = useTranslation();
  const view = useSession();
  return (
    <SidePanel name="people" title={t("people.title")} testId="people-panel">
      <div className="panel-body">
        <ul className="people" aria-label={t("people.title")}>
          <HostRow />
          {view.members.map((member) => (
            <MemberRow key={member.slot} member={member} />
          ))}
        </ul>
        <Text size="xs" className="dim">
          {t("people.note")}
        </Text>
        <Report />
        {iMay("invite", view) && (
          <section className="panel-section" aria-labelledby="invite-title">
            <Text component="h3" size="sm" fw={600} id="invite-title">
              {t("invite.title")}
            </Text>
            <InviteForm />
            <Invites />
          </section>
        )}
      </div>
    </SidePanel>
  );
}
