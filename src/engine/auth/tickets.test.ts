/** One-time tickets. */

import { describe, expect, test } from 'vitest';
import { attempt } from '../../../test/support/engine/connect-attempt.js';
import { countingRandom, FakeClock } from '../../../test/support/engine/fake-clock.js';
import { disconnectCodes } from '../../model/codes.js';
import type { Authenticator } from '../ports/authenticator.js';
import { allowAnonymous } from './anonymous.js';
import { acceptTickets, Tickets, ticketPrefix } from './tickets.js';

const ann = { user: 'ann' };

function start() {
  const clock = new FakeClock();
  return { clock, tickets: new Tickets(clock, countingRandom('ticket')) };
}

describe('a ticket', () => {
  test('is good once', () => {
    const { tickets } = start();
    const ticket = tickets.issue(ann, 1_000);
    expect(tickets.redeem(ticket)).toBe(ann);
    expect(tickets.redeem(ticket)).toBeUndefined();
    expect(tickets.redeem('guess')).toBeUndefined();
  });

  test('is good for a while', async () => {
    const { clock, tickets } = start();
    const [first, second] = [tickets.issue(ann, 1_000), tickets.issue(ann, 1_001)];
    await clock.advance(1_000);
    expect(tickets.redeem(first)).toBeUndefined();
    expect(tickets.redeem(second)).toBe(ann);
  });

  test('G11: nobody has used is forgotten', async () => {
    const { clock, tickets } = start();
    for (let n = 0; n < 100; n++) tickets.issue(ann, 1_000);
    await clock.advance(1_000);
    tickets.issue(ann, 1_000);
    expect(tickets.size).toBe(1);
    for (let n = 0; n < 100_100; n++) tickets.issue(ann, 1_000);
    expect(tickets.size).toBe(100_000);
  });
});

describe('an authenticator that takes tickets', () => {
  test('takes what it took before as well, and has the same abilities', async () => {
    const { tickets } = start();
    const tokens: Authenticator = {
      readsHeaders: true,
      connect: async ({ token }) =>
        token === 'good' ? { ok: true, identity: ann } : { ok: false, disconnect: disconnectCodes.invalidToken },
      refresh: async () => ({ ok: true, identity: ann }),
    };
    const auth = acceptTickets(tokens, async (ticket) => tickets.redeem(ticket));
    expect(auth.readsHeaders).toBe(true);
    expect(await auth.refresh?.('any')).toEqual({ ok: true, identity: ann });
    expect(auth.renew).toBeUndefined();
    expect(await auth.connect(attempt('good'))).toEqual({ ok: true, identity: ann });
    const ticket = `${ticketPrefix}${tickets.issue({ user: 'bob' }, 1_000)}`;
    expect(await auth.connect(attempt(ticket))).toEqual({ ok: true, identity: { user: 'bob' } });
    expect(await auth.connect(attempt(ticket))).toEqual({ ok: false, disconnect: disconnectCodes.invalidToken });
  });

  test('a bad ticket is not an anonymous client', async () => {
    const { tickets } = start();
    const auth = acceptTickets(allowAnonymous(undefined), async (ticket) => tickets.redeem(ticket));
    expect((await auth.connect(attempt(undefined))).ok).toBe(true);
    expect((await auth.connect(attempt(ticketPrefix))).ok).toBe(false);
  });
});
