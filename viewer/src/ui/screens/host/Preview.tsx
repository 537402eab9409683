import { IconPlayerPause } from "@tabler/icons-react";
import { type ReactElement, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import type { LaserView, StrokeView } from "../../../core/api";
import { colourOf } from "../../../features/team/people";
import { useObservable } from "../../useObservable";
import { useHost, useHostView } from "./useHost";

const PERCENT = 100;

function pointsOf({ points }: StrokeView): string {
  const pairs: string[] = [];
  for (let at = 0; at + 1 < points.length; at += 2) {
    pairs.push(`${PERCENT * (points[at] ?? 0)},${PERCENT * (points[at + 1] ?? 0)}`);
  }
  // A dot is a line from a place to itself.
  return pairs.length === 1 ? `${pairs[0] ?? ""} ${pairs[0] ?? ""}` : pairs.join(" ");
}

function Name(props: {
  readonly slot: number;
  readonly name: string;
  readonly x: number;
  readonly y: number;
}): ReactElement {
  const place = { left: `${PERCENT * props.x}%`, top: `${PERCENT * props.y}%` };
  return (
    <span className="host-mark-name" style={{ ...place, background: colourOf(props.slot) }}>
      <bdi>{props.name}</bdi>
    </span>
  );
}

/** What the others point at and draw, named and in their colours. */
function Marks(): ReactElement {
  const host = useHost();
  const { people } = useHostView();
  const { lasers, strokes } = useObservable(host.marks);
  const nameOf = (slot: number): string => people.find((person) => person.slot === slot)?.name ?? "";
  const newest = [...new Map(strokes.map((stroke) => [stroke.slot, stroke])).values()];
  const shown = Object.entries(lasers).filter((one): one is [string, LaserView] => one[1] !== undefined);
  return (
    <div className="host-marks" data-testid="host-marks">
      <svg viewBox="0 0 100 100" preserveAspectRatio="none">
        {strokes.map((stroke, at) => (
          <polyline
            key={`${stroke.slot}-${stroke.stroke}-${at}`}
            points={pointsOf(stroke)}
            stroke={colourOf(stroke.slot)}
            vectorEffect="non-scaling-stroke"
          />
        ))}
      </svg>
      {newest.map(({ slot, points }) => (
        <Name key={slot} slot={slot} name={nameOf(slot)} x={points.at(-2) ?? 0} y={points.at(-1) ?? 0} />
      ))}
      {shown.map(([slot, { x, y }]) => (
        <div key={slot}>
          <span
            className="host-laser"
            style={{ left: `${PERCENT * x}%`, top: `${PERCENT * y}%`, color: colourOf(Number(slot)) }}
          />
          <Name slot={Number(slot)} name={nameOf(Number(slot))} x={x} y={y} />
        </div>
      ))}
    </div>
  );
}

/** What the others see, small, with what they draw on it. */
export function Preview(): ReactElement {
  const { t } = useTranslation();
  const video = useRef<HTMLVideoElement>(null);
  const [ratio, setRatio] = useState(16 / 9);
  const stream = useObservable(useHost().stream);
  useEffect(() => {
    if (video.current !== null) video.current.srcObject = stream;
  }, [stream]);
  return (
    <div className="host-preview" style={{ aspectRatio: ratio }}>
      <video
        ref={video}
        muted
        autoPlay
        playsInline
        aria-label={t("host.preview")}
        onResize={({ currentTarget: { videoWidth, videoHeight } }) => {
          if (videoWidth > 0 && videoHeight > 0) setRatio(videoWidth / videoHeight);
        }}
      />
      {stream === null && (
        <div className="host-paused">
          <IconPlayerPause size={28} aria-hidden="true" />
          <span>{t("host.paused")}</span>
        </div>
      )}
      {stream !== null && <Marks />}
    </div>
  );
}
