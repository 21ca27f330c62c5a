/** Functions over Redis and its kin: what they keep there, and what the official client can do with it. */

import { describe } from 'vitest';
import { scenarioSuite } from '../support/aws/scenario-suite.js';
import { storeSuite } from '../support/aws/store-suite.js';
import { redisStoreKind, redisStoreKinds } from '../support/aws/stores.js';
import { shared } from '../support/brokers/suites.js';

describe.each(redisStoreKinds)('functions over $kind', (storeKind) => {
  describe.skipIf(storeKind.isMissing())('with a server', () => {
    const server = shared(storeKind.start);
    storeSuite(server);
    if (storeKind === redisStoreKind) scenarioSuite(server);
  });
});
