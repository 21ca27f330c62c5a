/** A form that publishes in the name of the operator, and says what came of it. */

/** @jsxImportSource preact */

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { ApiFailure, call } from '../api.js';

type Outcome = { readonly isGood: boolean; readonly text: string };

/** The fields of the API's method `publish`, or why there is nothing to publish. */
export type Draft = { readonly publication: object } | { readonly fault: string };

interface PublishingFormProps {
  /** Asked when it is submitted. */
  draft(): Draft;
  readonly children: ComponentChildren;
}

export function PublishingForm({ draft, children }: PublishingFormProps) {
  const [outcome, setOutcome] = useState<Outcome>();
  const publish = async (event: Event) => {
    event.preventDefault();
    setOutcome(undefined);
    const made = draft();
    setOutcome('fault' in made ? { isGood: false, text: made.fault } : await sent(made.publication));
  };
  return (
    <form class="publish" onSubmit={publish}>
      {children}
      <button type="submit" class="main">
        Publish
      </button>
      <p role="status" class={outcome?.isGood === false ? 'trouble' : 'good'} hidden={outcome === undefined}>
        {outcome?.text}
      </p>
    </form>
  );
}

async function sent(publication: object): Promise<Outcome> {
  try {
    const { offset } = await call<{ readonly offset?: number }>('publish', publication);
    return { isGood: true, text: offset === undefined ? 'Published.' : `Published at offset ${offset}.` };
  } catch (error) {
    if (error instanceof ApiFailure) return { isGood: false, text: `Refused (${error.code}): ${error.message}` };
    throw error;
  }
}
