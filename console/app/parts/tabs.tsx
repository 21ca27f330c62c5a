/** Tabs, as the ARIA Authoring Practices describe them: arrow keys move, one tab is in the order of the Tab key. */

/** @jsxImportSource preact */

import type { ComponentChildren } from 'preact';
import { useId, useRef } from 'preact/hooks';

interface TabsProps<Name extends string> {
  readonly label: string;
  readonly tabs: readonly Name[];
  readonly selected: Name;
  onSelect(tab: Name): void;
  /** The panel of the selected one. */
  readonly children: ComponentChildren;
}

export function Tabs<Name extends string>({ label, tabs, selected, onSelect, children }: TabsProps<Name>) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const onKeyDown = ({ key }: KeyboardEvent) => {
    const at = tabs.indexOf(selected);
    const moves: Readonly<Record<string, number>> = {
      ArrowRight: at + 1,
      ArrowLeft: at - 1,
      Home: 0,
      End: tabs.length - 1,
    };
    const to = moves[key];
    const tab = to === undefined ? undefined : tabs[(to + tabs.length) % tabs.length];
    if (tab === undefined) return;
    onSelect(tab);
    list.current?.querySelectorAll('button').item(tabs.indexOf(tab)).focus();
  };
  return (
    <>
      <div class="tabs" role="tablist" aria-label={label} ref={list} onKeyDown={onKeyDown}>
        {tabs.map((tab) => (
          <button
            key={tab}
            type="button"
            role="tab"
            id={`${id}-${tabs.indexOf(tab)}`}
            aria-selected={tab === selected}
            aria-controls={`${id}-panel`}
            tabIndex={tab === selected ? 0 : -1}
            onClick={() => onSelect(tab)}
          >
            {tab}
          </button>
        ))}
      </div>
      <div
        class="panel"
        role="tabpanel"
        id={`${id}-panel`}
        aria-labelledby={`${id}-${tabs.indexOf(selected)}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a panel may have nothing else that takes the focus
        tabIndex={0}
      >
        {children}
      </div>
    </>
  );
}
