/** Notifications: after the event, in order, and never blocking. */

import { beforeEach, describe, expect, test } from 'vitest';
import { FakeClock } from '../../../test/support/engine/fake-clock.js';
import type { ConnectedClient } from './authenticator.js';
import { Notifier, type Observer } from './observer.js';

const handshake = { headers: new Map(), url: '/', remoteAddress: '192.0.2.1' };
const ann: ConnectedClient = { user: 'ann', client: 'c1', meta: undefined, transport: 't', handshake };

let clock: FakeClock;
let errors: unknown[];
beforeEach(() => {
  clock = new FakeClock();
  errors = [];
});

const notifierOf = (observer: Observer) => new Notifier(observer, clock, (err) => void errors.push({ err }));

describe('an observer', () => {
  test('is told at the end of the turn, in the order in which things happened', async () => {
    const told: unknown[] = [];
    const notifier = notifierOf({
      connected: ({ user }) => told.push(['connected', user]),
      subscribed: ({ user }, channel) => told.push(['subscribed', user, channel]),
      disconnected: ({ user }, { code }) => told.push(['disconnected', user, code]),
      occupied: (channel) => told.push(['occupied', channel]),
    });
    notifier.notify('connected', ann);
    notifier.notify('occupied', 'room');
    notifier.notify('subscribed', ann, 'room');
    notifier.notify('disconnected', ann, { code: 3000, reason: '' });
    expect(told).toEqual([]);
    await clock.settle();
    expect(told).toEqual([
      ['connected', 'ann'],
      ['occupied', 'room'],
      ['subscribed', 'ann', 'room'],
      ['disconnected', 'ann', 3000],
    ]);
  });

  test('that throws or rejects costs a log line each, and the others are told', async () => {
    const told: string[] = [];
    const notifier = notifierOf({
      occupied: () => {
        throw new Error('broken');
      },
      vacated: async () => {
        throw new Error('broken as well');
      },
      connected: ({ user }) => told.push(user),
    });
    notifier.notify('occupied', 'a');
    notifier.notify('vacated', 'a');
    notifier.notify('connected', ann);
    await clock.settle();
    expect(told).toEqual(['ann']);
    expect(errors).toMatchObject([{ err: { message: 'broken' } }, { err: { message: 'broken as well' } }]);
  });

  test('that is slow holds nobody up', async () => {
    const told: string[] = [];
    const notifier = notifierOf({
      occupied: () => new Promise(() => undefined),
      vacated: (channel) => told.push(channel),
    });
    notifier.notify('occupied', 'a');
    notifier.notify('vacated', 'a');
    await clock.settle();
    expect(told).toEqual(['a']);
  });

  test('that causes another event is told of it, in a later turn', async () => {
    const told: string[] = [];
    const notifier: Notifier = notifierOf({
      occupied: (channel) => {
        told.push(`occupied ${channel}`);
        notifier.notify('vacated', channel);
      },
      vacated: (channel) => told.push(`vacated ${channel}`),
    });
    notifier.notify('occupied', 'a');
    notifier.notify('occupied', 'b');
    await clock.settle();
    await clock.settle();
    expect(told).toEqual(['occupied a', 'occupied b', 'vacated a', 'vacated b']);
  });

  test('keeps its methods bound to itself', async () => {
    class Journal implements Observer {
      readonly channels: string[] = [];
      occupied(channel: string) {
        this.channels.push(channel);
      }
    }
    const journal = new Journal();
    notifierOf(journal).notify('occupied', 'a');
    await clock.settle();
    expect(journal.channels).toEqual(['a']);
  });
});
