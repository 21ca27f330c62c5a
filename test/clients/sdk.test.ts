/**
 * The official SDKs for Go and Python, in both codecs, through a network that can be cut: what each must be able to do.
 * `FANFARE_TEST_PYTHON` names a Python with the newest version of its SDK (`npm run test:sdks`).
 */

import { describe, expect, onTestFinished, test } from 'vitest';
import { startScenarioServer } from '../support/centrifuge/scenario-app.js';
import { ScriptedSdk } from '../support/clients/scripted-sdk.js';
import { goIsMissing, goProgramPath } from '../support/programs/go.js';
import { pythonIsMissing, pythonProgram } from '../support/programs/python.js';

type Codec = 'json' | 'protobuf';

interface Answer {
  readonly result?: unknown;
  readonly error?: string;
  readonly code?: number;
}

/** Starts an SDK's program, with the controls of its server. */
async function start(makeCommand: () => Promise<readonly string[]>, codec: Codec) {
  const [program = '', ...args] = await makeCommand();
  const server = await startScenarioServer();
  onTestFinished(() => server[Symbol.asyncDispose]());
  const address = `ws://${server.host}/connection/websocket${codec === 'protobuf' ? '?format=protobuf' : ''}`;
  const path = { PATH: process.env.PATH ?? '', PYTHONUNBUFFERED: '1' };
  const sdk = new ScriptedSdk(program, [...args, address, codec], path);
  onTestFinished(() => sdk[Symbol.asyncDispose]());
  // safe: the programs answer so
  const ask = async (op: string, fields: object = {}) => (await sdk.ask({ op, ...fields })) as Answer;
  /** The result, which has to be there. */
  const get = async (op: string, fields: object = {}) => {
    const { result, error } = await ask(op, fields);
    if (error !== undefined) throw new Error(`${op}: ${error}`);
    return result;
  };
  const events = async (kind: string, count: number) => get('events', { kind, count });
  const { controls } = server;
  return { controls, ask, get, events, connect: (...tokens: string[]) => get('connect', { tokens }) };
}

type Started = Awaited<ReturnType<typeof start>>;

async function inRoom(sdk: Started, channel: string): Promise<void> {
  await sdk.connect(await sdk.controls.token({ sub: 'ann' }));
  await sdk.get('subscribe', { channel });
  await sdk.events('subscribed', 1);
}

const data = { text: 'é🎺\n', deep: [1, 2.5, null, true, {}], empty: '' };

