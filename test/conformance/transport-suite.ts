/**
 * What every transport must do, whatever carries its bytes: order, back-pressure, one frame a turn, and reasons for each
 * close. A transport's test gives a way to connect and names, with the reason, what cannot apply to it.
 */

import { randomBytes } from 'node:crypto';
import { channel, fanfare, type ListenOptions, rpc } from 'fanfare';
import { afterEach, describe, expect, test } from 'vitest';
import { type Disconnect, disconnectCodes } from '../../src/model/codes.js';
import type { Gathered } from '../support/centrifuge/awaiting.js';

/** The client's end of one connection. */
export interface TransportPeer {
  /** Sends one frame of commands. */
  send(frame: string): void;
  /** What has arrived, in the units in which the transport delivered it. */
  readonly frames: Gathered<string>;
  /** How the server ended it, as the client is told; code 1006 when it was told nothing. */
  readonly closed: Promise<Disconnect>;
  /** Stops reading, so that the buffers on the way fill up. */
  pause(): void;
  resume(): void;
  /** Is gone without a word. */
  destroy(): void;
}

export interface TransportSuiteOptions {
  readonly name: string;
  /**
   * Opens a connection to the server at that address, `http://127.0.0.1:port` or `https://…`. The first frame goes with it; absent, the
   * peer stays silent.
   */
  readonly connect: (url: string, firstFrame: string | undefined) => Promise<TransportPeer>;
  /** Bytes of a frame on the wire, its header included. Absent: the transport has no frames, only lines. */
  readonly wireBytes?: (frame: string) => number;
  /** How the server listens. Default: over plain HTTP. */
  readonly listen?: ListenOptions;
  /** Tests that cannot apply, by name. A name that no test has fails the suite. */
  readonly skip?: readonly { readonly test: string; readonly reason: string }[];
}

/** Skipped by transports whose first frame is the body of a request. */
export const firstFrameIsTheRequest = {
  test: 'B41: closes a peer that sends no command in time with 3012, so that it comes back',
  reason: 'a request without a command is answered with 400, one that does not come to its end with 408',
};

const maxQueueBytes = 131_072;
/** Of random letters, so that it fills queues where frames are compressed too. */
const bigText = randomBytes(24_000).toString('base64');

interface SuiteLimits {
  readonly connectTimeoutMs?: number;
  readonly pingIntervalMs?: number;
  readonly pongTimeoutMs?: number;
}

function startApp(limits: SuiteLimits) {
  return fanfare({
    // Who connects is the user that its token names.
    auth: ({ token = null }) => ({ user: token }),
    transports: { sse: true },
    limits: { maxQueueBytes, pongTimeoutMs: 1_000, maxFrameBytes: 65_536, pollGraceMs: 3_000, ...limits },
    log: { debug() {}, info() {}, warn() {}, error() {} },
    channels: {
      'room:{name}': channel({ subscribe: 'anyone', publish: 'anyone', history: { size: 20 }, joinLeave: true }),
      'lobby:{name}': channel({ subscribe: 'anyone', joinLeave: 'push' }),
      'newest:{name}': channel({ subscribe: 'anyone', slow: 'latest' }),
      'last:{name}': channel({ subscribe: 'anyone', slow: { dropOldest: 3 } }),
      'all:{name}': channel({ subscribe: 'anyone', history: { size: 1_000 }, slow: 'recover' }),
    },
    rpc: { echo: rpc({ allow: 'anyone', run: (value) => value }) },
  });
}

interface Line {
  readonly id?: number;
  readonly push?: {
    readonly channel?: string;
    readonly pub?: { readonly data: unknown; readonly offset?: number };
    readonly join?: { readonly info: { readonly user: string } };
    readonly leave?: { readonly info: { readonly user: string } };
  };
}

function linesOf(frame: string): Line[] {
  // safe: a line of the server's; the tests compare its fields
  return frame.split('\n').map((line) => JSON.parse(line) as Line);
}

function allLines(peer: TransportPeer): Line[] {
  return peer.frames.items.flatMap(linesOf);
}

function publications(peer: TransportPeer): unknown[] {
  return allLines(peer).flatMap(({ push }) => (push?.pub === undefined ? [] : [push.pub.data]));
}

/** Of replies. */
function idsOf(peer: TransportPeer): number[] {
  return allLines(peer).flatMap(({ id }) => id ?? []);
}

