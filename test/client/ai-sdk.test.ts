/** `fanfare/ai-sdk` with the released AI SDK: its chat in front, its `streamText` behind, a server and real sockets between. */

import { Chat } from '@ai-sdk/react';
import { convertToModelMessages, isStepCount, streamText, tool, toUIMessageStream, type UIMessage } from 'ai';
import { channel, fanfare, rpc } from 'fanfare';
import { type ChatOutcome, type ChatTransportOptions, chatTransport, messageOf, pipeChat } from 'fanfare/ai-sdk';
import { connect } from 'fanfare/client';
import { streams } from 'fanfare/client/streams';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { FaultProxy } from '../support/network/fault-proxy.js';
import { ScriptedModel } from './scripted-model.js';

const question = z.object({ chatId: z.string(), id: z.string(), messages: z.array(z.custom<UIMessage>()) });

const weather = tool({
  description: 'the weather in a town',
  inputSchema: z.object({ town: z.string() }),
  execute: async ({ town }) => `rain in ${town}`,
});

function chatApp(model: ScriptedModel, outcomes: ChatOutcome[]) {
  const app = fanfare({
    anonymous: true,
    log: { debug() {}, info() {}, warn() {}, error() {} },
    channels: {
      'chat:{id}': channel({
        subscribe: 'anyone',
        publish: 'anyone',
        // Longer than a busy machine stands still: nothing has been heard of a producer meanwhile, even in this process.
        streams: { every: '10ms', cancel: 'subscriber', interruptAfter: '5s' },
      }),
      'brief:{id}': channel({
        subscribe: 'anyone',
        publish: 'anyone',
        streams: { every: '10ms', cancel: 'subscriber', interruptAfter: '1s' },
      }),
    },
    rpc: { ask: rpc({ allow: 'anyone', input: question, run: (asked) => answer(asked) }) },
  });
  async function answer({ chatId, id, messages }: z.infer<typeof question>): Promise<void> {
    const message = messages.at(-1);
    const stream = await app.open(`chat:${chatId}`, { id, meta: { message } });
    const result = streamText({
      model,
      messages: await convertToModelMessages(messages),
      abortSignal: stream.signal,
      tools: { weather },
      stopWhen: isStepCount(2),
      onError() {},
    });
    void pipeChat(stream, toUIMessageStream({ stream: result.stream, originalMessages: messages })).then((outcome) =>
      outcomes.push(outcome),
    );
  }
  return app;
}
type App = ReturnType<typeof chatApp>;

let model: ScriptedModel;
let app: App;
let proxy: FaultProxy;
let outcomes: ChatOutcome[];

beforeEach(async () => {
  model = new ScriptedModel();
  outcomes = [];
  app = chatApp(model, outcomes);
  const { port } = await app.listen(0);
  proxy = await FaultProxy.start({ port });
  return async () => {
    await proxy[Symbol.asyncDispose]();
    await app.close(0);
  };
});

const eventually = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 5 });

/** A page with the chat: what one loads anew is another one. */
function page(chatId: string, options: Partial<ChatTransportOptions> = {}) {
  const url = `http://127.0.0.1:${proxy.port}`;
  const client = connect<App>(url, { websocket: WebSocket, minReconnectDelayMs: 5, maxReconnectDelayMs: 20 });
  const transport = chatTransport(client, {
    channel: (id) => `chat:${id}`,
    send: ({ chatId, id, messages }) => client.rpc('ask', { chatId, id, messages: [...messages] }),
    ...options,
  });
  const close = () => {
    transport.close();
    client.close();
  };
  onTestFinished(close);
  return { client, transport, close, chat: new Chat({ id: chatId, transport }) };
}

const textOf = (message: UIMessage | undefined) =>
  message?.parts.map((part) => (part.type === 'text' ? part.text : '')).join('') ?? '';
const answerIn = (chat: Chat<UIMessage>) => textOf(chat.messages.findLast(({ role }) => role === 'assistant'));

async function callOf(index: number) {
  await eventually(() => expect(model.calls.length).toBeGreaterThan(index));
  const call = model.calls[index];
  if (call === undefined) throw new Error('the model was not called');
  return call;
}

