/** Publishes a message to a channel: with a field for each member that its schema knows, or as JSON. */

/** @jsxImportSource preact */

import { useId, useMemo, useState } from 'preact/hooks';
import type { JsonSchema } from '../api-results.js';
import { exampleOf, type FormField, fieldsOf, messageOf } from '../schema-form.js';
import { type Draft, PublishingForm } from './publishing-form.js';

interface PublishFormProps {
  readonly channel: string;
  readonly schema: JsonSchema | undefined;
}

export function PublishForm({ channel, schema }: PublishFormProps) {
  const known = JSON.stringify(schema);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the same schema is another object in each answer
  const fields = useMemo(() => fieldsOf(schema), [known]);
  const [writesJson, setWritesJson] = useState(fields === undefined);
  const [json, setJson] = useState(() => JSON.stringify(exampleOf(schema), undefined, 2));
  const [texts, setTexts] = useState<Readonly<Record<string, string>>>({});
  const isForm = fields !== undefined && !writesJson;
  const draft = (): Draft => {
    const data = isForm ? messageOf(fields, texts) : parsed(json);
    return data.ok ? { publication: { channel, data: data.message } } : { fault: `${data.field} ${data.why}` };
  };
  return (
    <PublishingForm draft={draft}>
      {fields !== undefined && (
        <label class="switch">
          <input type="checkbox" checked={writesJson} onChange={() => setWritesJson(!writesJson)} />
          Write it as JSON
        </label>
      )}
      {isForm ? (
        fields.map((field) => (
          <Field
            key={field.name}
            field={field}
            text={texts[field.name] ?? ''}
            onText={(text) => setTexts({ ...texts, [field.name]: text })}
          />
        ))
      ) : (
        <label>
          Message, as JSON
          <textarea
            rows={8}
            value={json}
            spellcheck={false}
            onInput={({ currentTarget }) => setJson(currentTarget.value)}
          />
        </label>
      )}
    </PublishingForm>
  );
}

interface FieldProps {
  readonly field: FormField;
  readonly text: string;
  onText(text: string): void;
}

function Field({ field: { name, kind, isRequired, about, choices, schema }, text, onText }: FieldProps) {
  const id = useId();
  const label = (
    <span>
      {name}
      {isRequired && <span class="required"> required</span>}
      {about !== '' && <small> {about}</small>}
    </span>
  );
  if (kind === 'switch') {
    const isOn = text === 'true';
    return (
      <label class="switch">
        <input type="checkbox" checked={isOn} onChange={() => onText(isOn ? 'false' : 'true')} />
        {label}
      </label>
    );
  }
  const common = { id, value: text };
  const onInput = ({ currentTarget }: { readonly currentTarget: { readonly value: string } }) =>
    onText(currentTarget.value);
  const { minimum, maximum, minLength = 0, maxLength } = schema;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {kind === 'choice' && (
        <select {...common} required={isRequired} onChange={onInput}>
          <option value="">–</option>
          {choices.map((choice) => (
            <option key={choice} value={choice}>
              {choice}
            </option>
          ))}
        </select>
      )}
      {kind === 'json' && <textarea {...common} rows={3} required={isRequired} placeholder="JSON" onInput={onInput} />}
      {kind === 'number' && (
        <input
          {...common}
          type="number"
          step="any"
          required={isRequired}
          min={minimum}
          max={maximum}
          onInput={onInput}
        />
      )}
      {kind === 'text' && (
        <input {...common} type="text" required={isRequired && minLength > 0} maxLength={maxLength} onInput={onInput} />
      )}
    </div>
  );
}

function parsed(text: string): { ok: true; message: unknown } | { ok: false; field: string; why: string } {
  try {
    return { ok: true, message: JSON.parse(text) };
  } catch (error) {
    return { ok: false, field: 'The message', why: `is not JSON: ${error instanceof Error ? error.message : error}` };
  }
}
