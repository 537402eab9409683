import { Badge, Button, Switch, Text } from "@mantine/core";
import { IconHandGrab, IconUserMinus, IconUserShield } from "@tabler/icons-react";
import { type ReactElement, useState } from "react";
import { useTranslation } from "react-i18next";

import { driverOf, obstacleToTaking } from "../../features/session/token";
import {
  colourOf,
  grantable,
  grantedOf,
  type GrantGroup,
  iMay,
  initialsOf,
  mayLead,
  mayRemove,
  uselessBy,
} from "../../features/team/people";
import type { Member } from "../../protocol/generated";
import { Sure } from "../parts/Sure";
import { useServices, useSession } from "../services";
import { useOffline } from "../useOffline";

/** A person's colour with the letters of the name. */
export function Face(props: {
  readonly name: string;
  readonly colour: string;
  readonly away?: boolean;
}): ReactElement {
  return (
    <span
      className="face"
      style={{ background: props.colour }}
      data-away={props.away === true ? true : undefined}
      aria-hidden="true"
    >
      {initialsOf(props.name)}
    </span>
  );
}

/** Who drives. */
export function Driving(): ReactElement {
  const { t } = useTranslation();
  return (
    <Badge size="sm" variant="light" color="amber" tt="none">
      {t("people.driving")}
    </Badge>
  );
}

function Toggle(props: { readonly member: Member; readonly group: GrantGroup }): ReactElement {
  const { t } = useTranslation();
  const { session } = useServices();
  const view = useSession();
  const { member, group } = props;
  const state = grantedOf(group, view.grants[member.slot] ?? []);
  const idle = uselessBy(group, view);

  function change(granted: boolean): void {
    for (const capability of group.capabilities) {
      session.send({ t: "GrantChange", slot: member.slot, capability, granted });
    }
  }

  return (
    <Switch
      size="xs"
      label={t(`grant.${group.name}`)}
      description={idle === null ? null : t(`grant.useless.${idle}`)}
      aria-label={t("grant.label", { what: t(`grant.${group.name}`), name: member.display_name })}
      checked={state === "all"}
      data-some={state === "some" || undefined}
      disabled={view.phase !== "live"}
      onChange={(event) => change(event.currentTarget.checked)}
      data-testid={`grant-${member.slot}-${group.name}`}
    />
  );
}

function Grants(props: { readonly member: Member }): ReactElement | null {
  const { t } = useTranslation();
  const groups = grantable(props.member.role);
  if (groups.length === 0) return null;
  return (
    <fieldset className="grants">
      <legend>{t("grant.title")}</legend>
      {groups.map((group) => (
        <Toggle key={group.name} member={props.member} group={group} />
      ))}
    </fieldset>
  );
}

type Asking = "handOver" | "remove";

function Actions(props: { readonly member: Member }): ReactElement {
  const { t } = useTranslation();
  const { session } = useServices();
  const view = useSession();
  const [asking, setAsking] = useState<Asking | null>(null);
  const { member } = props;
  const { slot, display_name: name } = member;
  const unreachable = useOffline();
  const offline = unreachable !== null;
  const barred = obstacleToTaking(view);
  const lead = iMay("give_control", view);
  const drives = view.token?.holder === slot;

  function sure(): void {
    if (asking === "remove") session.send({ t: "RemoveMember", slot });
    if (asking === "handOver") session.send({ t: "HandOver", slot });
    setAsking(null);
  }

  return (
    <div className="person-actions">
      {lead && member.role !== "demo_viewer" && !drives && (
        <Button
          size="compact-xs"
          variant="default"
          leftSection={<IconHandGrab size={14} aria-hidden="true" />}
          disabled={offline || barred !== null}
          title={barred === null ? undefined : t(`obstacle.${barred}`)}
          aria-description={barred === null ? undefined : t(`obstacle.${barred}`)}
          onClick={() => session.send({ t: "ControlGive", slot })}
          data-testid={`give-control-${slot}`}
        >
          {t("people.giveControl")}
        </Button>
      )}
      {iMay("hand_over", view) && mayLead(member) && (
        <Button
          size="compact-xs"
          variant="default"
          leftSection={<IconUserShield size={14} aria-hidden="true" />}
          disabled={offline}
          onClick={() => setAsking("handOver")}
          data-testid={`hand-over-${slot}`}
        >
          {t("people.handOver")}
        </Button>
      )}
      {mayRemove(member, view) && (
        <Button
          size="compact-xs"
          variant="default"
          c="red.8"
          leftSection={<IconUserMinus size={14} aria-hidden="true" />}
          disabled={offline}
          onClick={() => setAsking("remove")}
          data-testid={`remove-${slot}`}
        >
          {t("people.remove")}
        </Button>
      )}
      <Sure
        opened={asking !== null}
        title={asking === null ? "" : t(`people.${asking}Title`, { name })}
        text={asking === null ? "" : t(`people.${asking}Text`, { name })}
        yes={asking === null ? "" : t(`people.${asking}`)}
        danger={asking === "remove"}
        barred={unreachable}
        onNo={() => setAsking(null)}
        onYes={sure}
      />
    </div>
  );
}

/** One member: who, in what role, and for the lead what they may do. */
export function MemberRow(props: { readonly member: Member }): ReactElement {
  const { t } = useTranslation();
  const view = useSession();
  const { member } = props;
  const own = member.slot === view.self?.slot;
  const driver = driverOf(view);
  const drives = own ? driver.kind === "you" : driver.kind === "member" && driver.slot === member.slot;
  const manage = !own && (iMay("change_grants", view) || mayRemove(member, view));
  return (
    <li className="person" data-testid={`person-${member.slot}`}>
      <div className="person-head">
        <Face name={member.display_name} colour={colourOf(member.slot)} />
        <span className="person-name">
          <bdi>{member.display_name}</bdi>
          <small>
            {t(`people.${member.role}`)}
            {member.organisation === "" ? null : <bdi> · {member.organisation}</bdi>}
          </small>
        </span>
        {drives && <Driving />}
        {own && (
          <Text size="xs" className="dim">
            {t("people.you")}
          </Text>
        )}
      </div>
      {manage && (
        <details className="person-more">
          <summary
            aria-label={t("people.manageOf", { name: member.display_name })}
            data-testid={`manage-${member.slot}`}
          >
            {t("people.manage")}
          </summary>
          <Actions member={member} />
          {iMay("change_grants", view) && <Grants member={member} />}
        </details>
      )}
    </li>
  );
}
