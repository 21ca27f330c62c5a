/** The arena's server with real clients: places, ships that come back, spectators, cheats, and rooms that change their node. */

import { join } from 'node:path';
import { connect } from 'fanfare/client';
import { describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { type ArenaOptions, arenaApp } from '../../examples/arena/app.js';
import { keys } from '../../examples/arena/game/keys.js';
import { LocalBroker } from '../../src/brokers/local/broker.js';
import { LocalBrokerHost } from '../../src/brokers/local/host.js';
import { systemClock, systemRandom } from '../../src/server/system-ports.js';
import { Folder } from '../cli/fanfare-process.js';
import { served } from '../support/servers/served.js';
import { Pilot } from './pilot.js';

/** Refusals and nodes that die are what is tested here. */
const log = { debug() {}, info() {}, warn() {}, error() {} };
const quiet = { fillTo: 0, seed: 11, log } satisfies ArenaOptions;
const arena = (options: ArenaOptions = {}) => served(arenaApp({ ...quiet, ...options }));
const waitFor = <Value>(look: () => Value) => vi.waitFor(look, { timeout: 15_000, interval: 20 });
const seated = (pilot: Pilot) => waitFor(() => expect(pilot.ship()).toBeDefined());

describe('a room of the arena', () => {
  it('brings two players together, who see each other fly', async () => {
    const { url } = await arena();
    await using ann = await new Pilot(url, 'ann').play('Ann');
    await using bob = await new Pilot(url, 'bob').play('Bob');
    expect(bob.room).toBe(ann.room);
    await Promise.all([seated(ann), seated(bob)]);
    const slot = ann.score?.slot;
    const before = bob.ship(slot);
    ann.keys = keys.thrust;
    await waitFor(() => {
      const now = bob.ship(slot);
      expect(Math.hypot((now?.x ?? 0) - (before?.x ?? 0), (now?.y ?? 0) - (before?.y ?? 0))).toBeGreaterThan(60);
    });
    expect(bob.ship(slot)?.isThrusting).toBe(true);
    expect(bob.scores.get(ann.player)).toMatchObject({ name: 'Ann', isBot: false });
    expect(ann.ticks.map(({ number }) => number)).toEqual(
      ann.ticks.map((_, index) => (ann.ticks[0]?.number ?? 0) + index),
    );
  });

  it('opens another one when all are full', async () => {
    const { url } = await arena({ capacity: 2 });
    await using ann = await new Pilot(url, 'ann').play('Ann');
    await using bob = await new Pilot(url, 'bob').play('Bob');
    await using cat = await new Pilot(url, 'cat').play('Cat', ann.room);
    expect(bob.room).toBe(ann.room);
    expect(cat.room).not.toBe(ann.room);
  });

  it('gives the same ship back to whoever has the secret, and to nobody else', async () => {
    const { url } = await arena();
    const first = await new Pilot(url, 'ann').play('Ann');
    await using bob = await new Pilot(url, 'bob').play('Bob');
    await seated(first);
    const { player, score } = first;
    await first[Symbol.asyncDispose]();
    await waitFor(() => expect(bob.ship(score?.slot)?.isAway).toBe(true));
    const place = bob.ship(score?.slot);
    await using ann = await new Pilot(url, 'ann').play('Ann', bob.room);
    expect([ann.player, ann.room]).toEqual([player, bob.room]);
    await waitFor(() =>
      expect(ann.ship()).toMatchObject({ slot: score?.slot, x: place?.x, y: place?.y, isAway: false }),
    );
    expect(bob.player).not.toBe(player);
  });

  it('is found by who comes back while what was told of it has ended, since its node stood still', async () => {
    const { url, app } = await arena();
    await using ann = await new Pilot(url, 'ann').play('Ann');
    await using bob = new Pilot(url, 'bob');
    await bob.client.ready();
    await app.map('rooms').remove(ann.room);
    await bob.play('Bob', ann.room);
    expect(bob.room).toBe(ann.room);
  });

  it('shows spectators a part of the ticks, and lets them press nothing', async () => {
    const { url } = await arena();
    await using ann = await new Pilot(url, 'ann').play('Ann');
    await using eve = await new Pilot(url, 'eve').watch();
    await waitFor(() => expect(eve.ticks.length).toBeGreaterThan(6));
    const numbers = eve.ticks.slice(1).map(({ number }) => number);
    const span = (numbers.at(-1) ?? 0) - (numbers[0] ?? 0);
    expect(span / (numbers.length - 1)).toBeGreaterThan(2.5);
    await seated(ann);
    const before = ann.ship();
    await eve.client.publish(`input:${ann.room}`, Uint8Array.of(0, 1, keys.thrust));
    const { length } = ann.ticks;
    await waitFor(() => expect(ann.ticks.length).toBeGreaterThan(length + 5));
    expect(ann.ship()).toMatchObject({ x: before?.x, y: before?.y });
    expect(ann.tick?.ships).toHaveLength(1);
  });

  it('says so when nobody plays', async () => {
    const { url } = await arena();
    await using eve = new Pilot(url, 'eve');
    await expect(eve.watch()).rejects.toMatchObject({ protocolCode: 1404 });
  });

  it('ends a room that everybody has left, with its scoreboard', async () => {
    const { url, app } = await arena({ keepSeatSec: 1 });
    const ann = await new Pilot(url, 'ann').play('Ann');
    await seated(ann);
    const { room } = ann;
    await ann[Symbol.asyncDispose]();
    const left = async () => [
      (await app.map('rooms').get(room)) === undefined,
      (await app.map(`scores:${room}`).read()).entries.length,
    ];
    await vi.waitFor(async () => expect(await left()).toEqual([true, 0]), { timeout: 20_000, interval: 100 });
  });
});

describe('a cheat', () => {
  it.each([
    ['who is nobody', undefined],
    ['whose secret is too short to be one', 'short'],
  ])('%s is not let in', async (_, token) => {
    const { url } = await arena();
    const client = connect(url, { websocket: WebSocket, ...(token !== undefined && { token }) });
    await expect(client.ready(5_000)).rejects.toMatchObject({ code: 'ERR_DISCONNECTED', protocolCode: 3500 });
    client.close();
  });

  it('who sends what is no input, ticks or scores is refused', async () => {
    const { url } = await arena();
    await using ann = await new Pilot(url, 'ann').play('Ann');
    const { client, room } = ann;
    const refusal = (code: number) => ({ protocolCode: code });
    await expect(client.publish(`input:${room}`, Uint8Array.of(0, 1, 255))).rejects.toMatchObject(refusal(1400));
    await expect(client.publish(`input:${room}`, new Uint8Array(200))).rejects.toMatchObject(refusal(107));
    await expect(client.publish(`state:${room}`, Uint8Array.of(1))).rejects.toMatchObject(refusal(103));
    await expect(client.publish('rooms', { node: 'mine', players: 1 })).rejects.toMatchObject({
      code: expect.any(String),
    });
    await expect(client.publish(`door:${room}`, { user: 'x', name: 'X' })).rejects.toMatchObject(refusal(103));
    await expect(
      client
        .map(`scores:${room}`)
        .set(ann.player, { slot: 0, name: 'Ann', isBot: false, points: 9, kills: 9, deaths: 0 }),
    ).rejects.toMatchObject(refusal(103));
    await expect(client.rpc('play', { name: '' })).rejects.toMatchObject(refusal(107));
  });

  it('who sends more than there are steps flies no faster', async () => {
    const { url } = await arena({ limits: { commandsPerSec: 0 } });
    await using ann = await new Pilot(url, 'ann').play('Ann');
    await using bob = await new Pilot(url, 'bob').play('Bob', ann.room);
    await Promise.all([seated(ann), seated(bob)]);
    ann.rest();
    const [first, start] = [ann.tick?.number ?? 0, ann.ship()];
    const thrust = new Array<number>(12).fill(keys.thrust);
    for (let step = 1; step < 4_800; step += thrust.length) {
      await ann.client.publish(`input:${ann.room}`, Uint8Array.of(step >> 8, step & 0xff, ...thrust));
    }
    await waitFor(() => expect(ann.ship()?.ack).toBe(4_800));
    const [last, end] = [ann.tick?.number ?? 0, ann.ship()];
    // 4,800 steps would be 80 seconds: it has flown as far as it can fly in the ticks that passed.
    const passedSec = (last - first) / 20;
    const way = Math.hypot((end?.x ?? 0) - (start?.x ?? 0), (end?.y ?? 0) - (start?.y ?? 0));
    expect(way).toBeLessThanOrEqual(430 * passedSec + 1);
  });

  it('who floods the server is refused, and then sent away', async () => {
    const { url } = await arena();
    await using ann = await new Pilot(url, 'ann').play('Ann');
    const outcomes = await Promise.allSettled(
      Array.from({ length: 600 }, () => ann.client.publish(`input:${ann.room}`, Uint8Array.of(0, 1, 0))),
    );
    const codes = new Set(outcomes.map((one) => (one.status === 'rejected' ? one.reason.protocolCode : 0)));
    expect(codes).toContain(111);
  });
});

describe('rooms on two nodes', () => {
  /** Two nodes of one machine, over the broker that workers have. */
  async function twoNodes(options: ArenaOptions = {}) {
    const folder = new Folder();
    const path = join(folder.path, 'broker.sock');
    const host = new LocalBrokerHost({ clock: systemClock, random: systemRandom });
    await host.listen(path);
    const broker: NonNullable<ArenaOptions['broker']> = ({ clock }) => new LocalBroker({ path, clock });
    const nodes = [await arena({ broker, ...options }), await arena({ broker, ...options })] as const;
    return {
      nodes,
      async [Symbol.asyncDispose]() {
        await Promise.all(nodes.map(({ app }) => app.close(500)));
        await host.close();
        folder[Symbol.dispose]();
      },
    };
  }

  it('bring players of both together in one room', async () => {
    await using fleet = await twoNodes();
    const [one, other] = fleet.nodes;
    await using ann = await new Pilot(one.url, 'ann').play('Ann');
    await using bob = await new Pilot(other.url, 'bob').play('Bob');
    expect(bob.room).toBe(ann.room);
    await Promise.all([seated(ann), seated(bob)]);
    const slot = bob.score?.slot;
    const before = ann.ship(slot);
    bob.keys = keys.thrust;
    await waitFor(() =>
      expect(
        Math.abs((ann.ship(slot)?.x ?? 0) - (before?.x ?? 0)) + Math.abs((ann.ship(slot)?.y ?? 0) - (before?.y ?? 0)),
      ).toBeGreaterThan(60),
    );
  });

  it('go on at the other node when theirs is stopped: same ships, same places, same points', async () => {
    await using fleet = await twoNodes({ fillTo: 5 });
    const [one, other] = fleet.nodes;
    await using ann = await new Pilot(one.url, 'ann').play('Ann');
    await using bob = await new Pilot(other.url, 'bob').play('Bob');
    ann.keys = keys.thrust;
    bob.keys = keys.thrust | keys.left;
    await waitFor(() => expect([...bob.scores.values()].some(({ points }) => points > 0)).toBe(true));
    const before = new Map(bob.scores);
    const lastBefore = bob.tick?.number ?? 0;

    await one.app.close(500);
    await waitFor(() => expect(bob.tick?.number ?? 0).toBeGreaterThan(lastBefore + 5_000));
    const first = bob.ticks.find(({ number }) => number > lastBefore + 5_000);
    const last = bob.ticks.findLast(({ number }) => number < lastBefore + 5_000);
    for (const { slot, x, y } of first?.ships ?? []) {
      const was = last?.ships.find((ship) => ship.slot === slot);
      if (was?.isAlive !== true) continue;
      expect(Math.hypot(x - was.x, y - was.y)).toBeLessThan(150);
    }
    for (const [user, score] of before) {
      expect(bob.scores.get(user)?.points ?? -1).toBeGreaterThanOrEqual(score.points);
      expect(bob.scores.get(user)?.slot).toBe(score.slot);
    }
    const slot = bob.score?.slot;
    const ship = bob.ship(slot);
    await waitFor(() => expect(bob.ship(slot)?.ack).not.toBe(ship?.ack));
  });

  it('are taken over from a node that has died', async () => {
    const folder = new Folder();
    const path = join(folder.path, 'broker.sock');
    const host = new LocalBrokerHost({ clock: systemClock, random: systemRandom });
    await host.listen(path);
    const brokers: LocalBroker[] = [];
    const broker: NonNullable<ArenaOptions['broker']> = ({ clock }) => {
      const made = new LocalBroker({ path, clock });
      brokers.push(made);
      return made;
    };
    const [one, other] = [await arena({ broker }), await arena({ broker })];
    await using ann = await new Pilot(one.url, 'ann').play('Ann');
    await using bob = await new Pilot(other.url, 'bob').play('Bob');
    await Promise.all([seated(ann), seated(bob)]);
    const lastBefore = bob.tick?.number ?? 0;
    // Its broker is gone at once: it can neither tell nor renew anything.
    await brokers[0]?.close(0);
    await waitFor(() => expect(bob.tick?.number ?? 0).toBeGreaterThan(lastBefore + 5_000));
    expect(bob.score).toMatchObject({ name: 'Bob' });
    await Promise.all([one.app.close(200), other.app.close(200)]);
    await host.close();
    folder[Symbol.dispose]();
  });
});
