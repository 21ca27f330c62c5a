/** Messages of pub/sub on their way to one connection, with what may become of them there. */

import type { Fate } from './broker-server.js';

/** Of channels whose subscribers notice what is wrong with deliveries. */
const checked = /\b(?:stream|recover)(?::|%3A)/;

export class Meddled {
  #held: (() => void)[] = [];

  constructor(private readonly fates: Fate[]) {}

  /**
   * @param place the name of its channel is in it
   * @param send lets it go on its way
   */
  pass(place: string, send: () => void): void {
    if (!checked.test(place)) {
      send();
      return;
    }
    const fate = this.fates.shift() ?? 'deliver';
    if (fate === 'drop') return;
    if (fate === 'hold') {
      this.#held.push(send);
      return;
    }
    send();
    if (fate === 'repeat') send();
    for (const held of this.#held.splice(0)) held();
  }
}
