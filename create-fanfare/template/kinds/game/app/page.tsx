'use client';

import { useEffect } from 'react';
import { Realtime, useChannel, useClient, useConnection } from './realtime';

const steps: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export default function Page() {
  return (
    <Realtime>
      <Field />
    </Realtime>
  );
}

function Field() {
  const client = useClient();
  const { state } = useConnection();
  const { messages } = useChannel('field:1', { keep: 1 });
  useEffect(() => {
    const move = ([dx, dy]: readonly [number, number]) => void client.rpc('move', { dx, dy }).catch(() => undefined);
    const onKey = ({ key }: KeyboardEvent) => {
      const step = steps[key];
      if (step !== undefined) move(step);
    };
    move([0, 0]);
    // A sign of life, without which the server forgets the player.
    const timer = setInterval(() => move([0, 0]), 5_000);
    addEventListener('keydown', onKey);
    return () => {
      clearInterval(timer);
      removeEventListener('keydown', onKey);
    };
  }, [client]);
  return (
    <main>
      <h1>Game</h1>
      <p role="status">{state}</p>
      <svg viewBox="0 0 100 60" role="img" aria-label="The players">
        {messages.at(-1)?.data.players.map(({ id, x, y }) => (
          <circle key={id} cx={x} cy={y} r={1.5} />
        ))}
      </svg>
    </main>
  );
}
