/** A server whose configuration can be replaced under official clients, and what those clients are told. */

import { Centrifuge, type Options, type Subscription } from 'centrifuge';
import { expect } from 'vitest';
import { WebSocket } from 'ws';
import { ready } from '../support/centrifuge/context.js';
import { FanfareProcess, Folder } from './fanfare-process.js';
import { endpoint } from './handshake.js';
import { refused, reloaded } from './reloaded.js';

/** A server whose configuration is a file, with the HTTP API and metrics on a second port. */
export class ReloadableServer implements AsyncDisposable {
  readonly folder = new Folder();
  readonly process: FanfareProcess;
  readonly #clients: Centrifuge[] = [];
  #numReloads = 0;

  constructor(yaml: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
    this.write(yaml);
    this.process = new FanfareProcess(['serve', '--port', '0', '--internal-port', '0', ...args], {
      folder: this.folder,
      env,
    });
  }

  write(yaml: string): void {
    this.folder.write('fanfare.yaml', `api: { insecure: true, internalOnly: true }\n${yaml}`);
  }

  /** Takes over another file. */
  async reload(yaml: string) {
    this.write(yaml);
    this.process.signal('SIGHUP');
    return reloaded(this.process, ++this.#numReloads);
  }

  /** What was wrong. */
  async refusal(): Promise<readonly string[]> {
    this.process.signal('SIGHUP');
    return refused(this.process, ++this.#numReloads);
  }

  async connect(options: Partial<Options> = {}): Promise<Centrifuge> {
    return ready(await this.client(options));
  }

  /** One that has not connected yet. */
  async client(options: Partial<Options> = {}): Promise<Centrifuge> {
    const client = new Centrifuge(endpoint(await this.process.listening()), { websocket: WebSocket, ...options });
    this.#clients.push(client);
    return client;
  }

  async publish(channel: string, data: unknown): Promise<void> {
    const response = await fetch(`${await this.internalUrl()}/api/publish`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ channel, data }),
    });
    expect(await response.json()).toHaveProperty('result');
  }

  async metric(name: string): Promise<number> {
    const text = await (await fetch(`${await this.internalUrl()}/metrics`)).text();
    const line = text.split('\n').find((one) => one.startsWith(`${name} `));
    return Number(line?.split(' ').at(-1));
  }

  async internalUrl(): Promise<string> {
    return (await this.process.seen('stdout', /API on (\S+)/))[1] ?? '';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.disconnect();
    await this.process[Symbol.asyncDispose]();
    this.folder[Symbol.dispose]();
  }
}

/** Subscribes; resolves when it is in, rejects with the code of its refusal. */
export async function subscribe(client: Centrifuge, channel: string): Promise<Subscription> {
  const subscription = client.newSubscription(channel);
  await new Promise<void>((resolve, reject) => {
    subscription.on('subscribed', () => resolve());
    subscription.on('unsubscribed', ({ code }) => reject(new Error(`refused with ${code}`)));
    subscription.subscribe();
  });
  return subscription;
}
