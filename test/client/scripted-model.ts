/** A language model of the AI SDK that says what a test tells it to, when it is told to. */

import { MockLanguageModelV4 } from 'ai/test';

type Options = Parameters<MockLanguageModelV4['doStream']>[0];
type Result = Awaited<ReturnType<MockLanguageModelV4['doStream']>>;
type Part = Result['stream'] extends ReadableStream<infer Each> ? Each : never;

const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 },
};

/** One call of the model. */
export class ScriptedCall {
  readonly stream: ReadableStream<Part>;
  readonly prompt: Options['prompt'];
  readonly signal: AbortSignal;
  #controller: ReadableStreamDefaultController<Part> | undefined;

  constructor({ prompt, abortSignal }: Options) {
    this.prompt = prompt;
    this.signal = abortSignal ?? new AbortController().signal;
    this.stream = new ReadableStream<Part>({
      start: (controller) => {
        this.#controller = controller;
        controller.enqueue({ type: 'stream-start', warnings: [] });
      },
    });
    this.signal.addEventListener('abort', () => this.#controller?.error(this.signal.reason));
  }

  parts(...parts: readonly Part[]): void {
    for (const part of parts) this.#controller?.enqueue(part);
  }

  begin(id = 't'): void {
    this.parts({ type: 'text-start', id });
  }

  say(text: string, id = 't'): void {
    this.parts({ type: 'text-delta', id, delta: text });
  }

  /** @param id of the text that it ends, if there is one */
  end(unified: 'stop' | 'tool-calls' = 'stop', id: string | null = 't'): void {
    if (id !== null) this.parts({ type: 'text-end', id });
    this.parts({ type: 'finish', finishReason: { unified, raw: undefined }, usage });
    this.#controller?.close();
  }

  error(error: Error): void {
    this.#controller?.error(error);
  }
}

export class ScriptedModel extends MockLanguageModelV4 {
  readonly calls: ScriptedCall[] = [];

  constructor() {
    super({
      doStream: async (options) => {
        const call = new ScriptedCall(options);
        this.calls.push(call);
        return { stream: call.stream };
      },
    });
  }
}
