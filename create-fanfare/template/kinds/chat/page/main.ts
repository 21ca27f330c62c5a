import { connect } from 'fanfare/client';
import type { App } from '../src/app.ts';

const client = connect<App>('/');
const room = client.channel('chat:lobby');
const live = room.live({ history: 50 });

const list = document.querySelector('#messages') as HTMLElement;
const form = document.querySelector('form') as HTMLFormElement;
const status = document.querySelector('#status') as HTMLElement;
const field = (name: string) => form.elements.namedItem(name) as HTMLInputElement;

live.on('change', ({ messages, state, gap }) => {
  status.textContent = gap ? 'some messages were missed' : state;
  list.replaceChildren(
    ...messages.map(({ data }) => {
      const item = document.createElement('li');
      item.textContent = `${data.name}: ${data.text}`;
      return item;
    }),
  );
});

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const text = field('text');
  try {
    await room.publish({ name: field('name').value, text: text.value });
    text.value = '';
  } catch (error) {
    status.textContent = String(error);
  }
});
