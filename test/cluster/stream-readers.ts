/** Readers of streams whose connections can be cut, and producers that use whichever node is there. */

import { connect } from 'fanfare/client';
import { streams } from 'fanfare/client/streams';
import { expect } from 'vitest';
import { WebSocket } from 'ws';
import { FaultProxy } from '../support/network/fault-proxy.js';
import { call } from './plain-fleet.js';

export const streamsConfig = {
  anonymous: true,
  api: { insecure: true },
  port: 0,
  channels: {
    'chat:{id}': { subscribe: 'anyone', streams: { every: '20ms', interruptAfter: '1s', cancel: 'anyone' } },
    'alone:{id}': { subscribe: 'anyone', streams: { every: '20ms', interruptAfter: '1s', stopWhenAlone: '1s' } },
  },
};

/** For producers that are silent for as long as readers take to come back, on whatever machine. */
export const patientConfig = {
  ...streamsConfig,
  channels: {
    'chat:{id}': { subscribe: 'anyone', streams: { every: '20ms', interruptAfter: '60s', cancel: 'anyone' } },
  },
};

export const eventually = (check: () => unknown) => expect.poll(check, { timeout: 30_000, interval: 10 });

export type Reader = Awaited<ReturnType<typeof startReader>>;

/** Reads the streams of a channel over a connection that can be cut. */
export async function startReader(url: string, channel: string) {
  const way = await FaultProxy.start({ port: Number(new URL(url).port) });
  const client = connect(`http://127.0.0.1:${way.port}`, {
    websocket: WebSocket,
    minReconnectDelayMs: 5,
    maxReconnectDelayMs: 50,
  });
  const chat = streams(client, channel);
  const faults: string[] = [];
  await chat.channel.ready(20_000);
  return {
    way,
    chat,
    /** What was seen that must not be: text that does not go on. */
    faults,
    /** Follows one of them. */
    follow(id: string) {
      const stream = chat.stream(id);
      let seen = '';
      stream.onChange(() => {
        const { soFar } = stream;
        if (!soFar.startsWith(seen)) faults.push(`${id}: ${seen.slice(-20)} goes on as ${soFar.slice(-20)}`);
        seen = soFar;
      });
      return stream;
    },
    async [Symbol.asyncDispose]() {
      client.close();
      await way[Symbol.asyncDispose]();
    },
  };
}

/** Calls one of the nodes, another one while that is gone. */
export async function anywhere(
  urls: readonly string[],
  method: string,
  fields: object,
): Promise<Record<string, unknown>> {
  for (let n = 0; ; n++) {
    try {
      const { status, result, error } = await call(urls[n % urls.length] ?? '', method, fields);
      if (status === 503 && n < 500) throw new Error('not now');
      return { ...(result as object | undefined), ...(error && { error }) };
    } catch (cause) {
      if (n >= 500) throw cause;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** One request that is a whole stream. */
export function startWriting(url: string, channel: string, id: string) {
  const request = new TransformStream<Uint8Array, Uint8Array>();
  const writer = request.writable.getWriter();
  const answered = fetch(`${url}/api/stream_write?${new URLSearchParams({ channel, id })}`, {
    method: 'POST',
    headers: { 'Content-Type': 'text/plain' },
    body: request.readable,
    duplex: 'half',
  } as RequestInit);
  answered.catch(() => undefined);
  return {
    write: (text: string) => writer.write(new TextEncoder().encode(text)),
    leave: () => void writer.abort().catch(() => undefined),
  };
}
