/**
 * Translates a function of the Redis broker from Lua to JavaScript, which runs many times as fast as in a virtual machine.
 * What no function uses of Lua is refused, but for parentheses that cut a call's values to one, which the parser does not
 * show.
 */

import luaparse, { type CallExpression, type Expression, type FunctionNode, type Statement } from 'luaparse';
import { type LuaFunction, operators } from './values.js';

/** By name. */
export type Globals = Record<string, unknown>;

/**
 * @param globals looked up whenever the function runs
 * @throws SyntaxError for what is no Lua, Error for what the compiler does not know
 */
export function compile(source: string, globals: Globals): LuaFunction {
  // One character for each byte, as strings are.
  const bytes = Buffer.from(source).toString('latin1');
  const { body } = luaparse.parse(bytes, { luaVersion: '5.1', encodingMode: 'pseudo-latin1', comments: false });
  const code = new Compiler(new Set(Object.keys(globals))).chunk(body);
  return new Function('$', '$globals', code)(operators, globals);
}

/** Local names, from a block outwards. */
class Scope {
  readonly #names = new Map<string, string>();

  constructor(private readonly outer?: Scope) {}

  declare(name: string, as: string): string {
    this.#names.set(name, as);
    return as;
  }

  find(name: string): string | undefined {
    return this.#names.get(name) ?? this.outer?.find(name);
  }
}

class Compiler {
  #numNames = 0;
  /** Of the function that is being translated: places for the left sides of `and` and `or`. */
  #temporaries: string[] = [];

  constructor(private readonly globals: ReadonlySet<string>) {}

  chunk(body: readonly Statement[]): string {
    return `'use strict';\nreturn () => ${this.#body(body, new Scope())};`;
  }

