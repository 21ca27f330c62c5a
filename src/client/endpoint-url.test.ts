import { describe, expect, it } from 'vitest';
import { endpointUrl } from './endpoint-url.js';

describe('endpointUrl', () => {
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
