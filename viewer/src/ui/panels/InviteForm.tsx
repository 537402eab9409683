import { Button, NativeSelect, SegmentedControl, Text } from "@mantine/core";
import { IconLink, IconUserPlus } from "@tabler/icons-react";
import { type ReactElement, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import type { AccountFault, Answer } from "../../features/account/api";
import { type Colleague, fetchColleagues, inviteColleague } from "../../features/team/api";
import { MAX_VIEWERS } from "../../protocol/generated";
import { accountFaultText } from "../failures";
import { useServices, useSession } from "../services";

/** Roles that a link may carry, and those that a colleague may come in. */
type InvitedRole = "collaborator" | "expert" | "external";
const LINK_ROLES: readonly InvitedRole[] = ["expert", "external"];
const COLLEAGUE_ROLES: readonly InvitedRole[] = ["collaborator", "expert"];

function RoleChoice(props: {
  readonly roles: readonly InvitedRole[];
  readonly role: InvitedRole;
  readonly onRole: (role: InvitedRole) => void;
}): ReactElement {
  const { t } = useTranslation();
  return (
    <NativeSelect
      size="xs"
      label={t("invite.role")}
      description={t(`invite.about.${props.role}`)}
      value={props.role}
      onChange={(event) => {
        const chosen = props.roles.find((one) => one === event.currentTarget.value);
        if (chosen !== undefined) props.onRole(chosen);
      }}
      data={props.roles.map((one) => ({ value: one, label: t(`people.${one}`) }))}
      data-testid="invite-role"
    />
  );
}

function useFull(): string | null {
  const { t } = useTranslation();
  const view = useSession();
  if (view.phase !== "live") return t("obstacle.offline");
  return view.members.length >= MAX_VIEWERS ? t("invite.full", { count: MAX_VIEWERS }) : null;
}

function ByLink(): ReactElement {
  const { t } = useTranslation();
  const { session } = useServices();
  const [role, setRole] = useState<InvitedRole>("expert");
  const full = useFull();
  return (
    <>
      <RoleChoice roles={LINK_ROLES} role={role} onRole={setRole} />
      <Button
        size="xs"
        variant="light"
        leftSection={<IconLink size={14} aria-hidden="true" />}
        disabled={full !== null}
        aria-description={full ?? undefined}
        onClick={() => session.send({ t: "InviteRequest", role })}
        data-testid="invite-make"
      >
        {t("invite.make")}
      </Button>
      <Text size="xs" className="dim">
        {full ?? t("invite.linkNote")}
      </Text>
    </>
  );
}

function useColleagues(): Answer<readonly Colleague[]> | null {
  const [answer, setAnswer] = useState<Answer<readonly Colleague[]> | null>(null);
  useEffect(() => {
    let gone = false;
    void fetchColleagues().then((found) => {
      if (!gone) setAnswer(found);
    });
    return () => {
      gone = true;
    };
  }, []);
  return answer;
}

function Fault(props: { readonly fault: AccountFault }): ReactElement {
  const { t } = useTranslation();
  const { cause, remedy } = accountFaultText(t, props.fault);
  return (
    <Text size="xs" role="alert" c="red.8">
      {cause} {remedy}
    </Text>
  );
}

interface Outcome {
  readonly name: string;
  readonly fault: AccountFault | null;
}

function Told(props: Outcome): ReactElement {
  const { t } = useTranslation();
  if (props.fault !== null) return <Fault fault={props.fault} />;
  return (
    <Text size="xs" role="status">
      {t("invite.asked", { name: props.name })}
    </Text>
  );
}

function Colleagues(props: { readonly colleagues: readonly Colleague[] }): ReactElement {
  const { t } = useTranslation();
  const { session } = useServices();
  const view = useSession();
  const full = useFull();
  const inside = new Set(view.members.map((member) => member.account_id));
  const free = props.colleagues.filter((one) => !inside.has(one.id));
  const [id, setId] = useState("");
  const [role, setRole] = useState<InvitedRole>("collaborator");
  const [told, setTold] = useState<Outcome | null>(null);
  const chosen = free.find((one) => one.id === id) ?? free[0];
  const sessionId = view.sessionId ?? null;

  async function invite(colleague: Colleague, session_id: string): Promise<void> {
    session.send({ t: "InviteRequest", role, account_id: colleague.id });
    const answer = await inviteColleague(session_id, colleague.id, role);
    setTold({ name: colleague.displayName, fault: answer.ok ? null : answer.fault });
  }

  if (chosen === undefined) return <Text size="xs">{t("invite.noColleagues")}</Text>;
  return (
    <>
      <NativeSelect
        size="xs"
        label={t("invite.colleague")}
        value={chosen.id}
        onChange={(event) => setId(event.currentTarget.value)}
        data={free.map((one) => ({
          value: one.id,
          label: one.team === "" ? one.displayName : `${one.displayName} · ${one.team}`,
        }))}
        data-testid="invite-colleague"
      />
      <RoleChoice roles={COLLEAGUE_ROLES} role={role} onRole={setRole} />
      <Button
        size="xs"
        variant="light"
        leftSection={<IconUserPlus size={14} aria-hidden="true" />}
        disabled={full !== null || sessionId === null}
        aria-description={full ?? undefined}
        onClick={() => {
          if (sessionId !== null) void invite(chosen, sessionId);
        }}
        data-testid="invite-colleague-yes"
      >
        {t("invite.ask")}
      </Button>
      {told !== null && <Told {...told} />}
      {full !== null && (
        <Text size="xs" className="dim">
          {full}
        </Text>
      )}
    </>
  );
}

function ByColleague(): ReactElement {
  const { t } = useTranslation();
  const answer = useColleagues();
  if (answer === null) return <Text size="xs">{t("invite.loading")}</Text>;
  return answer.ok ? <Colleagues colleagues={answer.value} /> : <Fault fault={answer.fault} />;
}

/** Call somebody in: by a link for anybody, or from the list of colleagues. */
export function InviteForm(): ReactElement {
  const { t } = useTranslation();
  const [way, setWay] = useState<"link" | "colleague">("link");
  return (
    <div className="invite-form">
      <SegmentedControl
        fullWidth
        size="xs"
        aria-label={t("invite.way")}
        value={way}
        onChange={(value) => setWay(value === "colleague" ? "colleague" : "link")}
        data={[
          { value: "link", label: t("invite.byLink") },
          { value: "colleague", label: t("invite.byColleague") },
        ]}
      />
      {way === "link" ? <ByLink /> : <ByColleague />}
    </div>
  );
}
