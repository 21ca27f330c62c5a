/** Where the visitor is: in the address behind the `#`, which never leaves the browser. */

import { computed, signal } from '@preact/signals';

const hash = signal(location.hash);

addEventListener('hashchange', () => {
  hash.value = location.hash;
});

/** The parts of the path, decoded: `['channels', 'chat:lobby']`. The overview has none. */
export const path = computed(() => partsOf(hash.value));

/** A link to a place of the console. */
export function linkTo(...parts: readonly string[]): string {
  return `#/${parts.map(encodeURIComponent).join('/')}`;
}

export function goTo(...parts: readonly string[]): void {
  location.hash = linkTo(...parts);
}

export function partsOf(text: string): string[] {
  return text.replace(/^#\/?/, '').split('/').filter(Boolean).map(decoded);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // Typed by hand: shown as it is.
    return part;
  }
}
