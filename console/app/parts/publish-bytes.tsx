/** Publishes a message to a channel of bytes. */

/** @jsxImportSource preact */

import { useState } from 'preact/hooks';
import { type Outcome, OutcomeLine, sent } from './publish-outcome.js';

export function PublishBytes({ channel }: { readonly channel: string }) {
  const [b64data, setBase64] = useState('');
  const [outcome, setOutcome] = useState<Outcome>();
  const publish = async (event: Event) => {
    event.preventDefault();
    setOutcome(undefined);
    setOutcome(await sent({ channel, b64data }));
  };
  return (
    <form class="publish" onSubmit={publish}>
      <label>
        Message, in base64
        <textarea
          rows={4}
          value={b64data}
          spellcheck={false}
          onInput={({ currentTarget }) => setBase64(currentTarget.value.trim())}
        />
      </label>
      <button type="submit" class="main">
        Publish
      </button>
      <OutcomeLine outcome={outcome} />
    </form>
  );
}
