/** The feeds of the live scores against a running server: from Node, from Python by `cent`, and a recording by both. */

import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { connect } from 'fanfare/client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import type { ScoresApp } from '../../examples/live-scores/app.js';
import { fixturesOf, matchDay } from '../../examples/live-scores/match-day/match-day.js';
import type { MatchEvent } from '../../examples/live-scores/messages.js';
import { FanfareProcess } from '../cli/fanfare-process.js';
import { pythonIsMissing, pythonProgram } from '../support/programs/python.js';
import { ScoresServer } from '../support/programs/scores-server.js';

const recording = fileURLToPath(new URL('../../examples/live-scores/recordings/final.jsonl', import.meta.url));
const isWithoutPython = pythonIsMissing();
const feeds = [
  { feed: 'node', env: { SCORES_FEED: 'node' }, says: 'from this process', isMissing: false },
  {
    feed: 'python',
    env: { SCORES_FEED: 'python', SCORES_PYTHON: pythonProgram('python') },
    says: 'in Python over the HTTP API',
    isMissing: isWithoutPython,
  },
];

function fanOf({ url }: ScoresServer) {
  const fan = connect<ScoresApp>(url, { websocket: WebSocket });
  onTestFinished(() => fan.close());
  return fan;
}

describe.each(feeds)('the feed from $feed', { timeout: 90_000 }, ({ env, says, isMissing }) => {
  it.skipIf(isMissing)('publishes the match day of the simulator, each event once and in order', async () => {
    await using server = await ScoresServer.start([], { ...env, SCORES_SPEED: '1000' });
    expect(server.said).toContain(`a simulated match day, published ${says}`);
    const fan = fanOf(server);
    // The first of them that is over.
    const match = fixturesOf(1).find(({ sport }) => sport === 'basketball')?.id ?? '';
    // safe: what the simulator has put there
    const events = [...matchDay(1)]
      .flatMap(({ lines }) => lines)
      .filter(({ channel }) => channel === `events:${match}`)
      .map(({ data }) => data as MatchEvent);
    const channel = fan.channel(`events:${match}` as const);
    await channel.ready();
    const board = fan.map('board:today');
    await expect.poll(() => board.get(match), { timeout: 60_000 }).toMatchObject({ day: 1, state: 'over' });
    await expect.poll(async () => (await channel.history({ limit: 500 })).messages.length).toBe(events.length);
    const { messages } = await channel.history({ limit: 500 });
    expect(messages.map(({ data }) => data)).toEqual(events);
    const sheet = fan.channel(`match:${match}` as const, { delta: true });
    const newest = await new Promise((resolve) => sheet.on('message', ({ data }) => resolve(data)));
    expect(newest).toMatchObject({ state: 'over', score: events.at(-1)?.score });
  });

  it.skipIf(isMissing)('replays a recording', async () => {
    await using server = await ScoresServer.start([], { ...env, SCORES_SPEED: '500', SCORES_RECORDING: recording });
    expect(server.said).toContain('final.jsonl');
    const board = fanOf(server).map('board:today');
    const states = () => [...board].map(([, { state }]) => state);
    await expect.poll(states, { timeout: 60_000 }).toEqual(['over']);
  });
});

it('says which variable is wrong', async () => {
  await expect(ScoresServer.start([], { SCORES_FEED: 'carrier-pigeon' })).rejects.toThrow('SCORES_FEED');
  await expect(ScoresServer.start([], { SCORES_SPEED: 'fast' })).rejects.toThrow('SCORES_SPEED');
});

it('goes on from Node where Python has no cent', async () => {
  await using server = await ScoresServer.start([], { SCORES_PYTHON: process.execPath, SCORES_SPEED: '1' });
  expect(server.said).toContain('published from this process');
});

it.skipIf(isWithoutPython)(
  'in Python ends when the server that has started it is gone',
  { timeout: 60_000 },
  async () => {
    const script = fileURLToPath(new URL('../../examples/live-scores/feed/feed.py', import.meta.url));
    const gone = createServer((socket) => socket.destroy());
    onTestFinished(() => void gone.close());
    await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
    // safe: a server that listens on a port has such an address
    const { port } = gone.address() as { readonly port: number };
    const env = { SCORES_API_URL: `http://127.0.0.1:${port}/api`, SCORES_API_KEY: 'any' };
    // More than one request has.
    const lines = Array.from({ length: 900 }, (_, second) => [
      { channel: 'events:1', data: { second } },
      { channel: 'ball:1', data: { second } },
    ]).flat();
    const input = lines.map((line) => `${JSON.stringify({ at: 0, lines: [line] })}\n`).join('');
    const runtime = [pythonProgram('python')] as const;
    await using feed = new FanfareProcess(['-'], { script, runtime, env, input });
    const { code, stderr } = await feed.exited;
    expect(code).toBe(1);
    expect(stderr).toContain('trying again');
    expect(stderr).toContain('this was the last attempt');
  },
);
