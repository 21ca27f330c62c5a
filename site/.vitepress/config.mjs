// @ts-check
/** How VitePress builds the site from .cache/site/pages: see site/build.mjs. */

import { relative } from 'node:path';
import { defineConfig } from 'vitepress';
import { root } from '../../scripts/setup.mjs';
import { slug } from '../links.mjs';
import { markdown } from '../markdown.mjs';
import { sections } from '../pages.mjs';
import { base, html, pages } from '../places.mjs';
import { referenceSection } from '../reference/sidebar.mjs';

const all = [...sections(), ...referenceSection()];
const site = `${root}/site`;

export default defineConfig({
  srcDir: relative(site, pages),
  outDir: html,
  cacheDir: `${root}/.cache/site/cache`,
  base,
  lang: 'en',
  title: 'Fanfare',
  description: 'The realtime server for TypeScript',
  head: [
    ['link', { rel: 'icon', href: `${base}icon.svg`, type: 'image/svg+xml' }],
    ['meta', { name: 'color-scheme', content: 'light dark' }],
  ],
  // Checked over the built pages, with those that VitePress does not make.
  ignoreDeadLinks: [/\/files\//],
  // One file with the hashes of all pages instead of a copy in each.
  metaChunk: true,
  markdown: {
    anchor: { slugify: slug },
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    // Without a grammar of their own here: those that look like them.
    languageAlias: { promql: 'python', haproxy: 'nginx' },
    // `{…}` in these pages is a pattern of channels, not an attribute.
    attrs: { disable: true },
    config: markdown,
  },
  // The form of the HTTP API is an element that Vue leaves alone.
  vue: { template: { compilerOptions: { isCustomElement: (name) => name === 'try-it' } } },
  vite: { build: { chunkSizeWarningLimit: 4_000 }, logLevel: 'warn' },
  themeConfig: {
    logo: { src: '/icon.svg', alt: '' },
    nav: [
      { text: 'Start', link: '/guide/getting-started.md' },
      { text: 'Documentation', link: '/contents.md' },
      { text: 'HTTP API', link: '/reference/http.md' },
      { text: 'Examples', link: '/examples/index.md' },
    ],
    sidebar: all,
    outline: { level: [2, 3], label: 'On this page' },
    search: { provider: 'local', options: { detailedView: true } },
    docFooter: { prev: 'Before', next: 'Next' },
    externalLinkIcon: false,
  },
});