const table: Readonly<Record<string, (sdk: Started) => Promise<void>>> = {
  async 'connects with a token, calls procedures, and is told of refusals'(sdk) {
    await sdk.connect(await sdk.controls.token({ sub: 'ann' }));
    await sdk.events('connected', 1);
    expect(await sdk.get('rpc', { method: 'whoami', data: {} })).toEqual({ user: 'ann' });
    expect(await sdk.get('rpc', { method: 'add', data: { a: 1, b: -3 } })).toBe(-2);
    expect(await sdk.ask('rpc', { method: 'nowhere', data: {} })).toMatchObject({ code: 104 });
    expect(await sdk.ask('publish', { channel: 'readonly:a', data })).toMatchObject({ code: 103 });
  },

  async 'is sent away for good with a bad token'(sdk) {
    await sdk.connect(`${(await sdk.controls.token({ sub: 'ann' })).slice(0, -4)}AAAA`);
    expect(await sdk.events('disconnected', 1)).toEqual([{ code: 3_500 }]);
  },

  async 'subscribes, publishes and receives'(sdk) {
    await inRoom(sdk, 'stream:a');
    await sdk.get('publish', { channel: 'stream:a', data });
    await sdk.controls.publish('stream:a', 'from the server', { kind: 'notice' });
    expect(await sdk.events('publication', 2)).toEqual([
      { data, offset: 1, user: 'ann' },
      { data: 'from the server', offset: 2, tags: { kind: 'notice' } },
    ]);
  },

  async 'reads history, from the beginning and from a position'(sdk) {
    await inRoom(sdk, 'stream:a');
    for (const n of [1, 2, 3]) await sdk.controls.publish('stream:a', n);
    const { epoch } = await sdk.controls.publish('stream:a', 4);
    const top = { offset: 4, epoch };
    expect(await sdk.get('history', { channel: 'stream:a', limit: 2 })).toEqual({
      publications: [
        { data: 1, offset: 1 },
        { data: 2, offset: 2 },
      ],
      ...top,
    });
    const since = { offset: 3, epoch };
    expect(await sdk.get('history', { channel: 'stream:a', limit: 10, since })).toEqual({
      publications: [{ data: 4, offset: 4 }],
      ...top,
    });
    expect(await sdk.get('history', { channel: 'stream:a', limit: 0 })).toEqual({ publications: [], ...top });
    const gone = { offset: 3, epoch: 'another' };
    expect(await sdk.ask('history', { channel: 'stream:a', limit: 10, since: gone })).toMatchObject({ code: 112 });
  },

  async 'sees who is there, and is told who comes'(sdk) {
    await inRoom(sdk, 'open:a');
    expect(await sdk.events('join', 1)).toEqual([{ user: 'ann' }]);
    expect(await sdk.get('presence', { channel: 'open:a' })).toEqual({ users: ['ann'], numClients: 1, numUsers: 1 });
  },

  async 'G4: recovers what it has missed while the network was cut'(sdk) {
    await inRoom(sdk, 'stream:a');
    await sdk.controls.publish('stream:a', 0);
    await sdk.events('publication', 1);
    await sdk.controls.cut();
    for (let n = 1; n <= 5; n++) await sdk.controls.publish('stream:a', n);
    await sdk.controls.restore();
    expect(await sdk.events('subscribed', 2)).toEqual([
      { wasRecovering: false, recovered: false },
      { wasRecovering: true, recovered: true },
    ]);
    await sdk.controls.publish('stream:a', 6);
    expect(await sdk.events('publication', 7)).toEqual([0, 1, 2, 3, 4, 5, 6].map((n) => ({ data: n, offset: n + 1 })));
  },

  async 'is told that it cannot recover more than the history keeps'(sdk) {
    await inRoom(sdk, 'stream:a');
    await sdk.controls.publish('stream:a', 0);
    await sdk.events('publication', 1);
    await sdk.controls.cut();
    for (let n = 1; n <= 12; n++) await sdk.controls.publish('stream:a', n);
    await sdk.controls.restore();
    expect(await sdk.events('subscribed', 2)).toMatchObject([{}, { wasRecovering: true, recovered: false }]);
  },

  async 'is in the channels that the server subscribes it to later'(sdk) {
    await sdk.connect(await sdk.controls.token({ sub: 'ann' }));
    await sdk.events('connected', 1);
    await sdk.controls.subscribe('ann', 'open:a', {});
    expect(await sdk.events('serverSubscribed', 1)).toMatchObject([{ channel: 'open:a' }]);
    await sdk.controls.publish('open:a', data);
    expect(await sdk.events('serverPublication', 1)).toMatchObject([{ data }]);
  },

  async 'is in the channels of its token, and recovers them'(sdk) {
    await sdk.connect(await sdk.controls.token({ sub: 'ann', channels: ['news'] }));
    expect(await sdk.events('serverSubscribed', 1)).toEqual([{ channel: 'news', recovered: false }]);
    await sdk.controls.publish('news', 1);
    await sdk.events('serverPublication', 1);
    await sdk.controls.cut();
    await sdk.controls.publish('news', 2);
    await sdk.controls.restore();
    expect(await sdk.events('serverPublication', 2)).toEqual([
      { data: 1, offset: 1 },
      { data: 2, offset: 2 },
    ]);
  },

  async 'refreshes its token before it expires, and stays connected'(sdk) {
    const lives = [2, 600];
    const tokens = lives.map((expiresInSec) => sdk.controls.token({ sub: 'ann', expiresInSec }));
    await sdk.connect(...(await Promise.all(tokens)));
    await sdk.events('token', 2);
    expect(await sdk.get('rpc', { method: 'whoami', data: {} })).toEqual({ user: 'ann' });
    await sdk.controls.disconnect('ann', false);
    // The first connection has lived until now.
    expect(await sdk.events('disconnected', 1)).toEqual([{ code: 3_503 }]);
    expect(await sdk.events('connected', 1)).toHaveLength(1);
    expect((await sdk.ask('events', { kind: 'connecting', count: 1 })).result).toEqual([{ code: 0 }]);
  },
};

const newestPython = process.env.FANFARE_TEST_PYTHON;
const sdks: {
  readonly sdk: string;
  readonly isMissing: () => boolean;
  readonly command: () => Promise<readonly string[]>;
  /** Rows that it cannot do, whoever the server is. */
  readonly skip?: readonly string[];
}[] = [
  { sdk: 'centrifuge-go', isMissing: goIsMissing, command: async () => [await goProgramPath('test/clients/sdk/go')] },
  {
    sdk: 'centrifuge-python',
    isMissing: () => newestPython === undefined && pythonIsMissing(),
    command: async () => [newestPython ?? pythonProgram('python'), 'test/clients/sdk/sdk.py'],
    // 0.6.0 does not know the push; 0.7.0 does.
    skip: newestPython === undefined ? ['is in the channels that the server subscribes it to later'] : [],
  },
];

for (const { sdk, isMissing, command, skip = [] } of sdks) {
  describe.skipIf(isMissing())(sdk, { timeout: 120_000 }, () => {
    describe.each(['json', 'protobuf'] as const)('%s', (codec) => {
      for (const [name, run] of Object.entries(table)) {
        test.skipIf(skip.includes(name))(name, async () => run(await start(command, codec)));
      }
    });
  });
}
