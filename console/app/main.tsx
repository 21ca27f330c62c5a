/** The console in a browser: the page that the address names, for whoever is let in. */

/** @jsxImportSource preact */

import { render } from 'preact';
import { access } from './api.js';
import { watchFleet } from './fleet.js';
import { path } from './route.js';
import { Shell } from './shell.js';
import { ChannelView } from './views/channel.js';
import { Channels } from './views/channels.js';
import { Configuration } from './views/configuration.js';
import { ConnectionView } from './views/connection.js';
import { Connections } from './views/connections.js';
import { Events } from './views/events.js';
import { Found } from './views/found.js';
import { Denied, Login } from './views/login.js';
import { Nodes } from './views/nodes.js';
import { NotThere } from './views/not-there.js';
import { Overview } from './views/overview.js';
import { Publish } from './views/publish.js';

function Console() {
  if (access.value === 'unknown') return null;
  if (access.value === 'out') return <Login />;
  if (access.value === 'denied') return <Denied />;
  return (
    <Shell>
      <Place parts={path.value} />
    </Shell>
  );
}

function Place({ parts: [place, name] }: { readonly parts: readonly string[] }) {
  switch (place) {
    case undefined:
      return <Overview />;
    case 'nodes':
      return <Nodes />;
    case 'connections':
      return name === undefined ? <Connections /> : <ConnectionView key={name} client={name} />;
    case 'channels':
      return name === undefined ? <Channels /> : <ChannelView key={name} channel={name} />;
    case 'events':
      return <Events />;
    case 'find':
      return <Found key={name} what={name ?? ''} />;
    case 'publish':
      return <Publish />;
    case 'config':
      return <Configuration />;
    default:
      return <NotThere />;
  }
}

const root = document.getElementById('console');
if (root !== null) render(<Console />, root);
watchFleet();
