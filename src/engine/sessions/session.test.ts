/** What is logged about a session. */

import { expect, test, vi } from 'vitest';
import { EngineNode } from '../../../test/support/engine/node.js';

test.each([
  ['without its address, which is forgotten by then', 0, {}],
  ['with its address where a limit needs it', 9, { peer: '192.0.2.1' }],
])('a command of a connected client is refused with a line %s', async (_, maxConnectionsPerAddress, address) => {
  const server = await EngineNode.start({ channels: {}, limits: { maxConnectionsPerAddress } });
  const client = await server.connect({ sub: 'ann' });
  const tell = vi.spyOn(server.node.ports.refusals, 'tell');
  expect(await client.command('subscribe', { channel: 'unknown' })).toBe(102);
  const about = { client: client.session.client, user: 'ann', code: 102, channel: 'unknown', option: 'channels' };
  const told = tell.mock.calls.map(([{ fields }, , context]) => ({ ...context?.(), ...fields }));
  expect(told).toEqual([{ ...about, ...address }]);
});
