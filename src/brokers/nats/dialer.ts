/** Connects to the server that answers first. */

import { readFile } from 'node:fs/promises';
import { FanfareError } from '../../model/fanfare-error.js';
import type { Address } from './address.js';
import { type Client, loadLibrary } from './client-library.js';

interface DialOptions {
  readonly address: Address;
  readonly credentialsFile?: string | undefined;
  readonly timeoutMs: number;
}

/** @throws FanfareError `ERR_CONFIG`; the library's error if no server answers */
export async function dial({ address, credentialsFile, timeoutMs }: DialOptions): Promise<Client> {
  const { transport, jetStream } = await loadLibrary();
  const { servers, tls, username, password, token } = address;
  const connection = await transport.connect({
    servers: [...servers],
    name: 'fanfare',
    // The link reconnects, because it has to check the server before the connection is used.
    reconnect: false,
    ignoreClusterUpdates: true,
    noAsyncTraces: true,
    timeout: Math.max(500, timeoutMs / servers.length),
    ...(tls && { tls: {} }),
    ...(username !== undefined && { user: username, pass: password ?? '' }),
    ...(token !== undefined && { token }),
    ...(credentialsFile !== undefined && {
      authenticator: transport.credsAuthenticator(await credentials(credentialsFile)),
    }),
  });
  const options = { timeout: timeoutMs };
  return {
    connection,
    appends: jetStream.jetstream(connection, options),
    streams: await jetStream.jetstreamManager(connection, { ...options, checkAPI: false }),
    headers: (fields) => {
      const headers = transport.headers();
      for (const [name, value] of Object.entries(fields)) headers.set(name, value);
      return headers;
    },
  };
}

async function credentials(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new FanfareError('ERR_CONFIG', `nats credentials file: cannot be read: ${file}`, { cause: error });
  }
}
