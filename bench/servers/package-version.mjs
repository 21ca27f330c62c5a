// @ts-check
/** Which version of a package is measured. */
import { createRequire } from 'node:module';

/**
 * @param {string} name
 * @returns {string}
 */
export function packageVersion(name) {
  return createRequire(import.meta.url)(`${name}/package.json`).version;
}
