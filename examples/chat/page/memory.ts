/** What the browser remembers between visits: the name, the rooms, and which messages are the user's own. */

import { cleanName, shortened } from './messages.js';

const starterRooms = ['lobby', 'random', 'help'];
const maxRooms = 20;
const maxOwnIds = 500;
const maxRoomLength = 40;

const keys = { name: 'fanfare-chat.name', rooms: 'fanfare-chat.rooms', ownIds: 'fanfare-chat.own' } as const;

/** Without storage, if the browser denies it, everything lasts as long as the page. */
export class Memory {
  readonly #ownIds = new Set(this.#readList('sessionStorage', keys.ownIds));
  #rooms = this.#readList('localStorage', keys.rooms);

  /** Per tab: two tabs with one name could not be told apart. Empty: none was chosen yet. */
  get name(): string {
    return cleanName(read('sessionStorage', keys.name) ?? '');
  }

  set name(name: string) {
    write('sessionStorage', keys.name, name);
  }

  get rooms(): readonly string[] {
    return [...starterRooms, ...this.#rooms];
  }

  visit(room: string): void {
    if (starterRooms.includes(room)) return;
    this.#rooms = [room, ...this.#rooms.filter((known) => known !== room)].slice(0, maxRooms);
    write('localStorage', keys.rooms, JSON.stringify(this.#rooms));
  }

  isOwn(id: string): boolean {
    return this.#ownIds.has(id);
  }

  own(id: string): void {
    this.#ownIds.add(id);
    write('sessionStorage', keys.ownIds, JSON.stringify([...this.#ownIds].slice(-maxOwnIds)));
  }

  #readList(storage: StorageName, key: string): string[] {
    const text = read(storage, key);
    if (text === undefined) return [];
    try {
      const list: unknown = JSON.parse(text);
      return Array.isArray(list) ? list.filter((item) => typeof item === 'string') : [];
    } catch {
      return []; // left by another version or a person
    }
  }
}

/** The room for what was typed: lower case, one word, valid in a channel name. Empty: none. */
export function roomNameOf(typed: string): string {
  const word = typed
    .normalize('NFC')
    .trim()
    .replace(/^#+/, '')
    .toLowerCase()
    .replace(/[\s:]+/gu, '-')
    .replace(/\p{C}/gu, '');
  return shortened(word, maxRoomLength).replace(/^-+|-+$/g, '');
}

/** The room in the page's address. */
export function roomOfHash(hash: string): string {
  try {
    return roomNameOf(decodeURIComponent(hash)) || 'lobby';
  } catch {
    return 'lobby'; // a broken escape, as in `#%`
  }
}

/** A friendly name for a user without one. */
export function suggestedName(): string {
  const pick = (words: readonly string[]) => words[Math.floor(Math.random() * words.length)] ?? '';
  return `${pick(['Amber', 'Brisk', 'Calm', 'Jolly', 'Keen', 'Quiet', 'Sunny', 'Swift'])} ${pick([
    'Badger',
    'Finch',
    'Heron',
    'Lynx',
    'Otter',
    'Panda',
    'Robin',
    'Wren',
  ])}`;
}

type StorageName = 'localStorage' | 'sessionStorage';

const fallback = new Map<string, string>();

function read(storage: StorageName, key: string): string | undefined {
  try {
    return globalThis[storage].getItem(key) ?? undefined;
  } catch {
    return fallback.get(`${storage}.${key}`); // the page has no access to storage
  }
}

function write(storage: StorageName, key: string, value: string): void {
  try {
    globalThis[storage].setItem(key, value);
  } catch {
    fallback.set(`${storage}.${key}`, value); // no access, or full: it lasts as long as the page
  }
}
