/** Events with which AWS invokes the function, checked: those of an API Gateway WebSocket API, and of a schedule. */

import * as v from 'valibot';
import type { RequestHead } from '../http/request-head.js';

const text = v.string();

const context = v.object({
  eventType: v.picklist(['CONNECT', 'MESSAGE', 'DISCONNECT']),
  connectionId: text,
  apiId: v.optional(text, ''),
  domainName: text,
  stage: text,
  /** Absent in an event that is no message. */
  messageId: v.nullish(text),
  requestId: text,
  identity: v.optional(v.object({ sourceIp: v.optional(text, '') }), {}),
});

const socketEvent = v.object({
  requestContext: context,
  /** Names as the client has written them. */
  headers: v.nullish(v.record(text, text)),
  multiValueHeaders: v.nullish(v.record(text, v.array(text))),
  queryStringParameters: v.nullish(v.record(text, text)),
  body: v.nullish(text),
  isBase64Encoded: v.optional(v.boolean(), false),
});

/** EventBridge's rules and its scheduler by default. */
const scheduled = v.object({ source: v.picklist(['aws.events', 'aws.scheduler']) });

export type SocketEvent = v.InferOutput<typeof socketEvent>;

export type FunctionEvent =
  | { readonly kind: 'socket'; readonly event: SocketEvent }
  | { readonly kind: 'sweep' }
  /** What is wrong with it. */
  | { readonly kind: 'unknown'; readonly reason: string };

export function decodeEvent(event: unknown): FunctionEvent {
  if (v.is(scheduled, event)) return { kind: 'sweep' };
  const parsed = v.safeParse(socketEvent, event);
  if (parsed.success) return { kind: 'socket', event: parsed.output };
  const [issue] = parsed.issues;
  return { kind: 'unknown', reason: `${v.getDotPath(issue) ?? 'the event'}: ${issue.message}` };
}

/** The upgrade that API Gateway has answered, as the head of a request. */
export function headOf({
  requestContext,
  headers,
  multiValueHeaders,
  queryStringParameters,
}: SocketEvent): RequestHead {
  const all =
    multiValueHeaders ?? Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name, [value]]));
  const byName = new Map<string, string>();
  for (const [name, values] of Object.entries(all)) {
    const key = name.toLowerCase();
    byName.set(key, [byName.get(key), ...values].filter((value) => value !== undefined).join(', '));
  }
  const query = new URLSearchParams(queryStringParameters ?? {}).toString();
  return {
    method: 'GET',
    url: query === '' ? '/' : `/?${query}`,
    httpVersion: '1.1',
    httpVersionMajor: 1,
    headers: Object.fromEntries(byName),
    rawHeaders: [...byName].flat(),
    socket: { remoteAddress: requestContext.identity.sourceIp },
  };
}

/** Where the management API has the connection; a domain of one's own has no stage in its path. */
export function endpointOf({ requestContext }: SocketEvent, region: string | undefined): string {
  const { domainName, stage, apiId } = requestContext;
  const isOfAws = domainName.endsWith('.amazonaws.com') || domainName.endsWith('.amazonaws.com.cn');
  if (isOfAws || apiId === '' || region === undefined) return `https://${domainName}/${stage}`;
  const suffix = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  return `https://${apiId}.execute-api.${region}.${suffix}/${stage}`;
}
