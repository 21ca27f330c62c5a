/** Optional packages, loaded only when a broker that needs them starts. */

import { FanfareError } from '../model/fanfare-error.js';

/** @throws FanfareError `ERR_CONFIG` if they are not installed */
export async function loadPackages<Library>(
  who: string,
  names: readonly string[],
  load: () => Promise<Library>,
): Promise<Library> {
  try {
    return await load();
  } catch (cause) {
    const what = names.length === 1 ? 'a package' : 'packages';
    throw new FanfareError('ERR_CONFIG', `the ${who} broker needs ${what}: npm install ${names.join(' ')}`, { cause });
  }
}
