/** How an application declares its remote procedures. */

import type { StandardSchemaV1 } from '@standard-schema/spec';

/** What a procedure is told of its caller. */
export interface RpcContext {
  /** Id of the user, `null` for an anonymous connection. */
  readonly user: string | null;
  /** Id of the connection. */
  readonly client: string;
  /** What authentication attached to the connection for the server's eyes. */
  readonly meta: unknown;
}

export interface RpcOptions<Input extends StandardSchemaV1, Output> {
  /** Schema of the argument. Default: any JSON. */
  readonly input?: Input;
  /** Who may call. Default: `user`. */
  readonly allow?: 'anyone' | 'user';
  /** Its result must be JSON. What it throws is logged, and the caller gets error 100. */
  readonly run: (input: StandardSchemaV1.InferOutput<Input>, context: RpcContext) => Output | Promise<Output>;
}

/** Argument schema and result of one procedure. */
export interface ProcedureTypes {
  readonly input: StandardSchemaV1;
  readonly output: unknown;
}

/** A declared procedure, as {@link rpc} returns it. */
export interface RpcDeclaration<Types extends ProcedureTypes = ProcedureTypes> {
  readonly options: RpcOptions<Types['input'], Types['output']>;
}

/** Declares a remote procedure; its name is the key under which `fanfare({ rpc })` gets it. */
export function rpc<Input extends StandardSchemaV1 = StandardSchemaV1<unknown>, Output = unknown>(
  options: RpcOptions<Input, Output>,
): RpcDeclaration<{ input: Input; output: Output }> {
  return { options };
}
