// @ts-check
/** The common part of all servers under test: start, publish at a pace, and report the cost. */
import { mkdir, writeFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { getHeapSpaceStatistics } from 'node:v8';
import { answerRequests } from '../shared/ipc.mjs';
import { publishAtPace } from './pace.mjs';

const GC_PAUSE_MS = 100;

/**
 * @typedef {object} ServerUnderTest
 * @property {string} version
 * @property {number} port
 * @property {(data: object) => unknown} publish to the benchmark's only channel
 */

/**
 * Serves the bench's requests: `start`, `publish`, `cpu`, `memory`, `profile`, `endProfile`.
 * @param {() => Promise<ServerUnderTest>} open
 */
export function hostServer(open) {
  /** @type {ServerUnderTest | null} */
  let server = null;
  const profiler = new Profiler();
  answerRequests({
    async start() {
      server = await open();
      return { port: server.port, version: server.version };
    },
    publish(/** @type {import('./pace.mjs').Pace} */ pace) {
      if (!server) throw new Error('publish before start');
      return publishAtPace(server.publish, pace);
    },
    cpu: () => process.cpuUsage(),
    memory: measureMemory,
    profile: (/** @type {{ kind: 'cpu' | 'heap' }} */ { kind }) => profiler.start(kind),
    endProfile: (/** @type {{ path: string }} */ { path }) => profiler.save(path),
  });
}

/** Memory after a garbage collection: several passes, since finalizers free more and pages are returned later. */
export async function measureMemory() {
  for (let pass = 0; pass < 4; pass++) {
    globalThis.gc?.();
    await delay(GC_PAUSE_MS);
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space');
  return { rss, young: young?.physical_space_size ?? 0, heapUsed, external };
}

/** CPU or heap-sampling profile of a part of the server's run, in the format of Chrome DevTools. */
export class Profiler {
  #session = new Session();
  /** @type {'cpu' | 'heap' | null} */
  #kind = null;

  /** @param {'cpu' | 'heap'} kind */
  async start(kind) {
    this.#session.connect();
    this.#kind = kind;
    if (kind === 'cpu') {
      await this.#session.post('Profiler.enable');
      await this.#session.post('Profiler.setSamplingInterval', { interval: 500 });
      await this.#session.post('Profiler.start');
    } else {
      await this.#session.post('HeapProfiler.startSampling', { samplingInterval: 8192 });
    }
  }

  /** @param {string} path */
  async save(path) {
    const stopped =
      this.#kind === 'cpu'
        ? await this.#session.post('Profiler.stop')
        : await this.#session.post('HeapProfiler.stopSampling');
    const { profile } = /** @type {{ profile: object }} */ (/** @type {unknown} */ (stopped));
    this.#session.disconnect();
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, JSON.stringify(profile));
  }
}
