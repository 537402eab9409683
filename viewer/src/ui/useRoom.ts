import { type RefObject, useEffect, useRef, useState } from "react";

interface Room {
  readonly room: { readonly width: number; readonly height: number };
  readonly devicePixelRatio: number;
}

const NONE: Room = { room: { width: 0, height: 0 }, devicePixelRatio: 1 };

/** The room inside an element, CSS pixels, and this display's pixel ratio, both followed. */
export function useRoom(): Room & { readonly ref: RefObject<HTMLDivElement | null> } {
  const ref = useRef<HTMLDivElement>(null);
  const [room, setRoom] = useState<Room>(NONE);
  useEffect(() => {
    const element = ref.current;
    if (element === null) return undefined;
    const measure = (): void => {
      // offset sizes leave scroll bars out of the sum: they would make the picture and themselves come and go.
      const { offsetWidth: width, offsetHeight: height } = element;
      setRoom({ room: { width, height }, devicePixelRatio: window.devicePixelRatio });
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    window.addEventListener("resize", measure);
    return () => {
      observer.disconnect();
      window.removeEventListener("resize", measure);
    };
  }, []);
  return { ref, ...room };
}
