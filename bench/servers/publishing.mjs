// @ts-check
/** A server to publish to, from the build in `FANFARE_BUILD`; reports the CPU time of its process. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { answerRequests } from '../shared/ipc.mjs';

const build = process.env.FANFARE_BUILD ?? '';
const { channel, fanfare } = await import(pathToFileURL(join(build, 'dist', 'index.js')).href);

const app = fanfare({
  anonymous: true,
  channels: { 'room:{name}': channel({ subscribe: 'anyone', publish: 'anyone', history: { size: 10 } }) },
  limits: { commandsPerSec: 1_000_000, maxPendingCommands: 100_000, maxQueueBytes: 67_108_864 },
});

answerRequests({
  /** @param {{ apiKey: string }} args */
  start: ({ apiKey }) => app.listen(0, { api: { keys: apiKey } }),
  /** In microseconds, including garbage collection and all threads. */
  cpu() {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
});
