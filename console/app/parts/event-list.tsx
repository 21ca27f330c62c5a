/** Refusals and ended connections: what happened to whom, why, and the option that would change it. */

/** @jsxImportSource preact */

import type { EventFields } from '../api-results.js';
import { duration, time, userName } from '../format.js';
import { linkTo } from '../route.js';

interface EventListProps {
  readonly events: readonly EventFields[];
  readonly empty: string;
  /** On a page about one client or user, they are not repeated. */
  readonly hidesWho?: boolean;
}

/** Told elsewhere in the entry. */
const toldFields = new Set(['client', 'user', 'option', 'code', 'connectedMs']);

export function EventList({ events, empty, hidesWho = false }: EventListProps) {
  if (events.length === 0) return <p class="empty">{empty}</p>;
  return (
    <ol class="events">
      {events.map((event) => (
        <li key={event.id} class={`event ${event.level}`}>
          <p class="event-head">
            <time>{time(event.time)}</time>
            <span class="kind">{event.kind === 'end' ? 'ended' : event.check}</span>
            {event.fields.code !== undefined && <span class="code">{String(event.fields.code)}</span>}
            {event.count > 1 && <span class="times">{event.count} times</span>}
            {!hidesWho && <Who fields={event.fields} />}
          </p>
          <p class="event-text">{textOf(event)}</p>
          {typeof event.fields.option === 'string' && (
            <p class="event-option">
              Option that would change it: <code>{event.fields.option}</code>
            </p>
          )}
          <Rest event={event} />
        </li>
      ))}
    </ol>
  );
}

function textOf({ kind, message, fields }: EventFields): string {
  if (kind === 'refusal') return message;
  const lived = typeof fields.connectedMs === 'number' ? ` after ${duration(fields.connectedMs / 1_000)}` : '';
  return `The connection ended${lived}: ${message}`;
}

function Who({ fields: { user, client, peer } }: Pick<EventFields, 'fields'>) {
  return (
    <span class="who">
      {typeof user === 'string' && (
        <a href={user === '' ? linkTo('connections') : linkTo('find', user)}>{userName(user)}</a>
      )}
      {typeof client === 'string' && (
        <a class="id" href={linkTo('connections', client)}>
          {client}
        </a>
      )}
      {client === undefined && typeof peer === 'string' && <span>{peer}</span>}
    </span>
  );
}

function Rest({ event: { kind, fields } }: { readonly event: EventFields }) {
  // Why a connection has ended is its text.
  const rest = Object.entries(fields).filter(
    ([name]) => !toldFields.has(name) && !(kind === 'end' && name === 'reason'),
  );
  if (rest.length === 0) return null;
  return (
    <p class="event-rest">
      {rest.map(([name, value]) => (
        <span key={name}>
          {name} <b>{String(value)}</b>
        </span>
      ))}
    </p>
  );
}
