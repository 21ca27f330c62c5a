/** The live tail of a channel: what is published from now on, the newest first. */

/** @jsxImportSource preact */

import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiFailure, call } from '../api.js';
import type { TailResult } from '../api-results.js';
import { Trouble } from './page.js';
import { PublicationList } from './publication-list.js';

const everyMs = 1_000;
const mostShown = 100;

export function Tail({ channel }: { readonly channel: string }) {
  const [shown, setShown] = useState<TailResult['publications']>([]);
  const [isCut, setCut] = useState(false);
  const [isPaused, setPaused] = useState(false);
  /** Whether the node has said from where on it tells. */
  const [isWatching, setWatching] = useState(false);
  const [failure, setFailure] = useState<string>();
  const cursor = useRef('');
  useEffect(() => {
    if (isPaused) return undefined;
    let isOver = false;
    let isAsking = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      clearTimeout(timer);
      // Nobody looks; asked again as soon as somebody does.
      if (isAsking || document.hidden) return;
      isAsking = true;
      try {
        const answer = await call<TailResult>('tail', { channel, cursor: cursor.current });
        if (isOver) return;
        cursor.current = answer.cursor;
        setWatching(true);
        setFailure(undefined);
        if (answer.cut) setCut(true);
        if (answer.publications.length > 0) {
          setShown((old) => [...answer.publications.toReversed(), ...old].slice(0, mostShown));
        }
      } catch (error) {
        if (!(error instanceof ApiFailure)) throw error;
        setFailure(error.message);
      }
      isAsking = false;
      if (!isOver) timer = setTimeout(() => void ask(), everyMs);
    };
    void ask();
    const seen = () => void ask();
    document.addEventListener('visibilitychange', seen);
    return () => {
      isOver = true;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', seen);
    };
  }, [channel, isPaused]);
  return (
    <>
      <p class="toolbar">
        <button type="button" aria-pressed={isPaused} onClick={() => setPaused(!isPaused)}>
          {isPaused ? 'Continue' : 'Pause'}
        </button>
        <button type="button" onClick={() => setShown([])}>
          Clear
        </button>
        <span role="status">{isPaused ? 'paused' : isWatching ? 'watching' : 'starting'}</span>
      </p>
      <Trouble text={failure} />
      {isCut && <p class="notice">Some publications were not fetched in time, and are not shown.</p>}
      <PublicationList publications={shown} empty="What is published from now on appears here." />
    </>
  );
}
