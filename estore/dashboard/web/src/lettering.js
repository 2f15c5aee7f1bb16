// Text widths, before drawing.

let scratch = null;

/** A context to measure text with. */
export function measuring(font) {
  scratch ??= document.createElement('canvas').getContext('2d');
  scratch.font = font;
  return scratch;
}

/** Text cut into lines of a width. */
export function linesOf(context, text, width) {
  const lines = [''];
  for (const word of text.split(' ')) {
    const longer = lines.at(-1) ? `${lines.at(-1)} ${word}` : word;
    if (context.measureText(longer).width > width && lines.at(-1)) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}
