/** The Redis client, loaded only when a Redis broker starts. */

import { loadPackages } from '../needed-package.js';

export type Library = typeof import('@redis/client');
export type Client = ReturnType<Library['createClient']>;

/** @throws FanfareError `ERR_CONFIG` when it is not installed */
export function loadLibrary(): Promise<Library> {
  return loadPackages('Redis', ['@redis/client'], () => import('@redis/client'));
}
