/** Publishes in the name of the operator, and says what came of it. */

/** @jsxImportSource preact */

import { ApiFailure, call } from '../api.js';

export type Outcome = { readonly isGood: boolean; readonly text: string };

/** @param publication the fields of the API's method `publish` */
export async function sent(publication: object): Promise<Outcome> {
  try {
    const { offset } = await call<{ readonly offset?: number }>('publish', publication);
    return { isGood: true, text: offset === undefined ? 'Published.' : `Published at offset ${offset}.` };
  } catch (error) {
    if (error instanceof ApiFailure) return { isGood: false, text: `Refused (${error.code}): ${error.message}` };
    throw error;
  }
}

export function OutcomeLine({ outcome }: { readonly outcome: Outcome | undefined }) {
  return (
    <p role="status" class={outcome?.isGood === false ? 'trouble' : 'good'} hidden={outcome === undefined}>
      {outcome?.text}
    </p>
  );
}
