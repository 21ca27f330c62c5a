/** What goes wrong in a page: errors that nobody caught, and what its console calls one. */

import type { Page } from 'playwright-core';

/** @returns a list that grows */
export function faultsOf(page: Page): readonly string[] {
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => {
    // Chromium says by itself that a connection has failed, or a request that was to be one.
    const isWebSocket = /^WebSocket connection to/.test(message.text());
    const isRequest = /^\w+:\/\/[^/]+\/(connection\/|emulation$)/.test(message.location().url);
    const isKnown = isWebSocket || (isRequest && /^Failed to load resource/.test(message.text()));
    if (message.type() === 'error' && !isKnown) faults.push(message.text());
  });
  return faults;
}
