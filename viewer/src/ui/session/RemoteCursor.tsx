import { type ReactElement, type RefObject, useEffect } from "react";

import { wearCursor } from "../../features/session/cursor";
import { useServices } from "../services";
import { useObservable } from "../useObservable";

/** The customer's pointer: as the own one where we point, drawn over the picture where we only look. */
export function RemoteCursor(props: {
  readonly canvas: RefObject<HTMLCanvasElement | null>;
  readonly controlling: boolean;
  /** CSS pixels for one remote pixel. */
  readonly scale: number;
}): ReactElement | null {
  const { session } = useServices();
  const cursor = useObservable(session.cursor);
  const { canvas, controlling, scale } = props;

  useEffect(() => {
    if (canvas.current !== null) wearCursor(canvas.current, controlling ? cursor : null);
  }, [canvas, controlling, cursor]);

  if (!cursor.visible || cursor.url === null) return null;
  const place = `translate(${(cursor.x - cursor.hotX) * scale}px, ${(cursor.y - cursor.hotY) * scale}px) scale(${scale})`;
  return (
    <img className="remote-cursor" alt="" src={cursor.url} style={{ transform: place }} draggable={false} />
  );
}
