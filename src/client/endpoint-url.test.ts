import { describe, expect, it } from 'vitest';
import { type EndpointPaths, endpointsOf } from './endpoint-url.js';

const endpointUrl = (url: string | URL, base: string | undefined) => endpointsOf(url, base).websocket;

describe('the endpoint of WebSocket', () => {
  it.each([
    ['wss://example.com', 'wss://example.com/connection/websocket'],
    ['ws://localhost:8000/', 'ws://localhost:8000/connection/websocket'],
    ['https://example.com', 'wss://example.com/connection/websocket'],
    ['http://[::1]:8000', 'ws://[::1]:8000/connection/websocket'],
    ['wss://example.com/live', 'wss://example.com/live'],
    ['wss://example.com?region=eu', 'wss://example.com/connection/websocket?region=eu'],
    ['wss://example.com/live#part', 'wss://example.com/live'],
    ['wss://user:pass@example.com', 'wss://user:pass@example.com/connection/websocket'],
  ])('makes of %s the endpoint %s', (url, endpoint) => {
    expect(endpointUrl(url, undefined)).toBe(endpoint);
    expect(endpointUrl(new URL(url), 'https://elsewhere.example/page')).toBe(endpoint);
  });

  it.each([
    ['/', 'wss://shop.example/connection/websocket'],
    ['/live', 'wss://shop.example/live'],
    ['live', 'wss://shop.example/cart/live'],
    ['//other.example', 'wss://other.example/connection/websocket'],
  ])('takes %s as relative to the page', (url, endpoint) => {
    expect(endpointUrl(url, 'https://shop.example/cart/?item=1#top')).toBe(endpoint);
  });

  it.each([
    ['/live', undefined],
    ['', undefined],
    ['ftp://example.com', undefined],
    ['http://', 'https://shop.example'],
  ])('refuses %j', (url, base) => {
    expect(() => endpointUrl(url, base)).toThrow(expect.objectContaining({ code: 'ERR_URL' }));
  });
});

describe('the other endpoints', () => {
  const others = (url: string, base?: string, paths?: EndpointPaths) => {
    const { websocket: _, ...rest } = endpointsOf(url, base, paths);
    return Object.values(rest);
  };

  it.each([
    ['wss://example.com', 'https://example.com', ''],
    ['ws://localhost:8000/', 'http://localhost:8000', ''],
    ['https://user:pass@example.com', 'https://example.com', ''],
    ['wss://example.com/somewhere/else', 'https://example.com', ''],
    ['http://[::1]:8000/app/connection/websocket?region=eu', 'http://[::1]:8000/app', '?region=eu'],
  ])('of %s begin with %s', (url, before, after) => {
    expect(others(url)).toEqual([
      `${before}/connection/http_stream${after}`,
      `${before}/connection/sse${after}`,
      `${before}/connection/long_polling${after}`,
      `${before}/emulation${after}`,
    ]);
  });

  it('are on the host of the page when the URL is relative to it', () => {
    expect(others('/', 'https://shop.example/cart/')[0]).toBe('https://shop.example/connection/http_stream');
  });

  it('may be given, as the server has them', () => {
    const paths = { httpStream: '/a', sse: '/b', longPolling: '/c', emulation: '/d' };
    expect(others('wss://example.com/rt', undefined, paths)).toEqual(
      ['a', 'b', 'c', 'd'].map((path) => `https://example.com/${path}`),
    );
  });
});
