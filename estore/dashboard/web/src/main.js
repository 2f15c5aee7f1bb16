// The page: requests what the address names, shows it, and checks regularly for newer data.

import './app.css';
import { linkTo, queryOf, readAddress, writeAddress, isReport } from './address.js';
import { Card } from './card.js';
import { findingsOf } from './findings.js';
import { Frame } from './frame.js';
import { withLibrary } from './library.js';
import { PAGES } from './pages/index.js';
import { drawAll, isPrint } from './print.js';
import { readPalette } from './palette.js';
import { ask, askAnew, known, openSource, takeFirst } from './source.js';
import { followTheme } from './theme.js';
import { View } from './view.js';

const LOOK_AGAIN = 60_000;

const shown = { page: null, cards: [], view: null, paints: 0 };
let asking = null;
let frame = null;

const given = () => {
  const { page, ...filters } = readAddress();
  return { page, filters };
};

/** Show what the address names. */
async function follow({ first = null } = {}) {
  asking?.abort();
  const { page, filters } = given();
  const ready = first ?? known(page, filters);
  if (ready) return paint(ready);
  asking = new AbortController();
  const { signal } = asking;
  frame.busy(true);
  try {
    paint(await ask(page, filters, signal));
  } catch (error) {
    if (!signal.aborted) frame.failed(error.message, () => follow());
  }
}

/** Draw an answer: first the top row or all visible charts, then the rest. */
function paint(answer) {
  const view = new View(answer);
  const isNew = shown.page !== answer.page;
  if (isNew) {
    for (const card of shown.cards) card.remove();
    shown.cards = PAGES[answer.page].cards.map((spec) => new Card(spec));
    shown.page = answer.page;
  }
  shown.view = view;
  frame.show(view);
  frame.findings.replaceChildren(...findingsOf(view));
  const turn = ++shown.paints;
  const palette = readPalette();
  const [above, below] = isNew ? firstAndRest(shown.cards) : parted(shown.cards);
  if (isNew) frame.grid.replaceChildren(...above.map(({ element }) => element));
  const tell = (cards) => cards.forEach((card) => card.tell(view, palette));
  tell(isNew ? above : shown.cards);
  prepared(above);
  const rest = () => {
    if (turn !== shown.paints) return;
    if (isNew) {
      tell(below);
      frame.grid.append(...below.map(({ element }) => element));
    }
    drawn(below);
    // A neighbor may have made a card taller since it was painted.
    fitted(shown.cards);
    performance.mark('estore:all');
    document.documentElement.dataset.painted = `${answer.page} ${turn}`;
    document.documentElement.dataset.drawn = 'true';
  };
  withLibrary(() => {
    if (turn !== shown.paints) return;
    for (const card of chartsOf(above)) card.draw();
    performance.mark('estore:first');
    if (below.length) afterFrame(rest);
    else rest();
  });
}

const chartsOf = (cards) => cards.filter(({ spec }) => spec.option);

/** Tables and tiles first, because they make a neighbor taller; then all chart sizes are measured at once. */
function prepared(cards) {
  for (const card of cards) if (!card.spec.option) card.draw();
  const charts = chartsOf(cards);
  const sizes = charts.map((card) => card.measure());
  charts.forEach((card, index) => card.prepare(sizes[index]));
}

function drawn(cards) {
  prepared(cards);
  for (const card of chartsOf(cards)) card.draw();
}

function fitted(cards) {
  const sizes = cards.map((card) => card.measure());
  cards.forEach((card, index) => card.fit(sizes[index]));
}

/** Cards up to the first chart, and the others, so that a new page appears as early as possible. */
function firstAndRest(cards) {
  const first = cards.findIndex(({ spec }) => spec.option) + 1;
  return [cards.slice(0, first), cards.slice(first)];
}

/** Visible cards, and the others. */
function parted(cards) {
  const places = cards.map(({ element }) => element.getBoundingClientRect());
  const isInSight = ({ top, bottom }) => top < innerHeight && bottom > 0;
  return [
    cards.filter((_, index) => isInSight(places[index])),
    cards.filter((_, index) => !isInSight(places[index])),
  ];
}

/** After the next paint. A hidden tab has no frames, but it has timers. */
function afterFrame(run) {
  if (document.hidden) setTimeout(run, 0);
  else requestAnimationFrame(() => setTimeout(run, 0));
}

function repaint() {
  const palette = readPalette();
  for (const card of shown.cards) card.tell(shown.view, palette);
  drawn(shown.cards);
}

/** Change the view: the address first, then the page. */
function go(page, filters) {
  const samePage = page === shown.page;
  if (linkTo(page, filters) !== linkTo(given().page, given().filters)) writeAddress(page, filters);
  if (!samePage) scrollTo(0, 0);
  return follow();
}

/** Show a newly published snapshot, with a notice. */
async function lookAgain() {
  if (document.hidden || !shown.view) return;
  const { page, filters } = given();
  const answer = await askAnew(page, filters).catch(() => null); // the next look, or the next click, tells
  const isElsewhere = page !== given().page || queryOf(filters) !== queryOf(given().filters);
  if (!answer || isElsewhere || answer.version === shown.view.answer.version) return;
  paint(answer);
  frame.say(`Updated with new data as of ${shown.view.asOfName}.`);
}

async function start() {
  if (isPrint()) {
    await openSource();
    return drawAll();
  }
  followTheme(repaint);
  frame = new Frame(PAGES, go);
  document.body.prepend(frame.skip, frame.element);
  await openSource();
  const { page, filters } = given();
  await follow({ first: takeFirst(page, filters) });
  addEventListener('popstate', () => follow());
  addEventListener('hashchange', () => follow());
  let waiting = 0;
  addEventListener('resize', () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => fitted(shown.cards), 60);
  });
  if (!isReport) {
    addEventListener('focus', lookAgain);
    addEventListener('visibilitychange', lookAgain);
    setInterval(lookAgain, LOOK_AGAIN);
  }
}

start();
