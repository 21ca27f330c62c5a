/** Opens the client, and the page over it. */

import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { FanfareProvider, openClient } from './live.js';
import { Shell } from './shell.js';

const root = document.getElementById('root');
if (root === null) throw new Error('the page has no #root');
createRoot(root).render(
  <StrictMode>
    <FanfareProvider client={openClient()}>
      <Shell />
    </FanfareProvider>
  </StrictMode>,
);
