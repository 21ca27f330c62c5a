/** Refusals of requests for sessions: the HTTP answer and the log line. */

import { closing } from './client-gate.js';
import type { Refusal } from './refusal.js';

interface Words {
  readonly message: string;
  readonly why?: string;
  readonly option?: string;
}

const words: Readonly<Record<number, Words>> = {
  400: { message: 'no such request' },
  401: {
    message: 'the session is of another client',
    why: 'the cookies or the Origin are others than those of the connect: it should connect again',
  },
  404: {
    message: 'no such session',
    why: 'it has ended, its node is gone, or its node cannot be reached through the broker',
  },
  409: { message: 'overtaken', why: 'a later poll or frame of the same session has come first' },
  413: { message: 'too large', why: 'its frame is too large', option: 'limits.maxFrameBytes' },
  502: { message: 'refused', why: 'the node that has the session has not understood: is it of another version?' },
  504: { message: 'refused', why: 'the node that has the session has not answered in time: is the broker well?' },
};

/** @param node the living node to which the request was forwarded, if the refusal came from there */
export function sessionRefusal(status: number, node: string): Refusal {
  if (status === closing.status) return closing;
  const { message, why, option } = words[status] ?? {
    message: 'refused',
    why: 'the node that has the session has answered so',
  };
  if (why === undefined) return { status, message };
  return {
    status,
    message,
    why: {
      check: 'session',
      key: status >= 500 ? `${status} ${node}` : String(status),
      fields: { reason: message, ...(status >= 500 && { node }), ...(option !== undefined && { option }) },
      message: `request for a session refused: ${why}`,
      level: status >= 500 ? 'warn' : 'info',
    },
  };
}
