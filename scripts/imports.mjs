// @ts-check
/** Reads which files of a source tree import which. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import ts from 'typescript';

/**
 * @typedef {object} Import
 * @property {string} file importing file, relative to src/
 * @property {number} line
 * @property {string} specifier
 * @property {string | null} target imported file relative to src/; null for a package or a built-in module
 * @property {boolean} typeOnly nothing of it is left in the JavaScript
 * @property {boolean} reExport
 */

/**
 * @param {string} sourceDir
 * @param {string} file relative to it
 * @returns {Import[]}
 */
export function importsOf(sourceDir, file) {
  const path = join(sourceDir, file);
  const text = readFileSync(path, 'utf8');
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest);
  // Statements stand at the top; only `import(…)`, as a value or a type, may stand anywhere.
  const isDeep = text.includes('import(');
  /** @type {Import[]} */
  const found = [];
  /**
   * @param {ts.Node} node
   * @param {string} specifier
   * @param {{ typeOnly: boolean, reExport?: boolean }} kind
   */
  const add = (node, specifier, { typeOnly, reExport = false }) => {
    const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
    found.push({ file, line, specifier, target: targetOf(sourceDir, file, specifier), typeOnly, reExport });
  };
  /** @param {ts.Node} node */
  const visit = (node) => {
    // `import { type A }` is no type-only import: verbatimModuleSyntax leaves `import {}` in the JavaScript.
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      const typeOnly = node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
      add(node, node.moduleSpecifier.text, { typeOnly });
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) {
      add(node, node.moduleSpecifier.text, { typeOnly: node.isTypeOnly, reExport: true });
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [argument] = node.arguments;
      if (argument && ts.isStringLiteralLike(argument)) add(node, argument.text, { typeOnly: false });
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      if (ts.isStringLiteral(node.argument.literal)) add(node, node.argument.literal.text, { typeOnly: true });
    }
    if (isDeep) ts.forEachChild(node, visit);
  };
  ts.forEachChild(source, visit);
  return found;
}

/**
 * @param {string} sourceDir
 * @param {string} file
 * @param {string} specifier
 */
function targetOf(sourceDir, file, specifier) {
  if (!specifier.startsWith('.')) return null;
  const path = resolve(sourceDir, dirname(file), specifier);
  const candidates = [path.replace(/\.js$/, '.ts'), path.replace(/\.js$/, '.tsx')];
  const found = candidates.find((candidate) => existsSync(candidate)) ?? path;
  return relative(sourceDir, found).split(sep).join('/');
}

/**
 * @param {string} folder
 * @returns {string[]} paths of its TypeScript files; tests are left out, for they may reach anything
 */
export function sourceFilesIn(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !/\.(test|test-d)\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
