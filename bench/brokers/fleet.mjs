// @ts-check
/** The processes of one measurement: nodes, the service between them, and a client with all subscribers. */
import { fileURLToPath } from 'node:url';
import { Child } from '../shared/ipc.mjs';
import { channelName } from './channels.mjs';
import { SERVICES } from './services.mjs';

const HOST = '127.0.0.1';

/** @typedef {import('./contenders.mjs').Contender} Contender */
/** @typedef {import('./services.mjs').Service} Service */
/** @typedef {{ nodesUs: number, serviceUs: number, byNodeUs: number[] }} FleetCpu since the start of the processes, in microseconds */

export class Fleet {
  /** @type {Service | null} */
  #service = null;
  /** @type {Child[]} */
  nodes = [];
  client;
  /** @type {number[]} */
  #ports = [];
  version = '';

  /** @param {(progress: import('../shared/measure.mjs').StepProgress) => void} onProgress */
  constructor(onProgress) {
    this.client = new Child({
      name: 'load client',
      script: fileURLToPath(new URL('../client/main.mjs', import.meta.url)),
      core: null,
      onProgress: (progress) => onProgress(/** @type {import('../shared/measure.mjs').StepProgress} */ (progress)),
    });
  }

  /**
   * @param {Contender} contender
   * @param {number} count number of nodes
   */
  async start({ label, script, service, broker, history }, count) {
    if (service) this.#service = await SERVICES[service]();
    for (let i = 0; i < count; i++) {
      const path = fileURLToPath(new URL(`./${script}.mjs`, import.meta.url));
      this.nodes.push(new Child({ name: `node ${i} of ${label}`, script: path, core: null }));
    }
    const options = { broker, history, url: this.#service?.url ?? '' };
    for (const node of this.nodes) {
      /** @type {{ port: number, version: string }} */
      const { port, version } = await node.request('start', options);
      this.#ports.push(port);
      this.version = version;
    }
  }

  /** The node that publishes. */
  get publisher() {
    const [first] = this.nodes;
    if (!first) throw new Error('not started');
    return first;
  }

  /**
   * One subscriber for each channel, on these nodes in turn. Subscribers are numbered by the channels of the first node
   * first; all channels get the same publications, so the tally is right.
   * @param {number} channels
   * @param {number[]} on
   * @param {string} dialect
   */
  async subscribe(channels, on, dialect) {
    for (const [at, node] of on.entries()) {
      const names = [];
      for (let i = at; i < channels; i += on.length) names.push(channelName(i));
      await this.#open(node, names, dialect);
    }
  }

  /**
   * Opens `copies` subscribers of each channel on each node.
   * @param {number} channels
   * @param {number} copies
   * @param {string} dialect
   */
  async subscribeOnEach(channels, copies, dialect) {
    for (const node of this.nodes.keys()) {
      const names = Array.from({ length: channels * copies }, (_, i) => channelName(i % channels));
      await this.#open(node, names, dialect);
    }
  }

  /**
   * @param {number} node
   * @param {string[]} channels one for each subscriber
   * @param {string} dialect
   */
  async #open(node, channels, dialect) {
    const port = this.#ports[node];
    await this.client.request('open', { dialect, host: HOST, port, count: channels.length, channels });
  }

  /** @returns {Promise<FleetCpu>} */
  async cpu() {
    const byNodeUs = await Promise.all(
      this.nodes.map(async (node) => {
        /** @type {{ user: number, system: number }} */
        const { user, system } = await node.request('cpu');
        return user + system;
      }),
    );
    return { byNodeUs, nodesUs: byNodeUs.reduce((sum, us) => sum + us, 0), serviceUs: this.#service?.cpuUs() ?? 0 };
  }

  /** How many messages each node has got through the broker. @returns {Promise<number[]>} */
  reached() {
    return Promise.all(this.nodes.map((node) => /** @type {Promise<number>} */ (node.request('reached'))));
  }

  async close() {
    await Promise.all([this.client, ...this.nodes].map((child) => child.close()));
    await this.#service?.close();
  }
}
