// @ts-check
/** The process with all bots of the benchmark. */
import { answerRequests, tellProgress } from '../shared/ipc.mjs';
import { Bot } from './bot.mjs';

const INPUT_EVERY_MS = 50;
/** Turns of the timer between two inputs of a bot: they are spread evenly. */
const TURNS = 10;
const AT_ONCE = 10;
/** While the others come, one input of so many is sent, which keeps a place. */
const JOINING_EVERY = 20;

/** @type {Bot[]} */
let bots = [];
/** @type {number[]} */
let seenMs = [];
let isMeasuring = false;
let isJoining = true;
/** @type {NodeJS.Timeout | undefined} */
let timer;
let numPressed = 0;
let lateMs = 0;

answerRequests({
  /** @param {{ port: number, count: number }} options */
  async join({ port, count }) {
    const onSeen = (/** @type {number} */ ms) => {
      if (isMeasuring) seenMs.push(ms);
    };
    /** @type {Map<string, Bot[]>} */
    const rooms = new Map();
    begin();
    while (bots.length < count) {
      const group = Array.from(
        { length: Math.min(AT_ONCE, count - bots.length) },
        (_, index) => new Bot(port, bots.length + index, onSeen),
      );
      await Promise.all(group.map((bot) => bot.play()));
      for (const bot of group) {
        const members = rooms.get(bot.room) ?? [];
        rooms.set(bot.room, members);
        bot.index = members.push(bot) - 1;
      }
      // From now on they press, or their places would go.
      bots.push(...group);
      tellProgress({ joined: bots.length });
    }
    for (const members of rooms.values()) {
      for (const [index, bot] of members.entries()) bot.target = members[(index + 1) % members.length];
    }
    isJoining = false;
    return { rooms: rooms.size, sizes: [...new Set([...rooms.values()].map((members) => members.length))] };
  },
  /** @param {{ seconds: number }} options */
  async measure({ seconds }) {
    seenMs = [];
    [numPressed, lateMs] = [0, 0];
    const before = bots.map(({ numTicks, numLost }) => ({ numTicks, numLost }));
    const cpuBefore = process.cpuUsage();
    isMeasuring = true;
    const startMs = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 1_000 * seconds));
    const elapsedMs = performance.now() - startMs;
    isMeasuring = false;
    const { user, system } = process.cpuUsage(cpuBefore);
    const sum = (/** @type {'numTicks' | 'numLost'} */ name) =>
      bots.reduce((total, bot, index) => total + bot[name] - (before[index]?.[name] ?? 0), 0);
    const sorted = Float64Array.from(seenMs).sort();
    const at = (/** @type {number} */ share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
    return {
      elapsedMs,
      inputs: numPressed,
      seen: sorted.length,
      ticks: sum('numTicks'),
      lost: sum('numLost'),
      ended: bots.filter(({ ended }) => ended !== undefined).length,
      p50: at(0.5),
      p90: at(0.9),
      p99: at(0.99),
      max: sorted.at(-1),
      lateMs,
      cpuShare: (user + system) / 1_000 / elapsedMs,
    };
  },
  stop() {
    clearInterval(timer);
    for (const bot of bots) bot.destroy();
    bots = [];
  },
});

/** Every bot presses once in 50 ms, at a time of its own. */
function begin() {
  const startMs = performance.now();
  let turn = 0;
  timer = setInterval(() => {
    for (;;) {
      const dueMs = startMs + (turn * INPUT_EVERY_MS) / TURNS;
      const nowMs = performance.now();
      if (nowMs < dueMs) return;
      lateMs = Math.max(lateMs, nowMs - dueMs);
      // As in a page that stood still: what was due meanwhile is not pressed later.
      if (nowMs - dueMs > INPUT_EVERY_MS) {
        turn = Math.ceil(((nowMs - startMs) * TURNS) / INPUT_EVERY_MS);
        return;
      }
      const isDue = !isJoining || Math.floor(turn / TURNS) % JOINING_EVERY === 0;
      for (let index = turn % TURNS; isDue && index < bots.length; index += TURNS) {
        const bot = bots[index];
        if (bot === undefined || bot.isSpent) continue;
        bot.press();
        numPressed++;
      }
      turn++;
    }
  }, 1);
}
