/** G2, G4: messages of a stream of NATS that an operator has deleted one by one (`nats stream rmm`), or purged. */

import { jetstreamManager } from '@nats-io/jetstream';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { NatsBroker } from '../../../src/brokers/nats/broker.js';
import { NatsServer, natsIsMissing } from '../../support/brokers/nats-server.js';
import { json, ownPrefix, ports, shared, started, stream } from '../../support/brokers/suites.js';
import { channelName } from '../../support/engine/channel-name.js';

const news = channelName('news');

describe.skipIf(natsIsMissing())('nats, messages that are gone', () => {
  const server = shared(NatsServer.start);

  /** Two nodes; five publications by the first. */
  async function begun() {
    const prefix = ownPrefix();
    const node = () => started(new NatsBroker({ url: server().url, prefix }, ports));
    const [{ broker: one }, { broker: two, events }] = [await node(), await node()];
    await two.subscribe(news);
    let epoch = '';
    for (let n = 1; n <= 5; n++) ({ epoch } = (await one.publish(news, { data: json(n) }, { stream })).position);
    const connection = await server().connection();
    onTestFinished(() => connection.close());
    const { streams } = await jetstreamManager(connection);
    const name = (await streams.names().next()).find((each) => each.startsWith(`${prefix}_history`)) ?? '';
    const seqs: number[] = [];
    for (let seq = 1; seq <= (await streams.info(name)).state.last_seq; seq++) {
      const message = await streams.getMessage(name, { seq });
      if (message?.subject === `${prefix}.h.news`) seqs.push(seq);
    }
    return {
      ...{ one, two, events, epoch, node },
      remove: async (offset: number) => void (await streams.deleteMessage(name, seqs[offset - 1] ?? 0)),
      purge: async () => void (await streams.purge(name)),
    };
  }

  test.each([1, 2, 3, 4])('in the middle, %d: who comes back from before it is told', async (gone) => {
    const at = await begun();
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
      const at = await begun();
      await at.remove(5);
      const after = await at[who].publish(news, { data: json(6) }, { stream });
      await at.two.probe();
      const seen = at.events.publications(news).map(({ publication, epoch }) => `${epoch} ${publication.offset}`);
      expect(new Set(seen).size).toBe(seen.length);
      expect(`${after.position.epoch} ${after.position.offset}`).not.toBe(`${at.epoch} 5`);
    },
  );

  test('the newest, and a node publishes that has never seen it: whoever has is told, in a new epoch', async () => {
    const at = await begun();
    await at.remove(5);
    const { broker: three } = await at.node();
    const again = await three.publish(news, { data: json(6) }, { stream });
    expect(again.position).toEqual({ epoch: at.epoch, offset: 5 });
    await vi.waitFor(() => expect(at.events.interruptions).toEqual([[news]]));
    const { top } = await three.history.read(news, { limit: 0, reverse: false });
    expect(top.epoch).not.toBe(at.epoch);
    const next = await three.publish(news, { data: json(7) }, { stream });
    expect(next.position).toEqual({ epoch: top.epoch, offset: 1 });
  });

  test('all: a new epoch', async () => {
    const at = await begun();
    await at.purge();
    const after = await at.two.publish(news, { data: json(6) }, { stream });
    expect(after.position.offset).toBe(1);
    expect(after.position.epoch).not.toBe(at.epoch);
  });
});
