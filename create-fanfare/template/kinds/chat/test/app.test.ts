import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from 'fanfare/client';
import type { App } from '../src/app.ts';
import { start } from '../src/server.ts';

test('what one writes the other reads, and who comes later has it from the history', async () => {
  const { url, close } = await start(0);
  const [ada, ben] = [connect<App>(url), connect<App>(url)];
  try {
    const read = new Promise<string>((resolve) => {
      ben.channel('chat:lobby').on('message', ({ data }) => resolve(data.text));
    });
    await ben.channel('chat:lobby').ready(10_000);
    const position = await ada.publish('chat:lobby', { name: 'Ada', text: 'hello' });
    assert.equal(position?.offset, 1);
    assert.equal(await read, 'hello');
    const { messages } = await ada.channel('chat:lobby').history();
    assert.deepEqual(
      messages.map(({ data }) => data),
      [{ name: 'Ada', text: 'hello' }],
    );
    await assert.rejects(ada.publish('chat:lobby', { name: 'Ada', text: '' }), { code: 'ERR_BAD_REQUEST' });
  } finally {
    ada.close();
    ben.close();
    await close();
  }
});
