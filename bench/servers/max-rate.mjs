// @ts-check
/** A server for bench/max-rate.mjs: the same publications to subscribers with a rate and to others. */
import { channel, fanfare } from '../../dist/index.js';
import { answerRequests } from '../shared/ipc.mjs';
import { publishAtPace } from './pace.mjs';

/** @type {ReturnType<typeof fanfare> | undefined} */
let app;

answerRequests({
  async start() {
    const log = { debug() {}, info() {}, warn() {}, error() {} };
    const rule = /** @type {const} */ ({ subscribe: 'anyone', history: { size: 100 } });
    const channels = { 'all:{id}': channel(rule), 'rated:{id}': channel({ ...rule, maxRate: {} }) };
    // A subscriber of everything may be far behind: that is what is measured.
    const limits = { pingIntervalMs: 0, maxQueueBytes: 64 << 20 };
    app = fanfare({ anonymous: true, log, channels, limits });
    return (await app.listen(0)).port;
  },
  /** @param {{ channel: string, pace: import('./pace.mjs').Pace }} args */
  publish: ({ channel: name, pace }) => publishAtPace((data) => app?.publish(name, data), pace),
  /** In microseconds, including garbage collection and all threads. */
  cpu() {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
});
