/** `fanfare/client/streams` and `useStream` against a running server: reading, coming back, stopping, writing. */

import { channel, fanfare } from 'fanfare';
import type { Client } from 'fanfare/client';
import { protobuf } from 'fanfare/client/protobuf';
import { StreamError, streams } from 'fanfare/client/streams';
import { createFanfare } from 'fanfare/react';
import { StrictMode } from 'react';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import type { FaultProxy } from '../support/network/fault-proxy.js';
import { type Cuttable, cuttable } from './cuttable.js';
import { createRoot } from './page.js';

const delta = z.object({ field: z.string(), add: z.string() });

function streamApp() {
  return fanfare({
    auth: () => ({ user: 'ann' }),
    log: { debug() {}, info() {}, warn() {}, error() {} },
    channels: {
      'chat:{id}': channel({
        subscribe: 'anyone',
        publish: 'user',
        // Longer than a busy machine stands still: nothing has been heard of a producer meanwhile, even in this process.
        streams: { every: '10ms', cancel: 'subscriber', interruptAfter: '5s' },
      }),
      'brief:{id}': channel({ subscribe: 'anyone', publish: 'user', streams: { every: '10ms', interruptAfter: '1s' } }),
      'tool:{id}': channel({ message: delta, subscribe: 'anyone', streams: { of: 'items', every: '10ms' } }),
    },
  });
}
type App = ReturnType<typeof streamApp>;

let app: App;
let proxy: FaultProxy;
let connected: Cuttable<App>['connected'];
let client: Client<App>;

beforeEach(async () => {
  ({ app, proxy, connected } = await cuttable(streamApp()));
  client = connected();
});

const eventually = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 5 });
const tokens = Array.from({ length: 200 }, (_, n) => `${n}ü "\n`);
const whole = tokens.join('');

async function gathered(parts: AsyncIterable<unknown>): Promise<string> {
  let text = '';
  for await (const part of parts) text += part;
  return text;
}

describe('reading', () => {
  it.each([undefined, protobuf])(
    'gives the parts as they come, also over lost connections (codec %#)',
    async (codec) => {
      const chat = streams(connected(codec === undefined ? {} : { codec }), 'chat:1');
      const [live, text] = [gathered(chat.stream('a')), chat.stream('a').text()];
      await chat.channel.ready(20_000);
      const answer = await app.open('chat:1', { id: 'a', meta: { model: 'small' } });
      for (const [n, token] of tokens.entries()) {
        await answer.append(token);
        if (n % 60 !== 30) continue;
        await eventually(() => expect(chat.stream('a').soFar.length).toBeGreaterThan(0));
        await eventually(() => expect(chat.channel.state).toBe('subscribed'));
        const { numReturns } = chat.channel;
        proxy.reset();
        await eventually(() => expect(chat.channel.numReturns).toBeGreaterThan(numReturns));
      }
      await answer.close({ tokens: tokens.length });
      expect([await live, await text]).toEqual([whole, whole]);
      const { state, meta, result } = chat.stream('a');
      expect([state, meta, result]).toEqual(['closed', { model: 'small' }, { tokens: 200 }]);
      expect(await gathered(chat.stream('a'))).toBe(whole);
    },
  );

  it('begins with everything so far, also where another part of the page has the channel open', async () => {
    const answer = await app.open('chat:2', { id: 'a' });
    await answer.append('so far');
    const first = streams(client, 'chat:2');
    await eventually(() => expect(first.stream('a').soFar).toBe('so far'));
    const second = streams(client, 'chat:2');
    await eventually(() => expect(second.stream('a').soFar).toBe('so far'));
    await answer.append(', and on');
    await answer.close();
    expect(await second.stream('a').text()).toBe('so far, and on');
    first.close();
    second.close();
  });

  it('tells of failed streams, of lost ones, and of those that nobody reads any more', async () => {
    const chat = streams(client, 'chat:3');
    await chat.channel.ready(20_000);
    const failing = await app.open('chat:3', { id: 'failing' });
    await failing.append('half');
    await failing.fail({ why: 'tired' });
    const failed = chat.stream('failing').text();
    await expect(failed).rejects.toMatchObject({ code: 'ERR_STREAM_FAILED', result: { why: 'tired' } });
    await expect(failed).rejects.toBeInstanceOf(StreamError);
    const waiting = chat.stream('never').text();
    const writer = await streams(connected(), 'chat:3').open({ id: 'cut off' });
    await writer.append('one');
    await eventually(() => expect(chat.stream('cut off').soFar).toBe('one'));
    expect(chat.all.map(({ id }) => id).sort()).toEqual(['cut off', 'failing']);
    chat.close();
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_STREAM_CLOSED' });
  });

  it('folds items of a declared type', async () => {
    const tool = streams(client, 'tool:1');
    await tool.channel.ready(20_000);
    const call = await app.open('tool:1', { id: 'call' });
    await call.append({ field: 'name', add: 'search' });
    await call.append({ field: 'query', add: 'cats' }, { field: 'query', add: ' and dogs' });
    await expect(call.append({ field: 'query' } as never)).rejects.toMatchObject({ code: 'ERR_MESSAGE_INVALID' });
    await call.close();
    const stream = tool.stream('call');
    expect(await stream.all()).toHaveLength(3);
    const apply = (fields: Record<string, string>, { field, add }: z.infer<typeof delta>) => ({
      ...fields,
      [field]: (fields[field] ?? '') + add,
    });
    const nothing = {};
    expect(stream.fold(apply, nothing)).toEqual({ name: 'search', query: 'cats and dogs' });
    expect(stream.fold(apply, nothing)).toBe(stream.fold(apply, nothing));
  });
});

