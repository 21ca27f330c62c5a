/** States in which a real server answers and does not do its work: each is recognised and named, with what ends it. */

import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { RedisBroker } from '../../../src/brokers/redis/broker.js';
import { redisStates } from '../../../src/brokers/redis/states.js';
import { stateOf } from '../../../src/brokers/server-states.js';
import { RedisServer, redis7, redis8, redisIsMissing, valkey } from '../../support/brokers/redis-server.js';
import {
  dropNodes,
  nodeUser,
  type RedisState,
  redisServerStates,
  type Send,
  urlOfNode,
} from '../../support/brokers/redis-states.js';
import { failure, json, ports, started, stream } from '../../support/brokers/suites.js';
import { channelName } from '../../support/engine/channel-name.js';
import { RecordedLog } from '../../support/engine/recorded-log.js';

const data = json(1);
const news = channelName('news');
const all = { history: true, presence: true };

describe.each([redis7, redis8, valkey])('$kind', (kind) => {
  if (redisIsMissing(kind)) return test.skip('its program is missing');

  /** A server, with a broker that has not been started. */
  async function made(user = nodeUser) {
    const server = await RedisServer.start({ ...kind, config: [user, 'maxmemory-policy noeviction'] });
    onTestFinished(() => server[Symbol.asyncDispose]());
    const client = await server.client();
    onTestFinished(() => client[Symbol.asyncDispose]());
    const log = new RecordedLog();
    const broker = new RedisBroker({ url: urlOfNode(server), timeoutMs: 1_000 }, { ...ports, log });
    const send: Send = (...command) => client.send(command);
    return { server, broker, send, log };
  }

  async function begun(user?: string) {
    const site = await made(user);
    await started(site.broker);
    return site;
  }

  test.each(Object.entries<RedisState>(redisServerStates))(
    'G7 G10: %s is seen by probes and publications alike, and named',
    async (_, at) => {
      const { server, broker, send, log } = await begun();
      await broker.subscribe(news);
      const before = await broker.publish(news, { data }, { stream });
      let taken = 1;
      await at.begin(send, server);
      const refused = { ...failure, retryable: true, state: at.named, remedy: expect.any(String) };
      await vi.waitFor(async () => {
        const publishing = broker.publish(news, { data }, { stream }).then(() => taken++);
        await expect(publishing).rejects.toMatchObject(refused);
        await expect(broker.probeKeeping(all)).rejects.toMatchObject(refused);
      });
      await at.end(send, server);
      const after = await vi.waitFor(async () => {
        await broker.probe();
        await broker.probeKeeping(all);
        return broker.publish(news, { data }, { stream });
      }, 15_000);
      // Whatever was refused has used up no offset.
      expect(after.position).toEqual({ ...before.position, offset: taken + 1 });
      if (at.named === 'NOAUTH' || at.named === 'maxclients')
        expect(log.errors.map(({ state }) => state)).toContain(at.named);
    },
  );

  const parts = ['place', 'stream', 'once', 'clients', 'users', 'bus'];
  test.each(parts)('G10: rights that leave out the keys fanfare:%s:* are seen by the probe', async (left) => {
    const families = ['place', 'stream', 'once', 'clients', 'members', 'users', 'bus', 'control'];
    const rights = families.filter((family) => family !== left).map((family) => `~fanfare:${family}:*`);
    const { broker } = await begun(`user node on >secret ${rights.join(' ')} &fanfare:* +@all`);
    await expect(broker.probeKeeping(all)).rejects.toMatchObject({ ...failure, state: 'NOPERM' });
  });

  test('G10: rights for the families of keys that channels have are enough for the probe', async () => {
    const rights = ['place', 'stream', 'once', 'bus'].map((family) => `~fanfare:${family}:*`);
    const { broker } = await begun(`user node on >secret ${rights.join(' ')} &fanfare:bus:* +@all`);
    await broker.probe();
    await broker.probeKeeping({ history: true, presence: false });
    await broker.subscribe(news);
    await broker.publish(news, { data }, { stream, idempotencyKey: 'k' });
  });

  test('a user that may listen to no channel is told so at the start, with what it needs', async () => {
    const { broker } = await made('user node on >secret ~* resetchannels +@all');
    await expect(started(broker)).rejects.toMatchObject({ ...failure, state: 'NOPERM' });
  });

  test('G5: a server that does not say what it is is told of once: a fail-over that loses something is not noticed', async () => {
    const { broker, send, log } = await begun(`${nodeUser} -info`);
    await broker.probe();
    await broker.publish(news, { data }, { stream });
    await dropNodes(send);
    await vi.waitFor(() => broker.publish(news, { data }, { stream }));
    expect(log.errors.filter(({ state }) => state === 'NOPERM')).toHaveLength(1);
  });

  test('F2 G10: it reads its data: named, and over by itself', async () => {
    const { server, broker, send, log } = await begun();
    for (let n = 0; n < 400; n++) await send('SET', `filler:${n}`, 'x'.repeat(1_000));
    await send('SAVE');
    await server.kill();
    await server.startAgain([nodeUser, 'key-load-delay 4000', 'loading-process-events-interval-bytes 1024']);
    await vi.waitFor(() => broker.publish(news, { data }, { stream }));
    expect(log.errors.map(({ state }) => state)).toContain('LOADING');
  });
});

test.each([
  ['DENIED', 'DENIED Redis is running in protected mode because protected mode is enabled'],
  ['CLUSTERDOWN', 'CLUSTERDOWN Hash slot not served'],
  ['CLUSTERDOWN', 'CLUSTERDOWN The cluster is down'],
  ['OOM', "OOM allow-oom flag is not set on the script,  can not run it when used memory > 'maxmemory'"],
  ['NOAUTH', 'AUTH <password> called without any password configured for the default user.'],
  [undefined, 'ERR something about OOM and BUSY'],
  [undefined, 'BUSYGROUP Consumer Group name already exists'],
])('%s: what servers say of it', (name, text) => {
  expect(stateOf(new Error('outer', { cause: new Error(text) }), redisStates)?.name).toBe(name);
});
