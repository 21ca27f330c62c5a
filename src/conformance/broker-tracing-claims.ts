/** What a broker promises about traces: they travel with their publications, and nowhere else. */

import { strict as assert } from 'node:assert';
import { type Claim, keptWhereItCanBe, member, text } from './broker-claim.js';

const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01;vendor=a:b';

export function tracingClaims(claim: Claim): void {
  claim('delivers the trace of a publication, and only of that', async ({ broker, events, channel, settle }) => {
    await broker.subscribe(channel);
    const tags = { kind: 'goal' };
    for (const options of [{}, keptWhereItCanBe(broker)]) {
      await broker.publish(channel, { data: text(1), trace }, options);
      await broker.publish(channel, { data: text(2) }, options);
      await broker.publish(channel, { data: text(3), info: member('1'), tags, trace }, options);
    }
    await settle();
    const delivered = events.publications(channel).map(({ publication }) => publication);
    assert.deepEqual(
      delivered.map((publication) => publication.trace),
      [trace, undefined, trace, trace, undefined, trace],
    );
    assert.deepEqual(
      delivered.map(({ data, info, tags: given }) => [data, info?.client, given]),
      [0, 1].flatMap(() => [
        [text(1), undefined, undefined],
        [text(2), undefined, undefined],
        [text(3), '1', tags],
      ]),
    );
  });
}
