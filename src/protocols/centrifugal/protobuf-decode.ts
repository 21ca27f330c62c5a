/** Decodes Centrifugal protocol v2 in protobuf: a binary frame of commands, each behind its length. */

import { type Disconnect, disconnectCodes } from '../../model/codes.js';
import type { Command } from '../../model/command.js';
import { parseSource } from '../../model/json-parse.js';
import type { Decoded, EncodedMessage } from '../protocol.js';
import { commandOf, maxCommandsPerFrame, methods } from './command-fields.js';
import { notJson } from './field-values.js';
import { ProtobufFault, ProtobufReader, wireTypes } from './protobuf-reader.js';
import { type FieldKind, type FieldTable, requests } from './protobuf-requests.js';

const idField = 1;
/** A filter by tags has nodes in nodes; as many levels as in JSON, where each has two. */
const maxNesting = 32;

type MutableFields = Record<string, unknown>;

/** Decodes one frame. Anything but a list of well-formed commands closes the connection with 3501. */
export function decodeProtobufFrame(frame: EncodedMessage): Decoded {
  if (typeof frame === 'string') {
    return refused('text frame to the protobuf codec', disconnectCodes.inappropriateProtocol);
  }
  const commands: Command[] = [];
  try {
    const reader = new ProtobufReader(frame);
    while (!reader.isAtEnd) {
      if (commands.length === maxCommandsPerFrame) {
        return refused(`more than ${maxCommandsPerFrame} commands in a frame`);
      }
      const command = decodeCommand(reader.message());
      if (typeof command === 'string') return refused(command);
      commands.push(command);
    }
  } catch (fault) {
    if (!(fault instanceof ProtobufFault)) throw fault;
    return refused(`not protobuf: ${fault.message}`);
  }
  return commands.length === 0 ? refused('empty frame') : { ok: true, commands };
}

function refused(detail: string, disconnect: Disconnect = disconnectCodes.badRequest): Decoded {
  return { ok: false, disconnect, detail };
}

/** A command, or the problem with it. */
function decodeCommand(reader: ProtobufReader): Command | string {
  if (reader.isAtEnd) return { kind: 'pong' };
  let id = 0;
  const sent = new Map<string, MutableFields>();
  while (!reader.isAtEnd) {
    const tag = reader.tag();
    const number = tag >>> 3;
    const request = requests.get(number);
    if (number === idField) {
      expectType(tag, wireTypes.varint);
      id = reader.uint32();
    } else if (request === undefined) reader.skip(tag & 7);
    else {
      expectType(tag, wireTypes.bytes);
      sent.set(
        request.method,
        readInto(sent.get(request.method) ?? { ...request.defaults }, reader.message(), request.fields),
      );
    }
  }
  const method = methods.find((name) => sent.has(name));
  return method === undefined ? 'no known method' : commandOf(id, method, sent.get(method) ?? {});
}

/**
 * A field that comes again replaces the first, or adds to it if it is a message, a map or a list.
 *
 * @param levels of messages that may be in it: deeper ones could overflow the stack
 */
function readInto(
  fields: MutableFields,
  reader: ProtobufReader,
  table: FieldTable,
  levels = maxNesting,
): MutableFields {
  if (levels === 0) throw new ProtobufFault(`nested deeper than ${maxNesting}`);
  while (!reader.isAtEnd) {
    const tag = reader.tag();
    const field = table.get(tag >>> 3);
    if (field === undefined) reader.skip(tag & 7);
    else fields[field.name] = readValue(reader, tag, field.kind, fields[field.name], levels - 1);
  }
  return fields;
}

function readValue(reader: ProtobufReader, tag: number, kind: FieldKind, before: unknown, levels: number): unknown {
  const isNumber = kind === 'uint' || kind === 'int' || kind === 'flag';
  expectType(tag, isNumber ? wireTypes.varint : wireTypes.bytes);
  switch (kind) {
    case 'uint':
      return reader.uint64();
    case 'int':
      return reader.int64();
    case 'flag':
      return reader.flag();
    case 'text':
      return reader.text();
    case 'texts':
      return added(before, reader.text());
    case 'payload':
      // A copy, since a frame is much longer and would be kept with it.
      return new Uint8Array(reader.bytes());
    case 'json':
      return readJson(reader);
    default: {
      if (kind.isList) return added(before, readInto({}, reader.message(), kind.fields, levels));
      // safe: what this case has returned for the field before
      const fields = (before ?? Object.create(null)) as MutableFields;
      if (!kind.isEntry) return readInto(fields, reader.message(), kind.fields, levels);
      const entry = readInto({}, reader.message(), kind.fields, levels);
      // Without a prototype, a key is never more than a key (B43).
      fields[String(entry.key ?? '')] = entry.value ?? emptyOf(kind.fields.get(2)?.kind);
      return fields;
    }
  }
}

/** @param list what it has returned for the field before */
function added(list: unknown, value: unknown): unknown[] {
  if (!Array.isArray(list)) return [value];
  list.push(value);
  return list;
}

/** The value of an entry of a map that has none. */
function emptyOf(kind: FieldKind | undefined): unknown {
  return kind === 'text' ? '' : {};
}

/** Absent if it is empty, since protobuf does not tell one from the other. */
function readJson(reader: ProtobufReader): unknown {
  const text = reader.utf8();
  if (text === '') return undefined;
  return (text !== undefined && parseSource(text)) || notJson;
}

function expectType(tag: number, wireType: number): void {
  if ((tag & 7) !== wireType) throw new ProtobufFault(`wire type ${tag & 7} for field ${tag >>> 3}`);
}
