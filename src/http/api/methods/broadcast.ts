/** `broadcast`: one message to many channels, with an outcome for each. */

import * as v from 'valibot';
import type { Published } from '../../../engine/ports/broker.js';
import { type ApiError, apiErrorOf, internalError, isUnavailable, tooMuch } from '../api-error.js';
import { recordFailure } from '../failure.js';
import { publicationFields, publicationOf } from '../fields.js';
import { type ApiCall, apiMethod } from '../method.js';
import { publishedText } from './publish.js';

export const maxBroadcastChannels = 10_000;

export const broadcast = apiMethod(
  'broadcast',
  1,
  v.object({ channels: v.array(v.string()), ...publicationFields }),
  async ({ channels, ...fields }, parts) => {
    if (channels.length > maxBroadcastChannels) throw tooMuch(`more than ${maxBroadcastChannels} channels`);
    const { data, options } = publicationOf(fields);
    const outcomes = await parts.operations.broadcast(channels, data, options);
    const failures = outcomes.filter((outcome) => outcome.status === 'rejected');
    // An unavailable broker affects all channels, so the caller should repeat the whole request.
    const [first] = failures;
    if (first && failures.length === outcomes.length && failures.every(({ reason }) => isUnavailable(reason))) {
      throw first.reason;
    }
    recordEachKind(failures, parts);
    return `{"responses":[${outcomes.map(responseText).join(',')}]}`;
  },
);

/** One line and one count for each kind of failure, since ten thousand channels may fail for the same reason. */
function recordEachKind(failures: readonly PromiseRejectedResult[], parts: ApiCall): void {
  const seen = new Set<string>();
  for (const { reason } of failures) {
    const kind = errorOf(reason).facts.reason;
    if (!seen.has(kind)) recordFailure('broadcast', reason, parts);
    seen.add(kind);
  }
}

function errorOf(reason: unknown): ApiError {
  return apiErrorOf(reason) ?? internalError;
}

function responseText(outcome: PromiseSettledResult<Published>): string {
  if (outcome.status === 'fulfilled') return `{"result":${publishedText(outcome.value)}}`;
  return `{"error":${errorOf(outcome.reason).text}}`;
}
