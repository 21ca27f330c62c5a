import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from 'fanfare/client';
import type { App } from '../src/app.ts';
import { start } from '../src/server.ts';

test('values come by themselves, who comes later has the last ones, and nobody else publishes', async () => {
  const { url, close } = await start(0);
  const client = connect<App>(url);
  try {
    const first = await new Promise<{ value: number; atMs: number }>((resolve) => {
      client.channel('metric:load').on('message', ({ data }) => resolve(data));
    });
    assert.ok(first.value >= 0 && first.atMs > 0);
    const { messages } = await client.channel('metric:load').history();
    assert.ok(messages.some(({ data }) => data.atMs === first.atMs));
    await assert.rejects(client.publish('metric:load', { value: 1, atMs: 1 }), { code: 'ERR_PERMISSION_DENIED' });
  } finally {
    client.close();
    await close();
  }
});
