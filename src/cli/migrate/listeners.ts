/** Translates the listeners and origins. */

import { originFault } from '../../model/origin.js';
import type { Draft } from './draft.js';
import { type Fields, fieldsOf, isUnset, listed, textOf } from './values.js';

/** Takes the patterns that can match an origin of a browser; if one allows all, the others are dropped. */
export function addOrigins(options: Fields, draft: Draft): void {
  const from = 'client.allowed_origins';
  const given = listed(fieldsOf(options.client).allowed_origins);
  const origins = Array.isArray(given) ? given.map(textOf).filter(Boolean) : [];
  if (origins.includes('*')) draft.set('origins', '*');
  else if (origins.length > 0)
    draft.set(
      'origins',
      origins.filter((origin) => isOrigin(origin, from, draft)),
    );
}

function isOrigin(origin: string, from: string, draft: Draft): boolean {
  const fault = originFault(origin);
  if (fault !== undefined) draft.refuse(from, `"${origin}" ${fault}`);
  return fault === undefined;
}

export function addListeners(options: Fields, draft: Draft): void {
  const server = fieldsOf(options.http_server);
  draft.set('host', textOf(server.address) || '0.0.0.0');
  if (!isUnset(server.internal_port)) {
    draft.set('internal.port', Number(server.internal_port));
    if (!isUnset(server.internal_address)) draft.set('internal.host', server.internal_address);
    if (draft.config.api !== undefined && fieldsOf(options.http_api).external !== true)
      draft.set('api.internalOnly', true);
  }
  const tls = fieldsOf(server.tls);
  if (tls.enabled !== true) return;
  for (const [from, to] of [
    ['cert_pem', 'tls.certFile'],
    ['key_pem', 'tls.keyFile'],
  ] as const) {
    const value = textOf(tls[from]);
    if (/^[\w./-]{1,255}$/.test(value) && value.length < 256) draft.set(to, value);
    else draft.refuse(`http_server.tls.${from}`, `write it into a file, and its name into ${to}`);
  }
  if (!isUnset(tls.client_ca_pem)) draft.refuse('http_server.tls.client_ca_pem', 'clients have no certificates');
}