  /** Of a function, in braces. */
  #body(statements: readonly Statement[], scope: Scope): string {
    const outer = this.#temporaries;
    this.#temporaries = [];
    const code = this.#block(statements, scope);
    const declared = this.#temporaries.length === 0 ? '' : `let ${this.#temporaries.join(', ')};\n`;
    this.#temporaries = outer;
    return `{\n${declared}${code}}`;
  }

  #block(statements: readonly Statement[], scope: Scope): string {
    return statements.map((statement) => `${this.#statement(statement, scope)}\n`).join('');
  }

  #statement(node: Statement, scope: Scope): string {
    switch (node.type) {
      case 'LocalStatement': {
        const values = this.#values(node.init, node.variables.length, scope);
        const names = node.variables.map(({ name }) => scope.declare(name, this.#name(name)));
        return `${values.before}let ${names.map((name, n) => `${name} = ${values.of[n]}`).join(', ')};`;
      }
      case 'AssignmentStatement':
        return this.#assignment(node.variables, node.init, scope);
      case 'CallStatement':
        return `${this.#call(node.expression, scope)};`;
      case 'FunctionDeclaration': {
        const { identifier } = node;
        if (!node.isLocal || identifier?.type !== 'Identifier') throw unknown('a function that is not local');
        const name = scope.declare(identifier.name, this.#name(identifier.name));
        return `const ${name} = ${this.#function(node, scope)};`;
      }
      case 'ReturnStatement':
        return this.#return(node.arguments, scope);
      case 'BreakStatement':
        return 'break;';
      case 'DoStatement':
        return `{\n${this.#block(node.body, new Scope(scope))}}`;
      case 'IfStatement':
        return node.clauses
          .map((clause, n) => {
            const body = `{\n${this.#block(clause.body, new Scope(scope))}}`;
            if (clause.type === 'ElseClause') return ` else ${body}`;
            return `${n === 0 ? '' : ' else '}if (${this.#condition(clause.condition, scope)}) ${body}`;
          })
          .join('');
      case 'WhileStatement':
        return `while (${this.#condition(node.condition, scope)}) {\n${this.#block(node.body, new Scope(scope))}}`;
      case 'ForNumericStatement': {
        const [at, end, step] = [this.#name('at'), this.#name('end'), this.#name('step')];
        const [from, to, by] = [node.start, node.end, node.step].map((one) =>
          one === null ? '1' : `$.number(${this.#one(one, scope)})`,
        );
        const inner = new Scope(scope);
        const own = inner.declare(node.variable.name, this.#name(node.variable.name));
        const goesOn = `${step} >= 0 ? ${at} <= ${end} : ${at} >= ${end}`;
        return `for (let ${at} = ${from}, ${end} = ${to}, ${step} = ${by}; ${goesOn}; ${at} += ${step}) {\nlet ${own} = ${at};\n${this.#block(node.body, inner)}}`;
      }
      case 'ForGenericStatement': {
        const [next, state, last, found] = ['next', 'state', 'last', 'found'].map((name) => this.#name(name));
        const list = this.#list(node.iterators, scope);
        const inner = new Scope(scope);
        const own = node.variables.map(({ name }, n) => {
          return `let ${inner.declare(name, this.#name(name))} = ${found}[${n}];\n`;
        });
        return `{\nlet [${next}, ${state}, ${last}] = [${list}];\nfor (;;) {\nconst ${found} = $.all($.callee(${next})(${state}, ${last}));\n${last} = ${found}[0];\nif (${last} === undefined) break;\n${own.join('')}${this.#block(node.body, inner)}}\n}`;
      }
      default:
        throw unknown(String((node as { readonly type: unknown }).type));
    }
  }

  /** All sides are worked out before anything is assigned. */
  #assignment(targets: readonly Expression[], init: readonly Expression[], scope: Scope): string {
    const before: string[] = [];
    const assign = targets.map((target): ((value: string) => string) => {
      if (target.type === 'Identifier') {
        const name = scope.find(target.name);
        if (name === undefined) throw unknown(`an assignment to the global ${target.name}`);
        return (value) => `${name} = ${value};`;
      }
      if (target.type !== 'MemberExpression' && target.type !== 'IndexExpression') throw unknown(target.type);
      const [base, key] = [this.#name('base'), this.#name('key')];
      const index =
        target.type === 'MemberExpression' ? JSON.stringify(target.identifier.name) : this.#one(target.index, scope);
      before.push(`const ${base} = ${this.#one(target.base, scope)}, ${key} = ${index};`);
      return (value) => `$.put(${base}, ${key}, ${value});`;
    });
    if (targets.length === 1 && init.length === 1 && init[0] !== undefined) {
      return `{ ${before.join(' ')} ${assign[0]?.(this.#one(init[0], scope))} }`;
    }
    const values = this.#values(init, targets.length, scope);
    const names = targets.map(() => this.#name('value'));
    const given = names.map((name, n) => `${name} = ${values.of[n]}`).join(', ');
    return `{ ${before.join(' ')} ${values.before}const ${given}; ${assign.map((one, n) => one(names[n] ?? '')).join(' ')} }`;
  }

  /** So many values of a list, of which the last may be several. */
  #values(
    list: readonly Expression[],
    count: number,
    scope: Scope,
  ): { readonly before: string; readonly of: readonly string[] } {
    const last = list.at(-1);
    if (last === undefined || list.length >= count || !isSeveral(last)) {
      const of = Array.from({ length: count }, (_, n) => {
        const expression = list[n];
        return expression === undefined ? 'undefined' : this.#one(expression, scope);
      });
      if (list.length > count) throw unknown('more values than names');
      return { before: '', of };
    }
    const name = this.#name('values');
    return {
      before: `const ${name} = [${this.#list(list, scope)}];\n`,
      of: Array.from({ length: count }, (_, n) => `${name}[${n}]`),
    };
  }

  #return(values: readonly Expression[], scope: Scope): string {
    const [first] = values;
    if (first === undefined) return 'return undefined;';
    if (values.length > 1) return `return new $.Several([${this.#list(values, scope)}]);`;
    return `return ${isSeveral(first) ? this.#call(first, scope) : this.#one(first, scope)};`;
  }

  /** The last one with all of its values. */
  #list(values: readonly Expression[], scope: Scope): string {
    return values
      .map((value, n) => {
        const isLast = n === values.length - 1;
        return isLast && isSeveral(value) ? `...$.all(${this.#call(value, scope)})` : this.#one(value, scope);
      })
      .join(', ');
  }

  #function({ parameters, body }: FunctionNode, scope: Scope): string {
    const inner = new Scope(scope);
    const names = parameters.map((parameter) => {
      if (parameter.type !== 'Identifier') throw unknown(parameter.type);
      return inner.declare(parameter.name, this.#name(parameter.name));
    });
    return `(${names.join(', ')}) => ${this.#body(body, inner)}`;
  }

  #call(node: Expression, scope: Scope): string {
    if (node.type !== 'CallExpression') throw unknown(node.type);
    return `$.callee(${this.#one(node.base, scope)})(${this.#list(node.arguments, scope)})`;
  }

  #condition(node: Expression, scope: Scope): string {
    if (node.type === 'UnaryExpression' && node.operator === 'not')
      return `!(${this.#condition(node.argument, scope)})`;
    if (node.type === 'LogicalExpression') {
      const operator = node.operator === 'and' ? '&&' : '||';
      return `(${this.#condition(node.left, scope)} ${operator} ${this.#condition(node.right, scope)})`;
    }
    const isBoolean = node.type === 'BinaryExpression' && /^[<>=~]=?$/.test(node.operator);
    return isBoolean ? this.#one(node, scope) : `$.isTrue(${this.#one(node, scope)})`;
  }

  /** One value. */
  #one(node: Expression, scope: Scope): string {
    switch (node.type) {
      case 'Identifier': {
        const name = scope.find(node.name);
        if (name !== undefined) return name;
        if (!this.globals.has(node.name)) throw unknown(`the global ${node.name}`);
        return `$globals.${node.name}`;
      }
      case 'StringLiteral':
        return JSON.stringify(node.value);
      case 'NumericLiteral':
      case 'BooleanLiteral':
        return String(node.value);
      case 'NilLiteral':
        return 'undefined';
      case 'FunctionDeclaration':
        return `(${this.#function(node, scope)})`;
      case 'CallExpression':
        return `$.one(${this.#call(node, scope)})`;
      case 'MemberExpression':
        if (node.indexer === ':') throw unknown('a method');
        return `$.index(${this.#one(node.base, scope)}, ${JSON.stringify(node.identifier.name)})`;
      case 'IndexExpression':
        return `$.index(${this.#one(node.base, scope)}, ${this.#one(node.index, scope)})`;
      case 'TableConstructorExpression':
        return this.#table(node.fields, scope);
      case 'LogicalExpression': {
        const left = this.#name('left');
        this.#temporaries.push(left);
        const isLeft = `$.isTrue(${left} = ${this.#one(node.left, scope)})`;
        const right = this.#one(node.right, scope);
        return node.operator === 'and' ? `(${isLeft} ? ${right} : ${left})` : `(${isLeft} ? ${left} : ${right})`;
      }
      case 'UnaryExpression':
        return this.#unary(node.operator, node.argument, scope);
      case 'BinaryExpression':
        return binary(node.operator, this.#one(node.left, scope), this.#one(node.right, scope));
      default:
        throw unknown(node.type);
    }
  }

  #unary(operator: string, argument: Expression, scope: Scope): string {
    if (operator === 'not') return `!(${this.#condition(argument, scope)})`;
    if (operator === '#') return `$.length(${this.#one(argument, scope)})`;
    if (operator === '-') return `(-$.number(${this.#one(argument, scope)}))`;
    throw unknown(operator);
  }

  #table(fields: Extract<Expression, { readonly type: 'TableConstructorExpression' }>['fields'], scope: Scope): string {
    const items = fields.flatMap((field) => (field.type === 'TableValue' ? [field.value] : []));
    const made = `new $.LuaTable([${this.#list(items, scope)}])`;
    const named = fields.flatMap((field) => {
      if (field.type === 'TableValue') return [];
      const key = field.type === 'TableKey' ? this.#one(field.key, scope) : JSON.stringify(field.key.name);
      return [`[${key}, ${this.#one(field.value, scope)}]`];
    });
    return named.length === 0 ? made : `$.filled(${made}, [${named.join(', ')}])`;
  }

  /** A name of its own, since blocks of Lua may declare one twice. */
  #name(text: string): string {
    return `${text}$${++this.#numNames}`;
  }
}

/** In the last place of a list it is all of its values. */
function isSeveral(node: Expression): node is CallExpression {
  return node.type === 'CallExpression';
}

function binary(operator: string, left: string, right: string): string {
  switch (operator) {
    case '..':
      return `($.text(${left}) + $.text(${right}))`;
    case '==':
      return `(${left} === ${right})`;
    case '~=':
      return `(${left} !== ${right})`;
    case '<':
      return `$.isLess(${left}, ${right})`;
    case '<=':
      return `$.isAtMost(${left}, ${right})`;
    case '>':
      return `$.isLess(${right}, ${left})`;
    case '>=':
      return `$.isAtMost(${right}, ${left})`;
    case '+':
    case '-':
    case '*':
    case '/':
      return `($.number(${left}) ${operator} $.number(${right}))`;
    default:
      throw unknown(operator);
  }
}

function unknown(what: string): Error {
  return new Error(`the compiler for Lua does not know ${what}`);
}
