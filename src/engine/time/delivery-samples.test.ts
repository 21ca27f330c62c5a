/** Which messages are measured, and from when to when. */

import { beforeEach, describe, expect, test } from 'vitest';
import { channelName } from '../../../test/support/engine/channel-name.js';
import { FakeClock } from '../../../test/support/engine/fake-clock.js';
import { trustedJsonText } from '../../model/json-text.js';
import { Histogram } from '../ports/histogram.js';
import { DeliverySamples, publicationsPerSample } from './delivery-samples.js';

const [a, b] = [channelName('a'), channelName('b')];
const [one, two] = [trustedJsonText('1'), trustedJsonText('2')];

let clock: FakeClock;
let samples: DeliverySamples;
let delivery: Histogram;
let acknowledgement: Histogram;
beforeEach(() => {
  clock = new FakeClock();
  samples = new DeliverySamples({ clock, hasSubscribers: (channel) => channel === a });
  delivery = new Histogram([0.005, 0.05]);
  acknowledgement = new Histogram([0.005, 0.05]);
});

const begin = (channel = a, data = one) => samples.begin(channel, data, delivery, acknowledgement, 'f00d');

test('the first publication is measured, then one in so many, and the next one when that is asked for', () => {
  const measured = Array.from({ length: publicationsPerSample + 1 }, () => samples.isNext());
  expect(measured).toEqual([true, ...Array.from({ length: publicationsPerSample - 1 }, () => false), true]);
  samples.ask();
  expect([samples.isNext(), samples.isNext()]).toEqual([true, false]);
});

test('a message is measured until it is written, in the trace in which it was published', () => {
  begin();
  expect(samples.channel).toBe(a);
  clock.work(20);
  expect(samples.arrived(one)).toBe(true);
  clock.work(5);
  samples.written(clock.nowMs());
  expect([...delivery.counts]).toEqual([0, 1, 0]);
  expect(delivery.sum).toBeCloseTo(0.025);
  expect(delivery.exemplars?.[1]).toEqual({ traceId: 'f00d', value: 0.025, atMs: clock.wallMs() });
  expect(samples.channel).toBeUndefined();
});

test('an earlier message of the channel is not taken for it', () => {
  begin(a, two);
  expect(samples.arrived(one)).toBe(false);
  expect(samples.arrived(two)).toBe(true);
});

test('the acknowledgement of the broker is measured, with and without subscribers', () => {
  for (const channel of [a, b]) {
    const acknowledged = begin(channel);
    clock.work(2);
    acknowledged();
  }
  expect([...acknowledgement.counts]).toEqual([2, 0, 0]);
});

describe('one that never comes', () => {
  test('does not keep others from being measured for long', () => {
    begin();
    clock.work(9_000);
    begin(a, two);
    expect(samples.arrived(two)).toBe(false);
    clock.work(2_000);
    begin(a, two);
    expect(samples.arrived(two)).toBe(true);
  });

  test('a channel without subscribers here is not waited for', () => {
    begin(b);
    expect(samples.channel).toBeUndefined();
    begin(a);
    expect(samples.channel).toBe(a);
  });
});
