/** Whether the visitor wants it dark or light, as the system says. */

import { signal } from '@preact/signals';

const dark = matchMedia('(prefers-color-scheme: dark)');

export const scheme = signal<'dark' | 'light'>(dark.matches ? 'dark' : 'light');

dark.addEventListener('change', ({ matches }) => {
  scheme.value = matches ? 'dark' : 'light';
});
