/** Where a value does not match its schema: the path may be shown to anybody, the value may not. */

import type { StandardSchemaV1 } from '@standard-schema/spec';
import { FanfareError } from '../../model/fanfare-error.js';

const maxPathLength = 100;

/** `.a.0`, empty for the whole. Messages of schemas are left out, since some cite the value. */
export function issuePath(issue: StandardSchemaV1.Issue | undefined): string {
  const keys = (issue?.path ?? []).map((segment) => (typeof segment === 'object' ? segment.key : segment));
  return keys
    .map((key) => `.${String(key)}`)
    .join('')
    .slice(0, maxPathLength);
}

/** A message that the schema of its channel refuses. */
export class SchemaMismatch extends FanfareError {
  readonly path: string;

  constructor(issue: StandardSchemaV1.Issue | undefined) {
    const path = issuePath(issue);
    const where = path === '' ? '' : ` at ${path}`;
    super('ERR_MESSAGE_INVALID', `message does not match its schema${where}: ${issue?.message ?? 'unknown'}`);
    this.path = path;
  }
}
