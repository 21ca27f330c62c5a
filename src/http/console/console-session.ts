/**
 * Sessions of the console: a signed cookie, so that workers and nodes with the same password know each other's, and
 * another password ends them all.
 */

import { createHash, createHmac, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { HttpRequest } from '../endpoint.js';

/** How long a session lasts, in seconds. */
export const sessionSec = 43_200;
const cookieName = 'fanfare_console';
/** Whoever has a cookie can try passwords on it, at this cost for each. */
const keyBytes = 32;
const salt = 'fanfare console';
const derive = promisify<string, string, number, Buffer>(scrypt);
const maxCookieLength = 256;

export class ConsoleSessions {
  /** By password. */
  readonly #keys = new Map<string, Promise<Buffer>>();

  /** @param read called for each use, so that passwords can change; all of them are accepted */
  constructor(
    private readonly read: () => readonly string[],
    private readonly wallMs: () => number,
  ) {}

  /** @returns the value of a new cookie, or `undefined` for a wrong password */
  async begin(password: string): Promise<string | undefined> {
    // All are compared, so that the time does not tell which one was meant.
    const [known] = this.read().filter((one) => isSame(one, password));
    if (known === undefined) return undefined;
    const untilSec = Math.floor(this.wallMs() / 1_000) + sessionSec;
    const head = `${untilSec}.${randomBytes(16).toString('base64url')}`;
    return `${head}.${macOf(head, await this.#keyOf(known))}`;
  }

  /** Whether the request has the cookie of a session that has not expired. */
  async has({ headers }: HttpRequest): Promise<boolean> {
    const value = cookieIn(headers.cookie);
    const [, head = '', untilSec = '', mac = ''] = /^((\d{1,12})\.[\w-]{22})\.([\w-]{43})$/.exec(value) ?? [];
    if (mac === '') return false;
    let isSigned = false;
    for (const password of this.read()) {
      isSigned = isSame(macOf(head, await this.#keyOf(password)), mac) || isSigned;
    }
    return isSigned && Number(untilSec) * 1_000 > this.wallMs();
  }

  #keyOf(password: string): Promise<Buffer> {
    const known = this.#keys.get(password);
    if (known !== undefined) return known;
    const made = derive(password, salt, keyBytes);
    // Passwords that are no longer in force are forgotten.
    for (const old of this.#keys.keys()) if (!this.read().includes(old)) this.#keys.delete(old);
    this.#keys.set(password, made);
    return made;
  }
}

/** @param value absent: the browser forgets it */
export function setCookie(value: string | undefined, isSecure: boolean): string {
  const life = value === undefined ? 0 : sessionSec;
  const secure = isSecure ? '; Secure' : '';
  return `${cookieName}=${value ?? ''}; Path=/console; Max-Age=${life}; HttpOnly; SameSite=Strict${secure}`;
}

function cookieIn(header = ''): string {
  for (const pair of header.split(';')) {
    const [name, value = ''] = pair.trim().split('=', 2);
    if (name === cookieName && value.length <= maxCookieLength) return value;
  }
  return '';
}

function macOf(head: string, key: Buffer): string {
  return createHmac('sha256', key).update(head).digest('base64url');
}

/** Takes equally long wherever the texts differ. */
function isSame(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
