/** `client.map()` and `useMap` against a running server. */

import { channel, fanfare } from 'fanfare';
import type { Client } from 'fanfare/client';
import { protobuf } from 'fanfare/client/protobuf';
import { createFanfare } from 'fanfare/react';
import { StrictMode } from 'react';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import type { FaultProxy } from '../support/network/fault-proxy.js';
import { type Cuttable, cuttable } from './cuttable.js';
import { createRoot } from './page.js';

const points = z.object({ points: z.number() });

function mapApp() {
  return fanfare({
    anonymous: true,
    log: { debug() {}, info() {}, warn() {}, error() {} },
    channels: {
      'match:{id}': channel({ message: points, subscribe: 'anyone', publish: 'subscriber', map: { size: 4 } }),
      'short:{id}': channel({
        message: points,
        subscribe: 'anyone',
        map: {},
        history: { size: 2 },
      }),
      'closed:{id}': channel({ message: points, map: {} }),
      'rated:{id}': channel({ message: points, subscribe: 'anyone', map: {}, maxRate: {} }),
      'room:{id}': channel({ subscribe: 'anyone', presence: true }),
      'here:room:{id}': channel({ subscribe: 'anyone', map: { presence: 'clients' } }),
      'online:room:{id}': channel({ subscribe: 'anyone', map: { presence: 'users' } }),
    },
  });
}
type App = ReturnType<typeof mapApp>;

let app: App;
let proxy: FaultProxy;
let connected: Cuttable<App>['connected'];
let client: Client<App>;

beforeEach(async () => {
  ({ app, proxy, connected } = await cuttable(mapApp()));
  client = connected();
});

const eventually = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 5 });

describe('client.map', () => {
  it('has another rate once nobody uses it with the one before', async () => {
    const seldom = client.map('rated:1', { maxRate: 0.001 });
    await seldom.ready();
    await app.map('rated:1').set('a', { points: 1 });
    await eventually(() => expect(seldom.get('a')).toEqual({ points: 1 }));
    // It would come in a quarter of an hour.
    await app.map('rated:1').set('a', { points: 2 });
    seldom.close();
    const often = client.map('rated:1', { maxRate: 1_000 });
    await often.ready();
    expect(often.get('a')).toEqual({ points: 2 });
    await app.map('rated:1').set('a', { points: 3 });
    await eventually(() => expect(often.get('a')).toEqual({ points: 3 }));
    expect(seldom.get('a')).not.toEqual({ points: 3 });
    // Beside a user the options of others change nothing.
    expect(client.map('rated:1', { maxRate: 5 })).toBe(often);
  });

  it('has the state, and each change of it', async () => {
    await app.map('match:1').set('ann', { points: 1 });
    const map = client.map('match:1');
    const changes: unknown[] = [];
    map.on('change', (change) => changes.push(change));
    await map.ready();
    await eventually(() => expect([...map]).toEqual([['ann', { points: 1 }]]));
    await map.set('bob', { points: 2 });
    await app.map('match:1').remove('ann');
    await eventually(() => expect(changes.length).toBe(2));
    expect(changes).toEqual([
      { key: 'bob', value: { points: 2 }, info: expect.objectContaining({ user: '' }) },
      { key: 'ann' },
    ]);
    expect([map.size, map.has('ann'), map.get('bob'), [...map.keys()]]).toEqual([1, false, { points: 2 }, ['bob']]);
  });

  it('is the same in protobuf', async () => {
    await app.map('match:1').set('ann', { points: 1 });
    const binary = connected({ codec: protobuf });
    const map = binary.map('match:1', { pageSize: 1 });
    await map.ready();
    await map.set('bob', { points: 2 });
    await map.remove('ann');
    await eventually(() => expect([...map]).toEqual([['bob', { points: 2 }]]));
    expect(map.error).toBeUndefined();
  });

  it('tells who listens to a key of that key alone', async () => {
    const map = client.map('match:1');
    const ann: unknown[] = [];
    const stop = map.onKey('ann', (value) => ann.push(value?.points));
    await map.ready();
    await map.set('ann', { points: 1 });
    await map.set('bob', { points: 9 });
    await map.remove('ann');
    await eventually(() => expect(ann).toEqual([undefined, 1, undefined]));
    stop();
    await map.set('ann', { points: 2 });
    await eventually(() => expect(map.get('ann')).toEqual({ points: 2 }));
    expect(ann.length).toBe(3);
  });

  it('G4: has what was missed after a lost connection, as changes', async () => {
    const map = client.map('match:1');
    await map.ready();
    let syncs = 0;
    map.on('sync', () => syncs++);
    await proxy.cut();
    await app.map('match:1').set('ann', { points: 1 });
    proxy.restore();
    await eventually(() => expect(map.get('ann')).toEqual({ points: 1 }));
    expect(syncs).toBe(0);
  });

  it('has the whole state again when what was missed is gone', async () => {
    await app.map('short:1').set('old', { points: 0 });
    const map = client.map('short:1');
    await map.ready();
    await proxy.cut();
    await app.map('short:1').remove('old');
    for (let n = 0; n < 4; n++) await app.map('short:1').set(`k${n}`, { points: n });
    proxy.restore();
    await eventually(() => expect([...map.keys()].sort()).toEqual(['k0', 'k1', 'k2', 'k3']));
  });

  it('is the same object for all, until the last one closes it', async () => {
    const map = client.map('match:1');
    expect(client.map('match:1')).toBe(map);
    await map.ready();
    map.close();
    await map.set('ann', { points: 1 });
    map.close();
    await eventually(() => expect(map.state).toBe('unsubscribed'));
    await expect(map.set('ann', { points: 2 })).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    expect(client.map('match:1')).not.toBe(map);
  });

  it('names refusals by their codes', async () => {
    const closed = client.map('closed:1');
    await expect(closed.ready()).rejects.toMatchObject({ code: 'ERR_PERMISSION_DENIED' });
    expect(closed.error?.code).toBe('ERR_PERMISSION_DENIED');
    const map = client.map('match:1');
    await map.ready();
    for (const key of ['a', 'b', 'c', 'd']) await map.set(key, { points: 1 });
    await expect(map.set('e', { points: 1 })).rejects.toMatchObject({ code: 'ERR_LIMIT_EXCEEDED' });
    expect(() => client.channel('match:1')).toThrow(expect.objectContaining({ code: 'ERR_CONFIG' }));
  });
});

