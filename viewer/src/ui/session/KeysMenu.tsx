import { Menu, Text } from "@mantine/core";
import { IconKeyboard } from "@tabler/icons-react";
import type { ReactElement } from "react";
import { useTranslation } from "react-i18next";

import { asksFor, obstacleTo } from "../../features/session/rights";
import { SPECIAL_COMBOS } from "../../protocol/generated";
import { useServices, useSession } from "../services";
import { Tool } from "./Tool";
import { useChoice } from "./useChoice";

/** Combinations that the browser keeps for itself. */
export function KeysMenu(props: { readonly onDone: () => void }): ReactElement {
  const { t } = useTranslation();
  const { session } = useServices();
  const view = useSession();
  const obstacle = obstacleTo("input.special", view);
  const { choose, onExitTransitionEnd } = useChoice(props.onDone);
  return (
    <Menu position="bottom-start" shadow="md" width={260} onExitTransitionEnd={onExitTransitionEnd}>
      <Menu.Target>
        <Tool
          label={t("toolbar.keys")}
          icon={<IconKeyboard size={18} aria-hidden="true" />}
          obstacle={obstacle === null ? null : t(`obstacle.${obstacle}`)}
        />
      </Menu.Target>
      <Menu.Dropdown>
        {asksFor("input.special", view) && (
          <Text size="xs" className="dim menu-note">
            {t("asking.first")}
          </Text>
        )}
        {SPECIAL_COMBOS.map((combo) => (
          <Menu.Item
            key={combo}
            onClick={() => {
              session.send({ t: "SpecialKeys", combo });
              choose();
            }}
          >
            {t(`combo.${combo}`)}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Text size="xs" className="dim menu-note">
          {t("toolbar.escapeHint")}
        </Text>
      </Menu.Dropdown>
    </Menu>
  );
}
