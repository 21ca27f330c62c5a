/** What this tab remembers: who it is, and where it plays, so that a page that is loaded again has the same ship. */

const secretKey = 'arena.secret';
const roomKey = 'arena.room';
const nameKey = 'arena.name';

/** Made up once: whoever has it is this player. */
export function secretOfTab(): string {
  const known = sessionStorage.getItem(secretKey);
  if (known !== null) return known;
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const secret = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  sessionStorage.setItem(secretKey, secret);
  return secret;
}

/** The room in which this tab plays. */
export function roomOfTab(): string | undefined {
  return sessionStorage.getItem(roomKey) ?? undefined;
}

export function rememberRoom(room: string | undefined): void {
  if (room === undefined) sessionStorage.removeItem(roomKey);
  else sessionStorage.setItem(roomKey, room);
}

/** Of this tab, else of the last one. */
export function lastName(): string {
  return sessionStorage.getItem(nameKey) ?? localStorage.getItem(nameKey) ?? '';
}

export function rememberName(name: string): void {
  sessionStorage.setItem(nameKey, name);
  localStorage.setItem(nameKey, name);
}
