import { IconMessage2, IconTool, IconUsers } from "@tabler/icons-react";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";

import { obstacleTo } from "../../features/session/rights";
import type { ChatTab } from "../../features/team/unread";
import type { Capability } from "../../protocol/generated";
import { useSession } from "../services";
import { Tool } from "./Tool";
import { useWorkspace } from "./workspace";

const ADMINISTRATION: readonly Capability[] = [
  "system.info",
  "system.processes.list",
  "system.services",
  "terminal.user",
  "terminal.admin",
  "power.reboot",
  "session.hold",
];

/** The panels beside the picture. */
export function PanelTools(props: { readonly unread: Readonly<Record<ChatTab, number>> }): ReactElement {
  const { t } = useTranslation();
  const view = useSession();
  const { panel, togglePanel } = useWorkspace();
  const people = view.members.length + 1;
  const unread = props.unread.all + props.unread.team;
  const obstacles = ADMINISTRATION.map((capability) => obstacleTo(capability, view));
  // What is open may be closed again, and a session that stands still keeps what was there to be read.
  const barred = panel !== "admin" && view.phase === "live" && obstacles.every((one) => one !== null);
  return (
    <>
      {view.kind === "support" && (
        <Tool
          label={t("admin.title")}
          icon={<IconTool size={18} aria-hidden="true" />}
          pressed={panel === "admin"}
          obstacle={barred ? t(`obstacle.${obstacles[0] ?? "mode"}`) : null}
          data-testid="admin-panel"
          onClick={() => togglePanel("admin")}
        />
      )}
      <Tool
        label={unread === 0 ? t("chat.title") : t("chat.titleUnread", { count: unread })}
        icon={
          <span className="badged">
            <IconMessage2 size={18} aria-hidden="true" />
            {unread > 0 && (
              <span
                className="badge numbers"
                data-team={props.unread.team > 0 || undefined}
                data-testid="chat-unread"
              >
                {unread > 9 ? "9+" : unread}
              </span>
            )}
          </span>
        }
        pressed={panel === "chat"}
        data-testid="chat"
        onClick={() => togglePanel("chat")}
      />
      <Tool
        label={t("toolbar.people", { count: people })}
        icon={<IconUsers size={18} aria-hidden="true" />}
        text={<span className="numbers">{people}</span>}
        pressed={panel === "people"}
        data-testid="people"
        onClick={() => togglePanel("people")}
      />
      <span className="sr-only" aria-live="polite">
        {unread > 0 && t("chat.unread", { count: unread })}
      </span>
    </>
  );
}
