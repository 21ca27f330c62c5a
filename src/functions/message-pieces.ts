/** Cuts what is due to a connection into messages that its gateway and usual clients take. */

const newline = 0x0a;

/**
 * Lines of JSON, which the protocol joins and splits freely. A line that is longer than a piece is a piece of its own.
 *
 * @param maxBytes of a piece
 */
export function piecesOf(lines: Uint8Array, maxBytes: number): Uint8Array[] {
  if (lines.length <= maxBytes) return [lines];
  const pieces: Uint8Array[] = [];
  let start = 0;
  while (start < lines.length) {
    const end = endOfPiece(lines, start, maxBytes);
    pieces.push(lines.subarray(start, end));
    start = end + 1;
  }
  return pieces;
}

/** The last end of a line within the piece, or the end of its first line. */
function endOfPiece(lines: Uint8Array, start: number, maxBytes: number): number {
  if (lines.length - start <= maxBytes) return lines.length;
  const last = lines.lastIndexOf(newline, start + maxBytes);
  if (last > start) return last;
  const first = lines.indexOf(newline, start);
  return first === -1 ? lines.length : first;
}
