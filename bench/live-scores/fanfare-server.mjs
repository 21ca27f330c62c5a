// @ts-check
/** The live scores as the example has them, with the built package. */
import { example } from '../../dist/examples-live-scores/app.mjs';
import { fanfare } from '../../dist/index.js';
import { hostScores } from './play.mjs';

hostScores(async () => {
  const { channels, rpc } = example({ tokenSecret: 'a secret for the bench, of 32 bytes or more' });
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const app = fanfare({ channels, rpc, anonymous: true, log });
  const { port } = await app.listen(0);
  /** @type {import('../../examples/live-scores/feed/publish.js').Publisher} */
  const publisher = /** @type {never} */ (app);
  return {
    port,
    publish: (lines) =>
      Promise.all(
        lines.map(({ channel, key, data, tags }) =>
          key === undefined
            ? publisher.publish(channel, data, tags && { tags })
            : publisher.map(channel).set(key, data),
        ),
      ),
  };
});
