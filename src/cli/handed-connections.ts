/**
 * Closes a connection that was handed to a worker that died before it accepted it: Node's cluster would keep it open,
 * and its client would wait for ever instead of reconnecting.
 */

import type { Worker } from 'node:cluster';

interface Closable {
  close(): void;
}

/** Call it before the worker gets a connection. They are handed over one at a time: only the last can be lost. */
export function closeWhatWasHandedTo(worker: Worker): void {
  const { process: child } = worker;
  const send = child.send.bind(child);
  let last: Closable | undefined;
  const remember = (...args: Parameters<typeof send>): boolean => {
    if (isClosable(args[1])) last = args[1];
    return send(...args);
  };
  // safe: it forwards its arguments unchanged
  child.send = remember as typeof child.send;
  // If it was accepted, this process has already closed its copy, and closing again has no effect.
  worker.once('exit', () => last?.close());
}

function isClosable(handle: unknown): handle is Closable {
  return typeof handle === 'object' && handle !== null && 'close' in handle && typeof handle.close === 'function';
}
