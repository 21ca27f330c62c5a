/** Where one writes, and stops what is being said. */

import { type FormEvent, useState } from 'react';

export interface ComposerProps {
  readonly isSaying: boolean;
  readonly onAsk: (text: string) => void;
  readonly onStop: () => void;
}

const maxLength = 2_000;

export function Composer({ isSaying, onAsk, onStop }: ComposerProps) {
  const [text, setText] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const asked = text.trim();
    if (asked === '' || isSaying) return;
    setText('');
    onAsk(asked);
  };
  return (
    <footer>
      <form className="composer column" onSubmit={submit}>
        <input
          aria-label="Message"
          placeholder="Ask the assistant"
          autoComplete="off"
          maxLength={maxLength}
          value={text}
          onChange={({ target }) => setText(target.value)}
        />
        {isSaying ? (
          <button type="button" className="round stop" aria-label="Stop" title="Stop, on every device" onClick={onStop}>
            <svg viewBox="0 0 24 24" aria-hidden="true">
              <rect x="7" y="7" width="10" height="10" rx="2" />
            </svg>
          </button>
        ) : (
          <button type="submit" className="round" aria-label="Send" disabled={text.trim() === ''}>
            <svg viewBox="0 0 24 24" aria-hidden="true">
              <path d="M12 19V5M6 11l6-6 6 6" />
            </svg>
          </button>
        )}
      </form>
    </footer>
  );
}
