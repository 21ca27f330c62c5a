/** The newest values of a topic for rooms of different rates: each room gets them at its beat. */

interface Room<Value> {
  readonly topic: string;
  readonly intervalMs: number;
  members: number;
  readonly waiting: Map<string, Value>;
  lastMs: number;
  timer: NodeJS.Timeout | undefined;
}

export class Paced<Value> {
  readonly #send: (room: string, values: Value[]) => void;
  readonly #rooms = new Map<string, Room<Value>>();
  readonly #ofTopics = new Map<string, Set<string>>();

  constructor(send: (room: string, values: Value[]) => void) {
    this.#send = send;
  }

  /** @returns the name of the room */
  enter(topic: string, rate: number): string {
    const name = `${topic}@${rate}`;
    const known = this.#rooms.get(name);
    if (known !== undefined) known.members += 1;
    else {
      this.#rooms.set(name, {
        topic,
        intervalMs: 1_000 / rate,
        members: 1,
        waiting: new Map(),
        lastMs: Number.NEGATIVE_INFINITY,
        timer: undefined,
      });
      const rooms = this.#ofTopics.get(topic) ?? new Set();
      this.#ofTopics.set(topic, rooms.add(name));
    }
    return name;
  }

  leave(name: string): void {
    const room = this.#rooms.get(name);
    if (room === undefined) return;
    room.members -= 1;
    if (room.members > 0) return;
    clearTimeout(room.timer);
    this.#rooms.delete(name);
    const rooms = this.#ofTopics.get(room.topic);
    rooms?.delete(name);
    if (rooms?.size === 0) this.#ofTopics.delete(room.topic);
  }

  offer(topic: string, key: string, value: Value): void {
    for (const name of this.#ofTopics.get(topic) ?? []) {
      const room = this.#rooms.get(name);
      if (room === undefined) continue;
      room.waiting.set(key, value);
      if (room.timer !== undefined) continue;
      const waitMs = room.lastMs + room.intervalMs - performance.now();
      if (waitMs <= 0) this.#flush(name, room);
      else room.timer = setTimeout(() => this.#flush(name, room), waitMs);
    }
  }

  close(): void {
    for (const { timer } of this.#rooms.values()) clearTimeout(timer);
    this.#rooms.clear();
    this.#ofTopics.clear();
  }

  #flush(name: string, room: Room<Value>): void {
    room.timer = undefined;
    room.lastMs = performance.now();
    const values = [...room.waiting.values()];
    room.waiting.clear();
    this.#send(name, values);
  }
}
