/** Calls of the server's API in the name of whoever is logged in. */

import { signal } from '@preact/signals';

/** `unknown`: not asked yet. `denied`: the application does not let this visitor in, and there is no password. */
export const access = signal<'unknown' | 'in' | 'out' | 'denied'>('unknown');

/** Why a call has no result. */
export class ApiFailure extends Error {
  override readonly name = 'ApiFailure';

  /** @param code of the API's error; 0 where the server could not be reached */
  constructor(
    readonly code: number,
    message: string,
    cause?: unknown,
  ) {
    super(message, { cause });
  }
}

const unreachable = 'the server cannot be reached';

/** @throws ApiFailure */
export async function call<Result>(method: string, fields: object = {}): Promise<Result> {
  const { status, body } = await post(`api/${method}`, fields);
  if (status === 200) access.value = 'in';
  if (status === 401) access.value = 'out';
  if (status === 403) access.value = 'denied';
  // safe: the server's own answers, as docs/api/openapi.yaml describes them
  const answer = body as {
    readonly result?: Result;
    readonly error?: { readonly code: number; readonly message: string };
  };
  if (answer.result !== undefined) return answer.result;
  throw new ApiFailure(answer.error?.code ?? 0, answer.error?.message ?? unreachable);
}

/** @returns why not, or `undefined` */
export async function logIn(password: string): Promise<string | undefined> {
  try {
    const { status, body } = await post('login', { password });
    if (status === 200) {
      access.value = 'in';
      return undefined;
    }
    // safe: likewise
    return (body as { readonly error?: { readonly message: string } }).error?.message ?? unreachable;
  } catch (error) {
    if (error instanceof ApiFailure) return error.message;
    throw error;
  }
}

export async function logOut(): Promise<void> {
  await post('logout', {});
  access.value = 'out';
}

/** Relative: the page is at `/console/`. */
async function post(path: string, fields: object): Promise<{ readonly status: number; readonly body: unknown }> {
  try {
    const response = await fetch(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(fields),
    });
    return { status: response.status, body: await response.json() };
  } catch (cause) {
    throw new ApiFailure(0, unreachable, cause);
  }
}
