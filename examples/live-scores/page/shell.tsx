/** The frame of all pages: the masthead, the state of the line, and what the reader wants to be told. */

import { useEffect, useRef } from 'react';
import { AlertStack } from './alert-stack.js';
import { BoardPage } from './board-page.js';
import { DeskPage } from './desk-page.js';
import { useConnection } from './live.js';
import { MatchPage } from './match-page.js';
import { usePlace } from './route.js';
import { rates, useSettings } from './settings.js';

export function Shell() {
  const place = usePlace();
  const { followed } = useSettings();
  const main = useRef<HTMLElement>(null);
  const where = place.name === 'match' ? place.id : place.name;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page begins at its top
  useEffect(() => {
    window.scrollTo(0, 0);
  }, [where]);
  return (
    <>
      <button type="button" className="skip-link" onClick={() => main.current?.focus()}>
        Skip to the scores
      </button>
      <header className="masthead">
        <a className="brand" href="#/">
          <svg viewBox="0 0 32 32" aria-hidden="true">
            <path d="M4 24 16 5l12 19M9.6 24 16 14l6.4 10" />
          </svg>
          Matchday
        </a>
        <nav aria-label="Pages">
          <a href="#/" aria-current={place.name === 'board' ? 'page' : undefined}>
            Scores
          </a>
          <a href="#/desk" aria-current={place.name === 'desk' ? 'page' : undefined}>
            Desk
          </a>
        </nav>
        <RateChoice />
        <Line />
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        {place.name === 'board' && <BoardPage />}
        {place.name === 'match' && <MatchPage key={place.id} id={place.id} />}
        {place.name === 'desk' && <DeskPage code={place.code} />}
      </main>
      {followed.length > 0 && place.name !== 'desk' && <AlertStack followed={followed} />}
    </>
  );
}

/** How often what moves all the time is sent to this device. */
function RateChoice() {
  const { maxRate, setRate } = useSettings();
  return (
    <fieldset className="rates">
      <legend className="hidden">How often values change</legend>
      {rates.map((rate) => (
        <label key={rate.maxRate} title={rateText(rate.maxRate)}>
          <input type="radio" name="rate" checked={rate.maxRate === maxRate} onChange={() => setRate(rate.maxRate)} />
          <span>{rate.name}</span>
        </label>
      ))}
    </fieldset>
  );
}

function rateText(maxRate: number): string {
  return maxRate >= 1 ? `up to ${maxRate} values a second` : `one value in ${Math.round(1 / maxRate)} seconds`;
}

function Line() {
  const { state, isReconnecting } = useConnection();
  const text =
    state === 'connected'
      ? 'Connected'
      : state === 'disconnected'
        ? 'Closed'
        : isReconnecting
          ? 'Reconnecting'
          : 'Connecting';
  return (
    <p className={`line ${state}`} role="status">
      {text}
    </p>
  );
}