describe('stopping', () => {
  it('a reader that cancels stops the producer, and one that leaves does not', async () => {
    const answer = await app.open('chat:4', { id: 'a' });
    async function* words() {
      for (let n = 0; !answer.signal.aborted; n++) {
        yield `${n} `;
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      throw answer.signal.reason;
    }
    const piped = answer.pipe(words());
    for (let n = 0; n < 5; n++) {
      const other = connected();
      const chat = streams(other, 'chat:4');
      await eventually(() => expect(chat.stream('a').soFar).not.toBe(''));
      other.close();
    }
    expect(answer.signal.aborted).toBe(false);
    const chat = streams(client, 'chat:4');
    await chat.channel.ready(20_000);
    await chat.stream('a').cancel();
    await piped;
    const text = await chat.stream('a').text();
    expect(chat.stream('a').result).toEqual({ cancelled: true });
    expect((await app.readStream('chat:4', 'a'))?.text).toBe(text);
    await expect(app.cancelStream('chat:4', 'a')).rejects.toMatchObject({ code: 'ERR_STREAM_ENDED' });
    await expect(app.cancelStream('chat:4', 'b')).rejects.toMatchObject({ code: 'ERR_STREAM_UNKNOWN' });
  });
});

describe('writing', () => {
  it('arrives once over lost connections, and hears of readers that cancel', async () => {
    const reader = streams(client, 'chat:5');
    await reader.channel.ready(20_000);
    const writing = connected();
    const writer = await streams(writing, 'chat:5').open({ meta: { by: 'ann' } });
    for (const [n, token] of tokens.entries()) {
      const appended = writer.append(token);
      if (n % 50 === 25) proxy.reset();
      await appended;
    }
    expect(writer.signal.aborted).toBe(false);
    await eventually(() => expect(reader.stream(writer.id).soFar).toBe(whole));
    await reader.channel.ready(20_000);
    await reader.stream(writer.id).cancel();
    await eventually(() => expect(writer.signal.aborted).toBe(true));
    await writer.close('done');
    expect(await reader.stream(writer.id).text()).toBe(whole);
    expect(reader.stream(writer.id)).toMatchObject({ meta: { by: 'ann' }, result: 'done' });
  });

  it('one that is cut off leaves the stream interrupted, with what it had appended', async () => {
    const reader = streams(client, 'brief:6');
    await reader.channel.ready(20_000);
    const writing = connected();
    const writer = await streams(writing, 'brief:6').open({ id: 'a' });
    await writer.append('so far');
    writing.close();
    const whatIs = reader.stream('a').text();
    await expect(whatIs).rejects.toMatchObject({ code: 'ERR_STREAM_INTERRUPTED' });
    expect(reader.stream('a').soFar).toBe('so far');
    const next = await app.open('brief:6', { id: 'a' });
    expect(next.isResumed).toBe(true);
    await next.append(', and on');
    await next.close();
    await eventually(() => expect(reader.stream('a').state).toBe('closed'));
    expect(await reader.stream('a').text()).toBe('so far, and on');
  });
});

describe('useStream', () => {
  const { FanfareProvider, useStream } = createFanfare<App>();

  function Answer() {
    const { text, state, cancel } = useStream('chat:7', 'a');
    return (
      <div>
        <output>{`${state}: ${text}`}</output>
        <button type="button" onClick={() => void cancel()} />
      </div>
    );
  }

  it('shows a stream as it grows, and cancels it', async () => {
    const container = document.createElement('div');
    const root = createRoot(container);
    onTestFinished(() => root.unmount());
    root.render(
      <StrictMode>
        <FanfareProvider client={client}>
          <Answer />
        </FanfareProvider>
      </StrictMode>,
    );
    const shows = (text: string) => eventually(() => expect(container.querySelector('output')?.textContent).toBe(text));
    await shows('unknown: ');
    const answer = await app.open('chat:7', { id: 'a' });
    await answer.append('one');
    await shows('open: one');
    await answer.append(' two');
    await shows('open: one two');
    container.querySelector('button')?.click();
    await eventually(() => expect(answer.signal.aborted).toBe(true));
    await answer.close();
    await shows('closed: one two');
  });
});
