/** Translates a configuration of Centrifugo 5 or 6, with remarks. */

import { closest } from '../../model/closest.js';
import { type Answer, answers, answerTo } from './answers.js';
import { addBroker } from './broker.js';
import { addRules } from './channel-rules.js';
import { Draft } from './draft.js';
import { addHooks } from './hooks.js';
import { addKeys, hasTokenKeys } from './keys.js';
import { addListeners, addOrigins } from './listeners.js';
import { isOfVersion5, withNewerNames } from './older-names.js';
import { addPersonalChannel, personalNamespace } from './personal-channel.js';
import { type Fields, fieldsOf, isFields, isUnset } from './values.js';

export function translate(given: Fields): Draft {
  const options = isOfVersion5(given) ? withNewerNames(given) : given;
  const draft = new Draft();
  addListeners(options, draft);
  addOrigins(options, draft);
  addKeys(options, draft);
  for (const [path, value] of leavesOf(options)) addOption(path, value, draft);
  addBroker(options, draft);
  addHooks(options, draft);
  const isPlainUsed = personalNamespace(options) === '';
  addRules(fieldsOf(options.channel), { hasTokens: hasTokenKeys(draft), isPlainUsed }, draft);
  addPersonalChannel(options, draft);
  if (draft.config.api !== undefined) addListeners(options, draft);
  return draft;
}

function addOption(path: string, value: unknown, draft: Draft): void {
  const found = answerTo(path);
  if (found === undefined) {
    const meant = closest(path, Object.keys(answers));
    draft.refuse(path, `it is not a known option of Centrifugo 6${meant ? `; did you mean "${meant}"?` : ''}`);
    return;
  }
  const { key, answer } = found;
  if ('to' in answer) take(path, value, answer, draft);
  // A group is refused once, whatever it contains.
  else if ('refused' in answer && !isUsual(value, answer.usual)) draft.refuse(key.replace(/\.$/, ''), answer.refused);
}

function take(path: string, value: unknown, answer: Extract<Answer, { to: unknown }>, draft: Draft): void {
  // Unset values, like most in a complete file, are Fanfare's defaults.
  if (isUnset(value)) return;
  const converted = answer.as === undefined ? value : answer.as(value);
  if (converted === undefined) draft.refuse(path, `${JSON.stringify(value)} is not a valid value`);
  else draft.set(answer.to, converted);
}

function isUsual(value: unknown, usual: unknown): boolean {
  return isUnset(value) || usual === '*' || value === usual;
}

/** The options that are set, by path, without groups that are off. Lists are values. */
function* leavesOf(options: Fields, above = ''): Generator<readonly [string, unknown]> {
  if (options.enabled === false || options.disabled === true) return;
  for (const [key, value] of Object.entries(options)) {
    const path = `${above}${key}`;
    const isGroup = isFields(value) && !('with' in (answers[`${path}.`] ?? {}));
    if (isGroup) yield* leavesOf(value, `${path}.`);
    else if (!isFields(value)) yield [path, value];
  }
}
