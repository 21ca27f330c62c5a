/** For an address that leads nowhere. */

/** @jsxImportSource preact */

import { Page } from '../parts/page.js';
import { linkTo } from '../route.js';

export function NotThere() {
  return (
    <Page title="Not found">
      <p>
        There is nothing at this address. <a href={linkTo()}>To the overview</a>
      </p>
    </Page>
  );
}
