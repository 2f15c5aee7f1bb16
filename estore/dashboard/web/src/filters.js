// The filter bar: period, category, brand, segment. It shows what is set and passes on changes.

import { periods } from '../../pages.json';
import { readAddress } from './address.js';
import { h } from './element.js';
import { obeyedOn } from './view.js';

const FIELDS = [
  ['category', 'Category', 'categories', 'All categories'],
  ['brand', 'Brand', 'brands', 'All brands'],
  ['segment', 'Segment', 'segments', 'All segments'],
];

export class Filters {
  /** @param {(filters: object) => void} change */
  constructor(change) {
    this.change = change;
    this.presets = new Map(
      periods.map(({ id, label }) => [
        id,
        h(
          'button',
          { type: 'button', onclick: () => this.#set({ period: id, from: null, to: null }) },
          label,
        ),
      ]),
    );
    this.from = this.#day('from', 'First day');
    this.to = this.#day('to', 'Last day');
    this.selects = Object.fromEntries(
      FIELDS.map(([id]) => [
        id,
        h('select', { id: `filter-${id}`, onchange: () => this.#set({ [id]: this.selects[id].value }) }),
      ]),
    );
    this.clear = h(
      'button',
      {
        type: 'button',
        class: 'clear',
        'aria-label': 'Clear filters',
        onclick: () => this.change({ ...this.#period() }),
      },
      'Clear',
    );
    this.summary = h('summary');
    const wide = matchMedia('(min-width: 720px)');
    this.details = h(
      'details',
      { open: wide.matches },
      this.summary,
      h(
        'form',
        { onsubmit: (event) => event.preventDefault() },
        h('div', { class: 'periods', role: 'group', 'aria-label': 'Period' }, [...this.presets.values()]),
        h('label', { class: 'field from' }, h('span', {}, 'From'), this.from),
        h('label', { class: 'field' }, h('span', {}, 'to'), this.to),
        FIELDS.map(([id, label]) =>
          h('label', { class: 'field' }, h('span', { class: 'unseen' }, label), this.selects[id]),
        ),
        this.clear,
      ),
    );
    wide.addEventListener('change', () => (this.details.open = wide.matches));
    this.element = h('div', { class: 'filters' }, h('div', { class: 'wide' }, this.details));

    addEventListener(
      'scroll',
      () => this.element.classList.toggle('stuck', this.element.getBoundingClientRect().top <= 0),
      { passive: true },
    );
  }

  #day(id, label) {
    const input = h('input', {
      type: 'date',
      id: `filter-${id}`,
      'aria-label': label,
      onchange: () => this.#days(),
    });
    return input;
  }

  #days() {
    let [from, to] = [this.from.value, this.to.value];
    if (!from || !to) return;
    if (from > to) [from, to] = [to, from];
    this.#set({ period: null, from, to });
  }

  /** The current filters, as in the address. */
  given() {
    const { page, ...filters } = readAddress();
    return filters;
  }

  #period() {
    const { period, from, to } = this.given();
    return { period, from, to };
  }

  #set(changed) {
    const filters = { ...this.given(), ...changed };
    this.change(Object.fromEntries(Object.entries(filters).filter(([, value]) => value)));
  }

  show(view) {
    const { filters, answer } = view;
    // A filter that no chart of the page uses is hidden; its value stays in the address for other pages.
    const obeyed = obeyedOn(view.page);
    this.element.hidden = !obeyed.size;
    for (const [id] of FIELDS) this.selects[id].parentElement.hidden = !obeyed.has(id);
    for (const [id, button] of this.presets)
      button.setAttribute('aria-pressed', String(id === filters.period));
    for (const input of [this.from, this.to]) [input.min, input.max] = [view.first ?? '', view.last ?? ''];
    [this.from.value, this.to.value] = [view.from ?? '', view.to ?? ''];
    const set = [];
    for (const [id, , plural, all] of FIELDS) {
      const select = this.selects[id];
      const value = filters[id] ?? '';
      const offered = answer.options[plural];
      const values = ['', ...offered, ...(value && !offered.includes(value) ? [value] : [])];
      // Only where they changed: a list that is open stays open.
      if (values.join('\n') !== this[`${id}Values`]) {
        select.replaceChildren(...values.map((one) => h('option', { value: one }, one || all)));
        this[`${id}Values`] = values.join('\n');
      }
      select.value = value;
      select.classList.toggle('set', Boolean(value));
      if (value) set.push(value);
    }
    this.clear.hidden = !set.length;
    this.summary.textContent = [view.period, ...(set.length ? set : ['entire shop'])].join(' · ');
  }
}
