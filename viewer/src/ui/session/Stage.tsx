import { type ReactElement, type RefObject, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

import type { ScreenView } from "../../core/api";
import { attachSurface } from "../../features/input/surface";
import { type Region, regionOf } from "../../features/session/monitors";
import { may, obstacleTo } from "../../features/session/rights";
import { cssSize, type ScaleMode } from "../../features/session/scale";
import { useServices, useSession } from "../services";
import { useRoom } from "../useRoom";
import { DemoCard } from "./DemoCard";
import { Hints } from "./Hints";
import { MarkLayer, MarkSheet } from "./MarkLayer";
import { Overlay } from "./Overlay";
import { RemoteCursor } from "./RemoteCursor";
import { useWorkspace } from "./workspace";

const IS_MAC = /mac|iphone|ipad/i.test(navigator.userAgent);

interface Sizes {
  /** The part that is looked at, CSS pixels. */
  readonly shown: { readonly width: number; readonly height: number };
  /** The whole picture and where it begins, CSS pixels. */
  readonly sheet: {
    readonly width: number;
    readonly height: number;
    readonly left: number;
    readonly top: number;
  };
  /** CSS pixels for one remote pixel. */
  readonly scale: number;
}

function sizesOf(screen: ScreenView, region: Region, shown: Sizes["shown"]): Sizes {
  const scale = shown.width / region.width;
  const sheet = {
    width: screen.width * scale,
    height: screen.height * scale,
    left: -region.x * scale,
    top: -region.y * scale,
  };
  return { shown, sheet, scale };
}

/** Keyboard and pointer of the picture; the region is asked for at every event, as it changes in between. */
function useSurface(
  elements: {
    readonly canvas: RefObject<HTMLCanvasElement | null>;
    readonly field: RefObject<HTMLTextAreaElement | null>;
    readonly shown: RefObject<HTMLDivElement | null>;
  },
  region: Region | null,
  onEscape: () => void,
): void {
  const { session } = useServices();
  const { noteTry } = useWorkspace();
  const seen = useRef(region);
  const { canvas, field, shown } = elements;
  useEffect(() => {
    seen.current = region;
  }, [region]);
  useEffect(() => {
    if (canvas.current === null || field.current === null) return undefined;
    return attachSurface({
      canvas: canvas.current,
      field: field.current,
      client: session,
      isMac: IS_MAC,
      onEscape,
      onTokenElsewhere: noteTry,
      region: () => ({
        box: shown.current?.getBoundingClientRect() ?? new DOMRect(),
        ...(seen.current ?? { monitor: 0, width: 0, height: 0 }),
      }),
    });
  }, [session, canvas, field, shown, onEscape, noteTry]);
}

/** The remote screen: picture, keyboard, pointer and marks. */
export function Stage(props: {
  readonly scale: ScaleMode;
  readonly field: RefObject<HTMLTextAreaElement | null>;
  readonly onEscape: () => void;
}): ReactElement {
  const { t } = useTranslation();
  const { session } = useServices();
  const view = useSession();
  const { monitor, setMonitor } = useWorkspace();
  const canvas = useRef<HTMLCanvasElement>(null);
  const shown = useRef<HTMLDivElement>(null);
  const { ref: stage, room, devicePixelRatio } = useRoom();
  const { field, scale, onEscape } = props;
  const controlling = may("input.pointer", view);
  // In a support session a demo shows the technician's screen, elsewhere; in a presentation it is the picture here.
  const demoElsewhere = view.mode === "demo" && view.kind === "support" && view.phase === "live";
  const screen = view.screen !== null && view.screen.width > 0 && view.screen.height > 0 ? view.screen : null;
  const region = screen === null ? null : regionOf(screen, monitor);
  const sizes =
    screen === null || region === null
      ? null
      : sizesOf(screen, region, cssSize(region, room, scale, devicePixelRatio));

  useEffect(() => (canvas.current === null ? undefined : session.attachCanvas(canvas.current)), [session]);
  useSurface({ canvas, field, shown }, region, onEscape);
  useEffect(() => {
    // What has the focus on purpose keeps it: somebody may be in the middle of a line of the chat.
    const elsewhere = document.activeElement?.closest(".panel, [role=dialog], .toolbar") ?? null;
    if (controlling && elsewhere === null) field.current?.focus({ preventScroll: true });
  }, [controlling, field]);
  useEffect(() => {
    // A monitor that comes back later is not chosen again behind the person's back.
    if (region !== null && region.monitor !== monitor) setMonitor(region.monitor);
  }, [region, monitor, setMonitor]);

  return (
    <main className="stage-frame">
      <div className="stage" ref={stage} data-scale={scale}>
        <div
          className="screen"
          ref={shown}
          data-controlling={controlling || undefined}
          data-token={obstacleTo("input.pointer", view) === "token" || undefined}
          data-monitor={region?.monitor}
          style={sizes?.shown ?? { visibility: "hidden" }}
        >
          <div className="sheet" style={sizes?.sheet ?? {}}>
            <canvas
              ref={canvas}
              data-testid="screen"
              tabIndex={-1}
              role="img"
              aria-label={t("screen.label")}
              style={sizes === null ? {} : { width: sizes.sheet.width, height: sizes.sheet.height }}
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
            <RemoteCursor canvas={canvas} controlling={controlling} scale={sizes?.scale ?? 1} />
          </div>
          {screen !== null && region !== null && sizes !== null && (
            <>
              <MarkLayer screen={screen} region={region} scale={sizes.scale} />
              <MarkSheet region={region} />
            </>
          )}
        </div>
      </div>
      {demoElsewhere ? <DemoCard /> : <Overlay />}
      <Hints />
    </main>
  );
}
