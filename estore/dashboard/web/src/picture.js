// A chart as a PNG that can stand alone: title, drawing, and what it rests on.

import { linesOf } from './lettering.js';

const SCALE = 2;
const EDGE = 20;

/**
 * @param {{title: string, reading: string | null, legend: {text: string, color: string, shape?: string}[], about: string}} words
 * @param {{width: number, height: number, draw: (context: CanvasRenderingContext2D, x: number, y: number) => void}} drawing
 * @param {Record<string, string>} palette
 * @returns {Promise<Blob>}
 */
export function pictureOf(words, drawing, palette) {
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d');
  const width = drawing.width;
  const styles = {
    title: [`600 16px ${palette.font}`, palette.ink, 22],
    reading: [`14px ${palette.font}`, palette.inkSoft, 20],
    about: [`12px ${palette.font}`, palette.inkFaint, 17],
  };
  const blocks = {};
  for (const [name, [font]] of Object.entries(styles)) {
    context.font = font;
    blocks[name] = words[name] ? linesOf(context, words[name], width) : [];
  }
  const legendHeight = words.legend.length ? 24 : 0;
  const heightOf = (name) => blocks[name].length * styles[name][2];
  const height =
    2 * EDGE +
    heightOf('title') +
    heightOf('reading') +
    legendHeight +
    8 +
    drawing.height +
    10 +
    heightOf('about');
  canvas.width = (width + 2 * EDGE) * SCALE;
  canvas.height = height * SCALE;
  context.scale(SCALE, SCALE);
  context.fillStyle = palette.card;
  context.fillRect(0, 0, width + 2 * EDGE, height);
  context.textBaseline = 'top';
  let y = EDGE;
  const write = (name) => {
    [context.font, context.fillStyle] = styles[name];
    for (const line of blocks[name]) {
      context.fillText(line, EDGE, y);
      y += styles[name][2];
    }
  };
  write('title');
  write('reading');
  if (legendHeight) {
    let x = EDGE;
    context.font = styles.about[0];
    for (const { text, color, shape } of words.legend) {
      context.fillStyle = color;
      context.fillRect(x, shape === 'line' ? y + 11 : y + 8, 12, shape === 'line' ? 2 : 9);
      context.fillStyle = palette.inkSoft;
      context.fillText(text, x + 18, y + 6);
      x += 18 + context.measureText(text).width + 16;
    }
    y += legendHeight;
  }
  drawing.draw(context, EDGE, y + 8);
  y += 8 + drawing.height + 10;
  write('about');
  return new Promise((resolve) => canvas.toBlob((blob) => resolve(blob), 'image/png'));
}
