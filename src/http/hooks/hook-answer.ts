/** Reads the answer of a backend: a result, an error or a disconnect, in Centrifugo's format. */

import * as v from 'valibot';
import { grantShape } from '../../engine/channels/grant.js';
import type { Decision } from '../../engine/ports/decision.js';
import { parseJson } from '../../model/json-parse.js';
import { members } from '../../model/json-shape.js';

const errorFields = v.object({
  code: v.pipe(v.number(), v.integer(), v.minValue(100), v.maxValue(1_999)),
  message: v.nullish(v.string(), ''),
  temporary: v.nullish(v.boolean(), false),
});

const disconnectFields = v.object({
  code: v.pipe(v.number(), v.integer(), v.minValue(3_000), v.maxValue(4_999)),
  reason: v.nullish(v.string(), ''),
});

const envelope = v.object({
  result: v.nullish(v.record(v.string(), v.unknown())),
  error: v.nullish(errorFields),
  disconnect: v.nullish(disconnectFields),
});

const answerShape = members({ result: grantShape });

/**
 * @param explain called with the problem, as one of few fixed texts without values of the backend
 * @returns `undefined` for an invalid answer
 */
export function readAnswer<Granted extends object>(
  text: string,
  readResult: (result: unknown) => Decision<Granted>,
  explain: (fault: string) => void = () => undefined,
): Decision<Granted> | undefined {
  const parsed = parseJson(text, answerShape);
  if (!parsed.ok) {
    explain(text === '' ? 'is empty' : 'is no JSON, or nests too deeply');
    return undefined;
  }
  try {
    const { result, error, disconnect } = v.parse(envelope, parsed.value);
    if (disconnect != null) return { ok: false, disconnect };
    if (error != null) return { ok: false, error };
    if (result != null) return readResult(result);
    explain('has neither result nor error nor disconnect');
  } catch (error) {
    explain(faultOf(error));
  }
  return undefined;
}

/** By the names of fields that Fanfare knows. */
function faultOf(error: unknown): string {
  const path = error instanceof v.ValiError ? (error.issues[0].path ?? []) : [];
  const fields = path.slice(0, 2).map(({ key }: { readonly key: unknown }) => String(key));
  // Channel names come from the backend.
  const known = fields[0] === 'subs' ? ['subs'] : fields;
  return known.length === 0 ? 'is not an object of the right shape' : `has a wrong ${known.join('.')}`;
}
