/** VitePress's own theme, without its fonts and in the colours of the chat; and the form that calls the HTTP API. */

import type { Theme } from 'vitepress';
import theme from 'vitepress/theme-without-fonts';
import './style.css';

export default {
  extends: theme,
  async enhanceApp() {
    // Pages are also drawn where there are no elements.
    if (typeof window !== 'undefined') await import('./try-it.js');
  },
} satisfies Theme;
