/** The table of everything that a scenario may say, from which its decoder, the flags and the reference page are made. */

import { option } from '../../config/option.js';
import { bytes, choice, duration, flag, integer, list, text } from '../../config/option-kinds.js';
import { OptionTable } from '../../config/option-table.js';
import { maxChannels, minPayloadBytes } from './mark.js';
import { conditions, popularity, rate, share } from './scenario-kinds.js';

const uniform = { kind: 'uniform' } as const;
const weight = integer({ max: 1_000_000 });

const scenarioFields = {
  url: option(text(), 'Address of the server, http(s)://… or ws(s)://…, as in connect().', {
    default: 'http://127.0.0.1:8000',
  }),
  token: option(text(), 'One connection token for all connections.', { unset: 'none', secret: true }),
  secret: option(
    text(),
    'HMAC secret of the server (HS256), with which each user gets a token of its own. Other users of this machine see flags: prefer secretFile.',
    { unset: 'none', secret: true },
  ),
  secretFile: option(text(), 'File with that secret, relative to the working directory.', { unset: 'none' }),
  users: option(integer({ min: 1 }), 'Different users, over whom the connections are spread.', {
    unset: 'one for each connection',
  }),
  source: option(
    list(),
    'Source addresses of the connections, in turn. One address has about 28,000 ports (Linux) towards one server.',
    { unset: "the system's choice" },
  ),
  connections: option(integer({ min: 1, max: 10_000_000 }), 'Connections that subscribe.', { default: 100 }),
  ramp: option(
    duration(),
    'Time over which they connect, evenly. A connect that fails is tried again, and counts as an error.',
    { unset: 'a second for each thousand', zero: 'All at once.' },
  ),
  warmUp: option(duration(), 'Time with the full load that is not measured; deliveries are counted in it, too.', {
    default: 2_000,
    zero: 'None.',
  }),
  duration: option(duration({ min: 100 }), 'Measured time, from the end of the warm-up.', { default: 30_000 }),
  timeout: option(duration({ min: 100 }), 'How long the server may take for a connect, an answer or a last delivery.', {
    default: 10_000,
  }),
  workers: option(integer({ min: 1, max: 128 }), 'Processes that make the load. One makes it in the command itself.', {
    unset: 'one for each 5,000 connections, but no more than there are cores',
  }),
  seed: option(integer(), 'Of all random numbers: the same seed makes the same load.', { default: 1 }),
  'channels.count': option(integer({ min: 1, max: maxChannels }), 'Channels of the load.', { default: 1 }),
  'channels.prefix': option(text(), 'Their names, to which a number from 1 is added.', { default: 'load:' }),
  'channels.perConnection': option(integer({ min: 0, max: 10_000 }), 'Channels to which each connection subscribes.', {
    default: 1,
    zero: 'None: connections only.',
  }),
  'channels.popularity': option(
    popularity(),
    'How subscribers are spread over channels: evenly, or the more popular the lower the number.',
    { default: uniform },
  ),
  'publish.rate': option(rate(), 'Publications a second, over all channels, whatever the server answers.', {
    default: 1,
    zero: 'None.',
  }),
  'publish.thinkTime': option(
    duration({ min: 1 }),
    'Instead of a rate: the mean pause of each connection between two publications, as of people who think and type.',
    { unset: 'publish.rate applies' },
  ),
  'publish.size': option(
    bytes({ min: minPayloadBytes, max: 1_048_576 }),
    'Size of a publication’s JSON, which is made up.',
    { default: 128 },
  ),
  'publish.arrivals': option(
    choice(['constant', 'poisson']),
    'constant: evenly spaced. poisson: at random, as from independent people.',
    { default: 'constant' as const },
  ),
  'publish.burst': option(integer({ min: 1, max: 10_000 }), 'Publications that are due at the same time.', {
    default: 1,
  }),
  'publish.popularity': option(popularity(), 'How publications are spread over channels; uniform: in turn.', {
    default: uniform,
  }),
  'publish.from': option(
    choice(['publishers', 'subscribers', 'api']),
    'Who publishes: connections that do nothing else, the first subscriber of each channel, or a backend over the HTTP API.',
    { default: 'publishers' as const },
  ),
  'publish.publishers': option(
    integer({ min: 1, max: 100_000 }),
    'Connections that publish, with publish.from publishers or api. A channel always has the same one, so that its order can be checked.',
    { unset: 'one for each 100 publications a second' },
  ),
  'publish.apiUrl': option(text(), 'Address of the HTTP API.', { unset: 'that of url, with /api' }),
  'publish.apiKey': option(text(), 'Key of the HTTP API, for publish.from api.', { unset: 'none', secret: true }),
  'publish.apiKeyFile': option(text(), 'File with that key.', { unset: 'none' }),
  'mix.websocket': option(weight, 'Weight of WebSocket among the connections.', { default: 1, zero: 'None.' }),
  'mix.httpStream': option(weight, 'Weight of HTTP streaming.', { default: 0, zero: 'None.' }),
  'mix.sse': option(weight, 'Weight of server-sent events.', { default: 0, zero: 'None.' }),
  'mix.longPolling': option(weight, 'Weight of long polling, which only Fanfare has.', {
    default: 0,
    zero: 'None.',
  }),
  'storm.at': option(duration(), 'When connections are cut, from the beginning of the measured time.', {
    unset: 'no storm',
  }),
  'storm.share': option(share(), 'Share of the connections that is cut, and connects again at once.', { default: 1 }),
  'storm.within': option(duration(), 'Time over which they are cut.', { default: 0, zero: 'All at once.' }),
  'storm.every': option(duration({ min: 100 }), 'Time until the next storm.', { unset: 'one storm only' }),
  'slow.share': option(share(), 'Share of the connections that read slowly; their latency is not counted.', {
    default: 0,
    zero: 'None.',
  }),
  'slow.bytesPerSec': option(bytes({ min: 1 }), 'How much each of them reads in a second.', { default: 1_024 }),
  recover: option(
    flag(),
    'Whether those that come back ask for what they missed, so that it is checked that nothing is lost; needs history.',
    { default: false },
  ),
  metrics: option(
    text(),
    'Address of the server’s metrics, for its CPU for each delivery: process_cpu_seconds_total in Prometheus’ format.',
    { unset: 'not measured' },
  ),
  thresholds: option(conditions(), 'Conditions; the exit code is 1 when one is not met: delivery.p99=<200ms', {
    default: {} as Readonly<Record<string, string>>,
  }),
} as const;

type Table = typeof scenarioFields;
export type FieldPath = keyof Table;
/** Decoded: durations in milliseconds, sizes in bytes. */
export type ScenarioValues = { readonly [Path in FieldPath]: Table[Path]['default'] };

export const scenarioTable = new OptionTable(scenarioFields);
