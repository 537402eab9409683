import { Menu, Text } from "@mantine/core";
import {
  IconArrowAutofitContent,
  IconDeviceMobile,
  IconDoorExit,
  IconLogout,
  IconMaximize,
  IconMinimize,
  IconRelationOneToOne,
  IconUserCircle,
} from "@tabler/icons-react";
import type { MouseEvent, ReactElement } from "react";
import { useTranslation } from "react-i18next";

import { fullScreen } from "../../features/session/fullscreen";
import type { ScaleMode } from "../../features/session/scale";
import type { ChatTab } from "../../features/team/unread";
import { Mark } from "../parts/Brand";
import { LanguageSwitch } from "../parts/LanguageSwitch";
import { useAccount, useSession } from "../services";
import { useObservable } from "../useObservable";
import type { Question } from "./Confirm";
import { KeysMenu } from "./KeysMenu";
import { LinkStatus } from "./LinkStatus";
import { ModeMenu } from "./ModeMenu";
import { MarkTools } from "./MarkTools";
import { MonitorMenu } from "./MonitorMenu";
import { PanelTools } from "./PanelTools";
import { TokenTools } from "./TokenTools";
import { Tool } from "./Tool";

function AccountMenu(props: { readonly onSignOut: () => void }): ReactElement {
  const { t } = useTranslation();
  const account = useAccount();
  return (
    <Menu position="bottom-end" shadow="md" width={240}>
      <Menu.Target>
        <Tool label={t("account.menu")} icon={<IconUserCircle size={18} aria-hidden="true" />} />
      </Menu.Target>
      <Menu.Dropdown>
        {account.status === "in" && (
          <Text size="sm" className="menu-note">
            {t("account.signedInAs", { name: account.account.displayName })}
          </Text>
        )}
        <div className="menu-note">
          <LanguageSwitch />
        </div>
        {account.status === "in" && (
          <Menu.Item leftSection={<IconLogout size={16} aria-hidden="true" />} onClick={props.onSignOut}>
            {t("account.signOut")}
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

function ScaleTools(props: {
  readonly scale: ScaleMode;
  readonly onScale: (scale: ScaleMode) => void;
  readonly onDone: () => void;
}): ReactElement {
  const { t } = useTranslation();
  const full = useObservable(fullScreen);
  // Whoever uses the mouse goes on typing on the other PC; whoever came here by keyboard stays.
  const byMouse = (act: () => void) => (event: MouseEvent) => {
    act();
    if (event.detail > 0) props.onDone();
  };
  return (
    <>
      <Tool
        label={t("toolbar.fit")}
        icon={<IconArrowAutofitContent size={18} aria-hidden="true" />}
        pressed={props.scale === "fit"}
        onClick={byMouse(() => props.onScale("fit"))}
      />
      <Tool
        label={t("toolbar.actual")}
        icon={<IconRelationOneToOne size={18} aria-hidden="true" />}
        pressed={props.scale === "actual"}
        onClick={byMouse(() => props.onScale("actual"))}
      />
      <Tool
        label={full ? t("toolbar.leaveFullScreen") : t("toolbar.fullScreen")}
        icon={
          full ? <IconMinimize size={18} aria-hidden="true" /> : <IconMaximize size={18} aria-hidden="true" />
        }
        onClick={byMouse(() => void fullScreen.toggle())}
      />
    </>
  );
}

/** Everything that can be done around the picture, in one slim line. */
export function Toolbar(props: {
  readonly scale: ScaleMode;
  readonly onScale: (scale: ScaleMode) => void;
  /** The keyboard goes to the other PC. */
  readonly onKeyboard: () => void;
  readonly onQuestion: (question: Question) => void;
  readonly unread: Readonly<Record<ChatTab, number>>;
}): ReactElement {
  const { t } = useTranslation();
  const view = useSession();
  const presentation = view.kind === "presentation";
  // A presentation is not the spectator's to end.
  const way = presentation ? "leave" : "end";
  return (
    <div className="toolbar" role="toolbar" aria-label={t("toolbar.label")}>
      <Mark size={24} />
      {presentation ? (
        <span className="presenter">{t("toolbar.presents", { name: view.hostName ?? "" })}</span>
      ) : (
        <>
          <ModeMenu onDone={props.onKeyboard} />
          <TokenTools />
        </>
      )}
      <span className="toolbar-rule" />
      <MarkTools />
      <span className="toolbar-rule" />
      <ScaleTools scale={props.scale} onScale={props.onScale} onDone={props.onKeyboard} />
      <MonitorMenu />
      {!presentation && (
        <>
          <KeysMenu onDone={props.onKeyboard} />
          <span className="touch-only">
            <Tool
              label={t("toolbar.keyboard")}
              icon={<IconDeviceMobile size={18} aria-hidden="true" />}
              onClick={props.onKeyboard}
            />
          </span>
        </>
      )}
      <span className="toolbar-space" />
      <PanelTools unread={props.unread} />
      <LinkStatus />
      <AccountMenu onSignOut={() => props.onQuestion("signOut")} />
      <Tool
        label={t(`toolbar.${way}`)}
        icon={<IconDoorExit size={18} aria-hidden="true" />}
        text={t(`toolbar.${way}`)}
        color="red"
        variant="light"
        onClick={() => props.onQuestion(way)}
      />
    </div>
  );
}
