// @ts-check
/** What the pages have beyond plain Markdown: blocks with the name of their file, and links out of VitePress's own pages. */

import { base } from './places.mjs';
import { escaped } from './sources.mjs';

/** @param {import('vitepress').MarkdownRenderer} md */
export function markdown(md) {
  const { rules } = md.renderer;

  // Braces in a text are braces: Vue would evaluate what is between two of them.
  rules.text = (tokens, at) => escaped(tokens[at]?.content ?? '').replaceAll('{{', '&#123;&#123;');

  const link = rules.link_open;
  rules.link_open = (tokens, at, options, env, self) => {
    const token = tokens[at];
    const isFile = token?.attrGet('href')?.startsWith('/files/');
    if (isFile) token?.attrSet('href', base + token.attrGet('href')?.slice(1));
    if (isFile) token?.attrSet('target', '_self');
    return link === undefined ? self.renderToken(tokens, at, options) : link(tokens, at, options, env, self);
  };

  const fence = rules.fence;
  rules.fence = (tokens, at, options, env, self) => {
    const block = fence === undefined ? '' : fence(tokens, at, options, env, self);
    const [, name] = /^\S+ (\S+)$/.exec(tokens[at]?.info.trim() ?? '') ?? [];
    return name === undefined ? block : `<div class="named"><p class="name" v-pre>${escaped(name)}</p>${block}</div>`;
  };

  // Indented blocks have no language; they scroll by themselves, also by keyboard.
  rules.code_block = (tokens, at) =>
    `<div class="language-text"><pre tabindex="0" v-pre><code>${escaped(tokens[at]?.content ?? '')}</code></pre></div>`;

  const table = rules.table_open;
  rules.table_open = (tokens, at, options, env, self) =>
    `<div class="wide" tabindex="0">${table === undefined ? self.renderToken(tokens, at, options) : table(tokens, at, options, env, self)}`;
  rules.table_close = () => '</table></div>';
}
