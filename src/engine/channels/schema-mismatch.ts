/** Where a value is not as its schema has it: the place may be told to anybody, what stands there may not. */

import type { StandardSchemaV1 } from '@standard-schema/spec';
import { FanfareError } from '../../model/fanfare-error.js';

const maxPathLength = 100;

/** `.a.0`, empty for the whole. Schemas' own words are left out: some cite the value. */
export function issuePath(issue: StandardSchemaV1.Issue | undefined): string {
  const keys = (issue?.path ?? []).map((segment) => (typeof segment === 'object' ? segment.key : segment));
  return keys
    .map((key) => `.${String(key)}`)
    .join('')
    .slice(0, maxPathLength);
}

/** A message that the schema of its channel does not take. */
export class SchemaMismatch extends FanfareError {
  readonly path: string;

  constructor(issue: StandardSchemaV1.Issue | undefined) {
    const path = issuePath(issue);
    const where = path === '' ? '' : ` at ${path}`;
    super('ERR_MESSAGE_INVALID', `message does not match its schema${where}: ${issue?.message ?? 'unknown'}`);
    this.path = path;
  }
}
