/** A server as its configuration file describes it, with a backend behind its hooks and official clients in front. */

import { Centrifuge, type Options } from 'centrifuge';
import { expect } from 'vitest';
import { WebSocket } from 'ws';
import type { ConfigOutcome } from '../../src/config/load.js';
import type { FanfareConfig } from '../../src/config/options.js';
import { ConfiguredServer } from '../../src/server/from-config.js';
import { load } from '../support/config/loaded.js';
import { HookBackend } from '../support/servers/hook-backend.js';

/** Loads a configuration from a file of its own. */
export function loadFile(config: FanfareConfig, env: Record<string, string> = {}): Promise<ConfigOutcome> {
  return load({ env, files: { 'fanfare.json': JSON.stringify(config) } });
}

export interface ClientOptions extends Partial<Options> {
  /** Real headers of the handshake. */
  readonly realHeaders?: Readonly<Record<string, string>>;
}

export class HookedServer implements AsyncDisposable {
  readonly #clients: Centrifuge[] = [];
  #url = '';
  #internalUrl = '';

  private constructor(
    readonly backend: HookBackend,
    private readonly server: ConfiguredServer,
  ) {}

  /** Hooks that are paths go to a backend of its own. */
  static async start(config: FanfareConfig): Promise<HookedServer> {
    const backend = await HookBackend.start();
    const outcome = await loadFile({
      port: 0,
      internal: { port: 0 },
      log: { level: 'silent' },
      ...config,
      hooks: { url: backend.url, ...config.hooks },
    });
    if (!outcome.ok) throw new Error(outcome.problems.map(({ key, message }) => `${key} ${message}`).join('\n'));
    const started = new HookedServer(backend, new ConfiguredServer(outcome.config));
    const { clients, internal } = await started.server.listen();
    started.#url = clients.url;
    started.#internalUrl = internal?.url ?? '';
    return started;
  }

  get app() {
    return this.server.app;
  }

  /** Of the WebSocket endpoint. */
  get endpoint(): string {
    return `${this.#url.replace('http', 'ws')}/connection/websocket`;
  }

  get port(): number {
    return Number(new URL(this.#url).port);
  }

  /** A client that is not connected yet. */
  client({ realHeaders, ...options }: ClientOptions = {}): Centrifuge {
    class Socket extends WebSocket {
      constructor(url: string, protocols?: string | string[]) {
        super(url, protocols, realHeaders === undefined ? {} : { headers: realHeaders });
      }
    }
    const quick = { websocket: Socket, minReconnectDelay: 10, maxReconnectDelay: 50 };
    const client = new Centrifuge(this.endpoint, { ...quick, ...options });
    this.#clients.push(client);
    return client;
  }

  /** A client that is connected. */
  async connected(options: ClientOptions = {}): Promise<Centrifuge> {
    const client = this.client(options);
    client.connect();
    await client.ready(20_000);
    return client;
  }

  /** The lines of `/metrics` about hooks. */
  async metrics(): Promise<string[]> {
    const response = await fetch(`${this.#internalUrl}/metrics`);
    return (await response.text()).split('\n').filter((line) => line.startsWith('fanfare_hook_'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.disconnect();
    await this.server.app.close(2_000);
    await this.backend[Symbol.asyncDispose]();
  }
}

/** So many seconds from now, as `expire_at` has it. */
export function inSeconds(seconds: number): number {
  return Date.now() / 1_000 + seconds;
}

/** Whose backend lets in everybody, as one user. */
export function lettingIn(server: HookedServer): HookedServer {
  server.backend.on('/connect', () => ({ result: { user: '42' } }));
  return server;
}

/** What each call tells of a client. */
export const knownClient = { client: expect.any(String), transport: 'websocket', protocol: 'json', encoding: 'json' };
