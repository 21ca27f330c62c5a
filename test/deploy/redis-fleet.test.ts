/** Three nodes with Redis behind real nginx and HAProxy, without stickiness: chat, presence and HTTP work. */

import { describe, expect, test, vi } from 'vitest';
import { RedisServer, redisIsMissing } from '../support/brokers/redis-server.js';
import { Gathered } from '../support/centrifuge/awaiting.js';
import { ask, enter, type Visitor } from './client.js';
import { type DeployedProxy, haproxy, nginx } from './deployed-proxy.js';
import { Fleet } from './fleet.js';
import { H2Client, type H2StreamPeer } from './h2-client.js';

const deployments = [
  ['nginx', nginx, 'fanfare.conf'],
  ['HAProxy', haproxy, 'fanfare.cfg'],
] as const;

/** Somebody in the chat, whatever the transport. */
interface Member {
  readonly node: string;
  readonly lines: Gathered<Record<string, unknown>>;
  /** Sends a command in a frame of its own. */
  send(frame: string): Promise<void>;
}

function overWebSocket({ node, socket }: Visitor): Member {
  const lines = new Gathered<Record<string, unknown>>();
  socket.on('message', (data) => {
    for (const line of String(data).split('\n')) lines.add(JSON.parse(line));
  });
  return { node, lines, send: async (frame) => socket.send(frame) };
}

function overStream({ node, lines, emulate }: H2StreamPeer): Member {
  return {
    node,
    lines,
    // Whichever node it comes to, it gets to the session's.
    send: async (frame) => expect(await emulate(frame)).toBe(204),
  };
}

function publicationsOf({ lines }: Member): unknown[] {
  return lines.items.flatMap(({ push }) => {
    const { pub } = (push ?? {}) as { pub?: { data: unknown } };
    return pub === undefined ? [] : [pub.data];
  });
}

/** The reply with that id, once it is there. */
async function replyTo(member: Member, id: number): Promise<Record<string, unknown>> {
  return vi.waitFor(() => {
    const found = member.lines.items.find((line) => line.id === id);
    if (found === undefined) throw new Error(`no reply ${id}`);
    return found;
  });
}

async function enterChat(member: Member): Promise<void> {
  await member.send('{"id":2,"subscribe":{"channel":"news"}}');
  expect(await replyTo(member, 2)).toHaveProperty('subscribe');
}

async function presentIn(member: Member, id: number): Promise<number> {
  await member.send(`{"id":${id},"presence":{"channel":"news"}}`);
  const { presence } = (await replyTo(member, id)) as { presence: { presence: object } };
  return Object.keys(presence.presence).length;
}

describe.each(deployments)('%s', (_, deployment, nodes) => {
  test.skipIf(deployment.isMissing() || redisIsMissing())(
    'everybody reads what anybody writes, in one order, over WebSocket and HTTP, and sees who is there',
    { timeout: 120_000 },
    async () => {
      await using redis = await RedisServer.start();
      await using fleet = await Fleet.start(['--broker', `redis://127.0.0.1:${redis.port}`]);
      await using proxy: DeployedProxy = await deployment.start({ nodePorts: fleet.nodePorts, nodes });
      await using client = await H2Client.connect(proxy);
      const visitors: Visitor[] = [];
      for (let n = 0; n < 6; n++) visitors.push(await enter(proxy, { address: `127.0.1.${n + 1}` }));
      const streams: H2StreamPeer[] = [];
      for (let n = 0; n < 3; n++) streams.push(await client.openStream());
      const members = [...visitors.map(overWebSocket), ...streams.map(overStream)];
      expect(new Set(members.map(({ node }) => node)).size).toBe(3);
      for (const member of members) await enterChat(member);
      // Fifteen requests of streams, dealt out over three nodes: most come to the wrong one.
      for (let round = 0; round < 5; round++) {
        const id = 10 + round;
        await Promise.all(
          members.map((member, n) => member.send(`{"id":${id},"publish":{"channel":"news","data":"${n}-${round}"}}`)),
        );
        for (const member of members) expect(await replyTo(member, id)).toHaveProperty('publish');
      }
      const count = members.length * 5;
      await vi.waitFor(() => {
        for (const member of members) expect(publicationsOf(member)).toHaveLength(count);
      });
      const [first] = members.map(publicationsOf);
      expect(new Set(first).size).toBe(count);
      for (const member of members) expect(publicationsOf(member)).toEqual(first);
      // G8: whichever node is asked.
      let id = 100;
      for (const member of members) expect(await presentIn(member, id++)).toBe(members.length);
      const [leaving, ...staying] = visitors;
      leaving?.socket.close();
      const asking = members[1] as Member;
      await vi.waitFor(async () => expect(await presentIn(asking, id++)).toBe(members.length - 1));
      // A poll is a request as any other; its session is of one node.
      const opened = await ask(proxy, '/connection/long_polling', {
        body: JSON.stringify({ data: '{"id":1,"connect":{}}' }),
      });
      expect(opened.status).toBe(200);
      const { session, node } = JSON.parse(opened.text.trim().split('\n').at(-1) ?? '');
      for (let k = 1; k <= 6; k++) {
        const data = JSON.stringify({ id: k + 1, publish: { channel: 'news', data: `poll-${k}` } });
        const sent = await ask(proxy, '/connection/long_polling', {
          body: JSON.stringify({ session, node, id: k, data }),
        });
        expect(sent.status).toBe(204);
      }
      await vi.waitFor(() => expect(publicationsOf(asking)).toHaveLength(count + 6));
      for (const { socket } of staying) socket.terminate();
    },
  );
});
