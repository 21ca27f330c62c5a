/** An unmodified centrifuge client of a user, which keeps what happens to it. */

import { Centrifuge, type Subscription } from 'centrifuge';
import { expect, vi } from 'vitest';
import { WebSocket } from 'ws';
import type { ApiServer } from '../servers/api-server.js';

/** What happened, in its order: `connected`, `disconnected 3503`, `subscribed chat:a`, `publication chat:a {"x":1}`, … */
export class ApiClient implements AsyncDisposable {
  readonly events: string[] = [];
  readonly sdk: Centrifuge;

  private constructor(url: string, token: string) {
    // The SDK takes a class with the browser's interface; ws has all of it that is used.
    this.sdk = new Centrifuge(url, { token, websocket: WebSocket, minReconnectDelay: 10 });
    this.sdk.on('connected', () => this.events.push('connected'));
    this.sdk.on('disconnected', ({ code, reason }) => this.events.push(`disconnected ${code} ${reason}`));
    this.sdk.on('subscribed', ({ channel, data }) => {
      this.events.push(`subscribed ${channel}${data === undefined ? '' : ` ${JSON.stringify(data)}`}`);
    });
    this.sdk.on('unsubscribed', ({ channel }) => this.events.push(`unsubscribed ${channel}`));
    this.sdk.on('publication', ({ channel, data }) => {
      this.events.push(`publication ${channel} ${JSON.stringify(data)}`);
    });
    this.sdk.on('join', ({ channel, info }) => this.events.push(`join ${channel} ${info.user}`));
  }

  static async connect(server: ApiServer, claims: Readonly<Record<string, unknown>>): Promise<ApiClient> {
    const client = new ApiClient(server.clientUrl, await server.token(claims));
    client.sdk.connect();
    await client.sdk.ready(20_000);
    return client;
  }

  /** The id of the connection. */
  get id(): string {
    // safe: private in the SDK's types alone; it has no other way to tell
    return (this.sdk as unknown as { readonly _client: string })._client;
  }

  /** A subscription of the client's own, granted. */
  async subscribed(channel: string): Promise<Subscription> {
    const subscription = this.sdk.newSubscription(channel);
    subscription.on('publication', ({ data, tags }) => {
      this.events.push(`publication ${channel} ${JSON.stringify(data)}${tags ? ` ${JSON.stringify(tags)}` : ''}`);
    });
    subscription.on('unsubscribed', ({ code }) => this.events.push(`unsubscribed ${channel} ${code}`));
    subscription.subscribe();
    await subscription.ready(20_000);
    return subscription;
  }

  async sees(event: string): Promise<void> {
    await vi.waitFor(() => expect(this.events).toContain(event), { timeout: 5_000, interval: 5 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.sdk.disconnect();
  }
}
