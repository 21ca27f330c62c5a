/** The gate before every method: the key, the kind of the body, its size, its JSON; and how answers are written. */

import { Counters } from '../../engine/ports/counters.js';
import { errorCodes } from '../../model/codes.js';
import { maxJsonNesting, parseJson } from '../../model/json-parse.js';
import { type JsonShape, members } from '../../model/json-shape.js';
import { decodeUtf8 } from '../../model/utf8.js';
import { BodyAborted } from '../body.js';
import { type HttpEndpoint, type HttpReply, type HttpRequest, jsonTextReply } from '../endpoint.js';
import { elementsOf } from '../header-list.js';
import { isUtf8Json } from '../media-type.js';
import { ApiError, malformed, tooMuch } from './api-error.js';
import { unknownMethod } from './calls.js';
import { recordFailure } from './failure.js';
import type { ApiParts } from './method.js';

/** What is published, or attached to a connection or subscription, is text to the methods. */
export const paramsShape = members({ data: 'source', info: 'source' });

export interface ApiGate {
  /** Throws an `ApiError` for whoever is not let in. */
  admit(request: HttpRequest): void;
  readonly maxBodyBytes: number;
}

/**
 * @param name the last part of the path
 * @param shape of the body: what of it is handed on as it came
 * @param answer takes the body, decoded; resolves with the response, as JSON text; rejects with an `ApiError` or a
 *   `FanfareError`
 */
export function apiEndpoint(
  name: string,
  parts: ApiParts,
  gate: ApiGate,
  shape: JsonShape,
  answer: (body: unknown) => Promise<string>,
): HttpEndpoint {
  return textEndpoint(`/api/${name}`, name, parts, gate, async (text) => answer(parseBody(text, shape)));
}

/**
 * As {@link apiEndpoint}, with the body as text.
 *
 * @param name what stands for it in metrics and in the log
 */
export function textEndpoint(
  path: string,
  name: string,
  parts: ApiParts,
  gate: ApiGate,
  answer: (body: string) => Promise<string>,
): HttpEndpoint {
  const reply = async (request: HttpRequest): Promise<HttpReply> => {
    try {
      gate.admit(request);
      return jsonTextReply(200, await answer(await readText(request, gate.maxBodyBytes)));
    } catch (cause) {
      return failed(name, cause, request, parts);
    }
  };
  return counted({ method: 'POST', path, respond: reply }, name, parts);
}

/** Answers for the methods that there are not, with the one that was probably meant. Whoever has no key is told of the key. */
export function unknownMethodEndpoint(known: readonly string[], parts: ApiParts, gate: ApiGate): HttpEndpoint {
  const path = '/api/';
  const respond = (request: HttpRequest): HttpReply => {
    try {
      gate.admit(request);
      throw unknownMethod(request.path.slice(path.length), known, true);
    } catch (cause) {
      return failed('unknown', cause, request, parts);
    }
  };
  return counted({ method: 'POST', path, isPrefix: true, respond }, 'unknown', parts);
}

function counted(endpoint: HttpEndpoint, name: string, { counters }: ApiParts): HttpEndpoint {
  return {
    ...endpoint,
    async respond(request) {
      const response = await endpoint.respond(request);
      Counters.addTo(counters.apiRequests, name, response.status);
      return response;
    },
  };
}

function failed(name: string, cause: unknown, request: HttpRequest, parts: ApiParts): HttpReply {
  if (cause instanceof BodyAborted) throw cause;
  return errorReply(recordFailure(name, cause, parts, request.peer), request);
}

/** Centrifugo's two ways: a 200 with an error in it, or with a header that asks for it, a status for each error. */
function errorReply(error: ApiError, { headers }: HttpRequest): HttpReply {
  const { status, isTransport, headers: more } = error.facts;
  if (headers['x-centrifugo-error-mode'] === 'transport') return jsonTextReply(status, error.text, more);
  return jsonTextReply(isTransport ? status : 200, `{"error":${error.text}}`, more);
}

/** @throws ApiError, BodyAborted */
async function readText(request: HttpRequest, maxBodyBytes: number): Promise<string> {
  const { 'content-type': type, 'content-encoding': encoding } = request.headers;
  // Pages of any origin may send forms and plain text, without asking first.
  if (!isUtf8Json(type)) throw unsupported('Content-Type must be application/json, in UTF-8');
  if (!elementsOf(encoding).every((coding) => coding.toLowerCase() === 'identity')) {
    throw unsupported('Content-Encoding is not supported');
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

function unsupported(message: string): ApiError {
  return new ApiError({ code: errorCodes.badRequest.code, message, status: 415, isTransport: true, reason: message });
}
