import { Badge, Popover, Text } from "@mantine/core";
import { IconDeviceDesktop, IconUser, IconUsers } from "@tabler/icons-react";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";

import { useSession } from "../services";
import { Tool } from "./Tool";

/** Everybody in the session, by name and role. */
export function People(): ReactElement {
  const { t } = useTranslation();
  const { members, self } = useSession();
  const count = members.length + 1;
  return (
    <Popover position="bottom-end" shadow="md" width={320} trapFocus returnFocus>
      <Popover.Target>
        <Tool
          label={t("toolbar.people", { count })}
          icon={<IconUsers size={18} aria-hidden="true" />}
          text={<span className="numbers">{count}</span>}
        />
      </Popover.Target>
      <Popover.Dropdown>
        <Text fw={600} size="sm" id="people-title">
          {t("people.title")}
        </Text>
        <ul className="people" aria-labelledby="people-title" tabIndex={0}>
          <li>
            <IconDeviceDesktop size={18} aria-hidden="true" />
            <span>
              {t("people.customer")}
              <small>{t("people.customerText")}</small>
            </span>
          </li>
          {members.map((member) => (
            <li key={member.slot}>
              <IconUser size={18} aria-hidden="true" />
              <span>
                <bdi>{member.display_name}</bdi>
                <small>
                  {t(`people.${member.role}`)}
                  {member.organisation !== "" && <bdi> · {member.organisation}</bdi>}
                </small>
              </span>
              {member.slot === self?.slot && (
                <Badge size="sm" variant="light" tt="none">
                  {t("people.you")}
                </Badge>
              )}
            </li>
          ))}
        </ul>
        <Text size="xs" className="dim">
          {t("people.note")}
        </Text>
      </Popover.Dropdown>
    </Popover>
  );
}