describe('an answer', () => {
  it('comes as it is said, over lost connections, and is whole at the end', async () => {
    const { chat } = page('1');
    const asked = chat.sendMessage({ text: 'Why?' });
    const call = await callOf(0);
    expect(call.prompt.at(-1)).toMatchObject({ role: 'user', content: [{ type: 'text', text: 'Why?' }] });
    call.begin();
    const words = Array.from({ length: 50 }, (_, n) => `${n}ü "\n\u001e`);
    for (const [n, word] of words.entries()) {
      call.say(word);
      if (n % 25 !== 10) continue;
      await eventually(() => expect(answerIn(chat)).toBe(words.slice(0, n + 1).join('')));
      expect(chat.status).toBe('streaming');
      proxy.reset();
    }
    call.end();
    await asked;
    expect(chat.status).toBe('ready');
    expect(answerIn(chat)).toBe(words.join(''));
    expect(chat.messages.map(({ role }) => role)).toEqual(['user', 'assistant']);
    await eventually(() => expect(outcomes).toEqual([{ end: 'closed' }]));
  });

  it('goes on in a page that is loaded again and in a second one, under the same id', async () => {
    const first = page('2');
    void first.chat.sendMessage({ text: 'Why?' });
    const call = await callOf(0);
    call.begin();
    call.say('Because ');
    await eventually(() => expect(answerIn(first.chat)).toBe('Because '));
    const { id } = first.chat.messages[1] ?? {};
    first.close();
    const [again, second] = [page('2'), page('2')];
    const resumed = [again, second].map(({ chat }) => chat.resumeStream());
    for (const { chat } of [again, second]) await eventually(() => expect(answerIn(chat)).toBe('Because '));
    expect(call.signal.aborted).toBe(false);
    call.say('it is.');
    call.end();
    await Promise.all(resumed);
    for (const { chat } of [again, second]) {
      expect(answerIn(chat)).toBe('Because it is.');
      expect(chat.messages.at(-1)?.id).toBe(id);
      expect(chat.status).toBe('ready');
    }
    const late = page('2');
    await late.chat.resumeStream();
    expect(late.chat.messages).toEqual([]);
  });

  it('stops for all when somebody cancels it, and not when a chat is stopped', async () => {
    const [first, second] = [page('3'), page('3')];
    void first.chat.sendMessage({ text: 'Why?' });
    const call = await callOf(0);
    call.begin();
    call.say('Because');
    await eventually(() => expect(answerIn(first.chat)).toBe('Because'));
    const resumed = second.chat.resumeStream();
    await eventually(() => expect(answerIn(second.chat)).toBe('Because'));
    await first.chat.stop();
    expect(first.chat.status).toBe('ready');
    call.say(' it is');
    await eventually(() => expect(answerIn(second.chat)).toBe('Because it is'));
    expect(call.signal.aborted).toBe(false);
    await second.transport.cancel('3');
    await resumed;
    expect(second.chat.status).toBe('ready');
    expect(call.signal.aborted).toBe(true);
    await eventually(() => expect(outcomes).toEqual([{ end: 'cancelled' }]));
    expect(answerIn(second.chat)).toBe('Because it is');
    expect(second.chat.messages.at(-1)?.parts.at(-1)).toMatchObject({ state: 'done' });
    await second.transport.cancel('3');
  });
});

