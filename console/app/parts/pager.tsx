/** The way to the next page of a list and back to its beginning. */

/** @jsxImportSource preact */

interface PagerProps {
  /** The page that is shown, from 1. */
  readonly page: number;
  readonly hasNext: boolean;
  onFirst(): void;
  onNext(): void;
}

export function Pager({ page, hasNext, onFirst, onNext }: PagerProps) {
  if (page === 1 && !hasNext) return null;
  return (
    <nav class="pager" aria-label="Pages">
      <button type="button" disabled={page === 1} onClick={onFirst}>
        First page
      </button>
      <span aria-live="polite">Page {page}</span>
      <button type="button" disabled={!hasNext} onClick={onNext}>
        Next page
      </button>
    </nav>
  );
}
