/** The fields above a list that narrow it, applied when they are sent. */

/** @jsxImportSource preact */

import { useId } from 'preact/hooks';

interface FiltersProps<Name extends string> {
  readonly label: string;
  readonly fields: readonly { readonly name: Name; readonly label: string; readonly choices?: readonly string[] }[];
  readonly values: Readonly<Partial<Record<Name, string>>>;
  onChange(values: Readonly<Partial<Record<Name, string>>>): void;
}

export function Filters<Name extends string>({ label, fields, values, onChange }: FiltersProps<Name>) {
  const id = useId();
  const apply = (event: SubmitEvent) => {
    event.preventDefault();
    // safe: the form that this listener is on
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const given = fields.flatMap(({ name }) => {
      const value = form.get(name);
      return typeof value === 'string' && value.trim() !== '' ? [[name, value.trim()] as const] : [];
    });
    // safe: its keys are names of the fields
    onChange(Object.fromEntries(given) as Partial<Record<Name, string>>);
  };
  return (
    <form class="filters" aria-label={label} onSubmit={apply}>
      {fields.map(({ name, label: text, choices }) => (
        <div key={name} class="field">
          <label for={`${id}-${name}`}>{text}</label>
          {choices === undefined ? (
            <input
              id={`${id}-${name}`}
              type="text"
              name={name}
              value={values[name] ?? ''}
              autocomplete="off"
              spellcheck={false}
            />
          ) : (
            <select id={`${id}-${name}`} name={name} value={values[name] ?? ''}>
              <option value="">all</option>
              {choices.map((choice) => (
                <option key={choice}>{choice}</option>
              ))}
            </select>
          )}
        </div>
      ))}
      <button type="submit">Show</button>
    </form>
  );
}
