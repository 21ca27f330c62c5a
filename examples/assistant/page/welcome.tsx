/** What an empty chat shows: what one may ask. */

const questions = [
  ['Tell me a long story', 'long enough to reload in the middle'],
  ['What is the weather in Lisbon?', 'with a tool'],
  ['How do I stop you?', 'and what does not'],
  ['What is this?', 'an example'],
] as const;

export function Welcome({ onAsk }: { readonly onAsk: (text: string) => void }) {
  return (
    <section className="welcome">
      <h1>Ask something, then reload.</h1>
      <p>
        The answer goes on while nobody reads it, is the same on every device, and stops when somebody says stop. The
        model is a script on this server; the chat is <code>useChat</code> of the AI SDK over a channel.
      </p>
      <ul>
        {questions.map(([text, about]) => (
          <li key={text}>
            <button type="button" onClick={() => onAsk(text)}>
              <strong>{text}</strong>
              <span>{about}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
