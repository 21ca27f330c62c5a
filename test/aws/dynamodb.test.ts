/**
 * G4–G6: functions over DynamoDB: streams, idempotency keys, versions and presence by the suite of brokers, what functions keep,
 * and what the official client can do. In one file, since its server takes seconds to start.
 */

import { dynamoDbStore } from 'fanfare/aws';
import { describe, expect, test } from 'vitest';
import { brokerSuite } from '../../src/conformance/index.js';
import type { Broker, BrokerEvents, Published, PublishOptions } from '../../src/engine/ports/broker.js';
import type { ChannelName } from '../../src/model/channel-name.js';
import { type ClientInfo, type NewPublication, publicationAt } from '../../src/model/publication.js';
import { countedStory, messages, subscribers } from '../support/aws/counted-story.js';
import { CountingProxy } from '../support/aws/counting-proxy.js';
import { scenarioSuite } from '../support/aws/scenario-suite.js';
import { storeSuite } from '../support/aws/store-suite.js';
import { dynamoDbStoreKind } from '../support/aws/stores.js';
import { ownPrefix, ports, shared } from '../support/brokers/suites.js';

/** Delivers what the store has kept to the process that has published it, as functions do to subscribers. */
function heard(store: Broker): Broker {
  let events: BrokerEvents | undefined;
  const channels = new Set<ChannelName>();
  const { name, carriesBytes, comparesVersions, history, presence } = store;
  return {
    name,
    ...(carriesBytes && { carriesBytes }),
    ...(comparesVersions && { comparesVersions }),
    ...(history && { history }),
    ...(presence && { presence }),
    async start(given) {
      events = given;
      await store.start(given);
    },
    close: (deadlineMs) => store.close(deadlineMs),
    async subscribe(channel) {
      channels.add(channel);
    },
    async unsubscribe(channel) {
      channels.delete(channel);
    },
    async publish(channel: ChannelName, publication: NewPublication, options: PublishOptions): Promise<Published> {
      const published = await store.publish(channel, publication, options);
      const { offset, epoch } = published.position;
      if (!published.duplicate && channels.has(channel)) {
        events?.onPublication(channel, publicationAt(publication, offset), epoch);
      }
      return published;
    },
    async announce(channel: ChannelName, event: 'join' | 'leave', info: ClientInfo): Promise<void> {
      if (!channels.has(channel)) return;
      if (event === 'join') events?.onJoin(channel, info);
      else events?.onLeave(channel, info);
    },
  };
}

/** Moto takes some ms for each call, one after the other: with `FANFARE_TEST_COMBINATIONS=all` all run over it. */
const isLong = process.env.FANFARE_TEST_COMBINATIONS === 'all';
const usual: readonly string[] = [
  'subscribes, publishes and receives',
  'sees who is there, and how many',
  'G4: gets all it missed, in order and once, when the history still has it',
  'G4: is told that it cannot, when the history has expired',
  'G5: is told that it cannot, when the history was lost and written anew up to the same offset',
];

describe.skipIf(dynamoDbStoreKind.isMissing())('DynamoDB', () => {
  const server = shared(dynamoDbStoreKind.start);

  brokerSuite({
    name: 'functions over DynamoDB',
    framework: { describe, test },
    skip: [
      { ability: 'maps', reason: 'functions keep no maps' },
      { ability: 'answers', reason: 'functions keep no streams' },
      { ability: 'mapBytes', reason: 'as above' },
      { ability: 'mapRenewal', reason: 'as above' },
    ],
    make: async () => {
      const { make, skip } = await server().ownStore();
      return { broker: heard(make(ports).broker), advance: skip, settle: async () => undefined };
    },
  });

  storeSuite(server);

  test('operations are those of the page', { timeout: 120_000 }, async () => {
    const dynamoDb = server().server;
    await using proxy = await CountingProxy.start(dynamoDb.endpoint);
    const table = ownPrefix();
    await dynamoDb.createTable(table);
    const { counts } = proxy;
    const story = await countedStory(dynamoDbStore({ table, endpoint: proxy.url }), counts);
    // Read again by each process when it is two seconds old.
    const of = ({ 'Query revocations': _, ...store }: Readonly<Record<string, number>>) => store;
    expect(of(story.upgrade.store)).toEqual({ 'PutItem connection': 1 });
    expect(of(story.connect.store)).toEqual({ 'UpdateItem connection': 2 });
    expect(of(story.subscribe.store)).toEqual({
      'UpdateItem connection': 3,
      'PutItem index': 1,
      'GetItem stream': 1,
    });
    const deliveries = messages * (subscribers - 1);
    expect(of(story.publish.store)).toEqual({
      'UpdateItem connection': 2 * (messages + deliveries),
      'PutItem late': messages,
      'GetItem stream': messages,
      'TransactWriteItems stream': messages,
      'Query index': messages,
      'DeleteItem late': messages,
    });
  });

  scenarioSuite(server, { isSerial: true, chosen: isLong ? undefined : usual });
});
