/** The state of the page's connection to its room, and its text in the banner. */

export type Status =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'online' }
  | { readonly kind: 'offline'; readonly sinceMs: number }
  /** Connected again, with everything that was missed. */
  | { readonly kind: 'caught-up'; readonly numMessages: number }
  /** Connected again, but more was missed than the room keeps. */
  | { readonly kind: 'gap' }
  /** The client no longer reconnects by itself. */
  | { readonly kind: 'stopped'; readonly reason: string };

/** The text of the banner; empty if there is nothing to report. */
export function statusText(status: Status): string {
  switch (status.kind) {
    case 'connecting':
      return 'Connecting…';
    case 'online':
      return '';
    case 'offline':
      return 'Connection lost. Reconnecting…';
    case 'caught-up':
      return `Back online. ${caughtUp(status.numMessages)}`;
    case 'gap':
      return 'Back online. Some messages may be missing.';
    case 'stopped':
      return `Disconnected: ${status.reason}.`;
  }
}

/** `8 s`, `2 min 5 s`, `1 h 3 min`. */
export function durationText(durationMs: number): string {
  const sec = Math.max(0, Math.floor(durationMs / 1_000));
  if (sec < 60) return `${sec} s`;
  const min = Math.floor(sec / 60);
  return min < 60 ? `${min} min ${sec % 60} s` : `${Math.floor(min / 60)} h ${min % 60} min`;
}

function caughtUp(numMessages: number): string {
  if (numMessages === 0) return 'You missed nothing.';
  return `Caught up: ${numMessages} ${numMessages === 1 ? 'message' : 'messages'}.`;
}
