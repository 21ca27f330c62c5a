'use client';

import { Realtime, useChannel } from './realtime';

export default function Page() {
  return (
    <Realtime>
      <Load />
    </Realtime>
  );
}

function Load() {
  const { messages, state } = useChannel('metric:load', { history: 60, keep: 60 });
  const values = messages.map(({ data }) => data.value);
  const max = Math.max(1, ...values);
  return (
    <main>
      <h1>Dashboard</h1>
      <p role="status">{state}</p>
      <p>
        Load: <strong>{(values.at(-1) ?? 0).toFixed(2)}</strong>
      </p>
      <svg viewBox="0 0 60 20" role="img" aria-label="Load over the last minute">
        <polyline
          fill="none"
          stroke="currentColor"
          strokeWidth="0.3"
          points={values.map((one, x) => `${x},${20 - (one / max) * 20}`).join(' ')}
        />
      </svg>
    </main>
  );
}
