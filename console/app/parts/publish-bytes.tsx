/** Publishes a message to a channel of bytes. */

/** @jsxImportSource preact */

import { useState } from 'preact/hooks';
import { PublishingForm } from './publishing-form.js';

export function PublishBytes({ channel }: { readonly channel: string }) {
  const [b64data, setBase64] = useState('');
  return (
    <PublishingForm draft={() => ({ publication: { channel, b64data } })}>
      <label>
        Message, in base64
        <textarea
          rows={4}
          value={b64data}
          spellcheck={false}
          onInput={({ currentTarget }) => setBase64(currentTarget.value.trim())}
        />
      </label>
    </PublishingForm>
  );
}
