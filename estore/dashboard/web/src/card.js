// A card: title, sentence, chart, and the basis of its numbers. Every card can also be shown as a table and
// saved as a file.

import { asCsv, download } from './csv.js';
import { h, svg, worded } from './element.js';
import { drawingOf } from './library.js';
import { listed } from './numbers.js';
import { pictureOf } from './picture.js';
import { tableOf, tablePicture } from './table.js';

/**
 * How a page defines a card; each function gets the View and the card's own choice.
 * @typedef {object} Spec
 * @property {string} id
 * @property {string} query the question whose filters it obeys
 * @property {'full'|'wider'|'narrow'|'half'|'half double'|'third'|'third last'} [width] double: next to two others, one above the other; last: alone in its row where two have room
 * @property {'s'|'m'|'arc'|'l'|'xl'} [height] of the chart; none: as high as its content
 * @property {(view: any) => string} title
 * @property {(view: any, choice: any) => string | null} [reading] the sentence, from the numbers shown
 * @property {(view: any, choice: any) => string} [period] where it differs from the page's
 * @property {string} measured what is counted, and the denominator of rates
 * @property {string[]} [obeys] where that differs from the question's
 * @property {(view: any, palette: any, choice: any) => {text: string, color: string, shape?: string}[]} [legend]
 * @property {(view: any, choice: any) => {columns: any[], rows: any[][]}} table
 * @property {(view: any, palette: any, room: {width: number, height: number, choice: any}) => object} [option] for the chart library
 * @property {(view: any) => any} [element] or elements of its own
 * @property {(view: any) => string | null} [empty] why there is no chart
 * @property {(view: any) => number} [pixels] height of the chart where it depends on its content
 * @property {boolean} [tall] of a table: more of it is seen
 * @property {boolean} [stacked] of a table: rows of several lines on a phone
 * @property {number} [minWidth] of the drawing in px
 * @property {(view: any) => {label: string, values: {id: string, label: string}[]} | null} [choices] a choice of its own
 */

const NOT_PUBLISHED = 'This snapshot does not have these numbers. Run `estore build` to compute them.';

export class Card {
  /** @param {Spec} spec */
  constructor(spec) {
    this.spec = spec;
    this.asTable = false;
    this.choice = null;
    this.drawing = null;
    const id = `card-${spec.id}`;
    this.title = h('h2', { id });
    this.reading = h('p', { class: 'reading' });
    this.own = h('div', { class: 'own', hidden: true });
    this.legend = h('ul', { class: 'legend', 'aria-hidden': 'true', hidden: true });
    this.drawn = h('div', { class: `drawn ${spec.height ?? ''}` });
    this.below = h('p', { class: 'about' });
    const button = (text, label, onclick) =>
      h(
        'button',
        { type: 'button', 'aria-label': `${label}: ${spec.id.replaceAll('-', ' ')}`, onclick },
        text,
      );
    this.tableButton = spec.tableOnly
      ? null
      : button('Table', 'Show as table', () => this.showTable(!this.asTable));
    this.tools = h(
      'div',
      { class: 'tools' },
      this.tableButton,
      button('CSV', 'Download as CSV', () => this.downloadCsv()),
      button('PNG', 'Download as PNG', () => this.downloadPng()),
    );
    this.element = h(
      'section',
      { class: `card ${spec.width ?? 'full'}`, id: spec.id, 'aria-labelledby': id },
      h('header', {}, this.title, this.tools),
      this.reading,
      this.own,
      this.legend,
      this.drawn,
      this.below,
    );
  }

