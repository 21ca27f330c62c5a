/**
 * What every broker must do, as tests. A new broker runs them with a few lines; they are the executable form of the
 * texts in `engine/ports/broker.ts`.
 */

import { strict as assert } from 'node:assert';
import { answerClaims } from './broker-answer-claims.js';
import { bytesClaims } from './broker-bytes-claims.js';
import { type BrokerUnderTest, type Claim, channelName } from './broker-claim.js';
import { deliveryClaims } from './broker-delivery-claims.js';
import { historyClaims } from './broker-history-claims.js';
import { idempotencyClaims } from './broker-idempotency-claims.js';
import { mapClaims } from './broker-map-claims.js';
import { mapBytesClaims, mapRenewalClaims } from './broker-map-extra-claims.js';
import { mapTimeClaims } from './broker-map-time-claims.js';
import { presenceClaims } from './broker-presence-claims.js';
import { tracingClaims } from './broker-tracing-claims.js';
import { versionClaims } from './broker-version-claims.js';
import { RecordedEvents } from './recorded-events.js';

/** The test framework: `describe` and `test` of vitest, mocha, node:test, … */
export interface TestFramework {
  /** A group of tests. */
  readonly describe: (name: string, body: () => void) => void;
  /** One test, and one that is left out. */
  readonly test: {
    (name: string, body: () => Promise<void>): void;
    readonly skip: (name: string, body: () => Promise<void>) => void;
  };
}

const abilities = {
  delivery: deliveryClaims,
  history: historyClaims,
  maps: (claim: Claim) => {
    mapClaims(claim);
    mapTimeClaims(claim);
  },
  mapBytes: mapBytesClaims,
  mapRenewal: mapRenewalClaims,
  answers: answerClaims,
  idempotency: idempotencyClaims,
  presence: presenceClaims,
  versions: versionClaims,
  tracing: tracingClaims,
  bytes: bytesClaims,
};

/** What a broker need not have. */
export type OptionalAbility = Exclude<keyof typeof abilities, 'delivery'>;

/** What the suite tests, and with what. */
export interface BrokerSuiteOptions {
  /** Of the broker, in the names of the tests. */
  readonly name: string;
  /** Makes brokers for one test, and what they share. */
  readonly make: () => Promise<BrokerUnderTest>;
  /** Declares groups and tests. */
  readonly framework: TestFramework;
  /** What does not apply, each with the reason: all tests of an ability, or one by its name. */
  readonly skip?: readonly (
    | { readonly ability: OptionalAbility; readonly reason: string }
    | { readonly test: string; readonly reason: string }
  )[];
}

/**
 * Declares the suite. What is left out is there by name, with the reason.
 *
 * @example brokerSuite({ name: 'mine', make: makeBrokers, framework: { describe, test } });
 */
export function brokerSuite({ name, make, framework, skip = [] }: BrokerSuiteOptions): void {
  const known = new Set<string>();
  const claimOf =
    (ability: string): Claim =>
    (claim, body) => {
      known.add(claim);
      const left = skip.find((one) => ('test' in one ? one.test === claim : one.ability === ability));
      if (left !== undefined) {
        framework.test.skip(`${claim} (skipped: ${left.reason})`, async () => undefined);
        return;
      }
      framework.test(claim, async () => {
        const made = await make();
        const events = new RecordedEvents();
        try {
          await made.broker.start(events);
          const suffix = Math.random().toString(36).slice(2);
          const channels = { channel: channelName(`suite:${suffix}`), other: channelName(`other:${suffix}`) };
          await body({ ...made, ...channels, events });
        } finally {
          await made.broker.close(1_000);
          await made.close?.();
        }
      });
    };

  framework.describe(`broker conformance: ${name}`, () => {
    for (const [ability, claims] of Object.entries(abilities)) claims(claimOf(ability));
    for (const one of skip) if ('test' in one) assert.ok(known.has(one.test), `no test is called "${one.test}"`);
  });
}
