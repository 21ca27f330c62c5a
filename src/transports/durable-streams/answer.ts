/** Answers to requests for streams: a status, headers, and in case of an error its code as JSON. */

import type { OutgoingHttpHeaders } from 'node:http';
import { type ErrorReply, errorCodes } from '../../model/codes.js';
import type { RefusalLine } from '../../model/refusal-line.js';

export interface StreamAnswer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: string | Uint8Array;
  /** For the log; absent: nothing is refused. */
  readonly reason?: string;
  /** The same, if the reason does not say what to change. */
  readonly why?: RefusalLine;
}

export function succeeded(status: number, headers: OutgoingHttpHeaders, body: string | Uint8Array = ''): StreamAnswer {
  return { status, headers, body };
}

/** @param message for people; never has anything of the request */
export function failed(
  status: number,
  { code }: Pick<ErrorReply, 'code'>,
  message: string,
  headers: OutgoingHttpHeaders = {},
): StreamAnswer {
  const body = `${JSON.stringify({ error: { code, message } })}\n`;
  const described = { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store' };
  return { status, headers: { ...described, ...headers }, body, reason: message };
}

export const malformed = (message: string): StreamAnswer => failed(400, errorCodes.badRequest, message);

export const conflict = (message: string, headers?: OutgoingHttpHeaders): StreamAnswer =>
  failed(409, errorCodes.badRequest, message, headers);

export const noStream: StreamAnswer = failed(404, errorCodes.unknownChannel, 'there is no such stream');

export const gone: StreamAnswer = failed(
  410,
  errorCodes.unrecoverablePosition,
  'what follows this offset is not kept any more',
);

export const tooLarge: StreamAnswer = failed(413, errorCodes.limitExceeded, 'the body is too large');

/** Others were faster each time. */
export const contended: StreamAnswer = failed(503, errorCodes.internal, 'too many write at once: try again', {
  'Retry-After': '1',
});
