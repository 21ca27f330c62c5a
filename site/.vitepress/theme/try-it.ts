/**
 * `<try-it path examples>`: calls a method of the HTTP API and shows the answer. An element of its own, in a shadow tree, so that it
 * needs nothing of the page's framework.
 */

interface Example {
  readonly name: string;
  readonly body: unknown;
}

/** Of all forms of the page. The key is kept nowhere else, and gone with the page. */
const shared = { server: location.origin, key: '' };

const template = document.createElement('template');
template.innerHTML = `
<style>
  details { margin: 16px 0; border: 1px solid var(--vp-c-divider); border-radius: 8px; background: var(--vp-code-block-bg); }
  summary { padding: 8px 14px; font-weight: 600; cursor: pointer; }
  form { display: grid; gap: 10px; padding: 0 14px 14px; }
  label { display: grid; gap: 3px; font-size: 13px; color: var(--vp-c-text-2); }
  input, select, textarea, button { font: 14px/1.5 inherit; color: var(--vp-c-text-1); }
  input, select, textarea { min-width: 0; padding: 5px 8px; background: var(--vp-c-bg); border: 1px solid var(--vp-c-text-3); border-radius: 6px; }
  textarea, pre { font: 13px/1.5 var(--vp-font-family-mono); }
  button { justify-self: start; padding: 5px 16px; font-weight: 600; background: var(--vp-c-brand-soft); border: 1px solid var(--vp-c-brand-1); border-radius: 6px; cursor: pointer; }
  :focus-visible { outline: 2px solid var(--vp-c-brand-1); outline-offset: 2px; }
  .sides { display: grid; gap: 10px; grid-template-columns: repeat(auto-fit, minmax(180px, 1fr)); }
  pre { margin: 0; padding: 10px; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; background: var(--vp-c-bg); border-radius: 6px; }
  pre:empty { display: none; }
</style>
<details>
  <summary>Try it</summary>
  <form>
    <div class="sides">
      <label>Server <input name="server" type="url" required></label>
      <label>Key <input name="key" type="password" autocomplete="off" required></label>
      <label>Example <select name="example"></select></label>
    </div>
    <label>Body <textarea name="body" rows="6" spellcheck="false"></textarea></label>
    <button>Call</button>
    <pre role="status"></pre>
  </form>
</details>`;

export class TryIt extends HTMLElement {
  connectedCallback(): void {
    if (this.shadowRoot !== null) return;
    const shadow = this.attachShadow({ mode: 'open' });
    shadow.append(template.content.cloneNode(true));
    const find = <Found extends Element>(selector: string) => {
      const found = shadow.querySelector<Found>(selector);
      if (found === null) throw new Error(`the form has no ${selector}`);
      return found;
    };
    const form = find<HTMLFormElement>('form');
    const [server, key] = [find<HTMLInputElement>('[name=server]'), find<HTMLInputElement>('[name=key]')];
    const [choice, body] = [find<HTMLSelectElement>('select'), find<HTMLTextAreaElement>('textarea')];
    const answer = find<HTMLPreElement>('pre');
    // safe: site/reference/http.mjs writes it
    const examples = JSON.parse(this.getAttribute('examples') ?? '[]') as readonly Example[];
    for (const { name } of examples) choice.append(new Option(name));
    const show = () => {
      body.value = JSON.stringify(examples[choice.selectedIndex]?.body ?? {}, undefined, 2);
    };
    show();
    choice.addEventListener('change', show);
    find<HTMLDetailsElement>('details').addEventListener('toggle', () => {
      server.value = shared.server;
      key.value = shared.key;
    });
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      shared.server = server.value;
      shared.key = key.value;
      answer.textContent = '…';
      void this.#call(body.value).then((text) => {
        answer.textContent = text;
      });
    });
  }

  /** Never rejects. */
  async #call(body: string): Promise<string> {
    const path = this.getAttribute('path') ?? '';
    try {
      const response = await fetch(new URL(path, shared.server), {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'X-API-Key': shared.key },
        body,
      });
      return `${response.status} ${response.statusText}\n${await response.text()}`;
    } catch (error) {
      return `No answer that this page may read: ${error instanceof Error ? error.message : error}`;
    }
  }
}

customElements.define('try-it', TryIt);
