// @ts-check
/**
 * What the docstrings of public names must say. Each name has one; each number its unit; what is called an example that calls it; and
 * what returns a promise how it fails. Only names that a program calls need examples: functions, and the methods of what these return.
 */

/** @typedef {{ text: string }} Part */
/** @typedef {{ summary: Part[], blockTags?: { tag: string, content: Part[] }[] }} Comment */
/**
 * @typedef {object} Type
 * @property {string} type
 * @property {string} [name]
 * @property {unknown} [target]
 * @property {Type[]} [types]
 * @property {Type[]} [typeArguments]
 * @property {Type} [elementType]
 * @property {Node} [declaration]
 */
/**
 * @typedef {object} Node what the rules read of TypeDoc's JSON
 * @property {number} id
 * @property {string} name
 * @property {number} kind
 * @property {Comment} [comment]
 * @property {Node[]} [children]
 * @property {Node[]} [signatures]
 * @property {Node} [getSignature]
 * @property {Node[]} [parameters]
 * @property {Type} [type]
 */

const kinds = /** @type {const} */ ({
  module: 2,
  function: 64,
  class: 128,
  interface: 256,
  constructor: 512,
  property: 1_024,
  method: 2_048,
  accessor: 262_144,
  reference: 4_194_304,
});

/** A name or a text that says in what a number counts; the last three are terms of the protocol. */
const unitOfName = /(?:Ms|Sec|Bytes|PerSec|Chars)$|^num[A-Z]|^(?:offset|version|cursor)$/;
const unitOfText =
  /\b(?:milliseconds?|seconds?|minutes?|hours?|bytes?|characters?|numbers?|count(?:ed|s)?|most|fewest|how (?:many|often)|times|offset|position|version|port|codes?|status|messages?|publications?|clients?|keys?|entries|servers?|commands?|calls?|streams?|units?|percent|share|factor)\b/i;
