/** What Linux' table says about peers, with golden lines of a real one; and how readings are shared. */

import { describe, expect, test } from 'vitest';
import { FakeClock } from '../../../test/support/engine/fake-clock.js';
import { nameOf, SendQueues, silentIn } from './send-queues.js';

const head =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                     \n';

function line(local: string, remote: string, state: string, queue: string, timer: string, sent: string, asked = '0') {
  const rest = `00000000 ${sent}     0        ${asked} 4957129 2 00000000d7dbb2d1 20 4 30 10 -1`;
  return `   2: ${local} ${remote} ${state} ${queue}:00000000 ${timer}:${rest}\n`;
}

const [server, client] = ['0100007F:1F40', '0200007F:EB3E'];
const ends = { localAddress: '127.0.0.1', localPort: 8_000, remoteAddress: '127.0.0.2', remotePort: 60_222 };

describe('silentIn', () => {
  test.each([
    ['that sends again and again without an answer', '01', '00000005', '01', '00000002', '0', true],
    ['whose full peer answers no question for room', '01', '00000005', '04', '00000000', '2', true],
    ['that has sent something a moment ago', '01', '00000005', '01', '00000000', '0', false],
    ['whose peer reads slowly and says so', '01', '00100000', '04', '00000000', '1', false],
    ['that has nothing to send', '01', '00000000', '02', '00000003', '0', false],
    ['that is about to be closed', '04', '00000005', '01', '00000002', '0', false],
  ])('a socket %s', (_, state, queue, timer, sent, asked, isSilent) => {
    const names = silentIn(head + line(server, client, state, queue, timer, sent, asked));
    expect(names).toEqual(isSilent ? [nameOf(ends)] : []);
  });

  test('finds the silent ones among others', () => {
    const quiet = line(client, server, '01', '00000000', '00', '00000000');
    const silent = line(server, client, '01', '00000005', '01', '00000004');
    expect(silentIn(head + quiet + silent + quiet)).toEqual([nameOf(ends)]);
  });

  test.each([
    [
      '0000000000000000FFFF00000100007F:1F40',
      '0000000000000000FFFF00000200007F:EB3E',
      { localAddress: '::ffff:127.0.0.1', remoteAddress: '::ffff:127.0.0.2' },
    ],
    [
      '00000000000000000000000001000000:1F40',
      'B80D0120000000000000000009000000:EB3E',
      { localAddress: '::1', remoteAddress: '2001:db8::9' },
    ],
    [
      '000080FE00000000FF005450B6AD1DFE:1F40',
      '000080FE000000000000000001000000:EB3E',
      { localAddress: 'fe80::5054:ff:fe1d:adb6', remoteAddress: 'fe80::1%eth0' },
    ],
  ])('IPv6: %s is %s as Node names them', (local, remote, addresses) => {
    const table = line(local, remote, '01', '00000005', '01', '00000002');
    expect(silentIn(table)).toEqual([nameOf({ ...ends, ...addresses })]);
  });
});

test('SendQueues reads once for all who ask within its age, and anew after it', async () => {
  const clock = new FakeClock();
  const tables = ['', line(server, client, '01', '00000005', '01', '00000002')];
  let readings = 0;
  const queues = new SendQueues(clock, 1_000, async () => [tables[readings++] ?? '']);
  expect(await Promise.all([queues.isSilent(ends), queues.isSilent(ends)])).toEqual([false, false]);
  await clock.advance(1_000);
  expect(await queues.isSilent(ends)).toBe(false);
  await clock.advance(1);
  expect(await queues.isSilent(ends)).toBe(true);
  expect(readings).toBe(2);
});
