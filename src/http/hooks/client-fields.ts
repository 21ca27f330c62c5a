/** The fields about the client in every hook. */

import { jsonBehindOf } from '../../engine/channels/json-behind.js';

/** Messages are JSON in the engine, whatever the transport. */
const encodingFields = { protocol: 'json', encoding: 'json' } as const;

interface HookedClient {
  /** `null` or empty for an anonymous connection. */
  readonly user: string | null;
  readonly client: string;
  readonly transport: string;
  readonly meta: unknown;
}

/** Before the client is authenticated. */
export function strangerFields({ client, transport }: Pick<HookedClient, 'client' | 'transport'>) {
  return { client, transport, ...encodingFields };
}

export function clientFields(client: HookedClient, includeMeta: boolean) {
  const { user } = client;
  const meta = jsonBehindOf(client)?.meta ?? client.meta;
  return { ...strangerFields(client), user: user ?? '', ...(includeMeta && meta !== undefined && { meta }) };
}