describe('client.presenceMap', () => {
  it('has who is in a channel, who comes and goes, and after a lost connection who is there then', async () => {
    const [other, third] = [connected(), connected()];
    onTestFinished(() => {
      for (const each of [other, third]) each.close();
    });
    const room = other.channel('room:1');
    await room.ready();
    const here = client.presenceMap('here:room:1');
    const users = client.presenceMap('online:room:1');
    await Promise.all([here.ready(), users.ready()]);
    const [[id, member] = []] = [...here];
    expect(member).toEqual({ user: '', client: id });
    expect([users.size, here.name]).toEqual([0, 'here:room:1']);
    const changes: unknown[] = [];
    here.on('change', (change) => changes.push(change));
    await third.channel('room:1').ready();
    await eventually(() => expect(here.size).toBe(2));
    room.close();
    await eventually(() => expect(here.size).toBe(1));
    expect(changes).toEqual([
      { key: expect.any(String), value: expect.objectContaining({ user: '' }), info: expect.anything() },
      { key: id },
    ]);
    await proxy.cut();
    proxy.restore();
    await eventually(() => expect(here.has(String(id))).toBe(false));
    await eventually(() => expect([...here.values()].map(({ user }) => user)).toEqual(['']));
  });
});

describe('usePresenceMap', () => {
  const { FanfareProvider, usePresenceMap } = createFanfare<App>();

  function Here() {
    const { entries, loading } = usePresenceMap('here:room:1');
    return <output>{loading ? 'loading' : `${entries.size} here`}</output>;
  }

  it('shows who is in a channel', async () => {
    const container = document.createElement('div');
    const root = createRoot(container);
    onTestFinished(() => root.unmount());
    root.render(
      <FanfareProvider client={client}>
        <Here />
      </FanfareProvider>,
    );
    const shows = (text: string) => eventually(() => expect(container.querySelector('output')?.textContent).toBe(text));
    await shows('0 here');
    const room = client.channel('room:1');
    await shows('1 here');
    room.close();
    await shows('0 here');
  });
});

describe('useMap', () => {
  const { FanfareProvider, useMap } = createFanfare<App>();

  function Scores() {
    const { entries, loading, set, remove } = useMap('match:1');
    const text = [...entries].map(([key, { points }]) => `${key} ${points}`).join(', ');
    return (
      <div>
        <output>{loading ? 'loading' : text}</output>
        <button type="button" onClick={() => void set('cat', { points: 3 })} />
        <button type="button" onClick={() => void remove('ann')} />
      </div>
    );
  }

  it('shows the keys of a map, and changes them', async () => {
    await app.map('match:1').set('ann', { points: 1 });
    const container = document.createElement('div');
    const root = createRoot(container);
    onTestFinished(() => root.unmount());
    root.render(
      <StrictMode>
        <FanfareProvider client={client}>
          <Scores />
        </FanfareProvider>
      </StrictMode>,
    );
    const shows = (text: string) => eventually(() => expect(container.querySelector('output')?.textContent).toBe(text));
    await shows('ann 1');
    await app.map('match:1').set('bob', { points: 2 });
    await shows('ann 1, bob 2');
    const [setCat, removeAnn] = container.querySelectorAll('button');
    setCat?.click();
    await shows('ann 1, bob 2, cat 3');
    removeAnn?.click();
    await shows('bob 2, cat 3');
  });
});
