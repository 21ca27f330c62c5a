/** The frame of all pages: where one is, the way to the others, and the search for a user or a connection. */

/** @jsxImportSource preact */

import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { logOut } from './api.js';
import { nodes, silence } from './fleet.js';
import { goTo, linkTo, path } from './route.js';

const places = [
  { name: 'Overview', at: '' },
  { name: 'Nodes', at: 'nodes' },
  { name: 'Connections', at: 'connections' },
  { name: 'Channels', at: 'channels' },
  { name: 'Refusals', at: 'events' },
  { name: 'Publish', at: 'publish' },
  { name: 'Configuration', at: 'config' },
] as const;

export function Shell({ children }: { readonly children: ComponentChildren }) {
  const [here = ''] = path.value;
  const list = useRef<HTMLElement>(null);
  // On a phone the list is wider than the screen.
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page is the current one
  useEffect(() => {
    list.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [here]);
  return (
    <div class="frame">
      <button type="button" class="skip" onClick={toContent}>
        Skip to the content
      </button>
      <header class="bar">
        <a class="brand" href={linkTo()}>
          <img src="icon.svg" alt="" width="22" height="22" /> Fanfare
        </a>
        <Search />
        <Health />
        <button type="button" class="quiet" onClick={() => void logOut()}>
          Log out
        </button>
      </header>
      <nav class="places" ref={list} aria-label="Pages of the console">
        {places.map(({ name, at }) => (
          <a key={at} href={at === '' ? linkTo() : linkTo(at)} aria-current={here === at ? 'page' : undefined}>
            {name}
          </a>
        ))}
      </nav>
      <main id="content" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}

/** Not a link: the address is the route. */
function toContent(): void {
  document.getElementById('content')?.focus();
}

function Search() {
  const find = (event: SubmitEvent) => {
    event.preventDefault();
    // safe: the form that this listener is on
    const what = new FormData(event.currentTarget as HTMLFormElement).get('what');
    if (typeof what === 'string' && what.trim() !== '') goTo('find', what.trim());
  };
  return (
    <search>
      <form onSubmit={find}>
        <input type="search" name="what" aria-label="User or client id" placeholder="User or client id" />
        <button type="submit">Find</button>
      </form>
    </search>
  );
}

function Health() {
  const all = nodes.value;
  if (all === undefined) return null;
  const ill = all.filter((node) => !node.broker_delivering || !node.broker_keeping || node.draining).length;
  const text = silence.value ?? (ill === 0 ? 'all nodes are well' : `${ill} of ${all.length} nodes are not well`);
  return (
    <a class={`health ${silence.value === undefined && ill === 0 ? 'well' : 'ill'}`} href={linkTo('nodes')}>
      {text}
    </a>
  );
}
