/** The desk: what its token may do on a running server, and what it may not. */

import { connect } from 'fanfare/client';
import { expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { type ScoresApp, scoresApp } from './app.js';
import { newDeskCode } from './desk.js';

const log = { debug() {}, info() {}, warn() {}, error() {} };

async function served() {
  const code = newDeskCode();
  const app = scoresApp({ tokenSecret: 'a secret of the tests, of 32 bytes or more', code }, { log });
  const { url } = await app.listen(0);
  onTestFinished(() => app.close(0));
  const client = (token?: string) => {
    const opened = connect<ScoresApp>(url, { websocket: WebSocket, ...(token !== undefined && { token }) });
    onTestFinished(() => opened.close());
    return opened;
  };
  return { code, client };
}

const comment = { second: 60, text: 'What a chance!' };

it('lets who knows the code write commentary under a name, and everybody read it', async () => {
  const { code, client } = await served();
  const fan = client();
  const heard = new Promise((resolve) => fan.channel('commentary:1').on('message', resolve));
  await fan.channel('commentary:1').ready();
  const { token } = await fan.rpc('openDesk', { code, name: ' Ada ' });
  await client(token).publish('commentary:1', comment);
  expect(await heard).toMatchObject({ data: comment, info: { connInfo: { name: 'Ada' } } });
});

it('refuses a wrong code, and fans who write', async () => {
  const { code, client } = await served();
  const fan = client();
  await expect(fan.rpc('openDesk', { code: `${code}x`, name: 'Eve' })).rejects.toMatchObject({ protocolCode: 1403 });
  await expect(fan.rpc('openDesk', { code: '', name: 'Eve' })).rejects.toMatchObject({ protocolCode: 1403 });
  await expect(fan.rpc('openDesk', { code, name: ' ' })).rejects.toMatchObject({ code: 'ERR_BAD_REQUEST' });
  await expect(fan.publish('commentary:1', comment)).rejects.toMatchObject({ code: 'ERR_PERMISSION_DENIED' });
});

it('lets commentators change no score, and say nothing too long', async () => {
  const { code, client } = await served();
  const { token } = await client().rpc('openDesk', { code, name: 'Ada' });
  const desk = client(token);
  const event = { kind: 'goal', second: 1, period: 1, text: 'Goal!' } as const;
  await expect(desk.publish('events:1', event)).rejects.toMatchObject({ code: 'ERR_PERMISSION_DENIED' });
  const map = desk.map('board:today');
  await map.ready();
  const team = { name: 'Harbour Town', code: 'HAR', colour: '#000', ink: '#fff' };
  const lie = {
    day: 1,
    id: 'a',
    sport: 'football',
    home: team,
    away: team,
    state: 'live',
    period: 1,
    minute: 1,
  } as const;
  await expect(map.set('a', { ...lie, score: [9, 0] })).rejects.toMatchObject({ code: 'ERR_PERMISSION_DENIED' });
  await expect(desk.publish('commentary:1', { second: 1, text: 'x'.repeat(281) })).rejects.toMatchObject({
    code: 'ERR_BAD_REQUEST',
  });
});
