/** Asks for something again and again, as long as the page is seen and what asks is on it. */

import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { ApiFailure } from './api.js';

export interface Polled<Value> {
  /** What was answered last. */
  readonly value: Value | undefined;
  /** Why the last question has no answer. */
  readonly failure: string | undefined;
  /** Asks at once. */
  readonly again: () => void;
}

/**
 * @param what names the question: another one forgets the answer
 * @param everyMs 0: asks once
 */
export function usePoll<Value>(what: string, load: () => Promise<Value>, everyMs: number): Polled<Value> {
  const [state, setState] = useState<{ what: string; value?: Value; failure?: string }>({ what });
  const latest = useRef(load);
  latest.current = load;
  const asked = useRef(0);
  const again = useCallback(() => {
    const number = ++asked.current;
    const settle = (change: { value: Value } | { failure: string }) => {
      // An answer to an earlier question.
      if (number !== asked.current) return;
      setState((old) => ({
        what,
        ...(old.what === what && old.value !== undefined && { value: old.value }),
        ...change,
      }));
    };
    latest.current().then(
      (value) => settle({ value }),
      (error: unknown) => settle({ failure: error instanceof ApiFailure ? error.message : String(error) }),
    );
  }, [what]);
  useEffect(() => {
    again();
    const timer = everyMs === 0 ? undefined : setInterval(() => document.hidden || again(), everyMs);
    return () => {
      clearInterval(timer);
      asked.current++;
    };
  }, [again, everyMs]);
  const isCurrent = state.what === what;
  return { value: isCurrent ? state.value : undefined, failure: isCurrent ? state.failure : undefined, again };
}