/** The offsets of its publications are those of a beginning of the stream without a hole. */
function expectWhole(peer: TransportPeer): void {
  const offsets = allLines(peer).flatMap(({ push }) => (push?.pub === undefined ? [] : [push.pub.offset]));
  expect(offsets).toEqual(offsets.map((_, n) => n + 1));
}

/** Waits for frames until the lines in them satisfy; fails at once when the connection ends first. */
async function until(peer: TransportPeer, satisfied: () => boolean): Promise<void> {
  const ended = peer.closed.then(({ code, reason }) => {
    if (!satisfied()) throw new Error(`closed with ${code} ${reason}`);
  });
  while (!satisfied()) await Promise.race([peer.frames.atLeast(peer.frames.items.length + 1), ended]);
  ended.catch(() => undefined);
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Registers the suite with the test runner. */
export function transportSuite({ name, connect, wireBytes, listen = {}, skip = [] }: TransportSuiteOptions): void {
  const open: { app?: ReturnType<typeof startApp>; peers: TransportPeer[] } = { peers: [] };
  const unused = new Set(skip.map((entry) => entry.test));

  async function start(limits: Parameters<typeof startApp>[0] = {}) {
    const app = startApp(limits);
    open.app = app;
    const { url } = await app.listen(0, listen);
    const raw = async (firstFrame?: string): Promise<TransportPeer> => {
      const peer = await connect(url, firstFrame);
      open.peers.push(peer);
      return peer;
    };
    /** Connected and subscribed. */
    const subscriber = async (user = 'ann', subscribe: object = { channel: 'room:a', join_leave: true }) => {
      const peer = await raw(`{"connect":{"token":"${user}"},"id":1}`);
      await until(peer, () => idsOf(peer).includes(1));
      peer.send(JSON.stringify({ subscribe, id: 2 }));
      await until(peer, () => idsOf(peer).includes(2));
      return peer;
    };
    return { app, raw, subscriber };
  }

  /** Publishes until the server has let go of a connection; fails when it holds on to it for ever. */
  async function publishUntilGone(app: ReturnType<typeof startApp>, clientsLeft: number): Promise<void> {
    for (let sent = 0; app.numClients > clientsLeft; sent++) {
      expect(sent, 'publications to a peer that reads nothing').toBeLessThan(4_000);
      await app.publish('room:a', bigText);
      await turn();
    }
  }

  function must(claim: string, run: () => Promise<void>, timeoutMs = 20_000): void {
    const skipped = skip.find((entry) => entry.test === claim);
    unused.delete(claim);
    if (skipped === undefined) test(claim, run, timeoutMs);
    else test.skip(`${claim} (skipped: ${skipped.reason})`, () => undefined);
  }

  describe(`transport: ${name}`, () => {
    afterEach(async () => {
      for (const peer of open.peers.splice(0)) peer.destroy();
      await open.app?.close(1_000);
    });

    must('G1: keeps the order of publications over many turns', async () => {
      const { app, subscriber } = await start();
      const peer = await subscriber();
      for (let n = 1; n <= 300; n++) {
        await app.publish('room:a', n);
        if (n % 7 === 0) await turn();
      }
      await until(peer, () => publications(peer).length >= 300);
      expect(publications(peer)).toEqual(Array.from({ length: 300 }, (_, n) => n + 1));
    });

    must('keeps the order of replies and publications of one turn', async () => {
      const { subscriber } = await start();
      const peer = await subscriber();
      const before = allLines(peer).length;
      const commands = Array.from({ length: 20 }, (_, n) =>
        JSON.stringify({ id: n + 3, publish: { channel: 'room:a', data: n } }),
      );
      peer.send(commands.join('\n'));
      await until(peer, () => allLines(peer).length >= before + 40);
      expect(idsOf(peer).slice(2)).toEqual(Array.from({ length: 20 }, (_, n) => n + 3));
      expect(publications(peer)).toEqual(Array.from({ length: 20 }, (_, n) => n));
    });

    must('sends the reply to subscribe before the first publication of its channel', async () => {
      const { app, raw } = await start();
      const peer = await raw('{"connect":{},"id":1}');
      await until(peer, () => allLines(peer).length >= 1);
      peer.send('{"subscribe":{"channel":"room:a"},"id":2}');
      for (let n = 0; publications(peer).length === 0; n++) {
        expect(n).toBeLessThan(10_000);
        await app.publish('room:a', n);
        await turn();
      }
      expect(allLines(peer)[1]?.id).toBe(2);
    });

    must('tells who comes and goes to whoever has not asked, where the rule pushes it', async () => {
      const { subscriber } = await start();
      const [peer, bob] = [
        await subscriber('ann', { channel: 'lobby:a' }),
        await subscriber('bob', { channel: 'lobby:a' }),
      ];
      bob.send('{"unsubscribe":{"channel":"lobby:a"},"id":3}');
      const traffic = () =>
        allLines(peer).flatMap(({ push }) => {
          if (push?.join !== undefined) return [`join ${push.join.info.user}`];
          return push?.leave === undefined ? [] : [`leave ${push.leave.info.user}`];
        });
      await until(peer, () => traffic().length >= 3);
      expect(traffic()).toEqual(['join ann', 'join bob', 'leave bob']);
    });

    must('sends publications of one turn in one frame', async () => {
      const { app, subscriber } = await start();
      const peer = await subscriber();
      await until(peer, () => peer.frames.items.at(-1)?.includes('"join"') === true);
      const before = peer.frames.items.length;
      await Promise.all(Array.from({ length: 10 }, (_, n) => app.publish('room:a', n)));
      const [frame = ''] = (await peer.frames.atLeast(before + 1)).slice(before);
      expect(linesOf(frame).map(({ push }) => push?.pub?.data)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    });

    /** Frames with more than one message that clients refuse at their defaults. */
    const oversized = ({ frames }: TransportPeer) =>
      frames.items.filter((frame) => wireBytes !== undefined && frame.includes('\n') && wireBytes(frame) > 32_768);

    must(
      'a turn with more than 32 KiB is several frames, in order, and what is larger than that goes alone',
      async () => {
        const { app, subscriber } = await start();
        const peer = await subscriber();
        const texts = Array.from(
          { length: 250 },
          (_, n) => `${n} ${'é'.repeat(n % 100)} ${'x'.repeat(n === 200 ? 40_000 : 100)}`,
        );
        await Promise.all(texts.map((text) => app.publish('room:a', text)));
        await until(peer, () => publications(peer).length >= texts.length);
        expect(publications(peer)).toEqual(texts);
        expect(oversized(peer)).toEqual([]);
        // Nor is it a frame for each message.
        if (wireBytes !== undefined) expect(peer.frames.items.length).toBeLessThan(20);
      },
    );

    must('replies of one turn with more than 32 KiB are several frames, in order', async () => {
      const { subscriber } = await start();
      const peer = await subscriber();
      const commands = Array.from({ length: 20 }, (_, n) =>
        JSON.stringify({ id: n + 3, rpc: { method: 'echo', data: 'é'.repeat(1_500) } }),
      );
      peer.send(commands.join('\n'));
      await until(peer, () => idsOf(peer).includes(22));
      expect(idsOf(peer)).toEqual(Array.from({ length: 22 }, (_, n) => n + 1));
      expect(oversized(peer)).toEqual([]);
    });

    must('carries any text unchanged', async () => {
      const { app, subscriber } = await start();
      const peer = await subscriber();
      const texts = [
        'é🎺',
        'a\u2028b\u2029c',
        'line\nfeed\r\n\r\ndata: x',
        '\u0000\u0001',
        bigText,
        `${'ü'.repeat(30_000)}`,
      ];
      for (const text of texts) await app.publish('room:a', text);
      await until(peer, () => publications(peer).length >= texts.length);
      expect(publications(peer)).toEqual(texts);
    });

    must('F9: closes a peer that does not read with 3008 when more than maxQueueBytes wait for it', async () => {
      const { app, subscriber } = await start();
      const peer = await subscriber();
      peer.pause();
      await publishUntilGone(app, 0);
      peer.resume();
      expect(await peer.closed).toEqual(disconnectCodes.slow);
      expectWhole(peer);
    });

    must('F9: replies to a peer that does not read count as well', async () => {
      const { app, subscriber } = await start();
      for (let n = 0; n < 3; n++) await app.publish('room:a', bigText);
      const peer = await subscriber();
      peer.pause();
      for (let id = 3; app.numClients > 0; id++) {
        expect(id, 'replies to a peer that reads nothing').toBeLessThan(800);
        peer.send(`{"history":{"channel":"room:a","limit":3},"id":${id}}`);
        for (let n = 0; n < 20 && app.numClients > 0; n++) await turn();
      }
      peer.resume();
      expect(await peer.closed).toEqual(disconnectCodes.slow);
    });

    must(
      'F9: keeps a peer that does not read where the rules say so, and gives it what each of them promises',
      async () => {
        const { app, subscriber } = await start({ pongTimeoutMs: 20_000 });
        const names = ['newest:a', 'last:a', 'all:a'] as const;
        const peer = await subscriber('ann', { channel: names[0] });
        for (const [n, name] of names.slice(1).entries())
          peer.send(JSON.stringify({ subscribe: { channel: name }, id: 3 + n }));
        await until(peer, () => idsOf(peer).includes(3) && idsOf(peer).includes(4));
        const seen = (name: string) =>
          allLines(peer).flatMap(({ push }) =>
            push?.pub && push.channel === name ? [Number.parseInt(String(push.pub.data), 10)] : [],
          );
        peer.pause();
        const count = 100;
        for (let n = 0; n < count; n++) {
          for (const name of names) await app.publish(name, `${n} ${bigText}`);
          await turn();
        }
        expect(app.numClients).toBe(1);
        peer.resume();
        await until(peer, () => names.every((name) => seen(name).at(-1) === count - 1));
        const all = Array.from({ length: count }, (_, n) => n);
        const [newest, last, complete] = names.map(seen);
        expect(complete).toEqual(all);
        for (const some of [newest, last]) {
          expect(some).toEqual(all.filter((n) => some?.includes(n)));
          expect(some?.length).toBeLessThan(count);
        }
        expect(last?.slice(-3)).toEqual(all.slice(-3));
      },
    );

    must('G12: a peer that does not read takes nothing from the others', async () => {
      const { app, subscriber } = await start();
      const slow = await subscriber('slow');
      const good = await subscriber('good');
      slow.pause();
      await publishUntilGone(app, 1);
      await app.publish('room:a', 'last');
      await until(good, () => publications(good).at(-1) === 'last');
      expectWhole(good);
    });

    must('B41: closes a peer that sends no command in time with 3012, so that it comes back', async () => {
      const { raw } = await start({ connectTimeoutMs: 200 });
      expect(await (await raw()).closed).toEqual(disconnectCodes.noPong);
    });

    must('B39: closes a peer that sends garbage with 3501, and nothing of its frame runs', async () => {
      const { app, subscriber } = await start();
      const peer = await subscriber();
      peer.send('{"publish":{"channel":"room:a","data":1},"id":3}\ngarbage');
      expect(await peer.closed).toEqual(disconnectCodes.badRequest);
      expect((await app.history('room:a')).publications).toEqual([]);
    });

    must('B37: closes a peer that answers no ping with 3012', async () => {
      const { subscriber } = await start({ pingIntervalMs: 2_000 });
      const peer = await subscriber();
      expect(await peer.closed).toEqual(disconnectCodes.noPong);
    });

    must('says why when the application closes a connection, and nothing comes after it', async () => {
      const { app, subscriber } = await start();
      const [ann, bob] = [await subscriber('ann'), await subscriber('bob')];
      const before = app.publish('room:a', 'before');
      await before;
      app.disconnect('ann');
      app.disconnect('bob', { reconnect: true });
      await app.publish('room:a', 'after');
      expect(await ann.closed).toEqual(disconnectCodes.forceNoReconnect);
      expect(await bob.closed).toEqual(disconnectCodes.forceReconnect);
      expect(publications(ann)).toEqual(['before']);
      expect(publications(bob)).toEqual(['before']);
    });

    must('F12: closes with 3001 on shutdown, after what was published before', async () => {
      const { app, subscriber } = await start();
      const peer = await subscriber();
      await app.publish('room:a', 'last words');
      await app.close(2_000);
      expect(await peer.closed).toEqual(disconnectCodes.shutdown);
      expect(publications(peer)).toEqual(['last words']);
    });

    must('G8: notices that a peer is gone without a word', async () => {
      // The witness would have to answer them.
      const { app, subscriber } = await start({ pingIntervalMs: 0 });
      const witness = await subscriber('witness');
      (await subscriber('ann')).destroy();
      await until(witness, () => allLines(witness).some(({ push }) => push?.leave?.info.user === 'ann'));
      expect(app.numClients).toBe(1);
    });

    must('B27: ends a connection that sends a frame beyond maxFrameBytes, and nothing of it runs', async () => {
      const { app, subscriber } = await start();
      const peer = await subscriber();
      const big = JSON.stringify('x'.repeat(70_000));
      peer.send(`{"publish":{"channel":"room:a","data":1},"id":3}\n{"send":{"data":${big}}}`);
      await peer.closed;
      expect((await app.history('room:a')).publications).toEqual([]);
    });

    test('every skipped test exists', () => expect([...unused]).toEqual([]));
  });
}
