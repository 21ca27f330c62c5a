// @ts-check
/** The arena as it is built, without bots of its own, for the bots of the benchmark. */
import { answerRequests } from '../shared/ipc.mjs';

// Of the build: there is none when types are checked.
const { arenaApp } = await import(new URL('../../dist/examples-arena/app.mjs', import.meta.url).href);

const app = arenaApp({ fillTo: 0, capacity: 10 });

answerRequests({
  async start() {
    const { port } = await app.listen(0);
    return port;
  },
  /** Of the whole process, µs. */
  cpu() {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
});
