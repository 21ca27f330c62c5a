/** G2, G4: messages of a stream of NATS that an operator has deleted one by one (`nats stream rmm`), or purged. */

import { jetstreamManager } from '@nats-io/jetstream';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { NatsBroker } from '../../../src/brokers/nats/broker.js';
import { RecordedEvents } from '../../../src/conformance/recorded-events.js';
import { trustedJsonText } from '../../../src/model/json-text.js';
import { NatsServer, natsIsMissing } from '../../support/brokers/nats-server.js';
import { channelName } from '../../support/engine/channel-name.js';
import { ports } from './nats-under-test.js';

const stream = { size: 100, ttlMs: 60_000 };
const news = channelName('news');
const data = (n: number) => trustedJsonText(`${n}`);

describe.skipIf(natsIsMissing())('nats, messages that are gone', () => {
  let server: NatsServer;
  let count = 0;
  beforeAll(async () => {
    server = await NatsServer.start();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  /** Two nodes; five publications by the first. */
  async function started() {
    const prefix = `gone-${++count}`;
    const [one, two] = [
      new NatsBroker({ url: server.url, prefix }, ports),
      new NatsBroker({ url: server.url, prefix }, ports),
    ];
    const events = new RecordedEvents();
    await one.start(new RecordedEvents());
    await two.start(events);
    await two.subscribe(news);
    let epoch = '';
    for (let n = 1; n <= 5; n++) ({ epoch } = (await one.publish(news, { data: data(n) }, { stream })).position);
    const connection = await server.connection();
    const { streams } = await jetstreamManager(connection);
    const name = (await streams.names().next()).find((each) => each.startsWith(`${prefix}_history`)) ?? '';
    const seqs: number[] = [];
    for (let seq = 1; seq <= (await streams.info(name)).state.last_seq; seq++) {
      const message = await streams.getMessage(name, { seq });
      if (message?.subject === `${prefix}.h.news`) seqs.push(seq);
    }
    return {
      ...{ one, two, events, epoch },
      remove: async (offset: number) => void (await streams.deleteMessage(name, seqs[offset - 1] ?? 0)),
      purge: async () => void (await streams.purge(name)),
      async [Symbol.asyncDispose]() {
        await Promise.all([one.close(), two.close(), connection.close()]);
      },
    };
  }

  test.each([1, 2, 3, 4])('in the middle, %d: who comes back from before it is told', async (gone) => {
    await using at = await started();
    await at.remove(gone);
    for (let offset = 0; offset <= 5; offset++) {
      const page = await at.two.history.read(news, { limit: 100, reverse: false, since: { offset, epoch: at.epoch } });
      expect(page.continuous, `${offset}`).toBe(offset >= gone);
      if (page.continuous) expect(page.publications.length).toBe(5 - offset);
    }
  });

  test.each(['one', 'two'] as const)(
    'the newest, and node %s publishes: no offset is used twice under one epoch',
    async (who) => {
      await using at = await started();
      await at.remove(5);
      const after = await at[who].publish(news, { data: data(6) }, { stream });
      await at.two.probe();
      const seen = at.events.publications(news).map(({ publication, epoch }) => `${epoch} ${publication.offset}`);
      expect(new Set(seen).size).toBe(seen.length);
      expect(`${after.position.epoch} ${after.position.offset}`).not.toBe(`${at.epoch} 5`);
    },
  );

  test('the newest, and a node publishes that has never seen it: whoever has is told, in a new epoch', async () => {
    await using at = await started();
    await at.remove(5);
    const three = new NatsBroker({ url: server.url, prefix: `gone-${count}` }, ports);
    await three.start(new RecordedEvents());
    const again = await three.publish(news, { data: data(6) }, { stream });
    expect(again.position).toEqual({ epoch: at.epoch, offset: 5 });
    await vi.waitFor(() => expect(at.events.interruptions).toEqual([[news]]), 5_000);
    const { top } = await three.history.read(news, { limit: 0, reverse: false });
    expect(top.epoch).not.toBe(at.epoch);
    const next = await three.publish(news, { data: data(7) }, { stream });
    expect(next.position).toEqual({ epoch: top.epoch, offset: 1 });
    await three.close();
  });

  test('all: a new epoch', async () => {
    await using at = await started();
    await at.purge();
    const after = await at.two.publish(news, { data: data(6) }, { stream });
    expect(after.position.offset).toBe(1);
    expect(after.position.epoch).not.toBe(at.epoch);
  });
});
