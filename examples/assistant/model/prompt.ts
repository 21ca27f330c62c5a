/** What a prompt comes to for the scripted model: the question, and what it has said to it already. */

import type { ScriptedModel } from './scripted-model.js';

export type Prompt = Parameters<ScriptedModel['doStream']>[0]['prompt'];

export interface Asked {
  readonly question: string;
  /** In this step: what a second producer goes on with. */
  readonly reasoning: string;
  readonly text: string;
  /** What a tool has found, if it was asked. */
  readonly found: string | undefined;
}

export function readPrompt(prompt: Prompt): Asked {
  let asked: Asked = { question: '', reasoning: '', text: '', found: undefined };
  for (const { role, content } of prompt) {
    if (role === 'system') continue;
    for (const part of content) {
      if (role === 'user' && part.type === 'text') {
        asked = { question: part.text, reasoning: '', text: '', found: undefined };
      } else if (role === 'assistant' && part.type === 'text') asked = { ...asked, text: asked.text + part.text };
      else if (role === 'assistant' && part.type === 'reasoning') {
        asked = { ...asked, reasoning: asked.reasoning + part.text };
      } else if (part.type === 'tool-result') {
        const { output } = part;
        asked = { ...asked, reasoning: '', text: '', found: output.type === 'text' ? output.value : '' };
      }
    }
  }
  return asked;
}
