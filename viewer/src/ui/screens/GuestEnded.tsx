import { Alert, Button, Group, Stack } from "@mantine/core";
import { IconDoorExit } from "@tabler/icons-react";
import type { TFunction } from "i18next";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";

import type { FailureCode, CalmView } from "../../core/api";
import type { GuestLink } from "../../features/guest/link";
import { type CauseAndRemedy, failureText } from "../failures";
import { Frame } from "../parts/Frame";
import { Notice } from "../parts/Notice";
import { Undelivered } from "../parts/Undelivered";
import { useSession } from "../services";

/** What a failure means to somebody who has a link and nothing else. */
type GuestFault = "link" | "full" | "over" | "removed" | "away" | "denied";

const FAULTS: Readonly<Partial<Record<FailureCode, GuestFault>>> = {
  ticket_invalid: "link",
  resume_invalid: "over",
  code_wrong: "link",
  code_dead: "link",
  session_full: "full",
  session_ended: "over",
  removed: "removed",
  host_gone: "away",
  consent_denied: "denied",
  consent_timeout: "denied",
};

/** How it stands, with nothing gone wrong. */
const CALM: ReadonlySet<GuestFault> = new Set<GuestFault>(["over", "full"]);

function textOf(t: TFunction, fault: GuestFault | undefined, code: FailureCode): CauseAndRemedy {
  if (fault === undefined) return failureText(t, code);
  return { cause: t(`guest.fault.${fault}`), remedy: t(`guest.fault.${fault}Remedy`) };
}

function Reason(props: { readonly error: NonNullable<CalmView["error"]> }): ReactElement {
  const { t } = useTranslation();
  const { code, detail } = props.error;
  const fault = FAULTS[code];
  const known = fault !== undefined;
  return (
    <Notice
      text={textOf(t, fault, code)}
      detail={known ? undefined : detail}
      calm={known && CALM.has(fault)}
    />
  );
}

/** What a link cannot help with any more. */
const FINAL: ReadonlySet<GuestFault> = new Set<GuestFault>(["link", "over", "removed"]);

/** Tell whether the link may still lead in: into a session it is good for one person, once (SPEC G14). */
function mayReturn(kind: GuestLink["kind"], { error, steps }: CalmView): boolean {
  const fault = error === null ? undefined : FAULTS[error.code];
  if (fault !== undefined && FINAL.has(fault)) return false;
  return kind === "presentation" || steps.encryption !== "done";
}

/** Why a guest is out, and the way back in where there may be one. */
export function GuestEnded(props: {
  readonly kind: GuestLink["kind"];
  readonly onAgain: () => void;
}): ReactElement {
  const { t } = useTranslation();
  const view = useSession();
  const { error, steps } = view;
  const wasIn = steps.consent === "done";
  return (
    <Frame title={t(error === null || wasIn ? "guest.ended.title" : "guest.ended.failedTitle")}>
      <Stack gap="lg">
        {error === null ? (
          <Alert
            role="status"
            variant="light"
            icon={<IconDoorExit aria-hidden="true" />}
            title={t("guest.ended.left")}
          >
            {t("guest.ended.leftText")}
          </Alert>
        ) : (
          <Reason error={error} />
        )}
        <Undelivered />
        {mayReturn(props.kind, view) && (
          <Group>
            <Button size="md" onClick={props.onAgain} autoFocus>
              {t("guest.ended.again")}
            </Button>
          </Group>
        )}
      </Stack>
    </Frame>
  );
}
