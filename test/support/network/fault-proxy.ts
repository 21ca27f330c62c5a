/** A TCP proxy that breaks on demand: latency, throttle, small slices, black hole, RST, FIN, half-close, refusal. */

import { connect, createServer, type Socket } from 'node:net';
import { LocalServer } from '../servers/local-server.js';
import { FaultLane, type Lane, type LaneFaults, type Rewrite } from './fault-lane.js';

export type { LaneFaults } from './fault-lane.js';

/** Default: this machine. */
interface Target {
  readonly port: number;
  readonly host?: string;
}

/** The way that bytes take. */
export type Direction = 'toServer' | 'toClient';

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  readonly lanes: Readonly<Record<Direction, Lane>>;
  /** What it is for, once that is known. */
  purpose?: string;
}

export interface FaultProxyOptions {
  /** What a connection is for, by bytes of its client; undefined while these do not tell. */
  readonly purposeOf?: (bytes: Buffer) => string | undefined;
  /** Changes what the server sends; called once for each connection. */
  readonly rewriteToClient?: () => Rewrite;
}

/**
 * Stands between clients and one server on loopback. Faults act on the connections that exist and on those to come.
 *
 * @example
 * await using proxy = await FaultProxy.start({ port: server.port });
 * proxy.cut();     // every connection gets a RST, new ones too
 * proxy.restore(); // the network is well again
 */
export class FaultProxy extends LocalServer {
  // Half-open on both sides: a FIN is passed on as one and does not end the other direction.
  protected readonly server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) =>
    this.#accept(client),
  );
  readonly #pairs = new Set<Pair>();
  readonly #faults: Record<Direction, LaneFaults> = { toServer: {}, toClient: {} };
  /** Of connections with one purpose; they come before the others. */
  readonly #faultsOf = new Map<string, LaneFaults>();
  #refusing = false;
  /** Connections that were passed on since the start. */
  numAccepted = 0;
  /** Connections that were refused since the start. */
  numRefused = 0;

  private constructor(
    private target: Target,
    private readonly options: FaultProxyOptions,
  ) {
    super();
  }

  /** Listens on a free port of 127.0.0.1. */
  static start(target: Target, options: FaultProxyOptions = {}): Promise<FaultProxy> {
    return new FaultProxy(target, options).listen();
  }

  /** Connections that are open now. */
  get numConnections(): number {
    return this.#pairs.size;
  }

  /** Sets the faults of one direction, or of both; `{}` heals. What was held back by a black hole is sent then. */
  setFaults(faults: LaneFaults, direction?: Direction): void {
    for (const one of direction === undefined ? (['toServer', 'toClient'] as const) : [direction]) {
      this.#faults[one] = faults;
      for (const pair of this.#pairs) if (!this.#hasOwn(pair)) pair.lanes[one].setFaults(faults);
    }
  }

  /** Connections with that purpose that are open now. */
  numOf(purpose: string): number {
    return this.#of(purpose).length;
  }

  #of(purpose: string): Pair[] {
    return [...this.#pairs].filter((pair) => pair.purpose === purpose);
  }

  /**
   * Sets the faults, both ways, of the connections with that purpose, those to come too; `undefined`: as all others.
   *
   * @returns how many there are now
   */
  setFaultsOf(purpose: string, faults: LaneFaults | undefined): number {
    if (faults === undefined) this.#faultsOf.delete(purpose);
    else this.#faultsOf.set(purpose, faults);
    const concerned = this.#of(purpose);
    for (const pair of concerned) this.#applyTo(pair);
    return concerned.length;
  }

  /** New connections go to another server, as when one has taken the place of another. */
  retarget(target: Target): void {
    this.target = target;
  }

  /** New connections get a RST right away. */
  refuse(): void {
    this.#refusing = true;
  }

  /** Connections are passed on again. */
  accept(): void {
    this.#refusing = false;
  }

  /** Ends all connections with a RST to both sides. */
  reset(): void {
    for (const { client, server } of this.#pairs) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
  }

  /** Sends a FIN to both sides of all connections. */
  end(): void {
    this.halfClose('toClient');
    this.halfClose('toServer');
  }

  /** Sends a FIN in one direction of all connections; the other one goes on. */
  halfClose(direction: Direction): void {
    for (const pair of this.#pairs) pair.lanes[direction].end();
  }

  /** Resets and refuses all connections, as when the cable is pulled and the machine knows. */
  cut(): void {
    this.refuse();
    this.reset();
  }

  /** Takes back {@link cut} and all faults. */
  restore(): void {
    this.setFaults({});
    this.accept();
  }

  /** Resets everything and stops listening. Idempotent. */
  override async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await super[Symbol.asyncDispose]();
  }

  #accept(client: Socket): void {
    // What a peer does to its socket is what this proxy is here for: 'close' follows and frees the pair.
    client.on('error', () => {});
    if (this.#refusing) {
      this.numRefused++;
      client.resetAndDestroy();
      return;
    }
    this.numAccepted++;
    const server = connect({ host: '127.0.0.1', ...this.target, allowHalfOpen: true });
    server.on('error', () => {});
    client.setNoDelay(true);
    server.setNoDelay(true);
    // Before the lane has them: the bytes that tell the purpose are held back already.
    client.on('data', (bytes: Buffer) => this.#recognize(pair, bytes));
    const lanes = {
      toServer: new FaultLane(client, server, this.#faults.toServer),
      toClient: new FaultLane(server, client, this.#faults.toClient, this.options.rewriteToClient?.()),
    };
    const pair: Pair = { client, server, lanes };
    this.#pairs.add(pair);
    const closed = (socket: Socket, other: Socket) => {
      socket.once('close', (hadError) => {
        this.#pairs.delete(pair);
        lanes.toServer.close();
        lanes.toClient.close();
        if (hadError) other.resetAndDestroy();
        else other.destroySoon();
      });
    };
    closed(client, server);
    closed(server, client);
  }

  #recognize(pair: Pair, bytes: Buffer): void {
    if (pair.purpose !== undefined) return;
    const purpose = this.options.purposeOf?.(bytes);
    if (purpose === undefined) return;
    pair.purpose = purpose;
    this.#applyTo(pair);
  }

  #hasOwn({ purpose }: Pair): boolean {
    return purpose !== undefined && this.#faultsOf.has(purpose);
  }

  #applyTo({ purpose, lanes }: Pair): void {
    const own = purpose === undefined ? undefined : this.#faultsOf.get(purpose);
    lanes.toServer.setFaults(own ?? this.#faults.toServer);
    lanes.toClient.setFaults(own ?? this.#faults.toClient);
  }
}
