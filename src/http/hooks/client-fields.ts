/** What every hook is told of the client that it is about. */

import { jsonBehindOf } from '../../engine/channels/json-behind.js';

/** Messages are JSON to the engine, whatever carries them to the client. */
const encodingFields = { protocol: 'json', encoding: 'json' } as const;

interface HookedClient {
  /** `null` or empty for an anonymous connection. */
  readonly user: string | null;
  readonly client: string;
  readonly transport: string;
  readonly meta: unknown;
}

/** Before it is known who it is. */
export function strangerFields({ client, transport }: Pick<HookedClient, 'client' | 'transport'>) {
  return { client, transport, ...encodingFields };
}

export function clientFields(client: HookedClient, includeMeta: boolean) {
  const { user } = client;
  const meta = jsonBehindOf(client)?.meta ?? client.meta;
  return { ...strangerFields(client), user: user ?? '', ...(includeMeta && meta !== undefined && { meta }) };
}
