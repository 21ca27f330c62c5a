/** How an application declares its remote procedures. */

import type { StandardSchemaV1 } from '@standard-schema/spec';
import { expectFunction } from '../../model/expected.js';
import type { JsonSource } from '../../model/json-source.js';
import type { Decision } from '../ports/decision.js';
import { expectOptions, schema, word } from './channel-check.js';

/**
 * Thrown by a procedure to send its caller this code (400 to 1999) and message. Any other exception is a fault of the
 * server, and the caller gets error 100.
 *
 * @example throw new RpcError(404, 'there is no such order');
 */
export class RpcError extends Error {
  /** The name of the class. */
  override readonly name = 'RpcError';
  /** Whether the same call may succeed later. */
  readonly temporary: boolean;

  constructor(
    /** Code that the caller gets: 400 to 1999. */
    readonly code: number,
    message: string,
    options: { readonly temporary?: boolean; readonly cause?: unknown } = {},
  ) {
    super(message, options);
    this.temporary = options.temporary ?? false;
  }
}

/** The context of a procedure call. */
export interface RpcContext {
  /** Id of the user, `null` for an anonymous connection. */
  readonly user: string | null;
  /** Id of the connection. */
  readonly client: string;
  /** What authentication attached to the connection, for the server only. */
  readonly meta: unknown;
  /** Name of the transport: `websocket`, … */
  readonly transport: string;
  /** Headers of the HTTP request behind the connection; lower-case names. */
  readonly headers: ReadonlyMap<string, string>;
  /** Address of the client, behind trusted proxies the one that they give. */
  readonly remoteAddress: string;
}

/** Answers calls of undeclared procedures, with the name and the unchanged argument. Its result must be JSON. */
export type RpcFallback = (
  method: string,
  data: JsonSource | undefined,
  context: RpcContext,
) => Promise<Decision<{ readonly data: unknown }>>;

/** A procedure: its argument, who may call it, and what it does. */
export interface RpcOptions<Input extends StandardSchemaV1, Output> {
  /** Schema of the argument. Default: any JSON. */
  readonly input?: Input;
  /** Who may call. Default: `user`. */
  readonly allow?: 'anyone' | 'user';
  /** Its result must be JSON. Throws an {@link RpcError} for its caller to see. */
  readonly run: (input: StandardSchemaV1.InferOutput<Input>, context: RpcContext) => Output | Promise<Output>;
}

/** Argument schema and result of one procedure. */
export interface ProcedureTypes {
  readonly input: StandardSchemaV1;
  readonly output: unknown;
}

/** A declared procedure, as {@link rpc} returns it. */
export interface RpcDeclaration<Types extends ProcedureTypes = ProcedureTypes> {
  /** What {@link rpc} was given. */
  readonly options: RpcOptions<Types['input'], Types['output']>;
}

// biome-ignore lint/suspicious/noExplicitAny: only the keys matter
const checks: Record<keyof RpcOptions<any, any>, (what: string, value: unknown) => void> = {
  input: schema,
  allow: word('anyone', 'user'),
  run: expectFunction,
};

/**
 * Declares a remote procedure; its name is the key under which `fanfare({ rpc })` gets it.
 *
 * @throws FanfareError `ERR_CONFIG`, naming an option that is unknown or wrong
 * @example const procedures = { double: rpc({ input: z.number(), run: (value) => value * 2 }) };
 */
export function rpc<Input extends StandardSchemaV1 = StandardSchemaV1<unknown>, Output = unknown>(
  options: RpcOptions<Input, Output>,
): RpcDeclaration<{ input: Input; output: Output }> {
  expectOptions('rpc(options)', options, checks);
  return { options };
}
