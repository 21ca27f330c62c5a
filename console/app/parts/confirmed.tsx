/** A button for what cannot be undone: a dialog asks first. */

/** @jsxImportSource preact */

import { useRef, useState } from 'preact/hooks';
import { ApiFailure } from '../api.js';

interface ConfirmedProps {
  readonly label: string;
  readonly question: string;
  /** @throws ApiFailure */
  run(): Promise<void>;
}

export function Confirmed({ label, question, run }: ConfirmedProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [failure, setFailure] = useState<string>();
  const confirm = async () => {
    try {
      await run();
      setFailure(undefined);
      dialog.current?.close();
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      setFailure(error.message);
    }
  };
  return (
    <>
      <button type="button" class="danger" onClick={() => dialog.current?.showModal()}>
        {label}
      </button>
      <dialog ref={dialog} aria-label={label}>
        <p>{question}</p>
        {failure !== undefined && (
          <p class="trouble" role="alert">
            {failure}
          </p>
        )}
        <div class="choices">
          <button type="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button type="button" class="danger main" onClick={() => void confirm()}>
            {label}
          </button>
        </div>
      </dialog>
    </>
  );
}
