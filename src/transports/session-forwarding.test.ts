/** Requests that arrive at a node that does not have their session. */

import { expect, test, vi } from 'vitest';
import { EngineCluster, type EngineClusterOptions } from '../../test/support/engine/cluster.js';
import type { EngineNode } from '../../test/support/engine/node.js';
import { Recipient } from './recipient.js';
import { type AddressedSession, SessionDirectory, type SessionWords } from './session-directory.js';
import { answerForwarded, ForwardingPeers } from './session-forwarding.js';

const timeoutMs = 30_000;

async function start(request: AddressedSession['request'], options: Partial<EngineClusterOptions> = {}) {
  const cluster = await EngineCluster.start(2, { channels: {}, limits: { pingIntervalMs: 0 }, ...options });
  const directoryOf = ({ node: { ports } }: EngineNode) => {
    const directory = new SessionDirectory(ports.id, ports.random, new ForwardingPeers(ports.cluster, timeoutMs));
    answerForwarded(ports.cluster, directory);
    return directory;
  };
  // safe: there are two nodes
  const [owner, other] = cluster.nodes as [EngineNode, EngineNode];
  const [own, away] = [directoryOf(owner), directoryOf(other)];
  const address = own.newAddress();
  const binding = { origin: 'https://example.com' };
  const compromised = vi.fn();
  own.add(address, { binding, request, compromised });
  const asked = { node: owner.node.ports.id, session: address.secret, binding, words: 'hello' };
  const ask = async (fields: object = {}, recipient = new Recipient()) => {
    const answer = away.request({ ...asked, ...fields }, recipient);
    await cluster.clock.advance(1);
    return answer;
  };
  return { cluster, owner, other, away, directoryOf, ask, asked, compromised };
}

test('are answered by the node that has the session, with text, bytes or nothing', async () => {
  const bodies = [undefined, 'text', new Uint8Array([0, 255, 10]).subarray(1)];
  const { ask } = await start((words) => {
    const next = bodies.shift();
    return { status: words === 'hello' ? 200 : 400, ...(next !== undefined && { body: next }) };
  });
  expect(await ask()).toEqual({ status: 200 });
  expect(await ask()).toEqual({ status: 200, body: 'text' });
  expect(Buffer.from((await ask()).body ?? '')).toEqual(Buffer.from([255, 10]));
});

test('carry frames of bytes and of text as they are', async () => {
  const got: SessionWords[] = [];
  const { ask } = await start((words) => {
    got.push(words);
    return { status: 204 };
  });
  const sent = [
    Uint8Array.from({ length: 256 }, (_, n) => n),
    Uint8Array.of(9, 0, 255).subarray(1),
    '\u0000é🎺\ud800',
    '',
  ];
  for (const words of sent) expect(await ask({ words })).toEqual({ status: 204 });
  expect(got.map((words) => (words instanceof Uint8Array ? Uint8Array.from(words) : words))).toEqual(sent);
});

test('B74: of another client are refused there, and the session gets to know', async () => {
  const { ask, compromised } = await start(() => ({ status: 200 }));
  expect(await ask({ session: 'guess' })).toEqual({ status: 404 });
  expect(compromised).not.toHaveBeenCalled();
  expect(await ask({ binding: { origin: 'https://evil.example' } })).toEqual({ status: 401 });
  expect(compromised).toHaveBeenCalled();
});

test('for a node that is not there are answered with 404 at once', async () => {
  const { ask, cluster } = await start(() => ({ status: 200 }));
  await cluster.clock.advance(4_000);
  expect(await ask({ node: 'nobody' })).toEqual({ status: 404 });
});

test('F1: are answered with 404 four seconds after the node died, and with 504 when it only has no answer', async () => {
  const { away, asked, owner, cluster } = await start(() => new Promise(() => undefined));
  const statuses: number[] = [];
  const ask = async () => void statuses.push((await away.request(asked, new Recipient())).status);
  const late = ask();
  await cluster.clock.advance(timeoutMs - 1);
  expect(statuses).toEqual([]);
  await cluster.clock.advance(1);
  await late;
  expect(statuses).toEqual([504]);
  const dead = ask();
  await cluster.clock.advance(1_500);
  cluster.kill(owner);
  await cluster.clock.advance(4_000);
  await dead;
  expect(statuses).toEqual([504, 404]);
});

