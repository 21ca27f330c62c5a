import { describe, expect, test } from 'vitest';
import { decodeEvent, endpointOf, headOf, type SocketEvent } from './event.js';

const context = {
  routeKey: '$connect',
  eventType: 'CONNECT',
  connectionId: 'L0SM9cOFvHcCIhw=',
  requestId: 'L0SM9H3dvHcFcGw=',
  domainName: 'abc123.execute-api.eu-central-1.amazonaws.com',
  apiId: 'abc123',
  stage: 'prod',
  identity: { sourceIp: '192.0.2.7' },
};

function socketEvent(event: object): SocketEvent {
  const decoded = decodeEvent(event);
  if (decoded.kind !== 'socket') throw new Error(JSON.stringify(decoded));
  return decoded.event;
}

describe('events', () => {
  test.each(['aws.events', 'aws.scheduler'])('of %s are for the sweep', (source) => {
    expect(decodeEvent({ source, 'detail-type': 'Scheduled Event', detail: {} })).toEqual({ kind: 'sweep' });
  });

  test.each([
    [undefined],
    ['text'],
    [{ requestContext: { ...context, eventType: 'PING' } }],
    [{ requestContext: { ...context, connectionId: 7 } }],
    [{ requestContext: { http: { method: 'GET' } } }],
  ])('%j is none of a WebSocket API', (event) => {
    expect(decodeEvent(event)).toMatchObject({ kind: 'unknown', reason: expect.any(String) });
  });
});

test('the upgrade is the head of a request, with each header once and the address of the client', () => {
  const head = headOf(
    socketEvent({
      requestContext: context,
      headers: { Host: 'last', Cookie: 'b=2' },
      multiValueHeaders: { Host: ['abc123'], Cookie: ['a=1', 'b=2'], 'Sec-WebSocket-Protocol': ['centrifuge-json'] },
      queryStringParameters: { cf_protocol: 'protobuf', name: 'ä&b' },
    }),
  );
  expect(head).toMatchObject({
    method: 'GET',
    url: '/?cf_protocol=protobuf&name=%C3%A4%26b',
    headers: { host: 'abc123', cookie: 'a=1, b=2', 'sec-websocket-protocol': 'centrifuge-json' },
    socket: { remoteAddress: '192.0.2.7' },
  });
});

test('without multi-value headers, and without any', () => {
  expect(headOf(socketEvent({ requestContext: context, headers: { Origin: 'https://example.com' } })).headers).toEqual({
    origin: 'https://example.com',
  });
  expect(headOf(socketEvent({ requestContext: context })).headers).toEqual({});
});

test.each([
  [{}, 'eu-central-1', 'https://abc123.execute-api.eu-central-1.amazonaws.com/prod'],
  [{}, undefined, 'https://abc123.execute-api.eu-central-1.amazonaws.com/prod'],
  [{ domainName: 'live.example.com' }, 'us-east-1', 'https://abc123.execute-api.us-east-1.amazonaws.com/prod'],
  [{ domainName: 'live.example.cn' }, 'cn-north-1', 'https://abc123.execute-api.cn-north-1.amazonaws.com.cn/prod'],
  [{ domainName: 'localhost:3001', apiId: '' }, 'us-east-1', 'https://localhost:3001/prod'],
])('the management API of %j in %s is at %s', (more, region, endpoint) => {
  expect(endpointOf(socketEvent({ requestContext: { ...context, ...more } }), region)).toBe(endpoint);
});
