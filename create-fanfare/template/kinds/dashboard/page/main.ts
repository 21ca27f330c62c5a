import { connect } from 'fanfare/client';
import type { App } from '../src/app.ts';

const client = connect<App>('/');
const live = client.channel('metric:load').live({ history: 60, keep: 60 });

const status = document.querySelector('#status') as HTMLElement;
const value = document.querySelector('#value') as HTMLElement;
const line = document.querySelector('#line') as SVGPolylineElement;

live.on('change', ({ messages, state }) => {
  status.textContent = state;
  const values = messages.map(({ data }) => data.value);
  value.textContent = (values.at(-1) ?? 0).toFixed(2);
  const max = Math.max(1, ...values);
  line.setAttribute('points', values.map((one, x) => `${x},${20 - (one / max) * 20}`).join(' '));
});
