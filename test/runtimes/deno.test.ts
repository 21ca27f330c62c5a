/** The server under Deno: the command itself, judged by the official client over every transport. */

import { Centrifuge, type Options } from 'centrifuge';
import { EventSource } from 'eventsource';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { command, FanfareProcess } from '../cli/fanfare-process.js';
import { runtimeBinary } from './runtime.js';

const deno = runtimeBinary('deno');

describe.skipIf(deno === undefined)('the server under Deno', () => {
  let server: FanfareProcess;
  let url: string;

  beforeAll(async () => {
    server = new FanfareProcess(['dev', '--port', '0', '--transports-sse'], { runtime: [deno ?? '', 'run', '-A'] });
    const [, found = ''] = await server.seen('stdout', /listening on (\S+)/);
    url = found;
  });

  afterAll(() => server[Symbol.asyncDispose]());

  test.each(['websocket', 'http_stream', 'sse'] as const)('serves the official client by %s', async (transport) => {
    const path = transport === 'websocket' ? 'websocket' : transport;
    const endpoint = `${transport === 'websocket' ? url.replace('http', 'ws') : url}/connection/${path}`;
    const options: Partial<Options> = {
      websocket: WebSocket,
      fetch,
      readableStream: ReadableStream,
      eventsource: EventSource,
      emulationEndpoint: `${url}/emulation`,
    };
    const client = new Centrifuge([{ transport, endpoint }], options);
    const room = client.newSubscription(`chat:${transport}`);
    const received: unknown[] = [];
    const done = new Promise<void>((resolve) => {
      room.on('publication', ({ data }) => {
        received.push(data);
        if (received.length === 3) resolve();
      });
    });
    room.subscribe();
    client.connect();
    await room.ready(20_000);
    const messages = ['a', 'b', 'c'].map((text) => ({ name: 'Ann', text }));
    for (const message of messages) await room.publish(message);
    await done;
    expect(received).toEqual(messages);
    expect((await room.history({ limit: 10 })).publications.map(({ data }) => data)).toEqual(messages);
    expect((await room.presenceStats()).numClients).toBe(1);
    client.disconnect();
  });

  test('ends by itself after SIGTERM', async () => {
    const one = new FanfareProcess(['dev', '--port', '0'], { runtime: [deno ?? '', 'run', '-A'], script: command });
    await one.seen('stdout', /listening on/);
    one.child.kill('SIGTERM');
    expect(await one.exited).toMatchObject({ code: 0 });
  });
});
