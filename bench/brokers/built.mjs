// @ts-check
/** Modules of the build that the package does not export. Loaded at run time, so that types are checked without a build. */

const built = (/** @type {string} */ path) => import(new URL(`../../.cache/modules/${path}`, import.meta.url).href);

/** @type {typeof import('../../src/brokers/local/broker.js')} */
export const { LocalBroker } = await built('brokers/local/broker.js');
/** @type {typeof import('../../src/brokers/local/host.js')} */
export const { LocalBrokerHost } = await built('brokers/local/host.js');
/** @type {typeof import('../../src/brokers/memory/broker.js')} */
export const { MemoryBroker } = await built('brokers/memory/broker.js');
/** @type {typeof import('../../src/server/system-ports.js')} */
export const { systemClock, systemRandom } = await built('server/system-ports.js');
