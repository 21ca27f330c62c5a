/** A map that remembers a bounded number of things. */

/** Makes the entry the newest one; beyond `most` entries the oldest is forgotten. */
export function setNewest<Key, Value>(map: Map<Key, Value>, key: Key, value: Value, most: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= most) return;
  const [oldest] = map.keys();
  // safe: the map has entries, and so a first one
  map.delete(oldest as Key);
}
