import { connect } from 'fanfare/client';
import type { App } from '../src/app.ts';

const client = connect<App>('/');
const status = document.querySelector('#status') as HTMLElement;
const svg = document.querySelector('#field') as SVGElement;
const steps: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

let own = '';
client.on('connected', ({ client: id }) => {
  own = id;
  status.textContent = 'connected';
  void move(0, 0);
});
client.on('connecting', ({ reason }) => {
  status.textContent = reason;
});

client.channel('field:1').on('message', ({ data }) => {
  svg.replaceChildren(
    ...data.players.map(({ id, x, y }) => {
      const dot = document.createElementNS('http://www.w3.org/2000/svg', 'circle');
      dot.setAttribute('cx', String(x));
      dot.setAttribute('cy', String(y));
      dot.setAttribute('r', id === own ? '2' : '1.5');
      return dot;
    }),
  );
});

async function move(dx: number, dy: number): Promise<void> {
  await client.rpc('move', { dx, dy }).catch((error: unknown) => {
    status.textContent = String(error);
  });
}

addEventListener('keydown', (event) => {
  const step = steps[event.key];
  if (step === undefined) return;
  event.preventDefault();
  void move(...step);
});
// A sign of life, without which the server forgets the player.
setInterval(() => void move(0, 0), 5_000);
