// @ts-check
/** The load client's process: opens subscribers, counts a run's deliveries, closes the subscribers. */
import { publishAtPace } from '../servers/pace.mjs';
import { answerRequests, tellProgress } from '../shared/ipc.mjs';
import { Publisher } from './publisher.mjs';
import { Swarm } from './swarm.mjs';
import { Tally } from './tally.mjs';

/** Default interval of progress reports. */
const PROGRESS_INTERVAL_MS = 250;

const tally = new Tally();
const swarm = new Swarm(tally);
/** @type {Publisher | undefined} */
let publisher;

answerRequests({
  /** @param {import('./swarm.mjs').OpenRequest} request */
  async open(request) {
    let opened = 0;
    const ticker = setInterval(() => tellProgress({ opened, of: request.count }), PROGRESS_INTERVAL_MS);
    try {
      await swarm.open(request, () => {
        opened += 1;
      });
    } finally {
      clearInterval(ticker);
    }
  },

  /** @param {{ host: string, port: number }} address */
  async openPublisher(address) {
    publisher = await Publisher.open(address, tally);
  },

  /** @param {import('../servers/pace.mjs').Pace} pace */
  publish(pace) {
    if (publisher === undefined) throw new Error('publish before openPublisher');
    const { publish } = publisher;
    return publishAtPace(publish.bind(publisher), pace);
  },

  /** @param {{ publications: number }} request */
  begin({ publications }) {
    globalThis.gc?.();
    tally.begin(swarm.size, publications);
  },

  /** @param {{ progressIntervalMs?: number }} request */
  async result({ progressIntervalMs = PROGRESS_INTERVAL_MS }) {
    const ticker = setInterval(() => tellProgress({ deliveries: tally.deliveries }), progressIntervalMs);
    try {
      return await tally.result();
    } finally {
      clearInterval(ticker);
    }
  },

  /** Whether every connection is still open: a dropped idle one would flatter the server. */
  check() {
    if (swarm.loss) throw new Error(`a connection was lost: ${swarm.loss}`);
    return { connections: swarm.size };
  },

  closeAll() {
    publisher?.close();
    publisher = undefined;
    swarm.closeAll();
  },
});
