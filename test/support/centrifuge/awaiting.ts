/** Waits for events instead of sleeping, and compares what has come; runs in Node and in a page. */

import type { EventMap, TypedEventEmitter } from 'centrifuge';

const timeoutMs = 20_000;

/**
 * The next event of that name for which `matches` holds. Listens from the call on, so call before causing it. A test that
 * fails before it awaits the event fails for that reason alone.
 */
export function nextEvent<Events extends EventMap, Name extends keyof Events & string>(
  emitter: TypedEventEmitter<Events>,
  name: Name,
  matches: (context: Parameters<Events[Name]>[0]) => boolean = () => true,
): Promise<Parameters<Events[Name]>[0]> {
  const event = new Promise<Parameters<Events[Name]>[0]>((resolve, reject) => {
    const listener = ((context: Parameters<Events[Name]>[0]) => {
      if (!matches(context)) return;
      clearTimeout(timer);
      emitter.off(name, listener);
      resolve(context);
    }) as Events[Name]; // safe: all events of the SDK have one argument
    const timer = setTimeout(() => {
      emitter.off(name, listener);
      reject(new Error(`no event "${name}" within ${timeoutMs} ms`));
    }, timeoutMs);
    emitter.on(name, listener);
  });
  event.catch(() => undefined);
  return event;
}

/** A list that can be awaited to have a length. */
export class Gathered<T> {
  readonly items: T[] = [];
  #waiting: { readonly count: number; readonly resolve: () => void }[] = [];

  add(item: T): void {
    this.items.push(item);
    const ready = this.#waiting.filter(({ count }) => count <= this.items.length);
    this.#waiting = this.#waiting.filter(({ count }) => count > this.items.length);
    for (const { resolve } of ready) resolve();
  }

  /** All items, once there are at least so many. */
  async atLeast(count: number): Promise<readonly T[]> {
    if (this.items.length >= count) return this.items;
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        this.#waiting.push({ count, resolve });
        timer = setTimeout(
          () => reject(new Error(`${this.items.length} of ${count}: ${JSON.stringify(this.items)}`)),
          timeoutMs,
        );
      });
    } finally {
      clearTimeout(timer);
    }
    return this.items;
  }
}

/** Gathers the data of publications, or what `pick` takes of an event. */
export function gather<Events extends EventMap, Name extends keyof Events & string, T>(
  emitter: TypedEventEmitter<Events>,
  name: Name,
  pick: (context: Parameters<Events[Name]>[0]) => T,
): Gathered<T> {
  const gathered = new Gathered<T>();
  // safe: all events of the SDK have one argument
  emitter.on(name, ((context: Parameters<Events[Name]>[0]) => gathered.add(pick(context))) as Events[Name]);
  return gathered;
}

/** Compares as JSON, whatever the order of the keys. */
export function equal(actual: unknown, expected: unknown, what = 'value'): void {
  const [left, right] = [canonical(actual), canonical(expected)];
  if (left !== right) throw new Error(`${what} is ${left} and not ${right}`);
}

export function holds(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`does not hold: ${what}`);
}

/** The code with which it is refused. */
export async function codeOfRefusal(outcome: Promise<unknown>): Promise<unknown> {
  try {
    await outcome;
  } catch (error) {
    return typeof error === 'object' && error !== null && 'code' in error ? error.code : error;
  }
  throw new Error('it was not refused');
}

function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_, inner: unknown) =>
      typeof inner === 'object' && inner !== null && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
        : inner,
    ) ?? 'undefined'
  );
}
