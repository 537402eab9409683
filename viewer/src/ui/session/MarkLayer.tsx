import { memo, type PointerEvent, type ReactElement, useEffect, useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";

import type { LaserView, ScreenView, CalmView, StrokeView } from "../../core/api";
import { placeAt } from "../../features/input/geometry";
import { type Label as LabelPlace, laserLabel } from "../../features/marks/label";
import { firstStroke, LaserPointer, type MarkTool, Pen } from "../../features/marks/pen";
import { inRegion, type Region } from "../../features/session/monitors";
import { obstacleTo } from "../../features/session/rights";
import { colourOf, HOST_SLOT } from "../../features/team/people";
import { useServices, useSession } from "../services";
import { useObservable } from "../useObservable";
import { useWorkspace } from "./workspace";

interface Frame {
  readonly screen: ScreenView;
  readonly region: Region;
  /** CSS pixels for one remote pixel. */
  readonly scale: number;
}

function pointsOf(stroke: StrokeView, { screen, region, scale }: Frame): string {
  const { monitor, points } = stroke;
  const found: string[] = [];
  for (let at = 0; at + 1 < points.length; at += 2) {
    const place = inRegion({ monitor, x: points[at] ?? 0, y: points[at + 1] ?? 0 }, region, screen);
    if (place !== null) found.push(`${(place.x * scale).toFixed(1)},${(place.y * scale).toFixed(1)}`);
  }
  // A dot is a line from a place to itself; one point alone would not be drawn.
  return found.length === 1 ? `${found[0] ?? ""} ${found[0] ?? ""}` : found.join(" ");
}

/** One line; drawn anew only when it grew or the screen changed its size. */
const Line = memo(function Line(props: { readonly stroke: StrokeView } & Frame): ReactElement {
  const { stroke, ...frame } = props;
  const points = pointsOf(stroke, frame);
  return (
    <g className="mark-line">
      <polyline points={points} className="mark-halo" />
      <polyline points={points} stroke={colourOf(stroke.slot)} />
    </g>
  );
});

function useNames(): (slot: number) => string {
  const { t } = useTranslation();
  const { members, self, hostName } = useSession();
  return (slot) => {
    if (slot === self?.slot) return t("people.you");
    if (slot === HOST_SLOT) return hostName ?? t("people.customer");
    return members.find((member) => member.slot === slot)?.display_name ?? "";
  };
}

function Label(props: {
  readonly slot: number;
  readonly name: string;
  readonly x: number;
  readonly y: number;
}): ReactElement {
  const place = { transform: `translate(${props.x}px, ${props.y}px)`, background: colourOf(props.slot) };
  return (
    <span className="mark-name" style={place}>
      <bdi>{props.name}</bdi>
    </span>
  );
}

function LaserName(props: { readonly slot: number; readonly label: LabelPlace }): ReactElement {
  const { text, x, y, width, height, fontPx } = props.label;
  const place = {
    transform: `translate(${x}px, ${y}px)`,
    minWidth: width,
    minHeight: height,
    fontSize: fontPx,
    background: colourOf(props.slot),
  };
  return (
    <span className="mark-name laser-name" style={place}>
      <bdi>{text}</bdi>
    </span>
  );
}

function Laser(
  props: { readonly slot: number; readonly laser: LaserView; readonly name: string | null } & Frame,
): ReactElement | null {
  const { slot, laser, name, screen, region, scale } = props;
  const place = inRegion(laser, region, screen);
  if (place === null) return null;
  const [x, y] = [place.x * scale, place.y * scale];
  return (
    <>
      <span
        className="laser-dot"
        data-slot={slot}
        style={{ transform: `translate(${x}px, ${y}px)`, color: colourOf(slot) }}
      />
      {name !== null && <LaserName slot={slot} label={laserLabel(name, place, props)} />}
    </>
  );
}

/** The newest line of each person, which carries the name. */
function newestOf(strokes: readonly StrokeView[]): readonly StrokeView[] {
  return [...new Map(strokes.map((stroke) => [stroke.slot, stroke])).values()];
}

function Names(props: { readonly strokes: readonly StrokeView[] } & Frame): ReactElement {
  const { strokes, screen, region, scale } = props;
  const nameOf = useNames();
  const { self } = useSession();
  return (
    <>
      {newestOf(strokes)
        .filter((stroke) => stroke.slot !== self?.slot)
        .map(({ slot, monitor, points }) => {
          const [x, y] = [points.at(-2) ?? 0, points.at(-1) ?? 0];
          const place = inRegion({ monitor, x, y }, region, screen);
          if (place === null) return null;
          return (
            <Label
              key={slot}
              slot={slot}
              name={nameOf(slot)}
              x={place.x * scale + 8}
              y={place.y * scale + 8}
            />
          );
        })}
    </>
  );
}

/** Everybody's marks over the picture. They never take the pointer. */
export function MarkLayer(props: Frame): ReactElement {
  const { session } = useServices();
  const { self } = useSession();
  const { lasers, strokes } = useObservable(session.marks);
  const nameOf = useNames();
  const { screen, region, scale } = props;
  const shown = Object.entries(lasers).filter(
    (entry): entry is [string, LaserView] => entry[1] !== undefined,
  );
  return (
    <div className="marks" aria-hidden="true">
      <svg width={region.width * scale} height={region.height * scale}>
        {strokes.map((stroke) => (
          <Line
            key={`${stroke.slot}-${stroke.stroke}`}
            stroke={stroke}
            screen={screen}
            region={region}
            scale={scale}
          />
        ))}
      </svg>
      <Names strokes={strokes} {...props} />
      {shown.map(([slot, laser]) => (
        <Laser
          key={slot}
          slot={Number(slot)}
          laser={laser}
          name={Number(slot) === self?.slot ? null : nameOf(Number(slot))}
          {...props}
        />
      ))}
    </div>
  );
}

const NEEDS = { laser: "point.laser", draw: "point.annotate" } as const;

/** Tell whether a tool can still be used. */
export function usable(tool: MarkTool, view: CalmView): boolean {
  return obstacleTo(NEEDS[tool], view) === null;
}

/** The sheet that a tool works on: it lies over the picture and keeps the pointer from the other PC. */
export function MarkSheet(props: { readonly region: Region }): ReactElement | null {
  const { session } = useServices();
  const view = useSession();
  const { tool, setTool } = useWorkspace();
  const sheet = useRef<HTMLDivElement>(null);
  const { region } = props;
  const pen = useMemo(() => new Pen(session, firstStroke()), [session]);
  const laser = useMemo(() => new LaserPointer(session), [session]);
  const allowed = tool !== null && usable(tool, view);

  useEffect(() => {
    if (tool !== null && !allowed && view.phase === "live") setTool(null);
  }, [tool, allowed, view.phase, setTool]);
  useEffect(() => {
    if (!allowed) return undefined;
    const leave = (event: KeyboardEvent): void => {
      const inPanel =
        event.target instanceof Element && event.target.closest(".panel, [role=dialog]") !== null;
      if (event.key !== "Escape" || inPanel) return;
      event.preventDefault();
      event.stopPropagation();
      setTool(null);
    };
    window.addEventListener("keydown", leave, { capture: true });
    return () => {
      window.removeEventListener("keydown", leave, { capture: true });
      pen.up();
      laser.off();
    };
  }, [allowed, tool, setTool, pen, laser]);

  if (!allowed) return null;

  const placeOf = (event: { readonly clientX: number; readonly clientY: number }) =>
    sheet.current === null ? null : placeAt(event, sheet.current.getBoundingClientRect(), region);

  function down(event: PointerEvent<HTMLDivElement>): void {
    const place = placeOf(event);
    if (!event.isPrimary || event.button > 0 || place === null) return;
    if (event.nativeEvent.isTrusted) event.currentTarget.setPointerCapture(event.pointerId);
    if (tool === "draw") pen.down(place);
    else laser.point(place);
  }

  function move(event: PointerEvent<HTMLDivElement>): void {
    if (!event.isPrimary) return;
    // A fast hand makes several points between two pictures; a line has them all, a laser only the last.
    const all = tool === "draw" ? event.nativeEvent.getCoalescedEvents() : [];
    for (const one of all.length > 0 ? all : [event]) {
      const place = placeOf(one);
      if (place === null) continue;
      if (tool === "draw") pen.move(place);
      else laser.point(place);
    }
  }

  function up(event: PointerEvent<HTMLDivElement>): void {
    pen.up();
    // A finger that is gone points at nothing; a mouse still does.
    if (event.pointerType === "touch") laser.off();
  }

  return (
    <div
      ref={sheet}
      className="mark-sheet"
      data-tool={tool}
      data-testid="mark-sheet"
      onPointerDown={down}
      onPointerMove={move}
      onPointerUp={up}
      onPointerCancel={up}
      onPointerLeave={() => laser.off()}
      onContextMenu={(event) => event.preventDefault()}
    />
  );
}