/** What functions make for Fanfare to use: a program passes them on, and calls none of their methods. */
const givenOn = new Set(['Authenticator', 'Logger', 'DictionaryOption', 'Codec']);
/** A text that says how something fails, or that it does not. */
const failure = /\b(?:rejects?|throws?|refus\w+|fails?|never)\b|`ERR_/i;

/**
 * @param {Node} project
 * @returns {string[]} what is missing, as `entry: Name.member: what`; empty if nothing is
 */
export function problemsOf(project) {
  const called = calledTypes(project);
  return modulesOf(project).flatMap((module) =>
    (module.children ?? []).flatMap((declared) => {
      if (declared.kind === kinds.reference) return [];
      const found = [...faultsOf(declared, declared, called)];
      for (const member of membersOf(declared)) {
        for (const fault of faultsOf(member, declared, called)) found.push(`${member.name}: ${fault}`);
      }
      return found.map((fault) => `${module.name}: ${declared.name}${fault.includes(': ') ? '.' : ': '}${fault}`);
    }),
  );
}

/**
 * @param {Node} node a declaration of a module, or a member of one
 * @param {Node} owner the declaration
 * @param {ReadonlySet<number>} called
 * @returns {string[]}
 */
function faultsOf(node, owner, called) {
  const comment = commentOf(node);
  if (comment === undefined) return ['no docstring'];
  const text = textOf(comment);
  const isMember = node !== owner;
  const faults = [];
  if (isNumber(valueType(node)) && !saysUnit(node.name, text)) faults.push('no unit');
  for (const { name, type, comment: ofParameter } of node.signatures?.[0]?.parameters ?? []) {
    const about = ofParameter === undefined ? text : `${text}\n${textOf(ofParameter)}`;
    if (isNumber(type) && !saysUnit(name, about)) faults.push(`no unit of ${name}`);
  }
  const isCalled = node.kind === kinds.function || (node.kind === kinds.method && called.has(owner.id));
  if (!isCalled) return faults;
  const ofOwner = isMember ? commentOf(owner) : undefined;
  if (!isShown(node, comment, ofOwner)) faults.push('no example that calls it');
  const returns = node.signatures?.[0]?.type;
  const failures = `${text}\n${ofOwner === undefined ? '' : summaryOf(ofOwner)}`;
  if (returns?.name === 'Promise' && !failure.test(failures)) faults.push('does not say how it fails');
  return faults;
}

/**
 * An example of its own, or one of the class that calls it.
 * @param {Node} node
 * @param {Comment} own
 * @param {Comment | undefined} ofOwner
 */
function isShown({ name }, own, ofOwner) {
  if (examplesOf(own).length > 0) return true;
  const call = /^\[(?:async)?[iI]terator\]$/.test(name)
    ? /\bof |\.\.\./
    : new RegExp(`\\.${name.replace(/\W/g, '')}\\b`);
  return ofOwner !== undefined && examplesOf(ofOwner).some((example) => call.test(example));
}

/** @param {Comment} comment */
const examplesOf = ({ blockTags = [] }) =>
  blockTags.flatMap(({ tag, content }) => (tag === '@example' ? content.map(({ text }) => text).join('') : []));

/** @param {Comment} comment */
const summaryOf = ({ summary }) => summary.map(({ text }) => text).join('');

/** @param {Comment} comment */
function textOf(comment) {
  const tags = (comment.blockTags ?? []).filter(({ tag }) => tag !== '@example');
  return [summaryOf(comment), ...tags.map(({ tag, content }) => `${tag} ${content.map(({ text }) => text).join('')}`)]
    .join('\n')
    .trim();
}

/**
 * @param {Node} node
 * @returns {Comment | undefined} one that says something
 */
function commentOf(node) {
  const places = [node, node.signatures?.[0], node.getSignature, node.type?.declaration?.signatures?.[0]];
  return places.map((place) => place?.comment).find((comment) => comment !== undefined && textOf(comment) !== '');
}

/**
 * @param {Node} node
 * @returns {Node[]} public members that have a docstring of their own
 */
function membersOf(node) {
  const members = node.children ?? node.type?.declaration?.children ?? [];
  const looked = /** @type {readonly number[]} */ ([kinds.property, kinds.method, kinds.accessor]);
  return members.filter(({ kind }) => looked.includes(kind));
}

/** @param {Node} node */
const valueType = (node) => node.getSignature?.type ?? (node.signatures === undefined ? node.type : undefined);

/**
 * @param {Type | undefined} type
 * @returns {boolean}
 */
function isNumber(type) {
  if (type === undefined) return false;
  if (type.type === 'union') return (type.types ?? []).some(isNumber);
  return type.type === 'intrinsic' && type.name === 'number';
}

/**
 * @param {string} name
 * @param {string} text
 */
const saysUnit = (name, text) => unitOfName.test(name) || unitOfText.test(text);

/** @param {Node} project */
const modulesOf = (project) => (project.children ?? []).filter(({ kind }) => kind === kinds.module);

/**
 * Classes and interfaces that a program gets from the functions of the package, and from what these have.
 * @param {Node} project
 * @returns {ReadonlySet<number>} their ids
 */
function calledTypes(project) {
  const declarations = modulesOf(project).flatMap(({ children = [] }) => children);
  const byId = new Map(declarations.map((node) => [node.id, node]));
  /** @type {Set<number>} */
  const found = new Set();
  /** @param {Type | undefined} type */
  const visit = (type) => {
    if (type === undefined) return;
    for (const part of [...(type.types ?? []), ...(type.typeArguments ?? []), type.elementType]) visit(part);
    const node = typeof type.target === 'number' ? byId.get(type.target) : undefined;
    if (node === undefined || found.has(node.id)) return;
    if (givenOn.has(node.name)) return;
    if (node.type !== undefined) return visit(node.type);
    found.add(node.id);
    for (const member of membersOf(node)) visit(member.signatures?.[0]?.type ?? valueType(member));
  };
  for (const node of declarations) if (node.kind === kinds.function) visit(node.signatures?.[0]?.type);
  return found;
}