describe('a chat', () => {
  it('that is followed is the same on every device: questions, answers, and those that are asked again', async () => {
    const [first, second] = [page('4'), page('4')];
    for (const { transport, chat } of [first, second]) onTestFinished(transport.follow(chat));
    const shows = (all: readonly string[]) =>
      eventually(() => {
        for (const { chat } of [first, second]) expect(chat.messages.map(textOf)).toEqual(all);
        expect(second.chat.messages.map(({ id }) => id)).toEqual(first.chat.messages.map(({ id }) => id));
      });
    const asked = first.chat.sendMessage({ text: 'Why?' });
    const call = await callOf(0);
    call.begin();
    call.say('Because ');
    await shows(['Why?', 'Because ']);
    expect(second.chat.status).toBe('streaming');
    call.say('it is.');
    call.end();
    await asked;
    await shows(['Why?', 'Because it is.']);

    await eventually(() => expect(second.chat.status).toBe('ready'));
    const again = second.chat.regenerate();
    const other = await callOf(1);
    other.begin();
    other.say('No reason.');
    other.end();
    await again;
    await shows(['Why?', 'No reason.']);
    await eventually(() => expect(first.chat.status).toBe('ready'));

    // Both ask at once: each answer is seen by both, in the order of the channel.
    const both = [first, second].map(({ chat }, n) => chat.sendMessage({ text: `And ${n}?` }));
    for (const each of [await callOf(2), await callOf(3)]) {
      const said = JSON.stringify(each.prompt.at(-1)).includes('And 0') ? 'zero' : 'one';
      each.begin();
      each.say(said);
      each.end();
    }
    await Promise.all(both);
    await eventually(() => {
      const [one, two] = [first, second].map(({ chat }) => chat.messages.map(textOf));
      expect(one).toHaveLength(6);
      expect(two).toEqual(one);
      expect([...(one ?? [])].sort()).toEqual(['And 0?', 'And 1?', 'No reason.', 'Why?', 'one', 'zero']);
    });
    const late = page('4');
    expect((await late.transport.messages('4')).map(textOf)).toEqual(first.chat.messages.map(textOf));
  });

  it('has tools and reasoning in all of its readers', async () => {
    const [first, second] = [page('5'), page('5')];
    onTestFinished(second.transport.follow(second.chat));
    const asked = first.chat.sendMessage({ text: 'And the weather?' });
    const call = await callOf(0);
    const input = JSON.stringify({ town: 'Bergen' });
    call.parts(
      { type: 'reasoning-start', id: 'r' },
      { type: 'reasoning-delta', id: 'r', delta: 'It is asked ' },
      { type: 'reasoning-delta', id: 'r', delta: 'for Bergen.' },
      { type: 'reasoning-end', id: 'r' },
      { type: 'tool-input-start', id: 'c', toolName: 'weather' },
      ...[...input].map((delta) => ({ type: 'tool-input-delta' as const, id: 'c', delta })),
      { type: 'tool-input-end', id: 'c' },
      { type: 'tool-call', toolCallId: 'c', toolName: 'weather', input },
    );
    call.end('tool-calls', null);
    const next = await callOf(1);
    next.begin();
    next.say('It rains.');
    next.end();
    await asked;
    const parts = first.chat.messages.at(-1)?.parts;
    expect(parts).toMatchObject([
      { type: 'step-start' },
      { type: 'reasoning', text: 'It is asked for Bergen.', state: 'done' },
      { type: 'tool-weather', state: 'output-available', input: { town: 'Bergen' }, output: 'rain in Bergen' },
      { type: 'step-start' },
      { type: 'text', text: 'It rains.', state: 'done' },
    ]);
    await eventually(() => expect(second.chat.messages.at(-1)?.parts).toEqual(parts));
    expect(await page('5').transport.messages('5')).toEqual(first.chat.messages);
  });

  it('is answered by any producer of text, and tells when that fails or is gone', async () => {
    const plain = page('6', { send: async ({ id }) => void (await app.open('chat:6', { id })).pipe(said()) });
    async function* said() {
      yield 'Plain ';
      yield 'text.';
    }
    await plain.chat.sendMessage({ text: 'Why?' });
    expect(plain.chat.messages.at(-1)?.parts).toEqual([{ type: 'text', text: 'Plain text.', state: 'done' }]);

    const failing = page('7');
    const asked = failing.chat.sendMessage({ text: 'Why?' });
    const call = await callOf(0);
    call.begin();
    call.say('Because');
    await eventually(() => expect(answerIn(failing.chat)).toBe('Because'));
    call.error(new Error('the model is tired'));
    await asked;
    expect(failing.chat.status).toBe('error');
    await eventually(() => expect(outcomes).toMatchObject([{ end: 'failed' }]));
    expect(await app.readStream('chat:7', failing.chat.messages[1]?.id ?? '')).toMatchObject({ state: 'failed' });

    const gone = page('8', {
      patienceMs: 0,
      channel: (id) => `brief:${id}`,
      send: async ({ id }) => {
        const writing = page('8').client;
        await (await streams(writing, 'brief:8').open({ id })).append('half');
        writing.close();
      },
    });
    await gone.chat.sendMessage({ text: 'Why?' });
    expect(gone.chat.error).toMatchObject({ code: 'ERR_STREAM_INTERRUPTED' });
    expect(answerIn(gone.chat)).toBe('half');

    const refused = page('9', { channel: () => 'unknown:9' });
    await refused.chat.sendMessage({ text: 'Why?' });
    expect(refused.chat.error).toMatchObject({ code: 'ERR_UNKNOWN_CHANNEL' });
  });

  it('that is stopped cancels if it is to', async () => {
    const { chat } = page('10', { cancelOnStop: true });
    const asked = chat.sendMessage({ text: 'Why?' });
    const call = await callOf(0);
    call.begin();
    call.say('Because');
    await eventually(() => expect(answerIn(chat)).toBe('Because'));
    await chat.stop();
    await asked;
    await eventually(() => expect(outcomes).toEqual([{ end: 'cancelled' }]));
    expect(call.signal.aborted).toBe(true);
  });
});

describe('a second producer', () => {
  it('goes on with the same text where the first one was', async () => {
    const { chat } = page('11');
    const asked = chat.sendMessage({ text: 'Why?' });
    const call = await callOf(0);
    call.begin();
    call.say('Because it');
    await eventually(() => expect(answerIn(chat)).toBe('Because it'));
    const id = chat.messages[1]?.id ?? '';
    const stream = await app.open('chat:11', { id });
    await eventually(() => expect(outcomes).toMatchObject([{ end: 'lost', error: { code: 'ERR_STREAM_LOST' } }]));
    expect(call.signal.aborted).toBe(true);
    const soFar = await app.readStream('chat:11', id);
    expect(textOf(soFar && (await messageOf(soFar)))).toBe('Because it');
    const { stream: parts } = streamText({ model, prompt: 'go on', abortSignal: stream.signal });
    const piped = pipeChat(stream, toUIMessageStream({ stream: parts }), { soFar: soFar?.text ?? '' });
    const next = await callOf(1);
    next.begin('other');
    next.say(' is.', 'other');
    next.end('stop', 'other');
    expect(await piped).toEqual({ end: 'closed' });
    await asked;
    expect(chat.messages.at(-1)?.parts).toEqual([
      { type: 'step-start' },
      { type: 'text', text: 'Because it is.', state: 'done' },
    ]);
  });
});
