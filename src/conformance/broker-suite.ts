/**
 * What every broker must do, as tests. A new broker runs them with a few lines; they are the executable form of the
 * texts in `engine/ports/broker.ts`.
 */

import { strict as assert } from 'node:assert';
import { type BrokerUnderTest, channelName, type World } from './broker-claim.js';
import { deliveryClaims } from './broker-delivery-claims.js';
import { historyClaims } from './broker-history-claims.js';
import { idempotencyClaims } from './broker-idempotency-claims.js';
import { presenceClaims } from './broker-presence-claims.js';
import { versionClaims } from './broker-version-claims.js';
import { RecordedEvents } from './recorded-events.js';

/** The test framework: `describe` and `test` of vitest, mocha, node:test, … */
export interface TestFramework {
  readonly describe: (name: string, body: () => void) => void;
  readonly test: {
    (name: string, body: () => Promise<void>): void;
    readonly skip: (name: string, body: () => Promise<void>) => void;
  };
}

export interface BrokerSuiteOptions {
  readonly name: string;
  readonly make: () => Promise<BrokerUnderTest>;
  readonly framework: TestFramework;
  /** Tests that do not apply, each with the ability that is absent and why. */
  readonly skip?: readonly { readonly test: string; readonly reason: string }[];
}

/** Declares the suite. A broker without history or presence skips those tests by name, with the reason. */
export function brokerSuite(options: BrokerSuiteOptions): void {
  const { framework } = options;
  const skipped = new Map(options.skip?.map(({ test, reason }) => [test, reason]));
  const known = new Set<string>();

  function claim(name: string, body: (world: World) => Promise<void>): void {
    known.add(name);
    const reason = skipped.get(name);
    if (reason !== undefined) {
      framework.test.skip(`${name} (skipped: ${reason})`, async () => undefined);
      return;
    }
    framework.test(name, async () => {
      const made = await options.make();
      const events = new RecordedEvents();
      try {
        await made.broker.start(events);
        const suffix = Math.random().toString(36).slice(2);
        await body({ ...made, events, channel: channelName(`suite:${suffix}`), other: channelName(`other:${suffix}`) });
      } finally {
        await made.broker.close(1_000);
        await made.close?.();
      }
    });
  }

  framework.describe(`broker conformance: ${options.name}`, () => {
    deliveryClaims(claim);
    historyClaims(claim);
    idempotencyClaims(claim);
    presenceClaims(claim);
    versionClaims(claim);
    for (const name of skipped.keys()) assert.ok(known.has(name), `no test is called "${name}"`);
  });
}
