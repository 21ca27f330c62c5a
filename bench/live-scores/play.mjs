// @ts-check
/** Publishes a segment at its pace, in the same way for both servers, and notes when what was due. */
import { readFileSync } from 'node:fs';
import { answerRequests } from '../shared/ipc.mjs';
import { nowUs } from '../shared/payload.mjs';
import { findSegment, isGoal } from './segment.mjs';

/**
 * @typedef {object} ServerUnderTest
 * @property {number} port
 * @property {(lines: import('./segment.mjs').Line[]) => unknown} publish all in one turn of the event loop
 */

/** @typedef {{ seconds: number, warmUp: number, speed: number, goals: number }} Plan */

/** Not a number where the system does not tell. */
function numWrites() {
  try {
    return Number(/^syscw: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return Number.NaN;
    throw error;
  }
}

/**
 * Serves the requests `start`, `play` and `cpu`.
 * @param {() => Promise<ServerUnderTest>} open
 */
export function hostScores(open) {
  /** @type {ServerUnderTest | undefined} */
  let server;
  /** @type {import('./segment.mjs').Segment | undefined} */
  let segment;
  answerRequests({
    async start(/** @type {Plan} */ { seconds, warmUp, speed, goals }) {
      segment = findSegment((seconds + warmUp) * speed, goals, warmUp * speed);
      server = await open();
      await server.publish(segment.before);
      const kept = (/** @type {string} */ kind) =>
        segment?.before.filter(({ channel }) => channel.startsWith(kind)).length ?? 0;
      return {
        port: server.port,
        match: segment.match,
        team: segment.team,
        offsets: { sheets: kept('match:'), events: kept('events:') },
      };
    },
    /** What is due from one second to another. */
    async play(/** @type {{ from: number, to: number, speed: number }} */ { from, to, speed }) {
      if (server === undefined || segment === undefined) throw new Error('play before start');
      const startUs = nowUs() + 1_000;
      /** Of the documents and of the events, in their order. @type {{ sheets: number[], events: number[], goals: number[] }} */
      const due = { sheets: [], events: [], goals: [] };
      let [balls, maxLagUs] = [0, 0];
      // The first document after somebody has come is whole for all: that belongs to the warm-up.
      const again = from === 0 ? segment.before.filter(({ channel }) => channel.startsWith('match:')) : [];
      due.sheets.push(...again.map(() => startUs));
      await server.publish(again);
      for (const { at, lines } of segment.batches) {
        if (at < from * speed || at >= to * speed) continue;
        const dueUs = startUs + (at / speed - from) * 1e6;
        const waitMs = Math.ceil((dueUs - nowUs()) / 1e3);
        if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
        maxLagUs = Math.max(maxLagUs, nowUs() - dueUs);
        for (const line of lines) {
          if (line.channel.startsWith('match:')) due.sheets.push(dueUs);
          else if (line.channel.startsWith('ball:')) balls += 1;
          else if (line.channel.startsWith('events:')) {
            if (isGoal(line)) due.goals.push(due.events.length);
            due.events.push(dueUs);
          }
        }
        await server.publish(lines);
      }
      return { ...due, balls, maxLagMs: maxLagUs / 1e3 };
    },
    /** Since the beginning of the process: CPU in microseconds, of all threads, and system calls that wrote. */
    cpu: () => ({ ...process.cpuUsage(), writes: numWrites() }),
  });
}
