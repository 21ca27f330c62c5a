/**
 * A connection that was handed to a worker which died before it took it is nobody's: Node's cluster keeps it open and its
 * client would wait for ever. It is closed, so that its client comes back.
 */

import type { Worker } from 'node:cluster';

interface Closable {
  close(): void;
}

/** To be called before the worker gets a connection. They are handed over one at a time: the last one is all there can be. */
export function closeWhatWasHandedTo(worker: Worker): void {
  const { process: child } = worker;
  const send = child.send.bind(child);
  let last: Closable | undefined;
  const remember = (...args: Parameters<typeof send>): boolean => {
    if (isClosable(args[1])) last = args[1];
    return send(...args);
  };
  // safe: it passes on whatever it gets
  child.send = remember as typeof child.send;
  // Of one that was taken this process has closed its part already, and doing it again has no effect.
  worker.once('exit', () => last?.close());
}

function isClosable(handle: unknown): handle is Closable {
  return typeof handle === 'object' && handle !== null && 'close' in handle && typeof handle.close === 'function';
}
