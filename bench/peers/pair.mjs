// @ts-check
/** The processes of one measurement: a server on one core, the load client on another; and what they use. */
import { Child } from '../shared/ipc.mjs';
import { busyMsOf } from '../shared/machine.mjs';
import { cpuUsOf } from '../shared/process-use.mjs';
import { PEERS } from './peers.mjs';
import { API_KEY, goPrograms } from './programs.mjs';

const SERVER_CORE = 0;
const CLIENT_CORE = 1;
const CORES = [SERVER_CORE, CLIENT_CORE];

/** @typedef {import('./peers.mjs').RunningServer} RunningServer */
/** @typedef {import('./peers.mjs').ServerOptions} ServerOptions */
/** @typedef {import('../client/tally.mjs').RunResult & { replies: number, cuts: number }} RunResult */

/**
 * @typedef {object} Use resources used in one measured part
 * @property {number} cpuUs of the server, user and system, all threads
 * @property {number} elapsedMs
 * @property {number} serverShare of one core
 * @property {number} clientShare of one core
 * @property {number} othersShare of both cores, by processes that are not part of the measurement
 */

export class Pair {
  /** @type {RunningServer[]} */
  servers = [];
  /** @type {Child | null} */
  #load = null;
  #pinned;
  #profilePath;
  #part = 0;
  #core;
  #program;
  #peer;
  #onDeliveries = (/** @type {number} */ _deliveries) => {};

  /**
   * @param {object} options
   * @param {import('./peers.mjs').PeerName} options.peer
   * @param {string} options.program
   * @param {boolean} options.pinned
   * @param {((part: number, node: number) => string) | null} [options.profilePath] path of the CPU profile of a measured part
   */
  constructor({ peer, program, pinned, profilePath = null }) {
    this.#peer = PEERS[peer];
    this.#program = program;
    this.#pinned = pinned;
    this.#profilePath = profilePath;
    this.#core = pinned ? SERVER_CORE : null;
  }

