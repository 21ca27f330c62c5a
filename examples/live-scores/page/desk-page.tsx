/** The commentators' desk: sign in by the desk's code, choose a match, write. */

import { ClientError } from 'fanfare/client';
import { type FormEvent, type ReactNode, useEffect, useState } from 'react';
import { maxCommentLength as maxLength } from '../limits.js';
import type { BoardRow } from '../messages.js';
import { minuteText } from './clock.js';
import { FanfareProvider, openClient, useBalls, useBoard, useClient, useCommentary } from './live.js';
import { isUnderWay, rowsOf } from './rows.js';
import { Crest } from './team.js';

const phrases = ['What a chance!', 'The home side press.', 'Tired legs out there.', 'The crowd is on its feet.'];

export function DeskPage({ code }: { readonly code: string }) {
  const [token, setToken] = useState<string>();
  return (
    <div className="desk">
      <h1>Commentary desk</h1>
      {token === undefined ? (
        <SignIn code={code} onToken={setToken} />
      ) : (
        <SignedIn token={token}>
          <Desk />
        </SignedIn>
      )}
    </div>
  );
}

function SignIn({ code, onToken }: { readonly code: string; readonly onToken: (token: string) => void }) {
  const client = useClient();
  const [why, setWhy] = useState<string>();
  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    try {
      const { token } = await client.rpc('openDesk', {
        code: String(form.get('code')),
        name: String(form.get('name')),
      });
      onToken(token);
    } catch (error) {
      setWhy(error instanceof ClientError ? error.message : String(error));
    }
  }
  return (
    <form className="sign-in" onSubmit={submit}>
      <p>The terminal in which the server was started shows the code of the desk.</p>
      <label>
        Your name
        <input name="name" required maxLength={40} autoComplete="nickname" />
      </label>
      <label>
        Code
        <input name="code" required maxLength={40} defaultValue={code} autoComplete="off" spellCheck={false} />
      </label>
      <button type="submit" className="primary">
        Take the microphone
      </button>
      {why !== undefined && <p role="alert">{why}</p>}
    </form>
  );
}

/** A client belongs to one identity: this one may write. */
function SignedIn({ token, children }: { readonly token: string; readonly children: ReactNode }) {
  const [client, setClient] = useState<ReturnType<typeof openClient>>();
  useEffect(() => {
    const opened = openClient(token);
    setClient(opened);
    return () => opened.close();
  }, [token]);
  return client === undefined ? null : <FanfareProvider client={client}>{children}</FanfareProvider>;
}

function Desk() {
  const board = useBoard(2);
  const [chosen, setChosen] = useState<string>();
  if (board === undefined || board.size === 0) return <p className="waiting">The matches are on their way …</p>;
  const rows = rowsOf(board);
  const row = rows.find(({ id }) => id === chosen) ?? rows.find(isUnderWay) ?? rows[0];
  return (
    <div className="desk-columns">
      <ul className="desk-matches" aria-label="Matches">
        {rows.map((match) => (
          <li key={match.id}>
            <button type="button" aria-pressed={match.id === row?.id} onClick={() => setChosen(match.id)}>
              <Crest team={match.home} /> {match.home.code} {match.state === 'soon' ? 'v' : match.score.join('–')}{' '}
              {match.away.code} <Crest team={match.away} />
              <span>{minuteText({ ...match, second: match.minute * 60 })}</span>
            </button>
          </li>
        ))}
      </ul>
      {row !== undefined && <Microphone key={row.id} row={row} />}
    </div>
  );
}

function Microphone({ row }: { readonly row: BoardRow }) {
  const client = useClient();
  const comments = useCommentary(row.id);
  const second = useBalls(row.id, 1).at(-1)?.second ?? row.minute * 60;
  const [text, setText] = useState('');
  const [why, setWhy] = useState<string>();
  async function say(line: string) {
    try {
      await client.publish(`commentary:${row.id}` as const, { second, text: line });
      setText('');
      setWhy(undefined);
    } catch (error) {
      setWhy(error instanceof ClientError ? `Not said: ${error.message}` : String(error));
    }
  }
  return (
    <section className="microphone" aria-label={`${row.home.name} against ${row.away.name}`}>
      <h2>
        {row.home.name} – {row.away.name}
      </h2>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (text.trim() !== '') void say(text);
        }}
      >
        <label htmlFor="comment">What do you see?</label>
        <textarea
          id="comment"
          rows={3}
          maxLength={maxLength}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <p className="send">
          <span>{maxLength - text.length} left</span>
          <button type="submit" className="primary" disabled={text.trim() === ''}>
            Say it
          </button>
        </p>
      </form>
      <p className="phrases">
        {phrases.map((phrase) => (
          <button key={phrase} type="button" onClick={() => void say(phrase)}>
            {phrase}
          </button>
        ))}
      </p>
      {why !== undefined && <p role="alert">{why}</p>}
      <ol className="said">
        {[...comments].reverse().map(({ key, text: line, author }) => (
          <li key={key}>
            {line} <cite>{author}</cite>
          </li>
        ))}
      </ol>
    </section>
  );
}
