'use client';

/** The hooks of this application, and the connection that its pages share. */

import { type Client, connect } from 'fanfare/client';
import { createFanfare } from 'fanfare/react';
import { type ReactNode, useEffect, useState } from 'react';
import type { App } from '../src/app.ts';

export const { FanfareProvider, useChannel, useClient, useConnection } = createFanfare<App>();

/** Only in the browser: nothing connects while the page is rendered on the server. */
export function Realtime({ children }: { readonly children: ReactNode }) {
  const [client, setClient] = useState<Client<App>>();
  useEffect(() => {
    const opened = connect<App>(process.env.NEXT_PUBLIC_FANFARE_URL ?? 'http://localhost:8000');
    setClient(opened);
    return () => opened.close();
  }, []);
  return client === undefined ? null : <FanfareProvider client={client}>{children}</FanfareProvider>;
}
