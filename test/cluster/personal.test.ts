/** What each user has for itself over the workers of one server, and over three nodes with Redis, as processes. */

import { Centrifuge } from 'centrifuge';
import { SignJWT } from 'jose';
import { describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { testSecret } from '../cli/fanfare-process.js';
import { endpoint } from '../cli/handshake.js';
import { redisIsMissing } from '../support/brokers/redis-server.js';
import { call } from './plain-fleet.js';
import { type Kind, startThreeNodes } from './three-nodes.js';

const config = {
  port: 0,
  token: { secret: testSecret },
  api: { insecure: true },
  personal: { channel: 'personal:#{user}', singleConnection: true },
  channels: { 'personal:{rest*}': { userLimited: true } },
};

/** Clients come when all nodes know of each other. */
async function start(kind: Kind) {
  const nodes = await startThreeNodes(kind, config);
  const numNodes = async () => {
    const { result } = await call(nodes.urls[0] ?? '', 'info', {});
    return (result as { nodes: unknown[] }).nodes.length; // safe: the API's own answer
  };
  await vi.waitFor(async () => expect(await numNodes()).toBe(3), 15_000);
  return nodes;
}

const token = await new SignJWT({ sub: 'ann' })
  .setProtectedHeader({ alg: 'HS256' })
  .sign(new TextEncoder().encode(testSecret));

/** Counts what it hears and how it ended. */
class Device {
  readonly heard: unknown[] = [];
  code: number | undefined;
  readonly client: Centrifuge;

  constructor(url: string) {
    this.client = new Centrifuge(endpoint(url), { websocket: WebSocket, token });
    this.client.on('publication', ({ channel, data }) => this.heard.push([channel, data]));
    this.client.on('disconnected', ({ code }) => {
      this.code = code;
    });
    this.client.connect();
  }
}

describe.each(['workers', 'redis'] as const)('%s', (kind) => {
  test.skipIf(kind === 'redis' && redisIsMissing())(
    'the newest connection of a user is its only one, wherever it is, and hears what is published to the user',
    { timeout: 120_000 },
    async () => {
      await using fleet = await start(kind);
      const { urls } = fleet;
      const at = (n: number) => urls[n % urls.length] ?? '';
      const devices: Device[] = [];
      try {
        for (let n = 0; n < 6; n++) {
          const device = new Device(at(n));
          await device.client.ready();
          await vi.waitFor(() => expect(devices.map(({ code }) => code)).toEqual(devices.map(() => 3504)));
          devices.push(device);
        }
        expect(devices.at(-1)?.client.state).toBe('connected');
        await call(at(0), 'publish', { channel: 'personal:#ann', data: 1 });
        await vi.waitFor(() => expect(devices.at(-1)?.heard).toEqual([['personal:#ann', 1]]));
        // All at the same moment: whoever it is that stays, there is one, and no more.
        const crowd = Array.from({ length: 12 }, (_, n) => new Device(at(n)));
        devices.push(...crowd);
        const isLeft = () => crowd.filter(({ code }) => code === undefined);
        await vi.waitFor(() => expect(isLeft()).toHaveLength(1));
        await isLeft()[0]?.client.ready();
        await call(at(1), 'publish', { channel: 'personal:#ann', data: 2 });
        await vi.waitFor(() => expect(crowd.flatMap(({ heard }) => heard)).toContainEqual(['personal:#ann', 2]));
        expect(isLeft()).toHaveLength(1);
        expect(new Set(crowd.map(({ code }) => code))).toEqual(new Set([3504, undefined]));
      } finally {
        for (const { client } of devices) client.disconnect();
      }
    },
  );
});
