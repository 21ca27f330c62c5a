import { expect, test } from 'vitest';
import { FakeClock } from '../../../test/support/engine/fake-clock.js';
import { trustedJsonText } from '../../model/json-text.js';
import { type MessageSample, MessageSamples, maxSampleLength, samplesPerRound } from './message-samples.js';

function start() {
  const clock = new FakeClock();
  const samples = new MessageSamples(clock);
  const rounds: (readonly MessageSample[])[] = [];
  const begin = () => {
    samples.onRound = (round) => rounds.push(round);
  };
  let n = 0;
  const take = (count: number) => {
    for (let i = 0; i < count; i++) samples.take({ data: trustedJsonText(`${++n}`), offset: 0 });
  };
  return { clock, samples, rounds, begin, take };
}

test('nothing is kept until somebody makes dictionaries', () => {
  const { rounds, begin, take } = start();
  take(samplesPerRound);
  begin();
  take(samplesPerRound - 1);
  expect(rounds).toEqual([]);
  take(1);
  expect(rounds.map((round) => [round.length, round[0]?.text])).toEqual([[samplesPerRound, `${samplesPerRound + 1}`]]);
});

test('the next rounds are later and later, of every eighth message', async () => {
  const { clock, rounds, begin, take } = start();
  begin();
  take(samplesPerRound * 20);
  expect(rounds).toHaveLength(1);
  for (const [round, minutes] of [10, 20, 40].entries()) {
    await clock.advance(minutes * 60_000 - 1);
    take(samplesPerRound * 8);
    expect(rounds).toHaveLength(round + 1);
    await clock.advance(1);
    take(samplesPerRound * 8);
    expect(rounds).toHaveLength(round + 2);
  }
  await clock.advance(86_400_000);
  for (let day = 0; day < 20; day++) {
    take(samplesPerRound * 8);
    await clock.advance(86_400_000);
  }
  expect(rounds.length).toBeGreaterThan(20);
});

test('who has published is told, and neither bytes nor long messages are kept', () => {
  const { samples, rounds, begin, take } = start();
  begin();
  samples.take({ data: Uint8Array.of(1), offset: 0 });
  samples.take({ data: trustedJsonText(`"${'x'.repeat(maxSampleLength)}"`), offset: 0 });
  samples.take({ data: trustedJsonText('1'), offset: 0, info: { user: 'ada', client: 'c1' } });
  samples.take({ data: trustedJsonText('2'), offset: 0, info: { user: '', client: 'c2' } });
  take(samplesPerRound - 2);
  expect(rounds[0]?.slice(0, 3)).toEqual([
    { text: '1', publisher: 'ada' },
    { text: '2', publisher: 'c2' },
    { text: '1' },
  ]);
});
