/** Text that the TypeScript compiler looks at without a file: what it says about it, and what an editor would offer. */

import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../../..', import.meta.url));

export interface CompilerMessage {
  readonly code: number;
  /** What it is about, as it stands in the text. */
  readonly at: string;
  readonly message: string;
}

/** One text at a time, with the options of the project, in a folder from which it imports. */
export class CompiledText {
  readonly #file: string;
  readonly #head: string;
  readonly #service: ts.LanguageService;
  #text = '';
  #version = 0;

  /** @param head stands before each text */
  constructor(folder: string, head: string) {
    this.#file = join(resolve(root, folder), 'compiled-text.ts');
    this.#head = head;
    this.#service = ts.createLanguageService(this.#host());
  }

  messages(body: string): CompilerMessage[] {
    this.#take(body);
    const found = [
      ...this.#service.getSyntacticDiagnostics(this.#file),
      ...this.#service.getSemanticDiagnostics(this.#file),
    ];
    return found.map(({ code, start, length, messageText }) => ({
      code,
      at: this.#text.slice(start, (start ?? 0) + (length ?? 0)),
      message: ts.flattenDiagnosticMessageText(messageText, '\n'),
    }));
  }

  /** @param body with one `|` where the cursor is */
  completions(body: string): string[] {
    const cursor = body.indexOf('|');
    this.#take(body.replace('|', ''));
    const list = this.#service.getCompletionsAtPosition(this.#file, this.#head.length + cursor, {});
    return list?.entries.map(({ name }) => name) ?? [];
  }

  /** How much work the text is for the compiler: the same on each machine. */
  numInstantiations(body: string): number {
    this.messages(body);
    return this.#service.getProgram()?.getInstantiationCount() ?? 0;
  }

  #take(body: string): void {
    this.#text = this.#head + body;
    this.#version++;
  }

  #host(): ts.LanguageServiceHost {
    const { sys } = ts;
    const read = ts.readConfigFile(join(root, 'tsconfig.json'), sys.readFile);
    const { options } = ts.parseJsonConfigFileContent(read.config, sys, root);
    const textOf = (path: string) => (path === this.#file ? this.#text : sys.readFile(path));
    return {
      getScriptFileNames: () => [this.#file],
      getScriptVersion: (path) => (path === this.#file ? String(this.#version) : '0'),
      getScriptSnapshot: (path) => {
        const text = textOf(path);
        return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
      },
      getCurrentDirectory: () => root,
      getCompilationSettings: () => options,
      getDefaultLibFileName: ts.getDefaultLibFilePath,
      fileExists: (path) => path === this.#file || sys.fileExists(path),
      readFile: textOf,
      readDirectory: sys.readDirectory,
      directoryExists: sys.directoryExists,
      getDirectories: sys.getDirectories,
      ...(sys.realpath && { realpath: sys.realpath }),
    };
  }
}
