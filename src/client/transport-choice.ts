/** Chooses the transport for each attempt of the SDK, from the results of earlier connections. */

import type { Centrifuge, Options, TransportEndpoint } from 'centrifuge';
import { ClientError } from './client-error.js';
import { type ClientPorts, systemPorts } from './client-ports.js';
import type { ConnectOptions, WebSocketConstructor } from './connect-options.js';
import { endpointsOf } from './endpoint-url.js';
import { Ladder } from './ladder.js';
import { LongPollingSocket } from './long-polling-socket.js';
import { Prober } from './prober.js';
import { pageStore, TransportMemory } from './transport-memory.js';
import { defaultTransports, type Endpoints, type TransportName } from './transport-name.js';
import { probeWebSocket } from './websocket-probe.js';

/** Codes from here on come from the server. */
const firstServerCode = 100;
/** The SDK's code: no ping arrived in time. */
const noPing = 2;

const defaultTimeoutMs = 5_000;
const defaultProbeIntervalMs = 30_000;
const defaultSteadyAfterMs = 10_000;

export class TransportChoice {
  readonly endpoints: Endpoints;
  readonly #ladder: Ladder;
  readonly #prober: Prober | undefined;
  readonly #ports: ClientPorts;
  #connectedBy: TransportName | undefined;

  /**
   * @param onWayUp called when WebSocket works, while another transport is connected
   * @throws ClientError `ERR_URL`, `ERR_NO_WEBSOCKET`, `ERR_CONFIG`
   */
  constructor(url: string | URL, options: ConnectOptions, onWayUp: () => void, ports: ClientPorts = systemPorts) {
    this.#ports = ports;
    this.endpoints = endpointsOf(url, globalThis.location?.href, options.endpoints);
    const transports = usableTransports(options);
    const { steadyAfterMs = defaultSteadyAfterMs, transportStore = pageStore() } = options;
    const server = new URL(this.endpoints.emulation).origin;
    const memory = new TransportMemory(transportStore ?? undefined, server, ports);
    this.#ladder = new Ladder({ transports, memory, clock: ports.clock, steadyAfterMs });
    if (transports[0] !== 'websocket' || transports.length === 1) return;
    const { probeIntervalMs: intervalMs = defaultProbeIntervalMs, timeoutMs = defaultTimeoutMs } = options;
    // safe: otherwise it would not be one of the transports
    const websocket = (options.websocket ?? globalThis.WebSocket) as WebSocketConstructor;
    const probed = { url: this.endpoints.websocket, websocket, clock: ports.clock, timeoutMs, holdMs: steadyAfterMs };
    this.#prober = new Prober({
      ports,
      intervalMs,
      probe: (onResult) => probeWebSocket(probed, onResult),
      onPass: () => {
        this.#ladder.goToTop();
        if (this.#connectedBy !== undefined) onWayUp();
      },
    });
  }

  /** The transport of the current connection. */
  get connectedBy(): TransportName | undefined {
    return this.#connectedBy;
  }

  /** The one entry of the SDK's list of transports. It reads both properties at each attempt. */
  get entry(): TransportEndpoint {
    const choice = this;
    return {
      get transport() {
        const { transport } = choice.#ladder;
        // The SDK's hook for custom transports.
        return transport === 'long_polling' ? 'sockjs' : transport;
      },
      get endpoint() {
        return choice.endpoints[choice.#ladder.transport];
      },
    };
  }

  /** Further options for the SDK. */
  get options(): Partial<Options> {
    return { emulationEndpoint: this.endpoints.emulation, sockjs: LongPollingSocket };
  }

  /** Listens for connections and failed attempts. */
  watch(sdk: Pick<Centrifuge, 'on'>): void {
    sdk.on('error', ({ type, error }) => {
      const isAttempt = type === 'transport' || (type === 'connect' && error.code < firstServerCode);
      if (isAttempt && !this.#ports.isOffline()) this.#ladder.failed();
    });
    sdk.on('connected', () => {
      const ladder = this.#ladder;
      this.#connectedBy = ladder.transport;
      ladder.connected(() => this.#prober?.reset());
      if (ladder.isAtTop) this.#prober?.stop();
      else this.#prober?.start(ladder.hasTopBeenSteady);
    });
    sdk.on('connecting', ({ code }) => {
      this.#connectedBy = undefined;
      const isTold = code === 0 || code >= firstServerCode || this.#ports.isOffline();
      this.#ladder.ended(isTold ? 'told' : code === noPing ? 'silent' : 'broken');
    });
    sdk.on('disconnected', () => {
      this.#connectedBy = undefined;
      this.#ladder.ended('told');
      this.#prober?.stop();
    });
  }

  close(): void {
    this.#prober?.close();
  }
}

function usableTransports(options: ConnectOptions): readonly [TransportName, ...TransportName[]] {
  const has: Readonly<Record<TransportName, boolean>> = {
    websocket: (options.websocket ?? globalThis.WebSocket) !== undefined,
    http_stream: globalThis.fetch !== undefined && globalThis.ReadableStream !== undefined,
    sse: (options.eventsource ?? globalThis.EventSource) !== undefined && globalThis.fetch !== undefined,
    long_polling: globalThis.fetch !== undefined,
  };
  const { transports = defaultTransports } = options;
  if (transports.includes('websocket') && !has.websocket) {
    throw new ClientError(
      'ERR_NO_WEBSOCKET',
      'no WebSocket here: connect(url, { websocket: WebSocket }) with that of ws',
    );
  }
  const [first, ...others] = transports.filter((transport) => has[transport] ?? false);
  if (first === undefined) throw new ClientError('ERR_CONFIG', 'transports: this runtime supports none of them');
  return [first, ...others];
}
