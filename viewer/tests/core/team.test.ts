import { describe, expect, test } from "vitest";

import { listenersOf } from "../../src/core/session/team";
import type { Bytes } from "../../src/crypto/bytes";
import {
  newTeamKey,
  type TeamKeyPair,
  whisperKeys,
  WhisperReceiver,
  WhisperSender,
} from "../../src/crypto/whisper";
import { encodeMessage, viewerToViewer } from "../../src/protocol/codec";
import { type Member, MessageType, type Role, type ViewerToViewer } from "../../src/protocol/generated";
import { header, parseHeader } from "../../src/protocol/header";
import { type Host, ORIGIN, SESSION_ID, SLOT } from "./support/host";
import { comeBack, live } from "./support/sessions";
import type { World } from "./support/world";
import { eventually } from "../support/eventually";

const CONTEXT = { relayOrigin: ORIGIN, sessionId: SESSION_ID };
const OTHER_LINK = 21;

function other(role: Role, team_key: Bytes | null, slot = 4): Member {
  const who = { account_id: `a${slot}`, display_name: "Jon", organisation: "Ayuda" };
  return { slot, link: OTHER_LINK + slot - 4, role, ...who, team_key };
}

/** Let the host pass the viewer's key on, and another member's. */
async function meet(
  world: World,
  host: Host,
  role: Role,
  self: Role = "lead",
): Promise<{ own: Bytes; theirs: TeamKeyPair }> {
  const own = new Uint8Array((await host.until("TeamKey")).public);
  const theirs = await newTeamKey();
  host.self = { role: self, team_key: own };
  host.others = [other(role, theirs.public)];
  await host.newEpoch();
  await eventually(() => expect(world.view.members).toHaveLength(2));
  return { own, theirs };
}

type Voice = (message: ViewerToViewer, link?: number) => Promise<Bytes>;

/** Another member's mouth. */
async function voiceOf(theirs: TeamKeyPair, own: Bytes): Promise<Voice> {
  const sender = new WhisperSender(await whisperKeys(CONTEXT, theirs, own, "own"));
  return (message, link = OTHER_LINK) =>
    sender.sealMessage(header(MessageType.TEAM, { dst: SLOT, keyId: BigInt(link) }), encodeMessage(message));
}

let now = 0;
async function says(
  theirs: TeamKeyPair,
  own: Bytes,
): Promise<(text: string, link?: number) => Promise<Bytes>> {
  const voice = await voiceOf(theirs, own);
  return (text, link) => voice({ t: "Whisper", text, at_ms: (now += 1) }, link);
}

/** Another member's ear: what the viewer sent them next, opened. */
async function earOf(host: Host, theirs: TeamKeyPair, own: Bytes): Promise<() => Promise<ViewerToViewer>> {
  const receiver = new WhisperReceiver(await whisperKeys(CONTEXT, theirs, own, "theirs"));
  return async () => viewerToViewer.decode(await receiver.openMessage((await host.until("team")).message));
}

/** What was delivered before has been worked through once this line of chat has come. */
async function settled(world: World, host: Host): Promise<void> {
  await host.tell({ t: "ChatLine", line: 900, slot: 0, name: "Cliente", text: "hola", at_ms: 1 });
  await eventually(() => expect(world.view.lines.at(-1)?.text).toBe("hola"));
}

const unsaid = (world: World): readonly string[] => world.view.unsaid.map(({ text }) => text);
const whispers = (world: World): readonly string[] =>
  world.view.lines.filter((line) => line.whisper).map((line) => `${line.slot} ${line.name}: ${line.text}`);

