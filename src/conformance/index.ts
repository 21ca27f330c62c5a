/**
 * `fanfare/conformance`: suites for brokers that others write.
 *
 * @module fanfare/conformance
 */

export type { Broker, BrokerEvents, HistoryStore, PresenceStore } from '../engine/ports/broker.js';
export type { ControlChannel } from '../engine/ports/control-channel.js';
export type { BrokerUnderTest } from './broker-claim.js';
export { type BrokerSuiteOptions, brokerSuite, type OptionalAbility, type TestFramework } from './broker-suite.js';
export {
  type ControlChannelSuiteOptions,
  type ControlChannelsUnderTest,
  controlChannelSuite,
} from './control-channel-suite.js';
