// @ts-check
/** The version of a package that is measured. */
import { createRequire } from 'node:module';

/**
 * @param {string} name
 * @returns {string}
 */
export function packageVersion(name) {
  return createRequire(import.meta.url)(`${name}/package.json`).version;
}
