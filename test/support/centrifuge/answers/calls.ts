/** Answers to commands with a promise of their own, and to `send`. */

import { channel, rpc } from 'fanfare';
import { z } from 'zod';
import { type Answer, type Asked, answer, type Cause } from './answer.js';
import { fateOf, fateOfCall, type Stage } from './stage.js';

type Client = Awaited<ReturnType<Stage['connected']>>;
type Call = (client: Client) => Promise<unknown>;

const fails = () => {
  throw new Error('the database is away');
};

const channels = {
  'failing:{x}': channel({ publish: fails, presence: fails, history: { size: 10, read: fails } }),
  'typed:{x}': channel({ publish: 'anyone', message: z.object({ text: z.string() }) }),
  'closed:{x}': channel({ presence: 'nobody', history: { size: 10, read: 'nobody' } }),
  'map:{x}': channel({ publish: 'anyone', map: { size: 1 } }),
  'plain:{x}': channel({ subscribe: 'anyone', publish: 'anyone' }),
  'room:{x}': channel({ presence: 'anyone', history: { size: 100, read: 'anyone' } }),
};

const options = {
  channels,
  rpc: {
    fail: rpc({ allow: 'anyone', run: fails }),
    add: rpc({ allow: 'anyone', input: z.object({ a: z.number() }), run: ({ a }) => a }),
    large: rpc({ allow: 'anyone', run: () => 'x'.repeat(40_000) }),
    whoami: rpc({ run: (_, { user }) => user }),
  },
  limits: { maxQueueBytes: 30_000, maxMessageBytes: 20_000 },
};

function call(asked: Asked, code: number, cause: Cause, when: string, made: Call): Answer {
  return answer([asked, code, cause], when, async (stage) => {
    const app = await stage.serve(options);
    for (let n = 0; n < 40; n++) await app.publish('room:1', 'x'.repeat(1_000));
    const client = await stage.connected();
    return fateOfCall(client, () => made(client));
  });
}

/** The same for all four: by the channel's name. */
function aboutChannel(asked: Asked, made: (client: Client, name: string) => Promise<unknown>): Answer[] {
  return [
    call(asked, 100, 'fault', 'the server, its broker or a function fails', (client) => made(client, 'failing:1')),
    call(asked, 102, 'configuration', 'no rule is for the channel', (client) => made(client, 'nowhere')),
    call(asked, 103, 'rule', 'not allowed', (client) => made(client, 'closed:1')),
    call(asked, 107, 'mistake', 'a field is not what it should be', (client) => made(client, 'room:\u0000')),
    answer([asked, 111, 'load'], 'too many commands', async (stage) => {
      await stage.serve({ ...options, limits: { commandsPerSec: 1, commandBurst: 4 } });
      const client = await stage.connected();
      return fateOfCall(client, async () => {
        await Promise.all(
          Array.from({ length: 6 }, () =>
            made(client, 'plain:1').catch((error) => {
              if (error.code === 111) throw error;
            }),
          ),
        );
      });
    }),
  ];
}

function notKept(asked: Asked, made: (client: Client, name: string) => Promise<unknown>): Answer {
  return call(asked, 108, 'rule', 'the channel keeps none', (client) => made(client, 'plain:1'));
}

const presence = (client: Client, name: string) => client.presence(name);
const stats = (client: Client, name: string) => client.presenceStats(name);
const history = (client: Client, name: string) => client.history(name, { limit: -1 });

export const calls: readonly Answer[] = [
  ...aboutChannel('publish', (client, name) => client.publish(name, {})),
  call('publish', 107, 'mistake', 'the schema refuses it', (client) => client.publish('typed:1', 5)),
  call('publish', 106, 'load', 'the map has as many keys as it may have', (client) =>
    client.mapPublish('map:1', 'a', 1).then(() => client.mapPublish('map:1', 'b', 1)),
  ),
  call('publish', 108, 'mistake', 'the channel is a map, and the call names no key', (client) =>
    client.publish('map:1', 1),
  ),
  ...aboutChannel('presence', presence),
  notKept('presence', presence),
  ...aboutChannel('presence_stats', stats),
  notKept('presence_stats', stats),
  ...aboutChannel('history', history),
  notKept('history', history),
  call('history', 106, 'load', 'the reply is too large', (client) => history(client, 'room:1')),
  call('history', 112, 'race', 'what was published since is gone', (client) =>
    client.history('room:1', { limit: 1, since: { offset: 1, epoch: 'gone' } }),
  ),
  call('rpc', 100, 'fault', 'it throws', (client) => client.rpc('fail', {})),
  call('rpc', 103, 'rule', 'not allowed', (client) => client.rpc('whoami', {})),
  call('rpc', 102, 'configuration', 'no rule', (client) =>
    client.rpc('fanfare.joinLeave', { channel: 'nowhere', joinLeave: true }),
  ),
  call('rpc', 104, 'mistake', 'no such procedure', (client) => client.rpc('nothing', {})),
  call('rpc', 106, 'load', 'the reply is too large', (client) => client.rpc('large', {})),
  call('rpc', 107, 'mistake', 'the schema refuses it', (client) => client.rpc('add', { a: 'one' })),
  answer(['rpc', 108, 'configuration'], 'there are no procedures', async (stage) => {
    await stage.serve();
    const client = await stage.connected();
    return fateOfCall(client, () => client.rpc('any', {}));
  }),
  answer(['rpc', 111, 'load'], 'too many commands', async (stage) => {
    await stage.serve({ ...options, limits: { commandsPerSec: 1, commandBurst: 4 } });
    const client = await stage.connected();
    return fateOfCall(client, () => Promise.all(Array.from({ length: 6 }, () => client.rpc('add', { a: 1 }))));
  }),
  answer(['send', 3508, 'configuration'], 'nobody listens to messages outside channels', async (stage) => {
    await stage.serve();
    const client = await stage.connected();
    const fate = fateOf(client);
    await client.send({});
    return fate;
  }),
];