describe("whispers", () => {
  test("T2: a key for each link, told as soon as the seat is live", async () => {
    const { world, host } = await live();
    const first = (await host.until("TeamKey")).public;
    await comeBack(world, host, 1, 8);
    await host.until("ViewerHello");
    host.welcome();
    await host.verify();
    await host.goLive();
    const second = (await host.until("TeamKey")).public;
    expect(second).toHaveLength(32);
    expect(second).not.toEqual(first);
  });

  test("T3 T6: sealed to the member, not for the host", async () => {
    const { world, host } = await live();
    const { own, theirs } = await meet(world, host, "supervisor");
    world.shell.receive({ t: "whisper", text: "¿Le pido permiso?\r\nEspera\u202e" });
    const { message } = await host.until("team");
    expect(parseHeader(message)).toMatchObject({ type: 4, dst: 4, keyId: 7n, counter: 0n });
    const receiver = new WhisperReceiver(await whisperKeys(CONTEXT, theirs, own, "theirs"));
    const heard = viewerToViewer.decode(await receiver.openMessage(message));
    expect(heard).toMatchObject({ t: "Whisper", text: "¿Le pido permiso?\nEspera" });
  });

  test("T9: a whisper stands among what nobody has until it was heard, and among the lines from then on", async () => {
    const { world, host } = await live();
    const { own, theirs } = await meet(world, host, "supervisor");
    const [voice, ear] = [await voiceOf(theirs, own), await earOf(host, theirs, own)];
    world.shell.receive({ t: "whisper", text: "hola" });
    const { at_ms } = await ear();
    expect([whispers(world), unsaid(world)]).toEqual([[], ["hola"]]);
    host.socket.deliver(await voice({ t: "WhisperHeard", at_ms: at_ms + 1 }));
    host.socket.deliver(await voice({ t: "WhisperHeard", at_ms }));
    host.socket.deliver(await voice({ t: "WhisperHeard", at_ms }));
    await eventually(() => expect(whispers(world)).toEqual(["2 Núria Peña: hola"]));
    expect(unsaid(world)).toEqual([]);
  });

  test("T9: what is whispered into a dying line, or while it is down, is said again after the cut", async () => {
    const { world, host } = await live();
    const { own, theirs } = await meet(world, host, "supervisor");
    world.shell.receive({ t: "whisper", text: "uno" });
    const first = await (await earOf(host, theirs, own))();
    await comeBack(world, host, 1, 8);
    world.shell.receive({ t: "whisper", text: "dos" });
    await host.until("ViewerHello");
    host.welcome();
    await host.verify();
    await host.goLive();
    const renewed = new Uint8Array((await host.until("TeamKey")).public);
    host.self = { role: "lead", team_key: renewed };
    await host.newEpoch();
    const [voice, ear] = [await voiceOf(theirs, renewed), await earOf(host, theirs, renewed)];
    const again = [await ear(), await ear()];
    expect(again).toMatchObject([first, { t: "Whisper", text: "dos" }]);
    for (const { at_ms } of again) host.socket.deliver(await voice({ t: "WhisperHeard", at_ms }));
    await eventually(() => expect(whispers(world)).toEqual(["2 Núria Peña: uno", "2 Núria Peña: dos"]));
    expect(unsaid(world)).toEqual([]);
  });

  test("T9: a member who was cut hears it under the new key, once, and every time it comes it is answered", async () => {
    const { world, host } = await live();
    const { own, theirs } = await meet(world, host, "supervisor");
    const [voice, ear] = [await voiceOf(theirs, own), await earOf(host, theirs, own)];
    const whisper = { t: "Whisper", text: "¿me oyes?", at_ms: 77 } as const;
    for (let times = 0; times < 2; times += 1) {
      host.socket.deliver(await voice(whisper));
      expect(await ear()).toEqual({ t: "WhisperHeard", at_ms: 77 });
    }
    expect(whispers(world)).toEqual(["4 Jon: ¿me oyes?"]);
    world.shell.receive({ t: "whisper", text: "te oigo" });
    const lost = await ear();
    const back = await newTeamKey();
    host.others = [{ ...other("supervisor", back.public), link: 99 }];
    await host.newEpoch();
    expect(await (await earOf(host, back, own))()).toEqual(lost);
  });

  test("T3 T5: what a member says is shown as theirs, once, and nothing that does not open ends anything", async () => {
    const { world, host } = await live();
    const { own, theirs } = await meet(world, host, "supervisor");
    const say = await says(theirs, own);
    const [first, second] = [await say("uno"), await say("dos")];
    host.socket.deliver(first);
    host.socket.deliver(first);
    host.socket.deliver(second.map((byte, i) => (i === second.length - 1 ? byte ^ 1 : byte)));
    host.socket.deliver(second);
    host.socket.deliver(first);
    host.socket.deliver(await (await says(await newTeamKey(), own))("falso"));
    host.socket.deliver(await say("de nadie", 99));
    host.socket.deliver(second.subarray(0, 30));
    await settled(world, host);
    expect(whispers(world)).toEqual(["4 Jon: uno", "4 Jon: dos"]);
    expect(world.view.phase).toBe("live");
  });

  test("T3: a host that lists a member twice, or under another key in between, has no counter used again", async () => {
    const { world, host } = await live();
    const { own, theirs } = await meet(world, host, "supervisor");
    const first = await (await says(theirs, own))("uno");
    host.socket.deliver(first);
    world.shell.receive({ t: "whisper", text: "hola" });
    await host.until("team");
    const lists = [
      [],
      [other("supervisor", theirs.public)],
      [other("supervisor", (await newTeamKey()).public)],
    ];
    for (const members of [...lists, [other("supervisor", theirs.public)]]) {
      host.others = members;
      await host.newEpoch();
    }
    host.socket.deliver(first);
    world.shell.receive({ t: "whisper", text: "otra vez" });
    const { message } = await host.until("team");
    expect(parseHeader(message).counter).toBe(1n);
    await settled(world, host);
    expect(whispers(world).filter((line) => line.startsWith("4"))).toEqual(["4 Jon: uno"]);
  });

  test("T3: one's own key in another's name is nobody's", async () => {
    const { world, host } = await live();
    const own = new Uint8Array((await host.until("TeamKey")).public);
    host.self = { role: "lead", team_key: own };
    host.others = [other("supervisor", own)];
    await host.newEpoch();
    world.shell.receive({ t: "whisper", text: "hola" });
    await settled(world, host);
    expect([whispers(world), unsaid(world)]).toEqual([[], ["hola"]]);
    expect(host.socket.sent.filter((message) => parseHeader(message).type === MessageType.TEAM)).toEqual([]);
  });

  test("T4: an external is heard by the lead alone", async () => {
    const { world, host } = await live();
    const { own, theirs } = await meet(world, host, "external", "collaborator");
    host.socket.deliver(await (await says(theirs, own))("psst"));
    world.shell.receive({ t: "whisper", text: "hola" });
    await settled(world, host);
    expect(whispers(world)).toEqual([]);
    expect(world.view.refusal).toMatchObject({ code: "not_permitted", capability: null, removedBy: "role" });
  });

  test("T3: a member's new key is a new direction from zero", async () => {
    const { world, host } = await live();
    const { own, theirs } = await meet(world, host, "expert");
    host.socket.deliver(await (await says(theirs, own))("antes"));
    const again = await newTeamKey();
    host.others = [other("expert", again.public)];
    await host.newEpoch();
    host.socket.deliver(await (await says(again, own))("después"));
    await settled(world, host);
    expect(whispers(world)).toEqual(["4 Jon: antes", "4 Jon: después"]);
  });

  test("T3: a member whose key is no key is left out, the others are reached", async () => {
    const { world, host } = await live();
    const { own, theirs } = await meet(world, host, "expert");
    host.others = [other("expert", theirs.public), other("supervisor", new Uint8Array(32), 5)];
    await host.newEpoch();
    await eventually(() => expect(world.view.members).toHaveLength(3));
    world.shell.receive({ t: "whisper", text: "hola" });
    const { message } = await host.until("team");
    const receiver = new WhisperReceiver(await whisperKeys(CONTEXT, theirs, own, "theirs"));
    expect(viewerToViewer.decode(await receiver.openMessage(message))).toMatchObject({ text: "hola" });
    expect(world.view.phase).toBe("live");
  });

  test("nobody hears before one's own key has reached the list", () => {
    const [key, self] = [new Uint8Array(32), other("lead", null, 1)];
    const members = [self, other("supervisor", key)];
    expect(listenersOf(members, 1)).toEqual([]);
    expect(listenersOf([{ ...self, team_key: key }, ...members.slice(1)], 1)).toHaveLength(1);
  });
});
