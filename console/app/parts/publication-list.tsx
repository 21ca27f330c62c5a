/** Publications of a channel. */

/** @jsxImportSource preact */

import type { PublicationFields } from '../api-results.js';
import { time, userName } from '../format.js';
import { linkTo } from '../route.js';
import { BytesData, Data } from './data.js';

interface PublicationListProps {
  readonly publications: readonly (PublicationFields & { readonly id?: number; readonly time?: number })[];
  readonly empty: string;
}

export function PublicationList({ publications, empty }: PublicationListProps) {
  if (publications.length === 0) return <p class="empty">{empty}</p>;
  return (
    <ol class="publications">
      {publications.map(({ id, time: at, offset, info, tags, data, b64data }) => (
        <li key={id ?? offset}>
          <p class="event-head">
            {at !== undefined && <time>{time(at)}</time>}
            {offset !== undefined && <span class="code">#{offset}</span>}
            {info === undefined ? (
              <span>by the server</span>
            ) : (
              <span>
                by <a href={linkTo('connections', info.client)}>{userName(info.user)}</a>
              </span>
            )}
            {Object.entries(tags ?? {}).map(([name, value]) => (
              <span key={name} class="code">
                {name}={value}
              </span>
            ))}
          </p>
          {b64data === undefined ? <Data value={data} /> : <BytesData base64={b64data} />}
        </li>
      ))}
    </ol>
  );
}
