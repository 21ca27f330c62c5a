/** Who comes without a session is asked for the password. */

/** @jsxImportSource preact */

import { useRef, useState } from 'preact/hooks';
import { logIn } from '../api.js';

export function Login() {
  const [failure, setFailure] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    const why = await logIn(field.current?.value ?? '');
    setBusy(false);
    setFailure(why);
    if (why !== undefined) field.current?.select();
  };
  return (
    <main class="alone">
      <form class="card login" onSubmit={submit}>
        <h1>Fanfare console</h1>
        <label>
          Password
          <input
            ref={field}
            type="password"
            name="password"
            autocomplete="current-password"
            required
            aria-invalid={failure !== undefined}
            aria-describedby="login-failure"
          />
        </label>
        <p id="login-failure" class="trouble" role="alert" hidden={failure === undefined}>
          {failure}
        </p>
        <button type="submit" class="main" disabled={isBusy}>
          Log in
        </button>
      </form>
    </main>
  );
}

export function Denied() {
  return (
    <main class="alone">
      <div class="card login">
        <h1>Fanfare console</h1>
        <p>The application does not let you use the console, or the page was opened under another address.</p>
      </div>
    </main>
  );
}
