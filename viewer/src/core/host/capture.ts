/** The page's part of a capture: choose a screen, and hand its frames to the worker. */
import type { ToHost } from "./port";

/** What became of choosing a screen. */
export type Choice = "chosen" | "cancelled" | "unsupported";

/** Frames as a stream, where the browser has them on the page; not in the standard's library of types yet. */
interface TrackProcessor {
  readonly readable: ReadableStream<VideoFrame>;
}
type ProcessorMaker = new (options: { track: MediaStreamTrack; maxBufferSize?: number }) => TrackProcessor;

const FRAMES_PER_S = 30;
/** `monitor`: people mean the whole screen far more often than a window. */
const WISHES = {
  video: { frameRate: { max: FRAMES_PER_S }, cursor: "always", displaySurface: "monitor" },
  audio: false,
  selfBrowserSurface: "exclude",
  surfaceSwitching: "include",
  monitorTypeSurfaces: "include",
} as const;

/** The parts of a worker that are used. */
export type Port = Pick<Worker, "postMessage">;

/** Tell whether this browser can show a screen at all: phones cannot. */
export function canShowScreen(): boolean {
  const { mediaDevices } = navigator as { readonly mediaDevices?: MediaDevices };
  return mediaDevices !== undefined && "getDisplayMedia" in mediaDevices && "VideoEncoder" in window;
}

/** Ask the person to choose a screen; to be called from a click. */
export async function chooseScreen(): Promise<MediaStream | Exclude<Choice, "chosen">> {
  if (!canShowScreen()) return "unsupported";
  try {
    return await navigator.mediaDevices.getDisplayMedia(WISHES);
  } catch (error) {
    const name = error instanceof DOMException ? error.name : "";
    return name === "NotAllowedError" || name === "AbortError" ? "cancelled" : "unsupported";
  }
}

function processorMaker(): ProcessorMaker | null {
  const { MediaStreamTrackProcessor: maker } = window as { MediaStreamTrackProcessor?: ProcessorMaker };
  return maker ?? null;
}

/** One running capture. */
export class Capture {
  private video: HTMLVideoElement | null = null;
  private pictures = 0;

  /** `ended` is called when the person has stopped it in the browser's own bar. */
  constructor(
    readonly stream: MediaStream,
    private readonly ended: () => void,
  ) {}

  /** Hand the frames to the worker: by themselves where that is possible, else one for each `want`. */
  async begin(port: Port): Promise<void> {
    const [track] = this.stream.getVideoTracks();
    if (track === undefined) throw new Error("the screen that was chosen has no picture");
    track.contentHint = "detail";
    track.addEventListener("ended", this.ended);
    // It may have been stopped while the relay was being asked, and then nothing says so any more.
    if (track.readyState === "ended") {
      this.ended();
      return;
    }
    const Processor = processorMaker();
    if (Processor !== null) {
      const { readable } = new Processor({ track, maxBufferSize: 2 });
      const frames: ToHost = { t: "frames", frames: readable };
      port.postMessage(frames, [readable]);
      return;
    }
    const video = document.createElement("video");
    video.muted = true;
    video.srcObject = this.stream;
    this.video = video;
    await video.play();
    this.give(port);
  }

  /** The worker wants a frame: the newest, or none where nothing has changed since. */
  give(port: Port): void {
    const { video } = this;
    if (video === null) return;
    const pictures = video.getVideoPlaybackQuality().totalVideoFrames;
    const ready = video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && pictures !== this.pictures;
    this.pictures = pictures;
    const frame = ready ? new VideoFrame(video, { timestamp: Math.round(1000 * performance.now()) }) : null;
    const message: ToHost = { t: "frame", frame };
    port.postMessage(message, frame === null ? [] : [frame]);
  }

  end(): void {
    for (const track of this.stream.getTracks()) {
      track.removeEventListener("ended", this.ended);
      track.stop();
    }
    if (this.video !== null) this.video.srcObject = null;
    this.video = null;
  }
}
