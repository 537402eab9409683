/** Sessions that have come so far, and their hosts. */
import { afterEach } from "vitest";

import type { Codecs } from "../../../src/core/display/decode";
import { container, filled } from "./frames";
import { Host } from "./host";
import { World } from "./world";

export const WHOLE = { x: 0, y: 0, width: 4, height: 2 };
export const RED = container(4, 2, [filled(WHOLE, [255, 0, 0])]);
export const DOT = container(4, 2, [filled({ x: 1, y: 1, width: 1, height: 1 }, [0, 0, 255])]);

let running: World | null = null;

/** A world that ends with its test. */
export function newWorld(codecs?: Codecs): World {
  running = new World(codecs);
  return running;
}

export async function begin(digits?: string, codecs?: Codecs): Promise<{ world: World; host: Host }> {
  const world = newWorld(codecs);
  world.join(digits);
  const socket = await world.socket(0);
  socket.open();
  return { world, host: new Host(socket) };
}

export async function live(codecs?: Codecs): Promise<{ world: World; host: Host }> {
  const { world, host } = await begin(undefined, codecs);
  await host.letIn();
  await world.phase("live");
  return { world, host };
}

export async function withPicture(): Promise<{ world: World; host: Host }> {
  const session = await live();
  await session.host.frame(RED, true);
  await session.host.until("FrameAck");
  return session;
}

/** Cut the line and let the viewer come back on the next socket. */
export async function comeBack(world: World, host: Host, number: number, link: number): Promise<void> {
  host.socket.drop();
  await world.phase("reconnecting");
  const socket = await world.socket(number);
  socket.open();
  host.moveTo(socket, link);
}

afterEach(() => {
  running?.shell.receive({ t: "leave" });
  running = null;
});
