/** Procedures as AsyncAPI operations with a reply, on one channel without an address. */

import type { RpcDeclaration } from '../engine/channels/rpc-options.js';
import { Ids } from './address.js';
import type { Described } from './describe-channels.js';
import type { SpecMessage, SpecOperation } from './document.js';
import type { SchemaTable } from './schema-table.js';

/** @param channelIds in which the channel of the calls gets its id */
export function describeProcedures(
  procedures: ReadonlyMap<string, RpcDeclaration>,
  channelIds: Ids,
  schemas: SchemaTable,
): Described {
  if (procedures.size === 0) return { channels: {}, operations: {} };
  const channelId = channelIds.of('rpc');
  const channel = { $ref: `#/channels/${channelId}` };
  const message = (name: string) => ({ $ref: `#/channels/${channelId}/messages/${name}` });
  const messages: Record<string, SpecMessage> = {};
  const operations: Record<string, SpecOperation> = {};
  const ids = new Ids();
  for (const [name, { options }] of procedures) {
    const id = ids.of(name);
    messages[`${id}_request`] = {
      summary: `Argument of ${name}: \`data\` of the rpc command.`,
      payload: schemas.payload(options.input, {
        name: `${name} request`,
        direction: 'input',
        what: `procedure ${name}: its argument`,
      }),
    };
    // A result is typed by what its function returns, and types are gone by now.
    messages[`${id}_reply`] = { summary: `Result of ${name}.`, payload: { 'x-fanfare-schema': 'unknown' } };
    operations[`call_${id}`] = {
      action: 'send',
      channel,
      summary: `Call ${name}.`,
      messages: [message(`${id}_request`)],
      reply: { channel, messages: [message(`${id}_reply`)] },
      'x-fanfare-permission': options.allow ?? 'user',
      'x-fanfare-procedure': name,
    };
  }
  const description = 'Calls of procedures. They are answered to the caller alone.';
  return { channels: { [channelId]: { address: null, title: 'Procedures', description, messages } }, operations };
}
