/** SIGTERM and SIGINT: the first one begins the end, another one forces it. */

/** npm forwards the SIGINT that the terminal has already sent to the group: two in this time are one key press. */
const sameKeyPressMs = 500;

export type StopSignal = 'SIGINT' | 'SIGTERM';

export function isStopSignal(signal: string | null): boolean {
  return signal === 'SIGINT' || signal === 'SIGTERM';
}

/** @returns stops listening */
export function onStopSignals(begin: (signal: StopSignal) => void, force: (signal: StopSignal) => void): () => void {
  let first: { readonly signal: StopSignal; readonly atMs: number } | undefined;
  const take = (signal: StopSignal) => {
    const atMs = performance.now();
    const isSameKeyPress = signal === 'SIGINT' && first?.signal === signal && atMs - first.atMs < sameKeyPressMs;
    if (isSameKeyPress) return;
    if (first !== undefined) return force(signal);
    first = { signal, atMs };
    begin(signal);
  };
  process.on('SIGTERM', take);
  process.on('SIGINT', take);
  return () => {
    process.off('SIGTERM', take);
    process.off('SIGINT', take);
  };
}
