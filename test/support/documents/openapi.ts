/** docs/api/openapi.yaml, as far as tests have to know it. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { parse } from 'yaml';

export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
}

interface Content {
  readonly 'application/json': {
    readonly schema: Schema;
    readonly examples?: Readonly<Record<string, { readonly value: Readonly<Record<string, unknown>> }>>;
  };
}

interface Response {
  readonly $ref?: string;
  readonly content?: Content;
}

export interface Operation {
  readonly operationId: string;
  readonly requestBody: { readonly content: Content };
  readonly responses: Readonly<Record<string, Response>>;
}

export interface OpenApiDocument {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

const file = fileURLToPath(new URL('../../../docs/api/openapi.yaml', import.meta.url));

/** Reads it anew: what is done to it is nobody else's. */
export function openApiDocument(): OpenApiDocument {
  return parse(readFileSync(file, 'utf8'));
}

export class OpenApi {
  readonly document = openApiDocument();
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true });

  constructor() {
    this.#ajv.addSchema(this.document, 'openapi');
  }

  /** What a `$ref` stands for. */
  resolve<T extends { readonly $ref?: string }>(value: T): T {
    if (value.$ref === undefined) return value;
    let at: unknown = this.document;
    // safe: the document is JSON, and what is not there fails the test
    for (const part of value.$ref.slice(2).split('/')) at = (at as Record<string, unknown>)[part];
    return at as T;
  }

  /** Of the request, or of the response with this status. */
  schemaAt(path: string, status?: number): ValidateFunction {
    const escaped = path.replaceAll('/', '~1');
    const operation = `#/paths/${escaped}/post`;
    const media = 'content/application~1json/schema';
    if (status === undefined) return this.#compile(`${operation}/requestBody/${media}`);
    const response = this.document.paths[path]?.post?.responses[status];
    if (response === undefined) throw new Error(`${path} has no answer with status ${status}`);
    return this.#compile(`${response.$ref ?? `${operation}/responses/${status}`}/${media}`);
  }

  #compile(pointer: string): ValidateFunction {
    return this.#ajv.compile({ $ref: `openapi${pointer}` });
  }
}
