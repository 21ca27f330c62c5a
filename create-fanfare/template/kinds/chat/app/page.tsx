'use client';

import { type FormEvent, useState } from 'react';
import { Realtime, useChannel } from './realtime';

export default function Page() {
  return (
    <Realtime>
      <Room />
    </Realtime>
  );
}

function Room() {
  const { messages, state, publish } = useChannel('chat:lobby', { history: 50 });
  const [text, setText] = useState('');
  async function send(event: FormEvent) {
    event.preventDefault();
    await publish({ name: 'Ada', text });
    setText('');
  }
  return (
    <main>
      <h1>Chat</h1>
      <p role="status">{state}</p>
      <ul>
        {messages.map(({ data, offset }) => (
          <li key={offset}>
            {data.name}: {data.text}
          </li>
        ))}
      </ul>
      <form onSubmit={send}>
        <input aria-label="Message" value={text} onChange={(event) => setText(event.target.value)} required />
        <button type="submit">Send</button>
      </form>
    </main>
  );
}