test('wait for a node whose signs of life come late, as long as some come', async () => {
  const { away, asked, cluster } = await start(() => new Promise(() => undefined));
  const statuses: number[] = [];
  void away.request(asked, new Recipient()).then(({ status }) => statuses.push(status));
  cluster.hub.fate = () => ({ delayMs: 1_200 });
  await cluster.clock.advance(20_000);
  expect(statuses).toEqual([]);
});

test('G2: get an answer that was lost on its way a few seconds later, and are taken once', async () => {
  let numTaken = 0;
  let reply = (): void => undefined;
  const { away, asked, cluster } = await start(async () => {
    numTaken++;
    await new Promise<void>((resolve) => {
      reply = resolve;
    });
    return { status: 200, body: 'here' };
  });
  const answers: unknown[] = [];
  void away.request(asked, new Recipient()).then((answer) => answers.push(answer));
  // The node says that it works on it.
  await cluster.clock.advance(2_000);
  cluster.hub.fate = (payload) => ({ lost: payload.includes('here') });
  reply();
  await cluster.clock.advance(10);
  expect(answers).toEqual([]);
  cluster.hub.fate = () => ({});
  await cluster.clock.advance(5_000);
  expect(answers).toEqual([{ status: 200, body: 'here' }]);
  expect(numTaken).toBe(1);
});

test('G8: wait as long as this node does not hear itself either', async () => {
  let isCut = false;
  const { away, asked, cluster } = await start(() => new Promise(() => undefined), {
    probe: async () => {
      if (isCut) throw new Error('nothing comes through the broker');
    },
  });
  const statuses: number[] = [];
  void away.request(asked, new Recipient()).then(({ status }) => statuses.push(status));
  await cluster.clock.advance(2_000);
  [isCut, cluster.hub.fate] = [true, () => ({ lost: true })];
  await cluster.clock.advance(10_000);
  [isCut, cluster.hub.fate] = [false, () => ({})];
  await cluster.clock.advance(3_000);
  expect(statuses).toEqual([]);
});

test('are answered with 503 when the node that passes them on closes: the session goes on elsewhere', async () => {
  const { away, ask, asked, other, cluster } = await start(() => new Promise(() => undefined));
  const answer = away.request(asked, new Recipient());
  await cluster.clock.advance(1);
  const closed = other.node.close(1_000);
  await cluster.clock.advance(1_000);
  await closed;
  expect((await answer).status).toBe(503);
  expect((await ask()).status).toBe(503);
});

test('wait at a node that is so new that it has not heard of the others, however slow the broker is', async () => {
  const { cluster, asked, directoryOf } = await start(() => ({ status: 200 }));
  cluster.hub.fate = () => ({ delayMs: 500 });
  const away = directoryOf(await cluster.add());
  const statuses: string[] = [];
  for (const node of [asked.node, 'nobody']) {
    void away.request({ ...asked, node }, new Recipient()).then(({ status }) => statuses.push(`${node}: ${status}`));
  }
  await cluster.clock.advance(999);
  expect(statuses).toEqual([]);
  await cluster.clock.advance(1_001);
  expect(statuses).toEqual([`${asked.node}: 200`]);
  await cluster.clock.advance(2_000);
  expect(statuses).toEqual([`${asked.node}: 200`, 'nobody: 404']);
});

test('that nobody waits for any more are given up on their node, too', async () => {
  let isGone = false;
  const { away, asked, cluster } = await start(async (_, recipient) => {
    await new Promise<void>((resolve) => recipient.onLeave(resolve));
    isGone = true;
    return { status: 200 };
  });
  const recipient = new Recipient();
  const answer = away.request(asked, recipient);
  await cluster.clock.advance(5_000);
  expect(isGone).toBe(false);
  recipient.leave();
  await cluster.clock.advance(1);
  expect(isGone).toBe(true);
  expect((await answer).status).toBe(404);
});
