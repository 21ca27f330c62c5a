/** Opens the page. */

import { jitless } from './no-eval.js';

// What follows loads the AI SDK, which is to find that as it is.

import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Assistant } from './assistant.js';

// Another chat is another page.
addEventListener('hashchange', () => location.reload());

const root = document.getElementById('root');
if (root === null || jitless !== true) throw new Error('the page has no #root, or would use eval');
createRoot(root).render(
  <StrictMode>
    <Assistant />
  </StrictMode>,
);
