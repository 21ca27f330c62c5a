/** The part of luaparse that the compiler uses: its syntax trees of Lua 5.1. */
declare module 'luaparse' {
  export interface Identifier {
    readonly type: 'Identifier';
    readonly name: string;
  }

  export interface FunctionNode {
    readonly type: 'FunctionDeclaration';
    readonly identifier: Identifier | MemberExpression | null;
    readonly isLocal: boolean;
    readonly parameters: readonly Expression[];
    readonly body: readonly Statement[];
  }

  export interface MemberExpression {
    readonly type: 'MemberExpression';
    readonly base: Expression;
    readonly indexer: '.' | ':';
    readonly identifier: Identifier;
  }

  export interface CallExpression {
    readonly type: 'CallExpression';
    readonly base: Expression;
    readonly arguments: readonly Expression[];
  }

  export type Field =
    | { readonly type: 'TableKey'; readonly key: Expression; readonly value: Expression }
    | { readonly type: 'TableKeyString'; readonly key: Identifier; readonly value: Expression }
    | { readonly type: 'TableValue'; readonly value: Expression };

  export type Expression =
    | Identifier
    | FunctionNode
    | MemberExpression
    | CallExpression
    | { readonly type: 'StringLiteral'; readonly value: string }
    | { readonly type: 'NumericLiteral'; readonly value: number }
    | { readonly type: 'BooleanLiteral'; readonly value: boolean }
    | { readonly type: 'NilLiteral' }
    | { readonly type: 'VarargLiteral' }
    | { readonly type: 'IndexExpression'; readonly base: Expression; readonly index: Expression }
    | { readonly type: 'TableConstructorExpression'; readonly fields: readonly Field[] }
    | { readonly type: 'UnaryExpression'; readonly operator: string; readonly argument: Expression }
    | {
        readonly type: 'BinaryExpression';
        readonly operator: string;
        readonly left: Expression;
        readonly right: Expression;
      }
    | {
        readonly type: 'LogicalExpression';
        readonly operator: 'and' | 'or';
        readonly left: Expression;
        readonly right: Expression;
      };

  export type Clause =
    | {
        readonly type: 'IfClause' | 'ElseifClause';
        readonly condition: Expression;
        readonly body: readonly Statement[];
      }
    | { readonly type: 'ElseClause'; readonly body: readonly Statement[] };

  export type Statement =
    | FunctionNode
    | {
        readonly type: 'LocalStatement';
        readonly variables: readonly Identifier[];
        readonly init: readonly Expression[];
      }
    | {
        readonly type: 'AssignmentStatement';
        readonly variables: readonly Expression[];
        readonly init: readonly Expression[];
      }
    | { readonly type: 'CallStatement'; readonly expression: Expression }
    | { readonly type: 'ReturnStatement'; readonly arguments: readonly Expression[] }
    | { readonly type: 'BreakStatement' }
    | { readonly type: 'DoStatement'; readonly body: readonly Statement[] }
    | { readonly type: 'IfStatement'; readonly clauses: readonly Clause[] }
    | { readonly type: 'WhileStatement'; readonly condition: Expression; readonly body: readonly Statement[] }
    | {
        readonly type: 'ForNumericStatement';
        readonly variable: Identifier;
        readonly start: Expression;
        readonly end: Expression;
        readonly step: Expression | null;
        readonly body: readonly Statement[];
      }
    | {
        readonly type: 'ForGenericStatement';
        readonly variables: readonly Identifier[];
        readonly iterators: readonly Expression[];
        readonly body: readonly Statement[];
      };

  const luaparse: {
    /** @throws SyntaxError */
    parse(
      source: string,
      options: { readonly luaVersion: '5.1'; readonly encodingMode: 'pseudo-latin1'; readonly comments: false },
    ): { readonly body: readonly Statement[] };
  };
  export default luaparse;
}
