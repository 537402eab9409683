import { type ReactElement, type RefObject, useCallback, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { fullScreen } from "../../features/session/fullscreen";
import type { ScaleMode } from "../../features/session/scale";
import type { ChatTab } from "../../features/team/unread";
import { AdminPanel } from "../administration/AdminPanel";
import { ChatPanel } from "../panels/ChatPanel";
import { PeoplePanel } from "../panels/PeoplePanel";
import { useUnread } from "../panels/useUnread";
import { useServices, useSession } from "../services";
import { Confirm, type Question } from "../session/Confirm";
import { DemoProvider } from "../session/demo";
import { Stage } from "../session/Stage";
import { Toolbar } from "../session/Toolbar";
import { useWorkspace, WorkspaceProvider } from "../session/workspace";
import { useObservable } from "../useObservable";
import { useRefusalToasts } from "../useRefusalToasts";
import { useUnloadGuard } from "../useUnloadGuard";

function Arranged(props: { readonly field: RefObject<HTMLTextAreaElement | null> }): ReactElement {
  const { t } = useTranslation();
  const { session, account } = useServices();
  const { phase, kind } = useSession();
  const { panel, toScreen } = useWorkspace();
  const full = useObservable(fullScreen);
  const [scale, setScale] = useState<ScaleMode>("fit");
  const [question, setQuestion] = useState<Question | null>(null);
  const [tab, setTab] = useState<ChatTab>("all");
  const root = useRef<HTMLDivElement>(null);
  const unread = useUnread(panel === "chat" ? tab : null);
  useRefusalToasts();
  useUnloadGuard();
  // What follows the session is an ordinary page, with the keyboard's shortcuts back where they belong.
  useEffect(() => () => void fullScreen.leave(), []);

  const toToolbar = useCallback(
    () => root.current?.querySelector<HTMLElement>(".toolbar .tool")?.focus(),
    [],
  );

  function giveUp(answer: Question): void {
    setQuestion(null);
    session.leave();
    if (answer === "signOut") void account.signOut();
  }

  return (
    <div className="desktop" ref={root} data-phase={phase} data-full={full || undefined}>
      <Toolbar
        scale={scale}
        onScale={setScale}
        onKeyboard={toScreen}
        onQuestion={setQuestion}
        unread={unread}
      />
      <div className="desktop-body">
        <Stage scale={scale} field={props.field} onEscape={toToolbar} />
        <PeoplePanel />
        <ChatPanel tab={tab} onTab={setTab} unread={unread} />
        {kind === "support" && <AdminPanel />}
      </div>
      <div className="sr-only" aria-live="polite">
        {t(`phase.${phase}`)}
      </div>
      <Confirm question={question} onStay={() => setQuestion(null)} onYes={giveUp} />
    </div>
  );
}

/** The customer's desktop with the toolbar above it, and people, talk and administration beside it. */
export function Desktop(): ReactElement {
  const field = useRef<HTMLTextAreaElement>(null);
  const toScreen = useCallback(() => field.current?.focus({ preventScroll: true }), []);
  return (
    <WorkspaceProvider toScreen={toScreen}>
      <DemoProvider>
        <Arranged field={field} />
      </DemoProvider>
    </WorkspaceProvider>
  );
}
