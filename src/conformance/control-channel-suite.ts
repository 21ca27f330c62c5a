/** What every control channel must do, as tests: the executable form of the texts in `engine/ports/control-channel.ts`. */

import { strict as assert } from 'node:assert';
import { type ControlChannel, maxControlPayloadBytes } from '../engine/ports/control-channel.js';
import type { TestFramework } from './broker-suite.js';

/** Three nodes' channels in surroundings of their own, made anew for each test. */
export interface ControlChannelsUnderTest {
  /** Of one broker; their brokers have started, they themselves have not. */
  readonly channels: readonly [ControlChannel, ControlChannel, ControlChannel];
  /** Resolves when deliveries under way have arrived. */
  readonly settle: () => Promise<void>;
  /** Frees everything, the brokers too. */
  readonly close: () => Promise<void>;
}

export interface ControlChannelSuiteOptions {
  readonly name: string;
  readonly make: () => Promise<ControlChannelsUnderTest>;
  readonly framework: TestFramework;
}

/** What has arrived at one node, as `sender: payload`. */
type Inbox = string[];

interface World {
  readonly a: ControlChannel;
  readonly b: ControlChannel;
  readonly c: ControlChannel;
  readonly inboxes: Readonly<Record<'a' | 'b' | 'c', Inbox>>;
  readonly settle: () => Promise<void>;
}

/** Declares the suite. */
export function controlChannelSuite({ name, make, framework }: ControlChannelSuiteOptions): void {
  function claim(title: string, body: (world: World) => Promise<void>): void {
    framework.test(title, async () => {
      const { channels, settle, close } = await make();
      const inboxes = { a: [] as Inbox, b: [] as Inbox, c: [] as Inbox };
      try {
        const [a, b, c] = channels;
        await a.start('a', (payload, from) => inboxes.a.push(`${from}: ${payload}`));
        await b.start('b', (payload, from) => inboxes.b.push(`${from}: ${payload}`));
        await c.start('c', (payload, from) => inboxes.c.push(`${from}: ${payload}`));
        await body({ a, b, c, inboxes, settle });
      } finally {
        await close();
      }
    });
  }

  framework.describe(`control channel conformance: ${name}`, () => {
    claim('what is sent to all reaches all others, and not the sender', async ({ a, inboxes, settle }) => {
      await a.send('hello');
      await settle();
      assert.deepEqual(inboxes, { a: [], b: ['a: hello'], c: ['a: hello'] });
    });

    claim('what is sent to one reaches that one alone', async ({ a, c, inboxes, settle }) => {
      await a.send('to b', 'b');
      await c.send('to a', 'a');
      await settle();
      assert.deepEqual(inboxes, { a: ['c: to a'], b: ['a: to b'], c: [] });
    });

    claim('a node that is not there is no error', async ({ a, inboxes, settle }) => {
      await a.send('nobody', 'd');
      await settle();
      assert.deepEqual(inboxes, { a: [], b: [], c: [] });
    });

    claim('keeps the order of a sender, between what is for one and what is for all', async (world) => {
      const { a, inboxes, settle } = world;
      const payloads = Array.from({ length: 100 }, (_, n) => String(n));
      await Promise.all(payloads.map((payload, n) => (n % 3 === 0 ? a.send(payload, 'b') : a.send(payload))));
      await settle();
      assert.deepEqual(
        inboxes.b,
        payloads.map((payload) => `a: ${payload}`),
      );
      assert.deepEqual(
        inboxes.c,
        payloads.filter((_, n) => n % 3 !== 0).map((payload) => `a: ${payload}`),
      );
    });

    claim('carries any text as it was', async ({ a, inboxes, settle }) => {
      const payload = JSON.stringify({ text: 'ünï \u2028 \u0000 "quoted"\r\n 🎺' });
      await a.send(payload, 'b');
      await a.send('\u0000\r\n\t');
      await settle();
      assert.deepEqual(inboxes.b, [`a: ${payload}`, 'a: \u0000\r\n\t']);
    });

    claim('carries payloads up to their longest', async ({ a, inboxes, settle }) => {
      const payload = 'x'.repeat(maxControlPayloadBytes);
      await a.send(payload, 'c');
      await settle();
      assert.equal(inboxes.c.length, 1);
      assert.equal(inboxes.c[0], `a: ${payload}`);
    });
  });
}
