/** The Redis client, loaded only when a Redis broker starts. */

import { FanfareError } from '../../model/fanfare-error.js';

export type Library = typeof import('@redis/client');
export type Client = ReturnType<Library['createClient']>;

/** @throws FanfareError `ERR_CONFIG` when it is not installed */
export async function loadLibrary(): Promise<Library> {
  try {
    return await import('@redis/client');
  } catch (error) {
    throw new FanfareError('ERR_CONFIG', 'the Redis broker needs a package: npm install @redis/client', {
      cause: error,
    });
  }
}
