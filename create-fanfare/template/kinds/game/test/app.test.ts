import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from 'fanfare/client';
import type { App, Player } from '../src/app.ts';
import { start } from '../src/server.ts';

test('the server decides where players are, and tells everybody with the next tick', async () => {
  const { url, close } = await start(0);
  const [ada, ben] = [connect<App>(url), connect<App>(url)];
  try {
    const seen = new Promise<readonly Player[]>((resolve) => {
      ben.channel('field:1').on('message', ({ data }) => {
        if (data.players.length === 2) resolve(data.players);
      });
    });
    await ben.channel('field:1').ready(10_000);
    const moved = await ada.rpc('move', { dx: 1, dy: 0 });
    const still = await ben.rpc('move', { dx: 0, dy: 0 });
    assert.equal(moved.x - still.x, 2);
    assert.deepEqual(new Set((await seen).map(({ id }) => id)), new Set([moved.id, still.id]));
    await assert.rejects(ada.rpc('move', { dx: 100, dy: 0 }), { code: 'ERR_BAD_REQUEST' });
  } finally {
    ada.close();
    ben.close();
    await close();
  }
});
