/** A language model of the AI SDK that needs no network: it says what its scripts say, word by word, and goes on where it was. */

import type { LanguageModel } from 'ai';
import { readPrompt } from './prompt.js';
import { scriptFor } from './scripts.js';

export type ScriptedModel = Extract<LanguageModel, { readonly specificationVersion: 'v4' }>;
type Result = Awaited<ReturnType<ScriptedModel['doStream']>>;
type Part = Result['stream'] extends ReadableStream<infer Each> ? Each : never;

/** @param paceMs between two words */
export function scriptedModel(paceMs: number): ScriptedModel {
  return {
    specificationVersion: 'v4',
    provider: 'example',
    modelId: 'scripted',
    supportedUrls: {},
    doGenerate: () => Promise.reject(new Error('the scripted model only streams')),
    doStream: async ({ prompt, abortSignal }) => ({ stream: paced(partsFor(prompt), paceMs, abortSignal) }),
  };
}

function* partsFor(prompt: Parameters<typeof readPrompt>[0]): Generator<Part> {
  const { question, reasoning, text, found } = readPrompt(prompt);
  const script = scriptFor(question);
  yield { type: 'stream-start', warnings: [] };
  const isFirstStep = found === undefined;
  if (isFirstStep && text === '' && script.reasoning !== undefined && reasoning.length < script.reasoning.length) {
    yield { type: 'reasoning-start', id: 'reasoning' };
    for (const delta of wordsOf(script.reasoning.slice(reasoning.length))) {
      yield { type: 'reasoning-delta', id: 'reasoning', delta };
    }
    yield { type: 'reasoning-end', id: 'reasoning' };
  }
  if (isFirstStep && script.townOf !== undefined) {
    const input = JSON.stringify({ town: script.townOf(question) });
    yield { type: 'tool-call', toolCallId: 'weather', toolName: 'weather', input };
    yield finish('tool-calls');
    return;
  }
  yield { type: 'text-start', id: 'text' };
  for (const delta of wordsOf(script.text(found ?? '').slice(text.length))) {
    yield { type: 'text-delta', id: 'text', delta };
  }
  yield { type: 'text-end', id: 'text' };
  yield finish('stop');
}

function wordsOf(text: string): readonly string[] {
  return text.match(/\s*\S+/g) ?? [];
}

function finish(unified: 'stop' | 'tool-calls'): Part {
  const inputTokens = { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined };
  const outputTokens = { total: undefined, text: undefined, reasoning: undefined };
  return { type: 'finish', finishReason: { unified, raw: undefined }, usage: { inputTokens, outputTokens } };
}

function paced(parts: Iterator<Part>, paceMs: number, signal: AbortSignal | undefined): ReadableStream<Part> {
  return new ReadableStream<Part>({
    start(controller) {
      // As that of a provider ends.
      signal?.addEventListener('abort', () => controller.error(signal.reason));
    },
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, paceMs));
      if (signal?.aborted === true) return;
      const { value, done } = parts.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
  });
}
