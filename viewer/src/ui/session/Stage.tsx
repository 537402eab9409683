import { type ReactElement, type RefObject, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

import { attachSurface } from "../../features/input/surface";
import { may } from "../../features/session/rights";
import { cssSize, type ScaleMode } from "../../features/session/scale";
import { useServices, useSession } from "../services";
import { useRoom } from "../useRoom";
import { Overlay } from "./Overlay";
import { RemoteCursor } from "./RemoteCursor";

const IS_MAC = /mac|iphone|ipad/i.test(navigator.userAgent);

/** The remote screen: picture, keyboard and pointer. */
export function Stage(props: {
  readonly scale: ScaleMode;
  readonly field: RefObject<HTMLTextAreaElement | null>;
  readonly onEscape: () => void;
}): ReactElement {
  const { t } = useTranslation();
  const { session } = useServices();
  const view = useSession();
  const canvas = useRef<HTMLCanvasElement>(null);
  const { ref: stage, room, devicePixelRatio } = useRoom();
  const { field, scale, onEscape } = props;
  const controlling = may("input.pointer", view);
  const screen = view.screen !== null && view.screen.width > 0 && view.screen.height > 0 ? view.screen : null;
  const size = screen === null ? null : cssSize(screen, room, scale, devicePixelRatio);

  useEffect(() => (canvas.current === null ? undefined : session.attachCanvas(canvas.current)), [session]);
  useEffect(() => {
    if (canvas.current === null || field.current === null) return undefined;
    const surface = {
      canvas: canvas.current,
      field: field.current,
      client: session,
      isMac: IS_MAC,
      onEscape,
    };
    return attachSurface(surface);
  }, [session, field, onEscape]);
  useEffect(() => {
    if (controlling) field.current?.focus({ preventScroll: true });
  }, [controlling, field]);

  return (
    <main className="stage-frame">
      <div className="stage" ref={stage} data-scale={scale}>
        <div
          className="screen"
          data-controlling={controlling || undefined}
          style={size ?? { visibility: "hidden" }}
        >
          <canvas
            ref={canvas}
            data-testid="screen"
            tabIndex={-1}
            role="img"
            aria-label={t("screen.label")}
            style={size ?? {}}
          />
          <textarea
            ref={field}
            className="keyboard-field"
            aria-label={t("screen.field")}
            aria-description={controlling ? t("toolbar.escapeHint") : t("screen.observing")}
            autoComplete="off"
            autoCorrect="off"
            autoCapitalize="off"
            spellCheck={false}
            rows={1}
          />
          <RemoteCursor
            canvas={canvas}
            controlling={controlling}
            scale={size === null || screen === null ? 1 : size.width / screen.width}
          />
        </div>
      </div>
      <Overlay />
    </main>
  );
}
