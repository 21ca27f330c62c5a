/** What every control channel must do, as tests: the executable form of the texts in `engine/ports/control-channel.ts`. */

import { strict as assert } from 'node:assert';
import { setTimeout as delay } from 'node:timers/promises';
import { type ControlChannel, maxControlPayloadBytes } from '../engine/ports/control-channel.js';
import type { TestFramework } from './broker-suite.js';

/** The channels of three nodes in their own environment, made for each test. */
export interface ControlChannelsUnderTest {
  /** Of one broker; the brokers have started, the channels have not. */
  readonly channels: readonly [ControlChannel, ControlChannel, ControlChannel];
  /** Frees everything, the brokers too. */
  readonly close: () => Promise<void>;
}

/** What the suite tests, and with what. */
export interface ControlChannelSuiteOptions {
  /** Of the broker, in the names of the tests. */
  readonly name: string;
  /** Makes the control channels of several nodes for one test. */
  readonly make: () => Promise<ControlChannelsUnderTest>;
  /** Declares groups and tests. */
  readonly framework: TestFramework;
}

/** What has arrived at one node, as `sender: payload`. */
type Inbox = string[];

interface World {
  readonly a: ControlChannel;
  readonly b: ControlChannel;
  readonly c: ControlChannel;
  readonly inboxes: Readonly<Record<'a' | 'b' | 'c', Inbox>>;
  /** Resolves when everything that was sent has arrived. */
  readonly settle: () => Promise<void>;
}

/** Comes after everything that its sender has sent before, to one or to all. */
const fence = 'that was all: ';
/** From each of the three to both others. */
const numFences = 6;
const fenceIntervalMs = 50;

/**
 * Declares the suite.
 *
 * @example controlChannelSuite({ name: 'mine', make: makeControlChannels, framework: { describe, test } });
 */
export function controlChannelSuite({ name, make, framework }: ControlChannelSuiteOptions): void {
  function claim(title: string, body: (world: World) => Promise<void>): void {
    framework.test(title, async () => {
      const { channels, close } = await make();
      const inboxes = { a: [] as Inbox, b: [] as Inbox, c: [] as Inbox };
      let round = 0;
      const passed = new Set<string>();
      const settle = async () => {
        const own = `${fence}${++round}`;
        passed.clear();
        while (passed.size < numFences) {
          await Promise.all(channels.map((channel) => channel.send(own)));
          await delay(fenceIntervalMs);
        }
      };
      const start = (channel: ControlChannel, name: keyof typeof inboxes) =>
        channel.start(name, (payload, from) => {
          if (payload === `${fence}${round}`) passed.add(`${from} ${name}`);
          else if (!payload.startsWith(fence)) inboxes[name].push(`${from}: ${payload}`);
        });
      try {
        const [a, b, c] = channels;
        await start(a, 'a');
        await start(b, 'b');
        await start(c, 'c');
        // Servers of a cluster tell each other who listens where, and lose what comes before.
        await settle();
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
