/** Decodes Centrifugal protocol v2 in JSON: a text frame, one command a line. */

import { type Disconnect, disconnectCodes } from '../../model/codes.js';
import type { Command } from '../../model/command.js';
import { isFields } from '../../model/fields.js';
import { maxJsonNesting, parseJson } from '../../model/json-parse.js';
import { type JsonShape, members } from '../../model/json-shape.js';
import type { Decoded, EncodedMessage } from '../protocol.js';
import { commandOf, maxCommandsPerFrame, methods } from './command-fields.js';

const maxCommandId = 0xffff_ffff;
/** Fields that are forwarded as text and not parsed here. */
const payload = members({ data: 'source' });
const shape: JsonShape = members({
  connect: payload,
  subscribe: payload,
  publish: payload,
  rpc: payload,
  send: payload,
});

/** Decodes one frame. Anything but a list of well-formed commands closes the connection with 3501. */
export function decodeJsonFrame(frame: EncodedMessage): Decoded {
  if (typeof frame !== 'string')
    return refused('binary frame to a JSON protocol', disconnectCodes.inappropriateProtocol);
  const commands: Command[] = [];
  // A line at a time: a frame of a million newlines must not become a million strings.
  for (let start = 0, end = 0; start < frame.length; start = end + 1) {
    end = frame.indexOf('\n', start);
    if (end === -1) end = frame.length;
    const line = frame.slice(start, end).trim();
    if (line.length === 0) continue;
    if (commands.length === maxCommandsPerFrame) return refused(`more than ${maxCommandsPerFrame} commands in a frame`);
    const command = decodeLine(line);
    if (typeof command === 'string') return refused(command);
    commands.push(command);
  }
  return commands.length === 0 ? refused('empty frame') : { ok: true, commands };
}

function refused(detail: string, disconnect: Disconnect = disconnectCodes.badRequest): Decoded {
  return { ok: false, disconnect, detail };
}

/** A command, or the problem with the line. */
function decodeLine(line: string): Command | string {
  const parsed = parseJson(line, shape);
  if (!parsed.ok && parsed.fault === 'nesting') return `nested deeper than ${maxJsonNesting}`;
  if (!parsed.ok || !isFields(parsed.value)) return 'not a JSON object';
  const { value } = parsed;
  const id = value.id ?? 0;
  if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id > maxCommandId) return 'bad command id';
  const method = methods.find((name) => Object.hasOwn(value, name) && value[name] !== null);
  if (method === undefined) {
    return id === 0 && Object.keys(value).length === 0 ? { kind: 'pong' } : 'no known method';
  }
  const fields = value[method];
  if (!isFields(fields)) return `${method} is not an object`;
  return commandOf(id, method, fields);
}