  /** Started at the first use. */
  get #client() {
    this.#load ??= new Child({
      name: 'load client',
      command: [goPrograms().path ?? '', 'load'],
      core: this.#pinned ? CLIENT_CORE : null,
      onProgress: (progress) => {
        this.#onDeliveries(/** @type {{ deliveries: number }} */ (progress).deliveries);
      },
    });
    return this.#load;
  }

  /** Starts one more node of the server. @param {Partial<ServerOptions>} [options] */
  async start(options = {}) {
    const server = await this.#peer.start(this.#program, { historySize: 100, presence: false, ...options }, this.#core);
    this.servers.push(server);
    return server;
  }

  /** The first node. */
  get server() {
    const [server] = this.servers;
    if (!server) throw new Error('not started');
    return server;
  }

  /**
   * Sends a request to the load client.
   * @template T
   * @param {string} verb
   * @param {object} [args]
   * @returns {Promise<T>}
   */
  load(verb, args) {
    return this.#client.request(verb, args);
  }

  /**
   * Opens clients; resolves when they are connected and subscribed.
   * @param {object} clients
   * @param {number} clients.count
   * @param {number} [clients.channels] over which the clients are spread in turn
   * @param {number} [clients.perClient] channels of each
   * @param {number} [clients.inFlight] most clients that are being opened at a time
   * @param {boolean} [clients.badTokens] resolves when all have been refused
   * @param {RunningServer} [server]
   * @returns {Promise<{ elapsedMs: number }>}
   */
  open({ count, channels = 1, perClient = 1, inFlight = 100, badTokens = false }, server = this.server) {
    const dialect = this.#peer.dialect;
    return this.load('open', { dialect, port: server.port, count, channels, perClient, inFlight, badTokens });
  }

  /**
   * Publications of the server itself, counted by all clients; a server that takes no requests is published to by its API.
   * @param {object} pace
   * @param {number} pace.publications total number
   * @param {number} pace.channels that get them in turn
   * @param {number} pace.subscribers of each channel
   * @param {number} pace.burst in one turn of the event loop
   * @param {number} [pace.ratePerSec] default: as fast as they arrive
   * @param {number} [pace.window] without a rate: most publications in transit
   * @param {boolean} [pace.overload] publications are made when due, even if the server is late, and clients may be cut off, which is
   *   counted; default: that ends the run
   */
  async publish({ publications, channels, subscribers, burst, ratePerSec, window = 4000, overload = false }) {
    await this.load('begin', { publications: publications / channels, cuts: overload });
    await this.collectGarbage();
    return this.measured(async () => {
      /** @type {Promise<RunResult>} */
      const delivered = this.load('result');
      const published = this.order(ratePerSec === undefined ? 'flood' : 'publish', {
        publications,
        channels,
        perChannel: 1,
        payloadBytes: 128,
        burst,
        group: burst,
        window: ratePerSec === undefined ? window : 0,
        ratePerSec,
        catchesUp: overload,
      });
      // A flood that has lost something never ends by itself; it ends with its process.
      published.catch(() => {});
      this.#onDeliveries = (deliveries) => {
        if (ratePerSec === undefined)
          void this.order('credit', { arrived: Math.floor(deliveries / subscribers) }).catch(() => {});
      };
      const result = await Promise.race([delivered, published.then(() => delivered)]);
      this.#onDeliveries = () => {};
      expectExact(result);
      await published;
      return result;
    });
  }

  /**
   * Requests to the server API, each with `size` publications; checks that these get the next offsets.
   * @param {object} requests
   * @param {'publish' | 'batch' | 'broadcast'} requests.kind
   * @param {number} requests.count
   * @param {number} [requests.size]
   * @param {number} [requests.connections]
   * @param {number} [requests.ratePerSec]
   * @param {boolean} [requests.checkOffsets]
   * @param {number} [requests.perConnection] how many each connection sends; default: as they come
   * @returns {Promise<{ replies: number, elapsedMs: number }>}
   */
  api({ kind, count, size = 1, connections = 16, ratePerSec = 0, checkOffsets = true, perConnection = 0 }) {
    return this.load('http', {
      port: this.server.port,
      apiKey: API_KEY,
      payloadBytes: 128,
      ...{ kind, count, size, connections, ratePerSec, checkOffsets, perConnection },
    });
  }

  /**
   * Publications to the first channel, as fast as the server accepts them; they are not counted.
   * @param {number} publications
   * @returns {Promise<{ elapsedMs: number }>}
   */
  fill(publications) {
    if (!this.server.request) return this.api({ kind: 'publish', count: publications, connections: 1 });
    const window = publications + 1;
    return this.order('flood', { publications, window, channels: 1, perChannel: 1, payloadBytes: 128, group: 32 });
  }

  /**
   * Sends a request to the server's process.
   * @template T
   * @param {string} verb
   * @param {object} [args]
   * @returns {Promise<T>}
   */
  order(verb, args) {
    if (!this.server.request) throw new Error(`${this.#peer.label} takes no orders`);
    return this.server.request(verb, args);
  }

  async collectGarbage() {
    await Promise.all(this.servers.map(({ request }) => request?.('collectGarbage')));
  }

  /**
   * Measures what the processes use during `work`. `elapsedMs` of its result takes precedence over the clock here, which
   * includes the wait for surplus deliveries.
   * @template {{ elapsedMs: number }} T
   * @param {() => Promise<T>} work
   * @returns {Promise<Use & { result: T }>}
   */
  async measured(work) {
    const saveProfiles = await this.#profile();
    const before = this.#used();
    const startedMs = performance.now();
    const result = await work();
    const wholeMs = performance.now() - startedMs;
    const after = this.#used();
    await saveProfiles();
    const cpuUs = after.serversUs - before.serversUs;
    const clientUs = after.clientUs - before.clientUs;
    const { elapsedMs } = result;
    const othersMs = after.busyMs - before.busyMs - (cpuUs + clientUs) / 1e3;
    return {
      result,
      cpuUs,
      elapsedMs,
      serverShare: shareOf(cpuUs, elapsedMs),
      clientShare: shareOf(clientUs, elapsedMs),
      othersShare: Math.max(0, othersMs) / CORES.length / wholeMs,
    };
  }

  /** Starts profiling each node, if requested, until the returned function is called. */
  async #profile() {
    const pathOf = this.#profilePath;
    if (!pathOf) return async () => {};
    const part = ++this.#part;
    const nodes = this.servers.flatMap(({ request }) => (request ? [request] : []));
    await Promise.all(nodes.map((request) => request('profile')));
    return async () => {
      await Promise.all(nodes.map((request, node) => request('endProfile', { path: pathOf(part, node) })));
    };
  }

  #used() {
    return {
      serversUs: this.servers.reduce((sum, { pid }) => sum + cpuUsOf(pid), 0),
      clientUs: cpuUsOf(this.#client.pid),
      busyMs: busyMsOf(CORES),
    };
  }

  async close() {
    await Promise.all([this.#load?.close(), ...this.servers.map((server) => server.close())]);
  }
}

/**
 * At most one core: CPU time counted in ticks can exceed the duration of a short run.
 * @param {number} cpuUs
 * @param {number} elapsedMs
 */
function shareOf(cpuUs, elapsedMs) {
  return Math.min(1, cpuUs / 1e3 / elapsedMs);
}

/**
 * Ends the run if anything is lost, doubled or out of order.
 * @param {RunResult} result
 */
export function expectExact({ deliveries, expected, misordered, incomplete }) {
  if (deliveries !== expected) throw new Error(`${deliveries} deliveries where ${expected} were due`);
  if (misordered > 0) throw new Error(`${misordered} deliveries out of order or doubled`);
  if (incomplete > 0) throw new Error(`${incomplete} subscribers did not get each publication once`);
}
