// One answer for the cards: rows as objects, the period and the filters as text.

import { pages } from '../../pages.json';
import { dayName, periodName } from './days.js';
import { payIn } from './numbers.js';
import { useDesignEffects } from './ratio.js';
import { useStages } from './stages.js';

export class View {
  constructor(answer) {
    Object.assign(this, {
      answer,
      page: answer.page,
      filters: answer.filters,
      thresholds: answer.thresholds ?? {},
      fewest: answer.min_customers ?? 0,
    });
    payIn(answer.currency);
    useDesignEffects(answer.design_effects);
    useStages(answer.event_types);
    ({
      as_of_date: this.asOf,
      first_date: this.first,
      last_date: this.last,
      last_complete_date: this.lastComplete,
    } = answer);
    ({ from: this.from, to: this.to } = answer.filters);
    this.read = new Map();
  }

  /** The rows of a question, as objects by column. */
  rows(id) {
    if (!this.read.has(id)) {
      const { columns, rows } = this.answer.charts[id];
      this.read.set(
        id,
        rows.map((row) => Object.fromEntries(columns.map((column, index) => [column, row[index]]))),
      );
    }
    return this.read.get(id);
  }

  isMissing(id) {
    return Boolean(this.answer.charts[id]?.missing);
  }

  /** Rows of days within the period. */
  within(rows, date) {
    return rows.filter((row) => row[date] >= this.from && row[date] <= this.to);
  }

  get period() {
    return this.from ? periodName(this.from, this.to) : 'no days';
  }

  get wholePeriod() {
    return this.first ? periodName(this.first, this.last) : 'no days';
  }

  /** The days of a page: the chosen ones, or all where none of its charts uses them. */
  get scope() {
    return obeyedOn(this.page).size ? this.period : this.wholePeriod;
  }

  get asOfName() {
    return this.asOf ? dayName(this.asOf, true) : 'no day';
  }

  /** Filters that are set and that a question does not obey. */
  ignored(id, given = null) {
    const query = pages[this.page].queries[id];
    const obeyed = given ?? query.obeys ?? [];
    return ['category', 'brand', 'segment'].filter(
      (filter) => !obeyed.includes(filter) && this.filters[filter],
    );
  }
}

/** A function of a view that runs once for each view. Its result is shared and must not be changed. */
export function once(make) {
  const kept = new WeakMap();
  return (view) => {
    if (!kept.has(view)) kept.set(view, make(view));
    return kept.get(view);
  };
}

/** Which filters any chart of a page obeys. */
export const obeyedOn = (page) =>
  new Set(Object.values(pages[page].queries).flatMap(({ obeys }) => obeys ?? []));

/** For cards about all data, whatever period is chosen. */
export const whole = (view) => view.wholePeriod;
