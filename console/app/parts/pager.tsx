/** The way to the next page of a list and back to its beginning. */

/** @jsxImportSource preact */

import type { Pages } from '../pages.js';

interface PagerProps {
  readonly pages: Pages;
  /** Of the next page; `undefined`: there is none, or it is not known yet. */
  readonly cursor: string | undefined;
}

export function Pager({ pages, cursor }: PagerProps) {
  const { page, first, next } = pages;
  const hasNext = cursor !== undefined;
  if (page === 1 && !hasNext) return null;
  return (
    <nav class="pager" aria-label="Pages">
      <button type="button" disabled={page === 1} onClick={first}>
        First page
      </button>
      <span aria-live="polite">Page {page}</span>
      <button type="button" disabled={!hasNext} onClick={() => next(cursor ?? '')}>
        Next page
      </button>
    </nav>
  );
}
