// @ts-check
/** A server that is published to, of the build in `FANFARE_BUILD`; tells the CPU time that its process has used. */
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
  /** In microseconds, garbage collection and all threads included. */
  cpu() {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
});
