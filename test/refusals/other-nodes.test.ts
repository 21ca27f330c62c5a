/** A session on another node, which answers wrongly or not at all: the client is told, and so is whoever runs the fleet. */

import { channel, fanfare } from 'fanfare';
import { afterAll, expect, test, vi } from 'vitest';
import { MemoryBroker } from '../../src/brokers/memory/broker.js';
import type { BrokerPorts } from '../../src/brokers/ports.js';
import { type ClusterMessage, decodeClusterMessage, encodeClusterMessage } from '../../src/engine/cluster/messages.js';
import type { ControlChannel } from '../../src/engine/ports/control-channel.js';
import { systemClock } from '../../src/server/system-ports.js';
import { ControlHub } from '../support/engine/control-hub.js';

const hub = new ControlHub(systemClock);

class SharedBroker extends MemoryBroker {
  readonly control: ControlChannel = hub.connect();
}

const lines: Record<string, unknown>[] = [];
const tell = (level: string) => (fields: object) => void lines.push({ level, ...fields });
const app = fanfare({
  anonymous: true,
  channels: { 'news:{id}': channel({ subscribe: 'anyone' }) },
  limits: { pollWaitMs: 100 },
  broker: (ports: BrokerPorts) => new SharedBroker(ports),
  log: { debug() {}, info: tell('info'), warn: tell('warn'), error: tell('error') },
});
const { url } = await app.listen(0);
const beating: ReturnType<typeof setInterval>[] = [];
afterAll(async () => {
  for (const timer of beating) clearInterval(timer);
  await app.close(0);
});

/** What a node of another version says of a session's request. */
type Reply = (id: string) => ClusterMessage | undefined;

/** Resolves when the application knows that it is there; it gives signs of life from then on, as one that is gone is not waited for. */
async function join(node: string, reply: Reply): Promise<void> {
  const control = hub.connect();
  const send = (message: ClusterMessage) => control.send(encodeClusterMessage(message));
  await control.start(node, (payload) => {
    const message = decodeClusterMessage(payload);
    if (message?.kind !== 'ask' || message.about !== 'session_request') return;
    const answer = reply(message.id);
    if (answer !== undefined) void send(answer);
  });
  const counts = { numClients: 1, numUsers: 0, numSubscriptions: 0, numChannels: 0, uptimeSec: 1 };
  const beat = (isNew: boolean) => send({ kind: 'beat', node: { id: node, version: '9.9.9', ...counts }, isNew });
  await beat(true);
  beating.push(setInterval(() => void beat(false), 1_000));
  await vi.waitFor(() => expect(lines).toContainEqual(expect.objectContaining({ node, version: '9.9.9' })));
}

const refused: Reply = (id) => ({ kind: 'no_answer', id, isUnknown: false });
const unknown: Reply = (id) => ({ kind: 'no_answer', id, isUnknown: true });
const answered =
  (body: unknown): Reply =>
  (id) => ({ kind: 'answer', id, body });
const silent: Reply = () => undefined;
let numNodes = 0;
const poll = '/connection/long_polling';
const command = '/emulation';

// One after the other, and each with a node of its own: whoever is silent is given up after some seconds.
test.each([
  ['does not understand a poll', poll, refused, 502],
  ['does not understand a command', command, refused, 502],
  ['answers something else', poll, answered('hello'), 502],
  ['answers without a status', command, answered({ text: 'hello' }), 502],
  ['answers with a status that is none', poll, answered({ status: 0 }), 502],
  ['fails itself', command, answered({ status: 500 }), 500],
  ['answers nothing to a poll', poll, silent, 504],
  ['knows no such requests', poll, unknown, 404],
])('a node that %s', { timeout: 15_000 }, async (_, path, reply, status) => {
  const node = `node-${++numNodes}`;
  await join(node, reply);
  lines.length = 0;
  const response = await fetch(url + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ session: 'canary', node, ...(path === poll ? { ack: 1 } : { data: '{}' }) }),
  });
  expect(response.status).toBe(status);
  const level = status === 404 ? 'info' : 'warn';
  expect(lines.filter(({ check }) => check !== undefined)).toMatchObject([
    { level, check: 'session', status, path, peer: '127.0.0.1', ...(status !== 404 && { node }) },
  ]);
  expect(JSON.stringify(lines)).not.toContain('canary');
});
