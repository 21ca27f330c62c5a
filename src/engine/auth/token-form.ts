/** Whether a text is a JSON Web Token at all: three parts in base64url, without padding or anything around them. */

import { decodeJwt, decodeProtectedHeader, type JWTPayload } from 'jose';
import { TokenFault } from './token-fault.js';
import type { TokenHeader } from './token-keys.js';

/** Longer tokens are refused unread. */
const maxTokenLength = 8_192;

/** RFC 7515 section 2: no padding, no line breaks, no white space, nothing else. The signature may be empty, and is wrong then. */
const compact = /^[\w-]+\.[\w-]+\.[\w-]*$/;

interface ReadToken {
  readonly header: TokenHeader;
  /** Not verified yet. */
  readonly payload: JWTPayload;
}

/** @throws TokenFault */
export function readToken(token: string): ReadToken {
  if (token.length > maxTokenLength) {
    throw new TokenFault('length', `it has ${token.length} characters; tokens have up to ${maxTokenLength}`);
  }
  if (!compact.test(token)) throw new TokenFault('form', malformation(token));
  return { header: readPart('header', () => decodeProtectedHeader(token)), payload: readPayload(token) };
}

function readPayload(token: string): JWTPayload {
  return readPart('payload', () => decodeJwt(token));
}

function readPart<Part>(name: string, read: () => Part): Part {
  try {
    return read();
  } catch {
    // What the decoder says may cite the token.
    throw new TokenFault('form', `its ${name} is no JSON object in base64url`);
  }
}

function malformation(token: string): string {
  if (token === '') return 'it is empty';
  if (/^bearer\s/i.test(token)) return 'it begins with "Bearer"; the token is what follows';
  if (/^\s|\s$/.test(token)) return 'it begins or ends with white space, a line break perhaps';
  if (/^["'].*["']$/.test(token)) return 'it has quotes around it';
  const numParts = token.split('.').length;
  if (numParts === 5) return 'it has five parts: it is encrypted (JWE), and signed ones (JWS) are accepted only';
  if (numParts !== 3)
    return `it is no JWT: ${numParts === 1 ? 'it has no dots' : `${numParts} parts`} and not three parts`;
  if (token.includes('=')) return 'it has padding (=), which base64url has not in a JWT (RFC 7515 section 2)';
  if (/[+/]/.test(token)) return 'it is in base64 (with + or /) and not in base64url (RFC 7515 section 2)';
  return 'it has characters that base64url has not, or an empty part';
}
