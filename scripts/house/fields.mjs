// @ts-check
/** Fields of a class that anybody may write: neither private nor read-only. */
import { readFileSync } from 'node:fs';
import ts from 'typescript';

/**
 * @param {string} path
 * @param {string} className
 * @returns {string[]} in the order of the source
 */
export function publicMutableFields(path, className) {
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
  /** @type {string[]} */
  const names = [];
  let isThere = false;
  for (const statement of source.statements) {
    if (!ts.isClassDeclaration(statement) || statement.name?.text !== className) continue;
    isThere = true;
    for (const member of statement.members) {
      const isField = ts.isPropertyDeclaration(member) && !ts.isPrivateIdentifier(member.name);
      if (isField && !isGuarded(member)) names.push(member.name.getText(source));
      if (!ts.isConstructorDeclaration(member)) continue;
      for (const parameter of member.parameters) {
        const isProperty = ts.isParameterPropertyDeclaration(parameter, member);
        if (isProperty && !isGuarded(parameter)) names.push(parameter.name.getText(source));
      }
    }
  }
  if (!isThere) throw new Error(`${path} has no class ${className}`);
  return names;
}

/** @param {ts.PropertyDeclaration | ts.ParameterDeclaration} declaration */
function isGuarded({ modifiers }) {
  const guards = [ts.SyntaxKind.ReadonlyKeyword, ts.SyntaxKind.PrivateKeyword, ts.SyntaxKind.StaticKeyword];
  return modifiers?.some(({ kind }) => guards.includes(kind)) === true;
}
