/** Opens a channel for a list or a component; that somebody else uses it in another way is a state of it, and no crash. */

import { ClientError } from './client-error.js';

/** @returns `ERR_CONFIG` for a channel that is open with another filter, or as a map. Other errors are thrown */
export function openOrError<Source>(open: () => Source): Source | ClientError {
  try {
    return open();
  } catch (error) {
    if (error instanceof ClientError && error.code === 'ERR_CONFIG') return error;
    throw error;
  }
}
