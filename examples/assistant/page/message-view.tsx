/** One message: what was asked, or an answer with all of its parts. */

import { getToolName, isToolUIPart, type UIMessage } from 'ai';

export interface MessageViewProps {
  readonly message: UIMessage;
  /** It is still growing. */
  readonly isSaying: boolean;
  readonly onAgain: (() => void) | undefined;
}

export function MessageView({ message: { role, parts }, isSaying, onAgain }: MessageViewProps) {
  if (role === 'user') {
    return <div className="message asked">{parts.map((part) => (part.type === 'text' ? part.text : ''))}</div>;
  }
  return (
    <div className={isSaying ? 'message said growing' : 'message said'}>
      {parts.map((part, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: parts only grow, and stay in their order
        <Part key={at} part={part} />
      ))}
      {onAgain !== undefined && (
        <button className="again" type="button" onClick={onAgain}>
          Answer again
        </button>
      )}
    </div>
  );
}

function Part({ part }: { readonly part: UIMessage['parts'][number] }) {
  if (part.type === 'text') {
    return (
      <div className="text">
        {part.text.split('\n\n').map((paragraph, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: as above
          <p key={at}>{paragraph}</p>
        ))}
      </div>
    );
  }
  if (part.type === 'reasoning') {
    return (
      <details className="reasoning" open={part.state === 'streaming'}>
        <summary>{part.state === 'streaming' ? 'Thinking' : 'What it thought'}</summary>
        <p>{part.text}</p>
      </details>
    );
  }
  if (!isToolUIPart(part)) return null;
  const { town } = (part.input ?? {}) as { readonly town?: string }; // safe: shown only if it is there
  return (
    <p className="tool">
      <span className="name">{getToolName(part)}</span>
      <span>{town ?? '…'}</span>
      <span className="state">{part.state === 'output-available' ? 'found' : 'looks it up'}</span>
    </p>
  );
}
