/** Checks before every method: the key, the body's type, size and JSON. Also writes the answers. */

import { Counters } from '../../engine/ports/counters.js';
import { type Span, traceIdOf } from '../../engine/ports/tracer.js';
import { maxJsonNesting, parseJson } from '../../model/json-parse.js';
import { each, type JsonShape, members } from '../../model/json-shape.js';
import { decodeUtf8 } from '../../model/utf8.js';
import { BodyAborted } from '../body.js';
import { type HttpEndpoint, type HttpReply, type HttpRequest, jsonTextReply } from '../endpoint.js';
import { elementsOf } from '../header-list.js';
import { isUtf8Json } from '../media-type.js';
import { type ApiError, malformed, tooMuch, unsupportedType } from './api-error.js';
import { unknownMethod } from './calls.js';
import { recordFailure } from './failure.js';
import type { ApiCall, ApiParts } from './method.js';
import { requestIdHeader, requestIdOf } from './request-id.js';
import { beginRequest, endRequest } from './request-span.js';

/** Data for publications, streams, connections and subscriptions stays text for the methods. */
export const paramsShape = members({
  data: 'source',
  info: 'source',
  meta: 'source',
  result: 'source',
  items: each('source'),
});

export interface ApiGate {
  /** What its paths begin with. Default: `/api`. */
  readonly base?: string;
  /** Throws, or rejects with, an `ApiError` if the caller is refused. */
  admit(request: HttpRequest): void | Promise<void>;
  readonly maxBodyBytes: number;
}

type Run<Body> = (body: Body, call: ApiCall) => Promise<string>;

/**
 * @param name the last part of the path
 * @param shape of the body: which values are forwarded as text
 * @param member of the response that has what `run` resolves with, which is JSON text; it rejects with an `ApiError` or a
 *   `FanfareError`
 */
export function apiEndpoint(
  name: string,
  parts: ApiParts,
  gate: ApiGate,
  shape: JsonShape,
  member: string,
  run: Run<unknown>,
): HttpEndpoint {
  return guarded({ path: `${gate.base ?? '/api'}/${name}` }, name, parts, gate, async (request, call) => {
    const body = parseBody(await readText(request, gate.maxBodyBytes), shape);
    return `{"${member}":${await run(body, call)}}`;
  });
}

/** Like {@link apiEndpoint}, with the body and the whole response as text. @param name its name in metrics and in the log */
export function textEndpoint(
  path: string,
  name: string,
  parts: ApiParts,
  gate: ApiGate,
  run: Run<string>,
): HttpEndpoint {
  return guarded({ path }, name, parts, gate, async (request, call) =>
    run(await readText(request, gate.maxBodyBytes), call),
  );
}

/** Answers calls of unknown methods with the one that was probably meant. Callers without a key are told so. */
export function unknownMethodEndpoint(known: readonly string[], parts: ApiParts, gate: ApiGate): HttpEndpoint {
  const path = `${gate.base ?? '/api'}/`;
  return guarded({ path, isPrefix: true }, 'unknown', parts, gate, (request) => {
    throw unknownMethod(request.path.slice(path.length), known, true);
  });
}

/** @param answer called for whoever is let in; resolves with the answer as JSON text */
export function guarded(
  place: Pick<HttpEndpoint, 'path' | 'isPrefix'>,
  name: string,
  parts: ApiParts,
  gate: ApiGate,
  answer: Answer,
): HttpEndpoint {
  return {
    method: 'POST',
    ...place,
    async respond(request) {
      const call = callOf(request, parts);
      const { clock, tracer, counters } = parts;
      const beganMs = clock.nowMs();
      let span: Span | undefined;
      let reply: HttpReply;
      try {
        const admitted = gate.admit(request);
        if (admitted !== undefined) await admitted;
        // Only now: nobody else decides what is recorded.
        span = tracer && beginRequest(tracer, request, place.path, call.request);
        reply = await (span === undefined
          ? replied(name, answer, request, call)
          : tracedReply(span, name, answer, request, call));
      } catch (cause) {
        reply = failedReply(name, cause, request, call);
      }
      Counters.addTo(counters.apiRequests, name, reply.status);
      const seconds = (clock.nowMs() - beganMs) / 1_000;
      counters.apiCalls.of(name).observeTraced(seconds, traceIdOf(span?.trace), clock.wallMs());
      return reply;
    },
  };
}

type Answer = (request: HttpRequest, call: ApiCall) => Promise<string>;

/** @throws BodyAborted */
async function replied(name: string, answer: Answer, request: HttpRequest, call: ApiCall): Promise<HttpReply> {
  try {
    return jsonTextReply(200, await answer(request, call), { [requestIdHeader]: call.request });
  } catch (cause) {
    return failedReply(name, cause, request, call);
  }
}

/** Like {@link replied}, in a span of its own. */
function tracedReply(
  span: Span,
  name: string,
  answer: Answer,
  request: HttpRequest,
  call: ApiCall,
): Promise<HttpReply> {
  const reply = replied(name, answer, request, { ...call, span });
  reply.then(
    ({ status }) => endRequest(span, status),
    (cause: unknown) => span.end(cause),
  );
  return reply;
}

/** What the API works with, for this request. */
export function callOf({ headers }: HttpRequest, parts: ApiParts): ApiCall {
  return { ...parts, request: requestIdOf(headers, parts.random) };
}

/** The answer to a request that was refused or has failed, once it is counted and logged. @throws BodyAborted */
export function failedReply(name: string, cause: unknown, request: HttpRequest, call: ApiCall): HttpReply {
  if (cause instanceof BodyAborted) throw cause;
  return errorReply(recordFailure(name, cause, call, request.peer), request, call.request);
}

/** Centrifugo's two error modes: a 200 with an error in it, or, if a header asks for it, a status for each error. */
function errorReply(error: ApiError, { headers }: HttpRequest, id: string): HttpReply {
  const { status, isTransport } = error.facts;
  const more = { ...error.facts.headers, [requestIdHeader]: id };
  if (headers['x-centrifugo-error-mode'] === 'transport') return jsonTextReply(status, error.text, more);
  return jsonTextReply(isTransport ? status : 200, `{"error":${error.text}}`, more);
}

/** @throws ApiError, BodyAborted */
export async function readText(request: HttpRequest, maxBodyBytes: number): Promise<string> {
  const { 'content-type': type, 'content-encoding': encoding } = request.headers;
  // Pages of any origin may send forms and plain text without a preflight request.
  if (!isUtf8Json(type)) throw unsupportedType('Content-Type must be application/json, in UTF-8');
  if (encoding !== undefined && !elementsOf(encoding).every((coding) => coding.toLowerCase() === 'identity')) {
    throw unsupportedType('Content-Encoding is not supported');
  }
  const bytes = await request.readBody(maxBodyBytes);
  if (bytes === undefined) throw tooMuch(`the body is larger than ${maxBodyBytes} bytes`, 'api.maxBodyBytes');
  const text = decodeUtf8(bytes);
  if (text === undefined) throw malformed('the body is not UTF-8');
  return text;
}

/** @throws ApiError */
export function parseBody(text: string, shape: JsonShape): unknown {
  const parsed = parseJson(text, shape);
  if (parsed.ok) return parsed.value;
  throw malformed(parsed.fault === 'nesting' ? `the body nests deeper than ${maxJsonNesting}` : 'the body is not JSON');
}
