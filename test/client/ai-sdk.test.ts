/** `fanfare/ai-sdk` with the released AI SDK: its chat in front, its `streamText` behind, a server and real sockets between. */

import { Chat } from '@ai-sdk/react';
import { convertToModelMessages, streamText, toUIMessageStream, type UIMessage } from 'ai';
import { channel, fanfare, rpc } from 'fanfare';
import { type ChatOutcome, type ChatTransportOptions, chatTransport, pipeChat } from 'fanfare/ai-sdk';
import { connect } from 'fanfare/client';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { FaultProxy } from '../support/network/fault-proxy.js';
import { ScriptedModel } from './scripted-model.js';

const question = z.object({ chatId: z.string(), id: z.string(), messages: z.array(z.custom<UIMessage>()) });

function chatApp(model: ScriptedModel, outcomes: ChatOutcome[]) {
  const app = fanfare({
    anonymous: true,
    log: { debug() {}, info() {}, warn() {}, error() {} },
    channels: {
      'chat:{id}': channel({
        subscribe: 'anyone',
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

const eventually = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 5 });

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
    const words = Array.from({ length: 60 }, (_, n) => `${n}ü "\n\u001e`);
    for (const [n, word] of words.entries()) {
      call.say(word);
      if (n % 20 !== 10) continue;
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
