/** Reads the answer of a backend: a result, an error or a disconnect, in Centrifugo's words. */

import * as v from 'valibot';
import { jsonOf } from '../../engine/auth/claims.js';
import type { Denial } from '../../engine/channel-options.js';
import { fromJsonText } from '../../model/json-text.js';

/** Beyond, dates are not representable. */
const maxNumericDate = 8_640_000_000_000;

/** Unix seconds; 0 and nothing at all: never. In milliseconds. */
export const expiryField = v.pipe(
  v.nullish(v.pipe(v.number(), v.minValue(0), v.maxValue(maxNumericDate)), 0),
  v.transform((seconds) => (seconds === 0 ? undefined : Math.floor(seconds * 1_000))),
);

/** Base64; an empty one is none. */
export const base64Field = v.pipe(
  v.nullish(v.pipe(v.string(), v.base64()), ''),
  v.transform((encoded) => (encoded === '' ? undefined : encoded)),
);

/** A value of the backend's, plain or in base64 (which wins). `null` is none. @throws Error when it is not JSON */
export function decodedValue(plain: unknown, encoded: string | undefined): unknown {
  const text = jsonOf('data', plain, encoded).data;
  return text === undefined ? undefined : fromJsonText(text);
}

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

/** What the backend has decided. */
export type HookAnswer<Result> =
  | { readonly ok: true; readonly result: Result }
  | { readonly ok: false; readonly denial: Denial };

/** @returns `undefined` for what is no answer: neither a yes nor a no */
export function readAnswer<Result>(
  text: string,
  readResult: (result: unknown) => Result,
): HookAnswer<Result> | undefined {
  try {
    const { result, error, disconnect } = v.parse(envelope, JSON.parse(text));
    if (disconnect != null) return { ok: false, denial: { disconnect } };
    if (error != null) return { ok: false, denial: { error } };
    return result == null ? undefined : { ok: true, result: readResult(result) };
  } catch {
    // Not JSON, or not of the right shape: the caller counts and logs it, and never what it was.
    return undefined;
  }
}
