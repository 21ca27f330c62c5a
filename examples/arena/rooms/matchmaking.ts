/** Which room a player gets: the one that was asked for, else the fullest that has a place, so that nobody plays alone. */

/** What is known of a room. */
export interface OpenRoom {
  readonly id: string;
  readonly players: number;
}

export interface Wish {
  /** Most players of a room. */
  readonly capacity: number;
  /** The room of a friend, or where one was before. */
  readonly room?: string | undefined;
  /** Rooms that have refused. */
  readonly refused?: ReadonlySet<string>;
}

/** `undefined`: there is none, and another one has to be opened. */
export function chooseRoom(rooms: Iterable<OpenRoom>, { capacity, room, refused }: Wish): string | undefined {
  let best: OpenRoom | undefined;
  for (const one of rooms) {
    if (refused?.has(one.id)) continue;
    if (one.id === room) return room;
    if (one.players < capacity && one.players >= (best?.players ?? 0)) best = one;
  }
  return best?.id;
}
