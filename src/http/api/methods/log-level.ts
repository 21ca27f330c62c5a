/** `log_level`: changes which lines the nodes write to their logs. */

import * as v from 'valibot';
import { logLevels } from '../../../engine/ports/logger.js';
import { defined } from '../../../model/defined.js';
import { notAvailable } from '../api-error.js';
import { text } from '../fields.js';
import { apiMethod } from '../method.js';

const maxTtlSec = 86_400;

const params = v.object({
  level: v.picklist(logLevels),
  /** Id of a node. Empty: all nodes. */
  node: text,
  /** Seconds until the configured level applies again. 0: until the next change. */
  ttl: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(maxTtlSec)), 0),
});

export const logLevel = apiMethod('log_level', undefined, params, async ({ level, node, ttl }, { operations, log }) => {
  const nodes = await operations.setLogLevel(
    level,
    defined({ node: node || undefined, forMs: ttl === 0 ? undefined : ttl * 1_000 }),
  );
  if (nodes.length === 0) {
    throw notAvailable(node === '' ? 'the log belongs to an application' : 'no such node has a log of its own');
  }
  log.info({ level, nodes: nodes.length, ttl }, 'log level changed');
  return JSON.stringify({ nodes });
});
