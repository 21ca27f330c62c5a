/**
 * A document for React in a test that also runs a server: happy-dom as the whole environment would give the server a
 * browser's URL and timers. React looks for the document when it is loaded, so it is loaded here.
 */

import { Window } from 'happy-dom';

const window = new Window({ url: 'http://localhost/' });
const { document, navigator } = window;
for (const [name, value] of Object.entries({ window, document, navigator })) {
  // Newer Nodes have a navigator that can not be assigned to.
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}

export const { createRoot } = await import('react-dom/client');
export const { renderToString } = await import('react-dom/server');
