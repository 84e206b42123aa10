/**
 * @typedef {import('../index.d.ts').StreamPart} StreamPart
 * @typedef {{generation: number, offset: number, text: string, done: boolean}} Piece a part as the server sends it
 */

/** The position in a stream: it takes pieces in any order and gives each character of a generation once. */
export class StreamPosition {
  generation = 0;
  /** Characters given of this generation; a character is a Unicode code point, as the server counts. */
  offset = 0;
  done = false;

  /**
   * Return the part to give next: the piece without what was given before. Undefined: it brings nothing new, or text
   * before it is missing (`isAhead`).
   * @param {Piece} piece
   * @returns {StreamPart | undefined}
   */
  take(piece) {
    if (piece.generation < this.generation || this.isAhead(piece)) return undefined;
    const restarted = piece.generation > this.generation && this.generation > 0;
    if (piece.generation > this.generation) {
      this.generation = piece.generation;
      this.offset = 0;
      this.done = false;
    }
    const text = [...piece.text].slice(this.offset - piece.offset).join('');
    const isEnd = piece.done && !this.done;
    if (!text && !restarted && !isEnd) return undefined;
    this.offset += [...text].length;
    this.done = piece.done;
    return {text, restarted, done: this.done};
  }

  /**
   * Return whether text before the piece is missing.
   * @param {Piece} piece
   */
  isAhead(piece) {
    if (piece.generation < this.generation) return false;
    return piece.offset > (piece.generation === this.generation ? this.offset : 0);
  }
}
