/** A folder of one test, which goes away with it. */

import { onTestFinished } from 'vitest';
import { Folder } from '../../cli/fanfare-process.js';

/** @param files by name, for nobody else to read; @returns its path */
export function testFolder(files: Readonly<Record<string, string>> = {}): string {
  const folder = new Folder(files);
  onTestFinished(() => folder[Symbol.dispose]());
  return folder.path;
}
