/** Channels of bytes, with the official client in both codecs. */

import { Centrifuge as JsonCentrifuge } from 'centrifuge';
import { Centrifuge as ProtobufCentrifuge } from 'centrifuge/build/protobuf';
import { bytes, channel, fanfare, jwt, memory } from 'fanfare';
import fc from 'fast-check';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { codeOfRefusal, gather, nextEvent } from '../support/centrifuge/awaiting.js';
import { RecordedLog } from '../support/engine/recorded-log.js';
import { served } from '../support/servers/served.js';
import { signed } from '../support/servers/signed.js';

const secret = 'token-secret-0123456789abcdef-0123456789';
const all = { subscribe: 'anyone', publish: 'anyone', history: { size: 100, read: 'anyone' } } as const;
const seen: unknown[] = [];

function makeApp(log: RecordedLog) {
  return fanfare({
    auth: jwt({ secret }),
    anonymous: true,
    log,
    channels: {
      'frames:{id}': channel({ ...all, message: bytes() }),
      'mixed:{id}': channel({ ...all, message: bytes({ base64: true }) }),
      'small:{id}': channel({ ...all, message: bytes({ maxBytes: 4 }) }),
      'json:{id}': channel(all),
      'checked:{id}': channel({
        ...all,
        message: bytes(),
        publish({ data }) {
          seen.push(data);
          return data[0] === 0 ? { data: Uint8Array.of(9) } : data.length > 0;
        },
      }),
    },
  });
}

let app: ReturnType<typeof makeApp>;
let url: string;
let log: RecordedLog;

beforeEach(async () => {
  log = new RecordedLog();
  ({ app, url } = await served(makeApp(log)));
});

/** Both builds have the same interface. */
type Sdk = new (...parts: ConstructorParameters<typeof JsonCentrifuge>) => JsonCentrifuge;

// safe: they differ in their codec alone
const Protobuf = ProtobufCentrifuge as unknown as Sdk;

function client(Client: Sdk, token?: string): JsonCentrifuge {
  const endpoint = `${url.replace('http', 'ws')}/connection/websocket`;
  const made = new Client(endpoint, { websocket: WebSocket, ...(token !== undefined && { token }) });
  onTestFinished(() => made.disconnect());
  made.connect();
  return made;
}

const refusals = () => log.lines.map(({ fields }) => fields);

/** Plain, since the client's own are buffers. */
const plain = (data: unknown) => new Uint8Array(data as Uint8Array);

async function listening(Client: Sdk, name: string) {
  const subscription = client(Client).newSubscription(name);
  const publications = gather(subscription, 'publication', ({ data }) => data);
  subscription.subscribe();
  await subscription.ready();
  return { subscription, publications };
}

const random = fc.sample(fc.uint8Array({ maxLength: 2_000 }), { numRuns: 40, seed: 13 });
const values = [new Uint8Array(), Uint8Array.of(0), new TextEncoder().encode('{"a":1}'), ...random];

describe('the client that speaks Protobuf', () => {
  test('gets bytes as they were published: by a client, by the server, from the history, and when it comes back', async () => {
    const { subscription, publications } = await listening(Protobuf, 'frames:1');
    for (const value of values) await subscription.publish(value);
    expect((await publications.atLeast(values.length)).map(plain)).toEqual(values);
    subscription.unsubscribe();
    for (const value of values) await app.publish('frames:1', value);
    subscription.subscribe();
    expect((await publications.atLeast(values.length * 2)).slice(values.length).map(plain)).toEqual(values);
    const kept = await subscription.history({ limit: 100 });
    expect(kept.publications.map(({ data }) => plain(data))).toEqual([...values, ...values].slice(-100));
    const { publications: read } = await app.history('frames:1', { limit: 2, reverse: true });
    expect(read.map(({ data }) => data)).toEqual(values.slice(-2).reverse());
  });

  test('is refused with 107 where there is JSON, unless its bytes are JSON', async () => {
    const { subscription, publications } = await listening(Protobuf, 'json:1');
    await subscription.publish(Buffer.from('{"a":1.0}'));
    expect((await publications.atLeast(1)).map((data) => Buffer.from(data).toString())).toEqual(['{"a":1.0}']);
    for (const wrong of [new Uint8Array(), Uint8Array.of(0xff)]) {
      expect(await codeOfRefusal(subscription.publish(wrong))).toBe(107);
    }
    expect(refusals()).toContainEqual(
      expect.objectContaining({ check: 'message', why: 'ERR_MESSAGE_INVALID', option: 'channels → json:{id} → data' }),
    );
  });

  test('may send as many bytes as the rule says', async () => {
    const { subscription, publications } = await listening(Protobuf, 'small:1');
    await subscription.publish(Uint8Array.of(0xff, 0xff, 0xff, 0xff));
    expect(plain((await publications.atLeast(1))[0])).toHaveLength(4);
    expect(await codeOfRefusal(subscription.publish(new Uint8Array(5)))).toBe(107);
    expect(refusals()).toContainEqual(expect.objectContaining({ option: 'channels → small:{id} → maxMessageBytes' }));
  });

  test('publishes what the function of the rule has seen, or what that has put in its place', async () => {
    seen.length = 0;
    const { subscription, publications } = await listening(Protobuf, 'checked:1');
    await subscription.publish(Uint8Array.of(0, 1));
    await subscription.publish(Uint8Array.of(2, 3));
    expect(await codeOfRefusal(subscription.publish(new Uint8Array()))).toBe(103);
    expect((await publications.atLeast(2)).map(plain)).toEqual([Uint8Array.of(9), Uint8Array.of(2, 3)]);
    expect(seen).toEqual([Uint8Array.of(0, 1), Uint8Array.of(2, 3), new Uint8Array()]);
  });
});

