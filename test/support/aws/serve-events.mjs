// @ts-check
/** The process of one function: takes events from its parent, one at a time, and answers them. */

/** What Lambda passes beside an event. */
export const context = { getRemainingTimeInMillis: () => 20_000 };

/** @param {(event: never) => Promise<unknown>} handle */
export function serveEvents(handle) {
  process.on('message', async (message) => {
    const { id, event } = /** @type {{ id: number, event: never }} */ (message);
    try {
      process.send?.({ id, answer: await handle(event) });
    } catch (error) {
      process.send?.({ id, error: error instanceof Error ? error.message : String(error) });
    }
  });
  process.on('disconnect', () => process.exit());
  process.send?.('ready');
}

/** @type {import('../../../src/engine/ports/logger.js').Logger} */
export const errorsAlone = {
  debug() {},
  info() {},
  warn() {},
  error: (fields, message) => console.error(message, fields),
};
