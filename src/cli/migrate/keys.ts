/** Translates the keys of tokens and of the API. */

import type { Draft } from './draft.js';
import { type Fields, fieldsOf, isUnset, textOf } from './values.js';

const minBytes = 32;

export function addKeys(options: Fields, draft: Draft): void {
  const token = fieldsOf(fieldsOf(options.client).token);
  const secrets = [token.hmac_secret_key, token.hmac_previous_secret_key].filter((key) => !isUnset(key)).map(textOf);
  const fit = secrets.filter((secret) => isLongEnough(secret, 'client.token.hmac_secret_key', 'token.secret', draft));
  if (fit.length > 0) draft.set('token.secret', fit.length === 1 ? fit[0] : fit);
  if (!isUnset(token.hmac_previous_secret_key_valid_until)) {
    draft.change(
      'client.token.hmac_previous_secret_key_valid_until',
      'take the old secret out yourself when its time is over',
    );
  }
  const publicKeys = [
    ['rsa_public_key', 'RS256'],
    ['ecdsa_public_key', 'ES256'],
  ] as const;
  const keys = publicKeys.flatMap(([name, algorithm]) => {
    if (isUnset(token[name])) return [];
    draft.change(`client.token.${name}`, `a key has one algorithm: ${algorithm} is written, say so if it is another`);
    return [{ algorithm, key: textOf(token[name]) }];
  });
  if (keys.length > 0) draft.set('token.keys', keys);
  const { jwks_public_endpoint: url, audience, issuer } = token;
  if (!isUnset(url)) draft.set('token.jwks', url);
  if (!isUnset(audience)) draft.set('token.audience', audience);
  if (!isUnset(issuer)) draft.set('token.issuer', issuer);
  for (const name of ['audience_regex', 'issuer_regex', 'user_id_claim', 'insecure_skip_jwks_endpoint_safety_check']) {
    if (!isUnset(token[name])) draft.refuse(`client.token.${name}`, 'aud, iss and sub are compared as they are');
  }
  const apiKey = textOf(fieldsOf(options.http_api).key);
  if (apiKey !== '' && isLongEnough(apiKey, 'http_api.key', 'api.keys', draft)) draft.set('api.keys', apiKey);
}

export function hasTokenKeys({ config }: Draft): boolean {
  return config.token !== undefined;
}

function isLongEnough(secret: string, from: string, to: string, draft: Draft): boolean {
  if (Buffer.byteLength(secret) >= minBytes) return true;
  draft.refuse(
    from,
    `a secret has at least ${minBytes} bytes: make one with "openssl rand -base64 32" for ${to}, and give it to your backend`,
  );
  return false;
}
