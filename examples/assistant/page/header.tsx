/** The header: what the line does, and what one may do to it. */

import { useSyncExternalStore } from 'react';
import { client, line } from './connection.js';

export interface HeaderProps {
  readonly notice: string;
  readonly onReplace: () => Promise<void>;
}

export function Header({ notice, onReplace }: HeaderProps) {
  const isCut = useSyncExternalStore(line.onChange, () => line.isCut);
  const state = useSyncExternalStore(listen, () => client.state);
  const isOnline = state === 'connected' && !isCut;
  const said = isCut ? 'The line is cut. The answer goes on without this page.' : notice;
  return (
    <header>
      <p className="brand">
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <path d="M8 13v6h4l8 5V8l-8 5z" />
          <path className="wave" d="M23 12q3 4 0 8" />
        </svg>
        <span>Assistant</span>
        <span className={isOnline ? 'dot online' : 'dot'} title={isOnline ? 'connected' : 'not connected'} />
      </p>
      <div className="actions">
        <a className="button window" href={location.href} target="_blank" rel="noreferrer">
          Second window
        </a>
        <button className="button" type="button" disabled={isCut} onClick={() => line.cut()}>
          Cut the line
        </button>
        <button className="button" type="button" onClick={() => void onReplace()}>
          Replace the server
        </button>
        <button
          className="button"
          type="button"
          onClick={() => {
            location.hash = '';
          }}
        >
          New chat
        </button>
      </div>
      <p className="notice" role="status" hidden={said === ''}>
        {said}
      </p>
    </header>
  );
}

function listen(onChange: () => void): () => void {
  const stops = [
    client.on('connecting', onChange),
    client.on('connected', onChange),
    client.on('disconnected', onChange),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