  /** Show an answer's text and reserve the chart's space, so that nothing moves while others are painted. */
  tell(view, palette) {
    Object.assign(this, { view, palette, plan: null });
    this.#safely(() => {
      this.#words();
      this.#room();
    });
  }

  /** Compute the chart for the measured space; the chart library need not be loaded yet. */
  prepare(size = this.measure()) {
    this.#safely(() => {
      this.plan = { size, option: this.#isDrawing ? this.#option(size) : null };
    });
  }

  /** Draw the computed chart. */
  draw() {
    if (!this.plan) this.prepare();
    this.#safely(() => this.#draw(this.plan));
  }

  show(view, palette) {
    this.tell(view, palette);
    this.draw();
  }

  /** The chart's size in px. All cards are measured before any is drawn, so that the page is laid out once. */
  measure() {
    const { clientWidth: width, clientHeight: height } = this.drawn;
    return { width: Math.max(width, this.spec.minWidth ?? 0), height };
  }

  /** An error here concerns this card only: the others continue. */
  #safely(run) {
    try {
      run();
    } catch (error) {
      console.error(error);
      this.why = 'This chart could not be drawn.';
      this.#empty(this.why);
    }
  }

  #words() {
    const { spec, view } = this;
    this.#choices();
    this.why = view.isMissing(spec.query) ? NOT_PUBLISHED : (spec.empty?.(view, this.choice) ?? null);
    this.title.textContent = spec.title(view, this.choice);
    const reading = this.why ? null : (spec.reading?.(view, this.choice) ?? null);
    this.reading.replaceChildren(...worded(reading ?? ''));
    this.reading.hidden = !reading;
    const legend = this.why ? [] : (spec.legend?.(view, this.palette, this.choice) ?? []);
    this.legendItems = legend;
    this.legend.hidden = !legend.length;
    this.legend.replaceChildren(
      ...legend.map(({ text, color, shape }) => h('li', {}, mark(shape, color, this.palette), text)),
    );
    const set = view.ignored(spec.query, spec.obeys);
    const basis = [
      spec.period?.(view, this.choice) ?? view.period,
      spec.measured,
      `as of ${view.asOfName}`,
    ].join(' · ');
    // Filters that do not apply are named only where one is set: only then could they mislead.
    const warning = set.length ? ` Not filtered by ${listed(set)}.` : '';
    this.about = `${basis}.${warning}`;
    this.below.replaceChildren(`${basis}.`, warning ? h('strong', {}, warning) : '');
  }

  #choices() {
    const offered = this.spec.choices?.(this.view) ?? null;
    this.own.hidden = !offered;
    if (!offered) return;
    const { label, values } = offered;
    if (!values.some(({ id }) => id === this.choice)) this.choice = values.at(-1)?.id ?? null;
    const select = h(
      'select',
      { onchange: () => this.choose(select.value) },
      values.map(({ id, label: text }) => h('option', { value: id, selected: id === this.choice }, text)),
    );
    this.own.replaceChildren(h('label', { class: 'field' }, label, select));
  }

  choose(value) {
    this.choice = value;
    this.show(this.view, this.palette);
    this.own.querySelector('select')?.focus();
  }

  get #isDrawing() {
    return !this.why && !this.asTable && Boolean(this.spec.option);
  }

  #room() {
    const { spec, view } = this;
    // A table that a chart replaces must not be measured as its space.
    if (!this.#isDrawing || !this.drawing) this.#clear();
    this.drawn.className = this.#isDrawing
      ? `drawn ${spec.height ?? ''} ${spec.minWidth ? 'scrolls' : ''}`
      : 'drawn';
    this.drawn.style.minHeight = this.#isDrawing && spec.pixels ? `${spec.pixels(view)}px` : '';
  }

  #draw(plan) {
    const { spec, view } = this;
    if (this.why) return this.#empty(this.why);
    if (this.#isDrawing) {
      this.drawing ??= drawingOf(this.drawn, plan.size, spec.minWidth);
      this.drawn.setAttribute('role', 'img');
      // A chart with a minimum width scrolls inside its card, by keyboard too.
      if (spec.minWidth) this.drawn.tabIndex = 0;
      this.drawn.setAttribute(
        'aria-label',
        `${this.title.textContent}. ${this.reading.textContent} The button “Table” shows its numbers.`,
      );
      return this.#paint(plan);
    }
    this.#clear();
    if (this.asTable || spec.tableOnly) {
      const { columns, rows } = spec.table(view, this.choice);
      this.drawn.append(tableOf(this.title.textContent, columns, rows, spec));
    } else this.drawn.append(spec.element(view, this.palette));
  }

  #option(size) {
    return this.spec.option(this.view, this.palette, { ...size, choice: this.choice });
  }

  #paint({ size, option }) {
    this.painted = size;
    this.drawing.fill(size);
    this.drawing.paint(option);
  }

  /** Labels depend on the width: a new width needs a redraw. */
  fit(size = this.measure()) {
    const { drawing, painted } = this;
    if (!drawing || !size.width || (size.width === painted.width && size.height === painted.height)) return;
    this.#safely(() => this.#paint({ size, option: this.#option(size) }));
  }

  #clear() {
    this.drawing?.remove();
    this.drawing = null;
    this.drawn.removeAttribute('role');
    this.drawn.removeAttribute('tabindex');
    this.drawn.removeAttribute('aria-label');
    this.drawn.replaceChildren();
  }

  #empty(why) {
    this.#clear();
    this.drawn.className = 'drawn';
    this.drawn.style.minHeight = '';
    this.drawn.append(h('p', { class: 'empty' }, worded(why)));
  }

  showTable(asTable) {
    this.asTable = asTable;
    this.tableButton.setAttribute('aria-pressed', String(asTable));
    this.show(this.view, this.palette);
  }

  get fileName() {
    const { view, spec } = this;
    return ['estore', view.page, spec.id, view.from, view.to].filter(Boolean).join('-');
  }

  downloadCsv() {
    const { columns, rows } = this.spec.table(this.view, this.choice);
    // The UTF-8 byte order mark, without which a spreadsheet guesses another encoding.
    download(
      `${this.fileName}.csv`,
      new Blob(['\uFEFF', asCsv(columns, rows)], { type: 'text/csv;charset=utf-8' }),
    );
  }

  async downloadPng() {
    const words = {
      title: this.title.textContent,
      reading: this.reading.textContent,
      legend: this.legendItems,
      about: this.about,
    };
    const drawing = this.drawing?.picture() ?? this.#tablePicture();
    download(`${this.fileName}.png`, await pictureOf(words, drawing, this.palette));
  }

  /** Cards without a chart are exported as a picture of their table. */
  #tablePicture() {
    const { columns, rows } = this.spec.table(this.view, this.choice);
    return tablePicture(columns, rows.slice(0, 40), this.palette);
  }

  remove() {
    this.#clear();
    this.element.remove();
  }
}

/** A legend mark in the style of the chart. */
function mark(shape, color, palette) {
  const attributes = {
    line: { d: 'M0 6H14', stroke: color, 'stroke-width': 2 },
    dashed: { d: 'M0 6H14', stroke: color, 'stroke-width': 2, 'stroke-dasharray': '4 3' },
    hollow: { d: 'M2 1.5H12V10.5H2Z', stroke: color, fill: palette.card, 'stroke-dasharray': '2 1.5' },
    band: {
      d: 'M1 2H13V10H1Z',
      fill: palette.blueSoft,
      stroke: color,
      'stroke-dasharray': '2 2',
    },
    dot: { d: 'M7 2A4 4 0 1 1 6.99 2Z', fill: color },
    ring: { d: 'M7 2.5A3.5 3.5 0 1 1 6.99 2.5Z', stroke: color, 'stroke-width': 2, fill: palette.card },
    diamond: { d: 'M7 1L12 6L7 11L2 6Z', fill: color },
    triangle: { d: 'M7 1.5L12 10.5H2Z', fill: color },
  }[shape] ?? { d: 'M2 1.5H12V10.5H2Z', fill: color };
  return svg('svg', { viewBox: '0 0 14 12' }, svg('path', attributes));
}
