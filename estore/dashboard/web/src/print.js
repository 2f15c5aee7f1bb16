// All pages one under another, for paper: `report.html#print`.

import { isReport } from './address.js';
import { Card } from './card.js';
import { h } from './element.js';
import { findingsOf } from './findings.js';
import { PAGES } from './pages/index.js';
import { readPalette } from './palette.js';
import { ask } from './source.js';
import { View } from './view.js';

export const isPrint = () => isReport && location.hash === '#print';

export async function drawAll() {
  const root = document.documentElement;
  root.dataset.theme = 'light';
  root.classList.add('paper');
  const palette = readPalette();
  for (const [page, { name, cards, warning }] of Object.entries(PAGES)) {
    const view = new View(await ask(page, {}));
    const made = cards.map((spec) => new Card(spec));
    const words = warning?.(view);
    document.body.append(
      h(
        'main',
        { class: 'wide sheet' },
        h(
          'div',
          { class: 'heading' },
          h('h1', {}, name),
          h('p', {}, `${view.scope} · as of ${view.asOfName} · snapshot ${view.answer.version}`),
        ),
        words ? h('p', { class: 'notice bad' }, words) : null,
        h('section', {}, findingsOf(view)),
        h(
          'div',
          { class: 'grid' },
          made.map(({ element }) => element),
        ),
      ),
    );
    for (const card of made) card.show(view, palette);
    for (const card of made) card.fit();
  }
  root.dataset.drawn = 'true';
}