describe('the client that speaks JSON', () => {
  test('gets and sends base64 where the rule says so', async () => {
    const { subscription, publications } = await listening(JsonCentrifuge, 'mixed:1');
    const other = await listening(Protobuf, 'mixed:1');
    for (const value of values) await subscription.publish(Buffer.from(value).toString('base64'));
    expect((await other.publications.atLeast(values.length)).map(plain)).toEqual(values);
    const texts = values.map((value) => Buffer.from(value).toString('base64'));
    expect(await publications.atLeast(values.length)).toEqual(texts);
    expect((await subscription.history({ limit: 100 })).publications.map(({ data }) => data)).toEqual(texts);
    for (const wrong of [{ a: 1 }, 'AA', '*']) expect(await codeOfRefusal(subscription.publish(wrong))).toBe(107);
    expect(refusals()).toContainEqual(
      expect.objectContaining({ check: 'message', option: 'channels → mixed:{id} → data' }),
    );
  });

  test('is refused with 108 elsewhere, and told why', async () => {
    const sdk = client(JsonCentrifuge);
    const subscription = sdk.newSubscription('frames:2');
    const ended = nextEvent(subscription, 'unsubscribed');
    subscription.subscribe();
    expect(await ended).toMatchObject({ code: 108, reason: expect.stringContaining('Protobuf') });
    expect(await codeOfRefusal(sdk.history('frames:2', { limit: 1 }))).toBe(108);
    expect(await codeOfRefusal(sdk.publish('frames:2', 'AAAA'))).toBe(107);
    for (const action of ['subscribe', 'history']) {
      expect(refusals()).toContainEqual(
        expect.objectContaining({ check: 'data', action, option: 'channels → frames:{id} → data' }),
      );
    }
  });

  test('is not subscribed by the server either', async () => {
    const granted = client(JsonCentrifuge, await signed(secret, { sub: 'u', channels: ['frames:3'] }));
    expect(await nextEvent(granted, 'disconnected')).toMatchObject({ code: 108 });
    const user = client(JsonCentrifuge, await signed(secret, { sub: 'v' }));
    await user.ready();
    expect(await app.subscribe('v', 'frames:3')).toBe(0);
    expect(await app.subscribe('v', 'mixed:3')).toBe(1);
    const binary = client(Protobuf, await signed(secret, { sub: 'w', channels: ['frames:3'] }));
    const publication = nextEvent(binary, 'publication');
    await binary.ready();
    await app.publish('frames:3', Uint8Array.of(1));
    expect(plain((await publication).data)).toEqual(Uint8Array.of(1));
  });
});

describe('the server', () => {
  test('publishes a copy, and refuses the other kind', async () => {
    const data = Uint8Array.of(1, 2);
    const published = app.publish('frames:4', data);
    data.fill(0);
    await published;
    expect((await app.history('frames:4')).publications).toEqual([{ data: Uint8Array.of(1, 2), offset: 1 }]);
    // @ts-expect-error: it is no Uint8Array
    await expect(app.publish('frames:4', 'AAAA')).rejects.toMatchObject({ code: 'ERR_MESSAGE_INVALID' });
    await expect(app.publish('json:4', Uint8Array.of(0xff))).rejects.toMatchObject({ code: 'ERR_MESSAGE_INVALID' });
    await expect(app.publish('frames:4', new Uint8Array(70_000))).rejects.toMatchObject({
      code: 'ERR_MESSAGE_TOO_LARGE',
    });
  });

  test('does not start with a rule that its broker cannot keep', async () => {
    const broker = (ports: Parameters<ReturnType<typeof memory>>[0]) =>
      Object.defineProperty(memory()(ports), 'carriesBytes', { value: undefined });
    expect(() => fanfare({ broker, channels: { 'frames:{id}': channel({ message: bytes() }) } })).toThrow(
      expect.objectContaining({ code: 'ERR_CONFIG', message: expect.stringContaining('carry') }),
    );
  });
});
