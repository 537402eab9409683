import { type ReactElement, useCallback, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { fullScreen } from "../../features/session/fullscreen";
import type { ScaleMode } from "../../features/session/scale";
import { useServices, useSession } from "../services";
import { Confirm, type Question } from "../session/Confirm";
import { Stage } from "../session/Stage";
import { Toolbar } from "../session/Toolbar";
import { useObservable } from "../useObservable";
import { useRefusalToasts } from "../useRefusalToasts";
import { useUnloadGuard } from "../useUnloadGuard";

/** The customer's desktop with the toolbar above it. */
export function Desktop(): ReactElement {
  const { t } = useTranslation();
  const { session, account } = useServices();
  const { phase } = useSession();
  const full = useObservable(fullScreen);
  const [scale, setScale] = useState<ScaleMode>("fit");
  const [question, setQuestion] = useState<Question | null>(null);
  const root = useRef<HTMLDivElement>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  useRefusalToasts();
  useUnloadGuard();
  // What follows the session is an ordinary page, with the keyboard's shortcuts back where they belong.
  useEffect(() => () => void fullScreen.leave(), []);

  const toScreen = useCallback(() => field.current?.focus({ preventScroll: true }), []);
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
      <Toolbar scale={scale} onScale={setScale} onKeyboard={toScreen} onQuestion={setQuestion} />
      <Stage scale={scale} field={field} onEscape={toToolbar} />
      <div className="sr-only" aria-live="polite">
        {t(`phase.${phase}`)}
      </div>
      <Confirm question={question} onStay={() => setQuestion(null)} onYes={giveUp} />
    </div>
  );
}
